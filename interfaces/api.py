# SPDX-License-Identifier: Apache-2.0
"""The skill from Python: one call that does what `changenet run` does, and the tool call that a command stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from core.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.experiment import ExperimentResult
    from automl.settings import AutomlSettings
    from router.declarations import Skill
    from router.types import Decision
    from runners.jobs.job import Job


def create_job(
    action: str,
    *,
    engine: str | None = None,
    detach: bool = False,
    settings: AutomlSettings | None = None,
    **slots: Any,
) -> Job | ExperimentResult:
    """Prepare and run an action in one call, by the route that it takes.

    `slots` are those of `router.types.Request`, for instance `parent_job_id` and `data`; `spec_overrides` is taken for
    its `overrides`. Checkpoints are resolved before anything is recorded. A train action goes through AutoML unless
    `automl_policy="off"`, as on the command line; it takes `settings` and gives the search's result, whose
    `winner_job_id` can be the parent of the next job. Everything else gives the job. Errors: as `prepare_request` and
    `launch` of `runners.api`, and `automl.experiment.run`, say.

    Raises:
        NotReadyError: the decision is still open.
        RequestError: a search is to be detached.
    """
    from interfaces.outcome import Reporter
    from interfaces.skill import the_skill
    from interfaces.verbs.request import with_data
    from router.decision import decide
    from router.types import Request
    from runners.planning.plan import open_questions

    if "spec_overrides" in slots:
        slots["overrides"] = dict(slots.pop("spec_overrides") or {})
    skill = the_skill()
    decision = decide(Request(action=action, **slots), skill)
    if decision.route is None:
        raise open_questions(decision.missing)
    decision = with_data(decision, skill, Reporter())
    if decision.route == "automl":
        return _search(decision, skill, engine, settings, detach=detach)
    from runners.api import launch, prepare_decision

    memory = Memory()
    return launch(prepare_decision(decision, skill, engine=engine, memory=memory), detach=detach, memory=memory)


def tool_call(words: Sequence[str]) -> tuple[str, dict[str, Any] | None]:
    """What an agent with the tools of `changenet mcp` calls for a command that an answer names.

    `words` are typed after `changenet`. The arguments are None where no tool does that; those of `run` are for `plan`,
    whose `plan_id` is then given to `launch`.

    Raises:
        RequestError: the words are no command.
    """
    from interfaces.tool_calls import call_of

    return call_of(words)


def _search(
    decision: Decision, skill: Skill, engine: str | None, settings: AutomlSettings | None, *, detach: bool
) -> ExperimentResult:
    from automl.experiment import plan, run

    if detach:
        remedy = 'use `changenet run train --detach`, or automl_policy="off"'
        raise RequestError("a search is not detached from here", code="automl.detach", where="detach", remedy=remedy)
    return run(plan(decision, skill, settings, engine=engine))

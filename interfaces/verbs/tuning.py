# SPDX-License-Identifier: Apache-2.0
"""A training that tunes itself: planned, run, resumed, left to work by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from core.errors import INTERRUPTED, JobFailedError, RequestError
from interfaces.outcome import Outcome
from interfaces.verbs.request_options import given_settings, request_of, request_slots
from router.types import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from automl.experiment import ExperimentResult
    from automl.plan import ExperimentPlan
    from interfaces.outcome import Reporter
    from interfaces.verbs.request_options import RequestOptions
    from router.declarations import Skill
    from router.types import Decision


def search_of(decision: Decision, skill: Skill, options: RequestOptions) -> ExperimentPlan:
    """The search that decision and options make. Errors: as `automl.plan.make_plan` says."""
    from automl.plan import make_plan
    from automl.settings import AutomlSettings

    settings = AutomlSettings.from_json(decision.request.search | given_settings(options))
    return make_plan(decision, skill, settings, engine=options.engine)


def search_text(search: ExperimentPlan) -> str:
    """The search, with its defaults and where each comes from."""
    from automl.plan_text import plan_text
    from interfaces.present import value_lines

    return plan_text(search, value_lines(search.base))


def run_search(
    search: ExperimentPlan, reporter: Reporter, *, detach: bool = False, begun: Callable[[str], object] | None = None
) -> Outcome:
    """Run the search and tell of it until it ends; with `detach` it goes on by itself. `begun` is told its id."""
    if detach:
        from automl.experiment import create

        return _started(create(search))
    return search_outcome(follow_search(search, reporter, begun))


def follow_search(
    search: ExperimentPlan, reporter: Reporter, begun: Callable[[str], object] | None = None
) -> ExperimentResult:
    """Run a search and tell of its trials."""
    from automl.experiment import create, resume, run

    with reporter.search(search.objectives, search.settings.trials, search.base.task) as callback:
        if begun is None:
            return run(search, callback)
        folder = create(search)
        begun(folder.name)
        return resume(str(folder), callback)


def resume_search(
    name: str, options: RequestOptions, reporter: Reporter, *, detach: bool, standby: bool = False
) -> Outcome:
    """Go on with a search, named by its id or folder; what else was given has to be as it was.

    With `standby`, while another process works on it this one waits, to take its place.

    Raises:
        RequestError: there is no such experiment, or something is not as it was.
    """
    from automl.experiment import reopen, resume
    from automl.lookup import find_experiment, identity_of, task_of
    from automl.settings import AutomlSettings
    from automl.types import Objective

    folder = find_experiment(name, options.results_root)
    before = identity_of(folder)
    if options.engine and options.engine != before["engine"]:
        message = f"the search began with the engine {before['engine'] or 'of this skill'}, not {options.engine}"
        remedy = "resume without --engine, or start a new search"
        raise RequestError(message, code="automl.changed", where="--engine", remedy=remedy)
    settings = AutomlSettings.from_json(before["settings"] | given_settings(options))
    request = before["request"] | _given_request(options, before["request"])
    if detach:
        if not standby:
            reopen(folder, settings, request)
        return _started(folder, standby=standby)
    objectives = [Objective(**entry) for entry in before["objectives"]]
    with reporter.search(objectives, settings.trials, task_of(before)) as callback:
        return search_outcome(resume(str(folder), callback, settings=settings, request=request, standby=standby))


def _given_request(options: RequestOptions, before: dict[str, Any]) -> dict[str, Any]:
    request = request_of(options) if options.request else Request(**request_slots(options))
    given = request.to_json()
    given.pop("results_root", None)
    if "overrides" in given:
        given["overrides"] = before.get("overrides", {}) | given["overrides"]
    return given


def search_outcome(result: ExperimentResult) -> Outcome:
    """A search as a result: exit code 4 without a winner, 130 where it was interrupted."""
    from automl.result_text import result_text

    exit_code = 0 if result.outcome.winner else JobFailedError.exit_code
    if result.state == "interrupted":
        exit_code = INTERRUPTED
    return Outcome({"automl": result.to_json()}, result_text(result), exit_code)


def _started(folder: Path, *, standby: bool = False) -> Outcome:
    """Let a process of its own go on with the search in `folder`."""
    from automl.files import LOG
    from automl.lookup import command_name

    start_process(["run", "--resume", str(folder), *(["--standby"] if standby else [])], folder / LOG)
    name = command_name(folder)
    text = f"{folder.name}: started\n  changenet status {name}\n  changenet logs {name}\n  changenet cancel {name}"
    document = {"experiment": folder.name, "folder": str(folder), "state": "running", "log": str(folder / LOG)}
    return Outcome({"automl": document}, text)


def start_process(
    words: Sequence[str], log: Path, place: str | None = None, variables: Mapping[str, str] | None = None
) -> None:
    """Let a process of its own do what these words say, which outlives this one and says all into `log`."""
    import os
    import subprocess

    argv = [sys.executable, "-P", "-m", "interfaces.cli", *words]
    # The child's own parent ends at once, so that nobody has to wait for it.
    starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    command = [sys.executable, "-c", starter, *argv]
    with log.open("ab") as said:
        environment = os.environ | dict(variables or {})
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=place, env=environment, check=True
        )

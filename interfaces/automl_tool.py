# SPDX-License-Identifier: Apache-2.0
"""A training that tunes itself: planned, run, resumed, left to work by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from core.errors import INTERRUPTED, JobFailedError, NotReadyError, RequestError
from interfaces.automl_arguments import given_options, given_settings
from interfaces.tools import Outcome, request_of

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from automl.experiment import ExperimentResult
    from automl.plan import ExperimentPlan
    from router.declarations import Skill
    from router.types import Decision


def refuse_automl_options(args: Namespace, decision: Decision) -> None:
    """Options of a search say nothing about a request that is none.

    Raises:
        RequestError: one was typed, with the reason for the route.
    """
    options = given_options(args)
    if not options:
        return
    why = "; ".join((*decision.reasons, *decision.warnings))
    message = f"only AutoML takes {', '.join(options)}, and the route is {decision.route} ({why})"
    remedy = "leave that out, or ask for a training with --automl on"
    raise RequestError(message, code="automl.options", remedy=remedy)


def search_of(decision: Decision, skill: Skill, args: Namespace) -> ExperimentPlan:
    """The search that decision and options make. Errors: as `automl.plan.make_plan` says."""
    from automl.plan import make_plan
    from automl.settings import AutomlSettings

    return make_plan(decision, skill, AutomlSettings.from_json(given_settings(args)), engine=args.engine)


def plan_search(decision: Decision, skill: Skill, args: Namespace) -> Outcome:
    """Space, budget, objective and first trials; exit code 3 where something is missing."""
    search = search_of(decision, skill, args)
    return Outcome(search.to_json(), search_text(search), NotReadyError.exit_code if search.base.missing else 0)


def search_text(search: ExperimentPlan) -> str:
    """What the defaults are and where each comes from, and below it the search."""
    from automl.plan_text import plan_text
    from interfaces.present import value_lines

    return "\n".join(
        ["defaults of the trials, where they are not the template's:", *value_lines(search.base), plan_text(search)]
    )


def run_search(decision: Decision, skill: Skill, args: Namespace) -> Outcome:
    """Run the search and show it until it ends; with `--detach` it goes on by itself."""
    search = search_of(decision, skill, args)
    if not args.json:
        print(search_text(search), file=sys.stderr, flush=True)
    return _detached(search) if args.detach else search_outcome(run_plan(search))


def run_plan(search: ExperimentPlan) -> ExperimentResult:
    """Run a search with its trials on the console."""
    from automl.experiment import run
    from automl.live import LiveTable

    with LiveTable(search.objectives, search.settings.trials) as table:
        return run(search, table)


def resume_search(args: Namespace) -> Outcome:
    """Go on with a search; what else was typed has to be as it was.

    Raises:
        RequestError: there is no such experiment, or something is not as it was.
    """
    from automl.experiment import reopen, resume
    from automl.live import LiveTable
    from automl.lookup import find_experiment, identity_of
    from automl.settings import AutomlSettings
    from automl.types import Objective

    if args.dry_run:
        remedy = f"see `changenet status {args.resume}`"
        raise RequestError("a search that is resumed has no dry run", code="usage", where="--dry-run", remedy=remedy)
    folder = find_experiment(args.resume, args.results)
    before = identity_of(folder)
    if args.engine and args.engine != before["engine"]:
        message = f"the search began with the engine {before['engine'] or 'of this skill'}, not {args.engine}"
        remedy = "resume without --engine, or start a new search"
        raise RequestError(message, code="automl.changed", where="--engine", remedy=remedy)
    settings = AutomlSettings.from_json(before["settings"] | given_settings(args))
    request = before["request"] | _given_request(args, before["request"])
    if args.detach:
        reopen(folder, settings, request)
        return _started(folder)
    with LiveTable([Objective(**entry) for entry in before["objectives"]], settings.trials) as table:
        return search_outcome(resume(str(folder), table, settings=settings, request=request))


def _given_request(args: Namespace, before: dict[str, Any]) -> dict[str, Any]:
    given = request_of(args).to_json() if args.request else request_slots(args)
    given.pop("results_root", None)
    if "overrides" in given:
        given["overrides"] = before.get("overrides", {}) | given["overrides"]
    return given


def request_slots(args: Namespace) -> dict[str, Any]:
    """The slots that were typed, without any action or words."""
    from argparse import Namespace as Words

    slots = request_of(Words(**vars(args) | {"request": ["train"]})).to_json()
    del slots["action"]
    return slots


def search_outcome(result: ExperimentResult) -> Outcome:
    """A search as a result: exit code 4 without a winner, 130 where it was interrupted."""
    from automl.result_text import result_text

    exit_code = 0 if result.outcome.winner else JobFailedError.exit_code
    if result.state == "interrupted":
        exit_code = INTERRUPTED
    return Outcome({"automl": result.to_json()}, result_text(result), exit_code)


def _detached(search: ExperimentPlan) -> Outcome:
    from automl.experiment import create

    return _started(create(search))


def _started(folder: Path) -> Outcome:
    """Let a process of its own go on with the search in `folder`."""
    import subprocess

    from automl.files import LOG
    from automl.lookup import command_name

    argv = [sys.executable, "-P", "-m", "interfaces.cli", "run", "--resume", str(folder)]
    # The child's own parent ends at once, so that nobody has to wait for it.
    starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    with (folder / LOG).open("ab") as log:
        subprocess.run(
            [sys.executable, "-c", starter, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True
        )
    name = command_name(folder)
    text = f"{folder.name}: started\n  changenet status {name}\n  changenet logs {name}\n  changenet cancel {name}"
    document = {"experiment": folder.name, "folder": str(folder), "state": "running", "log": str(folder / LOG)}
    return Outcome({"automl": document}, text)

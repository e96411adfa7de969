# SPDX-License-Identifier: Apache-2.0
"""What interfaces call: plan a search, run it, resume it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.ledger import FILE_NAME, Ledger
from automl.lookup import find_experiment, list_experiments, required_identity
from automl.outputs import BEST_FILE, LEADERBOARD_FILE, REPORT_FILE, best_record
from automl.plan import make_plan
from automl.settings import AutomlSettings
from core import dotted
from core.errors import RequestError
from core.installation import require
from runners.names import SEARCH_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.controller import Update
    from automl.outputs import Outcome
    from automl.plan import ExperimentPlan
    from router.declarations import Skill
    from router.types import Decision

__all__ = ["ExperimentResult", "create", "find_experiment", "list_experiments", "plan", "reopen", "resume", "run"]


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """How a search stands when it stops: `state` is finished or interrupted."""

    id: str
    folder: Path
    state: str
    reason: str
    plan: ExperimentPlan
    outcome: Outcome

    @property
    def winner_job_id(self) -> str | None:
        """The job that can be the parent of evaluate, inference, export and quantize."""
        return self.outcome.winner.job_id if self.outcome.winner else None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object: what best_rec.json holds, with state and files."""
        files = {"best": BEST_FILE, "leaderboard": LEADERBOARD_FILE, "report": REPORT_FILE, "record": FILE_NAME}
        places = {name: str(self.folder / file) for name, file in files.items()}
        head = {"state": self.state, "reason": self.reason, "folder": str(self.folder), "files": places}
        return head | best_record(self.plan, self.id, self.outcome)

    def text(self) -> str:
        """As text for people."""
        from automl.result_text import result_text

        return result_text(self)


def plan(
    decision: Decision,
    skill: Skill,
    settings: AutomlSettings | None = None,
    *,
    engine: str | None = None,
) -> ExperimentPlan:
    """Decide a search; starts and writes nothing. Errors: see `automl.plan.make_plan`."""
    return make_plan(decision, skill, settings or AutomlSettings(), engine=engine)


def create(experiment: ExperimentPlan) -> Path:
    """Check that trials can run, and open the search's record in a folder of its own below the results root.

    Raises:
        NotReadyError: something is missing that the search does not set.
        ChangenetError: engine, inputs or data are not fit for a trial; see `runners.api.check`.
    """
    from runners.api import check
    from runners.jobs.store import JobStore

    require("automl", "optuna", "scipy", "cmaes")
    base = experiment.base
    root = Path(base.results_root)
    check(base, JobStore(root))
    folder = root / f"{SEARCH_PREFIX}{base.action}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    with Ledger(folder, create=True) as ledger:
        ledger.write_identity(experiment.identity())
    return folder


def run(experiment: ExperimentPlan, callback: Callable[[Update], None] | None = None) -> ExperimentResult:
    """Run a search from its beginning. Errors: as `create` and `automl.controller.Controller.run` say."""
    with Ledger(create(experiment)) as ledger:
        return _work(experiment, ledger, callback)


def reopen(
    folder: Path, settings: AutomlSettings | None = None, request: Mapping[str, Any] | None = None
) -> ExperimentPlan:
    """The plan of a search as it was begun; `settings` and `request` are what the caller gives again, if anything.

    Raises:
        RequestError: nothing was recorded, the folder was moved, or a setting is not as it was.
    """
    from router.decision import decide
    from router.declarations import load_skill
    from router.types import Request

    with Ledger(folder, read_only=True) as ledger:
        before = required_identity(ledger)
    _require_place(before, folder)
    skill = load_skill(Path(before["skill_dir"]))
    decision = decide(Request.from_json(dict(request or before["request"])), skill)
    chosen = settings or AutomlSettings.from_json(before["settings"])
    experiment = make_plan(decision, skill, chosen, engine=before["engine"], parallel=before["parallel"])
    require_unchanged(before, experiment.identity(), folder)
    return experiment


def resume(
    name: str,
    callback: Callable[[Update], None] | None = None,
    *,
    results_root: str | None = None,
    settings: AutomlSettings | None = None,
    request: Mapping[str, Any] | None = None,
) -> ExperimentResult:
    """Go on with a search where it stood; `name` is its id, or its folder.

    Raises:
        RequestError: there is no such experiment, another process works on it, or a setting is not as it was.
    """
    with Ledger(find_experiment(name, results_root)) as ledger:
        return _work(reopen(ledger.folder, settings, request), ledger, callback)


def require_unchanged(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with other settings than the search began with.

    Raises:
        RequestError: with every value that is not as it was.
    """
    old, new = dotted.flatten(before), dotted.flatten(now)
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    if keys:
        lines = "".join(f"\n  - {key}: was {old.get(key)}, is {new.get(key)}" for key in keys)
        remedy = "resume with the settings that it began with, or start a new search"
        message = f"the experiment began with other settings:{lines}"
        raise RequestError(message, code="automl.changed", where=str(folder), remedy=remedy)


def _require_place(before: Mapping[str, Any], folder: Path) -> None:
    """The trials are recorded by whole paths: a search goes on where it began."""
    root = Path(before["request"]["results_root"])
    if not root.is_dir() or not root.samefile(folder.parent):
        message, remedy = f"the experiment began below {root}", "move it back, or start a new search"
        raise RequestError(message, code="automl.moved", where=str(folder), remedy=remedy)


def _work(experiment: ExperimentPlan, ledger: Ledger, callback: Callable[[Update], None] | None) -> ExperimentResult:
    from automl.session import Session

    state, reason, outcome = Session(experiment, ledger, callback).work()
    return ExperimentResult(ledger.folder.name, ledger.folder, state, reason, experiment, outcome)

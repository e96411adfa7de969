# SPDX-License-Identifier: Apache-2.0
"""What interfaces call: plan a search, run it, resume it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.files import FILES
from automl.ledger import Ledger
from automl.lookup import find_experiment, list_experiments
from automl.outputs import best_record
from automl.plan import make_plan
from automl.reopening import reopened
from automl.settings import AutomlSettings
from automl.writer_lock import LOCKED
from core.errors import RequestError
from core.installation import require
from core.record_places import kept_at
from runners.names import SEARCH_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.events import Update
    from automl.outcome import Outcome
    from automl.plan import ExperimentPlan
    from router.declarations import Skill
    from router.types import Decision

_STANDBY_SECONDS = 1.0
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
        places = {name: str(kept_at(self.folder / file)) for name, file in FILES.items()}
        head = {"state": self.state, "reason": self.reason, "folder": str(self.folder), "files": places}
        return head | best_record(self.plan, self.id, self.outcome)


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
        ChangenetError: engine, inputs or data are not fit for a trial; see `runners.launch_check.check`.
    """
    from automl.job_trainer import as_part
    from runners.jobs.store import JobStore
    from runners.launch_check import check

    require("automl", "optuna", "scipy", "cmaes")
    base = experiment.base
    root = Path(base.results_root)
    folder = root / f"{SEARCH_PREFIX}{base.action}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    first = as_part(base, folder.name, "the defaults", base.parent_job_id, experiment.threads)
    check(first, JobStore(root), experiment.memory)
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
    """The plan of a search as it was begun; what may be changed of its settings is recorded. Errors: see `resume`."""
    with Ledger(folder) as ledger:
        return reopened(ledger, settings, request)


def resume(  # noqa: PLR0913 - all but the first by keyword, each with a default
    name: str,
    callback: Callable[[Update], None] | None = None,
    *,
    results_root: str | None = None,
    settings: AutomlSettings | None = None,
    request: Mapping[str, Any] | None = None,
    standby: bool = False,
) -> ExperimentResult:
    """Go on with a search where it stood; `name` is its id, or its folder.

    `settings` and `request` are what the caller gives again, if anything: see `automl.reopening`. With `standby` this
    process waits while another one works on the search, and takes its place when that is gone.

    Raises:
        RequestError: there is no such experiment, another process works on it, or a setting is not as it was.
    """
    with _opened(find_experiment(name, results_root), standby=standby) as ledger:
        return _work(reopened(ledger, settings, request), ledger, callback)


def _opened(folder: Path, *, standby: bool) -> Ledger:
    while True:
        try:
            return Ledger(folder)
        except RequestError as problem:
            if not standby or problem.code != LOCKED:
                raise
        time.sleep(_STANDBY_SECONDS)


def _work(experiment: ExperimentPlan, ledger: Ledger, callback: Callable[[Update], None] | None) -> ExperimentResult:
    from automl.session import Session

    state, reason, outcome = Session(experiment, ledger, callback).work()
    return ExperimentResult(ledger.folder.name, ledger.folder, state, reason, experiment, outcome)

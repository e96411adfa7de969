# SPDX-License-Identifier: Apache-2.0
"""Searches by name: where they are, how they stand, and how one that works is stopped. Changes no record of one."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.files import BEST, FILES, LOG, RECORD
from automl.ledger import Ledger
from automl.outcome import Outcome
from automl.types import Objective
from automl.writer_lock import writer_of
from core.documents import read_json
from core.errors import ChangenetError, RequestError, did_you_mean
from core.record_places import is_recorded, kept_at
from runners.search_folders import search_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.types import Run

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Overview:
    """How a search stands, from its record alone.

    `state` is running, finished, interrupted, or stopped: no process works on it, and none said why. `open_jobs` maps
    trials without a result to their latest job.
    """

    id: str
    folder: Path
    state: str
    reason: str
    identity: dict[str, Any]
    outcome: Outcome
    open_jobs: dict[int, str | None]

    @property
    def name(self) -> str:
        """What to type for it after a command."""
        return command_name(self.folder)

    @property
    def task(self) -> str:
        """The task of its action."""
        return task_of(self.identity)

    @property
    def files(self) -> dict[str, str]:
        """The search's files, as far as they are there."""
        places = {name: kept_at(self.folder / file) for name, file in (FILES | {"log": LOG}).items()}
        return {name: str(place) for name, place in places.items() if place.is_file()}

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        winner = self.outcome.winner
        best = {"trial": winner.trial, "values": list(winner.values), "job_id": winner.job_id} if winner else None
        return {
            "experiment": self.id,
            "folder": str(self.folder),
            "state": self.state,
            "reason": self.reason,
            "action": self.identity.get("action"),
            "objectives": self.identity.get("objectives", []),
            "budget": {name: self.identity["settings"].get(name) for name in ("trials", "epochs", "wall_minutes")},
            "trials_ended": len(self.outcome.standings) - len(self.open_jobs),
            "epochs_trained": sum(standing.epochs_trained for standing in self.outcome.standings),
            "best": best,
            "running": [{"trial": trial, "job_id": job_id} for trial, job_id in self.open_jobs.items()],
            "files": self.files,
        }


def find_experiment(name: str, results_root: str | None = None) -> Path:
    """The folder of an experiment, by its id or the folder itself.

    Raises:
        RequestError: there is none of this name, with the closest ids.
    """
    from runners.jobs.store import default_root

    root = default_root(results_root)
    for folder in (root / name, Path(name).expanduser().absolute()):
        if is_recorded(folder / RECORD):
            return folder
    ids = list_experiments(results_root)
    hint = did_you_mean(name, ids) or (f"The latest is {ids[0]}." if ids else "There is none yet.")
    remedy = "name its id and --results, or its folder"
    raise RequestError(
        f"there is no experiment '{name}'. {hint}", code="automl.unknown", where=str(root), remedy=remedy
    )


def list_experiments(results_root: str | None = None) -> list[str]:
    """The ids of all experiments below the results root, newest first."""
    from runners.jobs.store import default_root

    found = [folder for folder in search_folders(default_root(results_root)) if is_recorded(folder / RECORD)]
    return [folder.name for folder in sorted(found, key=lambda folder: folder.stat().st_ctime_ns, reverse=True)]


def command_name(folder: Path) -> str:
    """What to type for an experiment after a command: its id where that is enough, else its folder."""
    return shlex.quote(str(folder)) if results_option(folder) else folder.name


def results_option(folder: Path) -> str:
    """The option that leads commands to the results root of an experiment; empty where they find it themselves."""
    from runners.jobs.store import default_root

    return "" if folder.parent == default_root() else f" --results {shlex.quote(str(folder.parent))}"


def identity_of(folder: Path) -> dict[str, Any]:
    """What the experiment was begun with.

    Raises:
        RequestError: its process died before anything was recorded.
    """
    with Ledger(folder, read_only=True) as ledger:
        return required_identity(ledger)


def task_of(identity: Mapping[str, Any]) -> str:
    """The task of the action that a search tunes; empty where its skill is gone or no longer declares the action."""
    from runners.model_rules import skill_at

    try:
        return str(skill_at(str(identity["skill_dir"])).info["actions"][identity["action"]]["task"])
    except (ChangenetError, KeyError):
        return ""


def required_identity(ledger: Ledger) -> dict[str, Any]:
    """What the experiment was begun with; raises RequestError where that was never recorded."""
    found = ledger.identity()
    if found is None:
        where = str(ledger.folder)
        raise RequestError("nothing was recorded yet", code="automl.empty", where=where, remedy="start a new search")
    return found


def overview(folder: Path) -> Overview:
    """How a search stands now. Raises RequestError where nothing was recorded yet."""
    with Ledger(folder, read_only=True) as ledger:
        identity = required_identity(ledger)
        runs, results = {run.number: run for run in ledger.runs()}, ledger.results()
        objectives = [Objective(**entry) for entry in identity["objectives"]]
        removed = frozenset(ledger.removed())
        outcome = Outcome.of(runs, results, objectives, ledger.evaluations(), removed)
        waiting = [run for number, run in runs.items() if number not in results]
        state, reason = _state(folder, ledger)
        return Overview(folder.name, folder, state, reason, identity, outcome, _jobs(waiting, ledger.jobs()))


def best_record_of(folder: Path) -> dict[str, Any]:
    """The document of best_rec.json; empty while the search has not written it."""
    path = folder / BEST
    return dict(read_json(path)) if path.is_file() else {}


def stop(folder: Path, seconds: float = 60.0) -> bool:
    """Ask the process that works on a search to stop its trials and close; whether it has done so in this time.

    What a process left running, as it died or was interrupted a second time, is stopped from here.

    Raises:
        PlatformError: that process, or a trial, can't be reached from here, or does not stop.
    """
    deadline = time.monotonic() + seconds
    if writer := writer_of(folder):
        writer.ask_to_stop()
    while writer_of(folder) is not None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    _stop_jobs(folder)
    return True


def _stop_jobs(folder: Path) -> None:
    """Stop the trials that still run; those of older searches do not name it, its own record does."""
    from runners.jobs.store import JobStore
    from runners.jobs.watch import cancel

    store = JobStore(folder.absolute().parent)
    with Ledger(folder, read_only=True) as ledger:
        results = ledger.results()
        of_record = {job_id for number, ids in ledger.jobs().items() if number not in results for job_id in ids}
    for job_id in sorted(of_record | {job.id for job in store.open_parts(folder.name)}):
        cancel(store, job_id, "the search was stopped")


def _state(folder: Path, ledger: Ledger) -> tuple[str, str]:
    if writer_of(folder) is not None:
        return "running", "a process works on it"
    return ledger.ending() or ("stopped", "no process works on it; resume to go on")


def _jobs(waiting: list[Run], jobs: dict[int, list[str]]) -> dict[int, str | None]:
    return {run.trial: jobs[run.number][-1] if run.number in jobs else None for run in waiting}

# SPDX-License-Identifier: Apache-2.0
"""Ends callers, supervisors, actions and controllers at random, and looks what became of their jobs and searches.

Exits with 1 when a job has no right end 15 s after it is looked at, a process is left over, or a search can't go on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import workplace  # noqa: E402 - a script beside its modules
from arena import busy  # noqa: E402
from kill_checks import left_over, processes_of, wrong_jobs  # noqa: E402

from runners.jobs.store import JobStore  # noqa: E402
from runners.platforms.handles import processes_in  # noqa: E402

_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)
_SEARCHES = {
    "random": ("--algorithm", "random", "--trials", "3", "--parallel", "1"),
    "asha": ("--algorithm", "asha", "--trials", "4", "--parallel", "2"),
}
_HUNG = 124
_ALL = ("--seed", "7", "-s", "num_epochs=2", "--no-test")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with data and the two simulated engines; every run has a results root of its own in it."""

    folder: Path

    def changenet(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        argv = [sys.executable, "-m", "interfaces.cli", *words]
        try:
            return subprocess.run(
                argv,
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=seconds * busy(),
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            said = (late.stderr or b"").decode(errors="replace")  # bytes, whatever was asked for
            return subprocess.CompletedProcess(argv, _HUNG, "", f"did not end: {said}")

    def jobs(self, root: Path) -> subprocess.CompletedProcess[str]:
        """Look at all jobs of a results root."""
        return self.changenet("jobs", "--results", str(root), "--json")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the command in a session of its own, its output in a file."""
        argv = [sys.executable, "-m", "interfaces.cli", *words]
        with (self.folder / "caller.log").open("ab") as log:
            return subprocess.Popen(
                argv, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def environment(self) -> dict[str, str]:
        """What all processes of a run share."""
        return os.environ | {
            "PYTHONPATH": str(ROOT),
            "CHANGENET_STAND_IN": json.dumps({"sleep": 1.5, "worker": True}),
            "CHANGENET_SIM": str(self.folder / "simulation.json"),
            "CHANGENET_GRACE_SECONDS": "2",
        }


def prepare(folder: Path) -> Place:
    """Data, and the engines that stand for the real one in the tests of runners and automl."""
    workplace.boards(folder / "boards")
    libraries = [entry for entry in sys.path if entry.endswith("site-packages")]
    for name, room, source in (("stand_in", "runners", "STAND_IN"), ("simulated", "automl", "SIMULATED")):
        path = folder / name
        text = workplace.stand_in(room, source).format(python=sys.executable, path=libraries)
        # Its worker leaves the group of the action, as workers do.
        path.write_text(text.replace('time.sleep(600)"])', 'time.sleep(600)"], start_new_session=True)'))
        path.chmod(0o755)
    (folder / "simulation.json").write_text(json.dumps({"epoch_seconds": 0.2}))
    return Place(folder)


def train(place: Place, root: Path, engine: str, *words: str) -> tuple[str, ...]:
    """The words of a training with one of the engines."""
    slots = ("--data", "boards", "--results", str(root), "--engine", str(place.folder / engine))
    return ("run", "train", *slots, *workplace.BACKBONE, *words)


def kill_some(chance: random.Random, root: Path, caller: subprocess.Popen[bytes], roles: tuple[str, ...]) -> list[str]:
    """Send one or two signals to processes of the run, each when it may be at any point of its work."""
    told = []
    if roles and chance.random() < 0.8:
        _until(lambda: "action" in _people(root), 10)
    for _ in range(chance.randint(1, 2)):
        time.sleep(chance.uniform(0, 1.2))
        people = {"caller": caller.pid} | {role: pid for role, pid in _people(root).items() if role in roles}
        role, number = chance.choice(sorted(people)), chance.choice(_SIGNALS)
        with suppress(ProcessLookupError):
            os.kill(people[role], number)
            told.append(f"{number.name} {role}")
    return told


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _people(root: Path) -> dict[str, int]:
    store = JobStore(root)
    with suppress(Exception):  # half of a launch may be recorded by now
        newest = store.newest(1)[0]
        return {r: p.pid for r, p in processes_in(store.handle(newest.id)).items() if p.is_alive() and r != "launcher"}
    return {}


def job_run(place: Place, root: Path, chance: random.Random) -> tuple[list[str], list[str]]:
    """One job whose processes are hit; returns what was done, and what is wrong afterwards."""
    caller = place.start(*train(place, root, "stand_in", "--automl", "off"))
    told = kill_some(chance, root, caller, ("supervisor", "action"))
    time.sleep(chance.uniform(0, 1))
    stopped = any("SIGSTOP" in one for one in told)
    _end(caller)
    if stopped:  # it waits for ever by rights: the user cancels it
        for job in JobStore(root).newest():
            place.changenet("cancel", job.id, "--results", str(root))
    return told, [*wrong_jobs(root, lambda: place.jobs(root)), *left_over(root)]


def search_run(
    place: Place, root: Path, chance: random.Random, expected: dict[str, list[Any]]
) -> tuple[list[str], list[str]]:
    """One search whose controller or trials are hit, some times over; it ends as the like that nobody hit."""
    trials_too, algorithm = chance.random() < 0.5, chance.choice(sorted(_SEARCHES))
    told: list[str] = [algorithm]
    for _ in range(chance.randint(1, 3)):
        again = ("run", "--resume", name, "--results", str(root)) if (name := _recorded(root)) else None
        caller = place.start(*(again or train(place, root, "simulated", *_SEARCHES[algorithm], *_ALL)))
        time.sleep(chance.uniform(0.5, 3))
        told += kill_some(chance, root, caller, ("supervisor", "action") if trials_too else ())
        _end(caller)
        _wake(root)
    if not (name := _recorded(root)):
        return told, left_over(root)
    resumed = place.changenet("run", "--resume", name, "--results", str(root))
    wrong = [] if resumed.returncode == 0 else [f"resume: exit {resumed.returncode}: {resumed.stderr.strip()[-150:]}"]
    if not wrong and _must_end_alike(told) and (ended := _trials(root)) != expected[algorithm]:
        wrong.append(f"it ended elsewhere: {ended} and not {expected[algorithm]}")
    return told, [*wrong, *wrong_jobs(root, lambda: place.jobs(root)), *left_over(root)]


def _must_end_alike(told: list[str]) -> bool:
    """Whether what was done can have no say in the end: all but an action's own word that it was stopped."""
    return "SIGTERM action" not in told


def _recorded(root: Path) -> str | None:
    """The newest search that has come so far that a job of it is recorded."""
    found = sorted(root.glob("automl-*/experiment.sqlite3"), key=lambda path: path.stat().st_ctime_ns)
    return found[-1].parent.name if found and JobStore(root).ids() else None


def _end(caller: subprocess.Popen[bytes]) -> None:
    """Wait a while for the caller, then end it for good."""
    with suppress(subprocess.TimeoutExpired):
        caller.wait(4)
    with suppress(ProcessLookupError):
        os.kill(caller.pid, signal.SIGKILL)
    caller.wait()


def _wake(root: Path) -> None:
    for pid in processes_of(root):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _trials(root: Path) -> list[Any]:
    """What is recorded of each trial, without names, paths and times."""
    keys = ("trial", "state", "values", "setting", "epochs_trained")
    best = [json.loads(path.read_text()) for path in root.glob("*/best_rec.json")]
    return [[trial[key] for key in keys] for found in best for trial in found["trials"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20, help="runs of a job; default: 20")
    parser.add_argument("--searches", type=int, default=5, help="runs of a search; default: 5")
    parser.add_argument("--begin", type=int, default=0, help="leave the runs before this one out")
    parser.add_argument("--seed", default="1")
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        place = prepare(Path(name))
        expected: dict[str, list[Any]] = {}
        for algorithm, words in _SEARCHES.items() if given.searches else ():
            root = place.folder / f"whole-{algorithm}"
            place.changenet(*train(place, root, "simulated", *words, *_ALL))
            expected[algorithm] = _trials(root)
        for number in range(given.begin, given.jobs + given.searches):
            root = place.folder / f"results-{number}"
            chance = random.Random(f"{given.seed}/{number}")
            is_job = number < given.jobs
            told, found = job_run(place, root, chance) if is_job else search_run(place, root, chance, expected)
            wrong += bool(found)
            kind = "job" if is_job else "search"
            print(
                f"{given.seed}/{number:<4} {kind:7} {', '.join(told) or 'nothing':50} {'; '.join(found) or 'ok'}",
                flush=True,
            )
            shutil.rmtree(root, ignore_errors=True)
    print(f"{given.jobs} jobs and {given.searches} searches, {wrong} went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

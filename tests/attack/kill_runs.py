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

from runners.jobs.store import JobStore  # noqa: E402
from runners.platforms.handles import processes_in  # noqa: E402

LOOK_SECONDS = 15.0
_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)
_ENDED = {"COMPLETE", "ERROR", "CANCELED"}
_PASS = "Execution status: PASS"  # noqa: S105 - a verdict
_SEARCH = (
    "--algorithm",
    "random",
    "--trials",
    "3",
    "--parallel",
    "1",
    "--seed",
    "7",
    "-s",
    "num_epochs=2",
    "--no-test",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with data and the two simulated engines; every run has a results root of its own in it."""

    folder: Path

    def changenet(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        argv = [sys.executable, "-m", "interfaces.cli", *words]
        return subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

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
            "CHANGENET_STAND_IN": json.dumps({"sleep": 1.5}),
            "CHANGENET_SIM": str(self.folder / "simulation.json"),
            "CHANGENET_GRACE_SECONDS": "2",
        }


def prepare(folder: Path) -> Place:
    """Data, and the engines that stand for the real one in the tests of runners and automl."""
    workplace.boards(folder / "boards")
    libraries = [entry for entry in sys.path if entry.endswith("site-packages")]
    for name, room, source in (("stand_in", "runners", "STAND_IN"), ("simulated", "automl", "SIMULATED")):
        path = folder / name
        path.write_text(workplace.stand_in(room, source).format(python=sys.executable, path=libraries))
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
    return told, [*_jobs_that_hang(place, root), *_left_over(root)]


def search_run(
    place: Place, root: Path, chance: random.Random, expected: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """One search whose controller or trials are hit, then resumed; the winner is that of a run that nobody hit."""
    trials_too = chance.random() < 0.5
    caller = place.start(*train(place, root, "simulated", *_SEARCH))
    time.sleep(chance.uniform(0.5, 3))
    told = kill_some(chance, root, caller, ("supervisor", "action") if trials_too else ())
    _end(caller)
    _wake(root)
    searches = sorted(root.glob("automl-*"))
    if not searches or not JobStore(root).ids():
        return told, _left_over(root)  # it was not recorded yet
    again = place.changenet("run", "--resume", searches[0].name, "--results", str(root))
    wrong = [] if again.returncode == 0 else [f"resume: exit {again.returncode}: {again.stderr.strip()[-150:]}"]
    if not wrong and not trials_too and (best := _best(root)) != expected:
        wrong.append(f"another winner: trial {best.get('trial')}, score {best.get('score')}")
    return told, [*wrong, *_jobs_that_hang(place, root), *_left_over(root)]


def _end(caller: subprocess.Popen[bytes]) -> None:
    """Wait a while for the caller, then end it for good."""
    with suppress(subprocess.TimeoutExpired):
        caller.wait(4)
    with suppress(ProcessLookupError):
        os.kill(caller.pid, signal.SIGKILL)
    caller.wait()


def _wake(root: Path) -> None:
    for pid in _processes_of(root):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _best(root: Path) -> dict[str, Any]:
    for path in root.glob("*/best_rec.json"):
        found = json.loads(path.read_text())
        return {name: found[name] for name in ("trial", "score", "changed")}
    return {}


def _jobs_that_hang(place: Place, root: Path) -> list[str]:
    deadline = time.monotonic() + LOOK_SECONDS
    while True:
        answer = place.changenet("jobs", "--results", str(root), "--json")
        if answer.returncode:
            return [f"jobs: exit {answer.returncode}: {answer.stderr.strip()[-150:]}"]
        jobs = json.loads(answer.stdout)["jobs"]
        open_jobs = [f"{job['id']} is {job['state']}" for job in jobs if job["state"] not in _ENDED]
        if not open_jobs or time.monotonic() > deadline:
            return open_jobs + [f"{j['id']} is COMPLETE without PASS" for j in jobs if _is_wrongly_complete(j)]
        time.sleep(0.3)


def _is_wrongly_complete(job: dict[str, Any]) -> bool:
    log = Path(job["folder"]) / "log.txt"
    return job["state"] == "COMPLETE" and not log.read_text().rstrip().endswith(_PASS)


def _left_over(root: Path) -> list[str]:
    deadline = time.monotonic() + 5
    while (left := _processes_of(root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return [f"process {pid} is left over" for pid in left]


def _processes_of(root: Path) -> list[int]:
    """The processes that name this run's results root, which no other process does."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words, state = (entry / "cmdline").read_bytes(), (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if os.fsencode(root) in words and state != "Z" and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20, help="runs of a job; default: 20")
    parser.add_argument("--searches", type=int, default=5, help="runs of a search; default: 5")
    parser.add_argument("--seed", default="1")
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        place = prepare(Path(name))
        expected: dict[str, Any] = {}
        if given.searches:
            place.changenet(*train(place, place.folder / "whole", "simulated", *_SEARCH))
            expected = _best(place.folder / "whole")
        for number in range(given.jobs + given.searches):
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

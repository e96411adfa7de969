# SPDX-License-Identifier: Apache-2.0
"""Launches many jobs in one results root, kills their controllers, supervisors and actions at random, and counts.

None may be lost: what began has a record, and each record a right end. None may run twice: no action begins a second
time. Exits with 1 where one was, or did, or a process is left over.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import workplace  # noqa: E402 - a script beside its modules
from kill_checks import left_over, wrong_jobs  # noqa: E402

from runners import api  # noqa: E402
from runners.jobs.store import JobStore  # noqa: E402
from runners.planning.plan import Plan  # noqa: E402
from runners.platforms.handles import LAUNCHER, processes_in  # noqa: E402

# What it did is a line in `starts`, written before anything else: a second start would be seen.
_ENGINE = """#!/bin/sh
out=$(sed -n 's/^results_dir: *//p' "$3")
echo "$out" >>{starts}
mkdir -p "$out/train"
echo '{{"status": "STARTED", "message": "begun"}}' >>"$out/train/status.json"
sleep 0.5
echo '{{"status": "SUCCESS", "message": "done"}}' >>"$out/train/status.json"
echo 'Execution status: PASS'
"""
_HIT = ("nobody", *["controller"] * 5, "controller and supervisor", "controller and action", "action", "supervisor")


@dataclass(slots=True)
class Controllers:
    """Those at work, each with the moment at which it is hit and who is hit with it; `hit` counts them."""

    plan: Plan
    root: Path
    chance: random.Random
    at_work: dict[int, tuple[float, str]] = field(default_factory=dict)
    hit: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """A process that launches a job and follows it to its end."""
        if not (pid := os.fork()):
            os.setsid()
            quiet = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(quiet, number)
            with suppress(BaseException):
                api.launch(self.plan, store=JobStore(self.root))
            os._exit(0)
        self.at_work[pid] = (time.monotonic() + self.chance.uniform(0, 4), self.chance.choice(_HIT))

    def step(self) -> None:
        """Take those that have ended, and hit those whose moment has come."""
        for pid, (moment, whom) in list(self.at_work.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self.hit["ended by itself"] += 1
                del self.at_work[pid]
            elif time.monotonic() > moment and whom != "nobody":
                self._strike(pid, whom)
                self.at_work[pid] = (float("inf"), whom)

    def _strike(self, pid: int, whom: str) -> None:
        self.hit[whom] += 1
        others = _people(self.root, pid) if whom != "controller" else {}
        targets = [others[role] for role in ("supervisor", "action") if role in whom and role in others]
        for target in (*([pid] if "controller" in whom else ()), *targets):
            with suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)


def _people(root: Path, controller: int) -> dict[str, int]:
    """Who works for the job of a controller."""
    store = JobStore(root)
    with suppress(Exception):  # half of a launch may be recorded by now
        for job in store.newest(30):
            found = processes_in(store.handle(job.id))
            if LAUNCHER in found and found[LAUNCHER].pid == controller:
                return {role: one.pid for role, one in found.items() if one.is_alive()}
    return {}


def _plan(folder: Path) -> Plan:
    workplace.boards(folder / "boards")
    engine = folder / "visual_changenet"
    engine.write_text(_ENGINE.format(starts=folder / "starts"))
    engine.chmod(0o755)
    words = [
        "plan",
        "train",
        "--data",
        "boards",
        "--automl",
        "off",
        "--results",
        str(folder / "results"),
        "--json",
        "--full",
    ]
    argv = [sys.executable, "-m", "interfaces.cli", *words, "--engine", str(engine), *workplace.BACKBONE]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    return Plan.from_json(document.get("plan", document))


def _looked(root: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "interfaces.cli", "jobs", "--results", str(root), "--running", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="default: 100")
    parser.add_argument("--at-once", type=int, default=6, help="controllers side by side; default: 6")
    parser.add_argument("--seed", default="1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-many-") as name:
        folder = Path(name)
        plan, root = _plan(folder), folder / "results"
        controllers = Controllers(plan, root, random.Random(given.seed))
        begun = 0
        while begun < given.jobs or controllers.at_work:
            while begun < given.jobs and len(controllers.at_work) < given.at_once:
                controllers.begin()
                begun += 1
            controllers.step()
            time.sleep(0.02)
        found = wrong_jobs(root, lambda: _looked(root))
        jobs = JobStore(root).newest()
        starts = Counter((folder / "starts").read_text().split())
        known = {str(Path(job.folder) / "results") for job in jobs}
        found += [f"{place} ran without a record" for place in starts if place not in known]
        found += [f"{place} ran {count} times" for place, count in starts.items() if count > 1]
        found += left_over(root)
        ended = Counter(str(job.state) for job in jobs)
        told = {**ended, **{f"hit: {whom}": count for whom, count in sorted(controllers.hit.items())}}
        print(f"seed {given.seed}: {begun} launches, {len(jobs)} records, {len(starts)} actions began: {told}")
        print("\n".join(found) or "none lost, none twice, nothing left over")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

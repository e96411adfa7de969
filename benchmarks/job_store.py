# SPDX-License-Identifier: Apache-2.0
"""How long questions to a results root with many jobs take, asked at once and job by job, as it was done before.

    python benchmarks/job_store.py [--jobs 5000]

Each job has ended, with three transitions, figures and six artifacts, as a short training leaves them. Every line gives
CPU time: the median of three rounds in which both ways take turns, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING

from runners.jobs import database, rows
from runners.jobs.job import Artifact, Job, JobState, Transition
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3
STEPS = tuple(
    Transition(state, f"2026-01-01T00:00:0{second}.000+00:00", "a reason in words")
    for second, state in enumerate((JobState.PENDING, JobState.RUNNING, JobState.COMPLETE))
)
NAMES = ("experiment.yaml", "status.json", *(f"model_epoch_{epoch:03d}.pth" for epoch in range(4)))


def fill(root: Path, count: int) -> list[str]:
    """Record jobs as they are recorded, but in one transaction; returns their ids."""
    artifacts = [Artifact(name, "checkpoint", 10**6, "ab" * 32, ("periodic",), 3, 40) for name in NAMES]
    ids = [f"train-20260101-{number:06d}-abcdef" for number in range(count)]
    with database.transaction(root, write=True, create=True) as connection:
        for number, job_id in enumerate(ids):
            folder = str(root / job_id)
            parts = (job_id, "train", "classify", "local", JobState.PENDING, folder, f"{folder}/results")
            rows.insert_job(connection, Job(*parts, f"plan-{number}", "c" * 64, STEPS))
            rows.insert_outcome(connection, job_id, 0, {"val_loss": 0.25, "val_acc": 98.5}, None)
            rows.insert_artifacts(connection, job_id, artifacts)
    return ids


def job_by_job(store: JobStore) -> list[Job]:
    """Every job by a question of its own, after a list of all ids."""
    return [store.read(job_id) for job_id in store.ids()]


def seconds(ask: Callable[[], object]) -> float:
    """The CPU time of one answer, with that of the processes that it starts."""
    begun = _spent()
    ask()
    return _spent() - begun


def _spent() -> float:
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compare(name: str, at_once: Callable[[], object], one_by_one: Callable[[], object]) -> None:
    """Print the median of both ways, and how many times as long the second takes."""
    pairs = [(seconds(at_once), seconds(one_by_one)) for _ in range(ROUNDS)]
    new, old = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"{name:<28} {new * 1e3:10.1f} ms {old * 1e3:10.1f} ms {old / new:8.1f}")


def main() -> None:
    """Fill a store, ask, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=5000)
    count = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        store = JobStore(Path(folder))
        ids = fill(store.root, count)
        print(f"{count} jobs{'':<22} {'at once':>13} {'job by job':>13} {'ratio':>8}")
        compare("all jobs", store.newest, lambda: job_by_job(store))
        compare(
            "the job of a plan",
            lambda: store.with_plan("plan-7"),
            lambda: [job for job in job_by_job(store) if job.plan_id == "plan-7"],
        )
        beginning = ids[7][:-3]
        compare(
            "an id by its beginning",
            lambda: store.read(beginning),
            lambda: store.read(next(job_id for job_id in store.ids() if job_id.startswith(beginning))),
        )
        command = [str(Path(sys.executable).with_name("changenet")), "jobs", "--json", "--results", folder]
        listing = [
            seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)) for _ in range(ROUNDS)
        ]
        print(f"{'changenet jobs --json':<28} {statistics.median(listing) * 1e3:10.1f} ms")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What commands cost at a results root with many jobs, and many questions at once; with `--by-job`, of each job alone.

    python benchmarks/job_store.py [--jobs 100000] [--by-job]

Each job has three transitions, figures, six artifacts and a folder of its own, as a short training leaves them; one of
500 still runs, and this process looks after it. Every line gives CPU time, the median of three rounds, and its ratio to
a baseline of the same run: a store of ten jobs, the same questions one after the other, or a question for each job.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING

from runners import api
from runners.jobs import database, rows
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import JobStore
from runners.platforms.handles import SUPERVISOR, with_process
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, SMALLEST, POLLS, RUNNING = 3, 10, 1_000, 500
STEPS = tuple(
    Transition(state, f"2026-01-01T00:00:0{second}.000+00:00", "a reason in words")
    for second, state in enumerate((JobState.PENDING, JobState.RUNNING, JobState.COMPLETE))
)
NAMES = ("experiment.yaml", "status.json", *(f"model_epoch_{epoch:03d}.pth" for epoch in range(4)))


def fill(root: Path, count: int) -> list[str]:
    """Record jobs as they are recorded, but in one transaction; returns their ids."""
    artifacts = [Artifact(name, "checkpoint", 10**6, "ab" * 32, ("periodic",), 3, 40) for name in NAMES]
    alive = json.dumps(with_process(Handle("local"), SUPERVISOR, ProcessId.own()).to_json())
    ids = [f"train-20260101-{number:06d}-abcdef" for number in range(count)]
    with database.transaction(root, write=True, create=True) as connection:
        for number, job_id in enumerate(ids):
            folder = str(root / job_id)
            parts = (job_id, "train", "classify", "local", JobState.PENDING, folder, f"{folder}/results")
            runs = number % RUNNING == 0
            rows.insert_job(connection, Job(*parts, f"plan-{number}", "c" * 64, STEPS[: 2 if runs else 3]))
            if runs:
                connection.execute("INSERT INTO handles (job_id, at, document) VALUES (?, '', ?)", (job_id, alive))
                continue
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


def command(name: str, words: list[str], roots: list[Path]) -> None:
    """Print what a command costs at the last root: CPU and peak memory, and the ratio to the first, smallest one."""
    cost = [[_of_command(words, root) for _ in range(ROUNDS)] for root in roots]
    small, large = (statistics.median(spent for spent, _ in rounds) for rounds in (cost[0], cost[-1]))
    peak = max(kilobytes for _, kilobytes in cost[-1])
    print(f"{name:<28} {large * 1e3:10.1f} ms {peak / 1024:10.0f} MiB {large / small:8.2f}", flush=True)


def _of_command(words: list[str], root: Path) -> tuple[float, int]:
    """CPU seconds and peak kilobytes of a command of its own process."""
    argv = [str(Path(sys.executable).with_name("changenet")), *words, "--results", str(root)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def polls(roots: list[Path], ids: list[str]) -> None:
    """Print what a question for a job costs where 1,000 are asked at once, against the same one after the other."""
    store = JobStore(roots[-1])
    asked = [ids[number % len(ids)] for number in range(0, 7 * POLLS, 7)]
    alone = seconds(lambda: [api.get_job(job_id, store) for job_id in asked])
    start = threading.Barrier(POLLS)

    def poll(job_id: str) -> str:
        start.wait()
        return api.get_job(job_id, store).id

    with ThreadPoolExecutor(POLLS) as pool:
        together = seconds(lambda: require_equal(list(pool.map(poll, asked)), asked))
    print(f"{f'{POLLS:,} polls at once':<28} {together * 1e3:10.1f} ms {'':>14} {together / alone:8.2f}", flush=True)


def require_equal(found: list[str], expected: list[str]) -> None:
    """Stop where a poll was answered with another job."""
    if found != expected:
        raise SystemExit("a poll got the answer to another one")


def main() -> None:
    """Fill stores, ask, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--by-job", action="store_true", help="compare with a question for each job (slow)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        roots = [Path(folder) / name for name in ("small", "large")]
        ids = [fill(root, count) for root, count in zip(roots, (SMALLEST, given.jobs), strict=True)][-1]
        for job_id in ids:
            (roots[-1] / job_id).mkdir()
        print(f"{given.jobs:,} jobs{'':<22} {'CPU':>13} {'memory':>14} to {SMALLEST} jobs")
        for words in (["jobs"], ["jobs", "--json"], ["jobs", "--running"], ["status", ids[7]], ["status", "trian-1"]):
            command(" ".join(words), words, roots)
        polls(roots, ids)
        if given.by_job:
            by_job(JobStore(roots[-1]), ids)


def by_job(store: JobStore, ids: list[str]) -> None:
    """Print what reading many records at once saves."""
    print(f"{len(ids):,} jobs{'':<22} {'at once':>13} {'job by job':>13} {'ratio':>8}")
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


if __name__ == "__main__":
    main()

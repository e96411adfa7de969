# SPDX-License-Identifier: Apache-2.0
"""What a search asks of the disk for each trial, against asking it all again, side by side in one run.

    python benchmarks/automl_trial_cost.py [--rows 50000] [--lines 20000]

Prints CPU milliseconds to prepare and check a trial on a data set of so many rows, with the memory that a search has
and with a fresh one for each trial; and to look at a job whose status file has so many lines, reading on and from its
beginning. Exit code 1 where either saves less than nine tenths.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from automl import experiment
from automl.job_history import JobHistory
from automl.job_trainer import JobTrainer
from automl.settings import AutomlSettings
from automl.types import Run
from core.memory import Memory
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.jobs.record import open_job
from runners.jobs.store import JobStore
from runners.launch_check import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.plan import ExperimentPlan

ROOT = Path(__file__).resolve().parents[1]
MOST = 0.1


def write_data(root: Path, rows: int) -> Path:
    """A data set whose pairs are all the same two pictures: the check opens none of them."""
    for split in ("train", "val"):
        for name in ("test", "golden"):
            (root / split / "images" / name).mkdir(parents=True)
        lines = (f"test,golden,{'PASS' if n % 3 else 'NO_PASS'},{split}{n % 100}" for n in range(rows))
        (root / split / "dataset.csv").write_text("\n".join(["input_path,golden_path,label,object_name", *lines]))
        for n in range(100):
            for name in ("test", "golden"):
                Image.new("RGB", (8, 8), (n, 90, 90)).save(root / split / "images" / name / f"{split}{n}.png")
    return root


def plan_search(folder: Path, rows: int) -> ExperimentPlan:
    """A search that is planned, and never begun."""
    skill = load_skill(ROOT)
    request = Request(action="train", data=str(write_data(folder / "data", rows)), results_root=str(folder / "results"))
    return experiment.plan(decide(request, skill), skill, AutomlSettings(trials=50))


def cost(times: int, work: Callable[[int], object]) -> float:
    """CPU milliseconds of one of so many calls, after a first one."""
    work(0)
    begun = time.process_time()
    for n in range(1, times + 1):
        work(n)
    return 1000 * (time.process_time() - begun) / times


def trial_cost(plan: ExperimentPlan, *, fresh: bool, times: int) -> float:
    """Prepare and check a trial."""
    store = JobStore(Path(plan.base.results_root))

    def one(number: int) -> None:
        own = replace(plan, memory=Memory()) if fresh else plan
        run = Run(number, number, {"train.optim.lr": 1e-4 * (number + 1)}, 1)
        check(JobTrainer(own, "automl-train-x", store).prepare(run, None).plan, store, own.memory)

    return cost(times, one)


def look_cost(plan: ExperimentPlan, lines: int, *, fresh: bool, times: int) -> float:
    """Read what a job has logged, a line longer each time."""
    store = JobStore(Path(plan.base.results_root))
    job = open_job(store, plan.base, dict(plan.base.spec))
    status = Path(job.results_dir) / "status.json"
    status.parent.mkdir(parents=True)
    line = json.dumps({"status": "RUNNING", "message": "epoch", "epoch": 1, "kpi": {"val_loss": 0.5}}) + "\n"
    status.write_text(line * lines)
    kept = JobHistory(job, plan.keys, plan.objectives)

    def one(_: int) -> None:
        with status.open("a") as log:
            log.write(line)
        (JobHistory(job, plan.keys, plan.objectives) if fresh else kept).read()

    return cost(times, one)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_search(Path(folder), args.rows)
        trials = [trial_cost(plan, fresh=fresh, times=3) for fresh in (True, False)]
        looks = [look_cost(plan, args.lines, fresh=fresh, times=5) for fresh in (True, False)]
    for what, (before, after) in (("prepare and check a trial", trials), ("look at a trial", looks)):
        print(f"{what}: {before:8.1f} ms CPU each time anew, {after:8.2f} ms as a search does: {after / before:.2%}")
    return 0 if all(after < MOST * before for before, after in (trials, looks)) else 1


if __name__ == "__main__":
    sys.exit(main())

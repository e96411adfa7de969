# SPDX-License-Identifier: Apache-2.0
"""What a launch on Slurm costs beyond a bare `sbatch` of the same script, side by side in one run.

    python benchmarks/slurm_overhead.py [--jobs 20] [--listed 200]

Starts a Slurm of its own (scripts/slurm_cluster.sh). Prints seconds, medians: of `sbatch` alone; of a launch, with its
checks, its record and its files; and of a list of jobs in the queue, all of which are asked about at once, against one
`squeue` for each. Exit code 1 where a launch takes half a second more than sbatch.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from router.types import Decision, Request
from runners import api
from runners.jobs.store import JobStore
from runners.planning.plan import JOB_FOLDER, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = str(ROOT / "scripts" / "slurm_cluster.sh")
ENGINE = "#!/bin/sh\nsleep 600\n"
MOST_SECONDS = 0.5


def plan_in(folder: Path) -> Plan:
    """A plan for an action that only waits."""
    engine = folder / "visual_changenet"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    return Plan.sealed(
        decision=Decision("changenet", "train", "classify", "direct", "off", "slot", Request(action="train")),
        action="train",
        task="classify",
        spec={"results_dir": f"{JOB_FOLDER}/results"},
        provenance={},
        runner="slurm",
        command=(str(engine), "train", "-e", f"{JOB_FOLDER}/spec.yaml"),
        results_root=str(folder / "results"),
        engine="named",
    )


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def measure(folder: Path, jobs: int, listed: int) -> tuple[float, float, float, float]:
    """Medians of sbatch and launch; a list of jobs, and one squeue for each of them."""
    plan, store = plan_in(folder), JobStore(folder / "results")
    job = api.launch(plan, store=store, detach=True)
    bare = [
        str(shutil.which("sbatch")),
        "--parsable",
        f"--chdir={folder}",
        "--output=/dev/null",
        f"{job.folder}/job.sh",
    ]
    alone, launches = [], []
    for _ in range(jobs):
        alone.append(seconds(lambda: subprocess.run(bare, check=True, stdout=subprocess.DEVNULL)))
        launches.append(seconds(lambda: api.launch(plan, store=store, detach=True)))
    for _ in range(listed - len(store.ids())):
        api.launch(plan, store=store, detach=True)
    api.list_jobs(store)  # records which jobs run
    time.sleep(2.5)  # the last answer of the queue is not fresh any more
    together = seconds(lambda: api.list_jobs(store))
    numbers = [store.handle(job_id).details["slurm"]["job_id"] for job_id in store.ids()]
    squeue = str(shutil.which("squeue"))
    each = seconds(lambda: [subprocess.check_output([squeue, "-h", "-j", number]) for number in numbers])
    return statistics.median(alone), statistics.median(launches), together, each


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--listed", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cluster = folder / "cluster"
        subprocess.run(["/bin/sh", CLUSTER, "start", str(cluster), "27100"], check=True, stdout=subprocess.DEVNULL)
        os.environ["SLURM_CONF"] = str(cluster / "slurm.conf")
        try:
            bare, launch, together, each = measure(folder, args.jobs, args.listed)
            subprocess.run([str(shutil.which("scancel")), "--me"], check=True)
        finally:
            subprocess.run(["/bin/sh", CLUSTER, "stop", str(cluster)], check=True)
    print(f"sbatch alone {bare:.3f} s, launch {launch:.3f} s: {launch - bare:.3f} s more, {launch / bare:.1f} times")
    print(f"a list of jobs {together:.2f} s, one squeue for each {each:.2f} s: {each / together:.1f} times")
    return 0 if launch - bare < MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())

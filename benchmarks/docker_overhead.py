# SPDX-License-Identifier: Apache-2.0
"""What a job in a container costs beyond a bare start of the same container, side by side in one run.

    python benchmarks/docker_overhead.py IMAGE [--jobs 10]

IMAGE is on the engine of $DOCKER_HOST, and has a shell. Prints seconds, medians: of a container that is created,
started, waited for and removed; and of a job, with its checks, its record, its log and its results. Exit code 1 where a
job takes a second and a half more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from router.types import Decision, Request
from runners import api
from runners.jobs.job import JobState
from runners.jobs.store import JobStore
from runners.planning.plan import JOB_FOLDER, Mount, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINE = "#!/bin/sh\necho 'Execution status: PASS'\n"
MOST_SECONDS = 1.5


def plan_in(folder: Path, image: str) -> Plan:
    """A plan for an action that ends at once."""
    engine = folder / "visual_changenet"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    mounts = (
        Mount(f"{JOB_FOLDER}/container", "/specs"),
        Mount(f"{JOB_FOLDER}/results", "/results", read_only=False),
        Mount(str(engine), "/engine/visual_changenet"),
    )
    return Plan.sealed(
        decision=Decision("changenet", "train", "classify", "direct", "off", "slot", Request(action="train")),
        action="train",
        task="classify",
        spec={"results_dir": f"{JOB_FOLDER}/results"},
        provenance={},
        runner="docker",
        command=("/engine/visual_changenet", "train", "-e", "/specs/spec.yaml"),
        results_root=str(folder / "results"),
        engine="container",
        image=image,
        mounts=mounts,
    )


def bare(client: docker.DockerClient, image: str) -> None:
    """A container that ends at once."""
    container = client.containers.create(image, ["/bin/sh", "-c", "true"], network_mode="none", init=True)
    container.start()
    container.wait()
    container.remove()


def job(plan: Plan, store: JobStore) -> None:
    """A job that ends at once."""
    ended = api.launch(plan, store=store)
    if ended.state is not JobState.COMPLETE:
        raise SystemExit(f"{ended.id}: {ended.failure}")


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def main() -> int:
    """Measure both in turns, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--jobs", type=int, default=10)
    args = parser.parse_args()
    client, alone, jobs = docker.from_env(), [], []
    with tempfile.TemporaryDirectory() as name:
        plan, store = plan_in(Path(name), args.image), JobStore(Path(name) / "results")
        job(plan, store)  # imports are no part of it
        for _ in range(args.jobs):
            alone.append(seconds(lambda: bare(client, args.image)))
            jobs.append(seconds(lambda: job(plan, store)))
    before, after = statistics.median(alone), statistics.median(jobs)
    print(f"container alone   {before:6.2f} s")
    print(f"job               {after:6.2f} s   {after / before:.1f} times, {after - before:+.2f} s")
    return int(after - before > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

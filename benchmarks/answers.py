# SPDX-License-Identifier: Apache-2.0
"""How long a comparison of two jobs takes, and the calls of tools where there are many jobs.

    python benchmarks/answers.py [--pairs 1000] [--jobs 1000]

Two evaluations with scored tables are recorded, then `changenet compare` is run as a process of its own. For tools, a
server is started and asked once (from its start to its first answer), then with as many jobs on record.
CPU time of the processes is told beside the clock: on a machine that does other work, the clock says little.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anyio
import mcp
from mcp.client.stdio import StdioServerParameters

from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore, now

CHANGENET = str(Path(sys.executable).with_name("changenet"))
TABLE = "evaluate/predictions.csv"
HEAD = "input_path,golden_path,label,object_name,siamese_score,verdict,threshold"


def record(store: JobStore, action: str, number: int, parent: str | None = None, pairs: int = 0) -> str:
    """A job that is over, with a scored table where it has pairs."""
    job_id = f"{action}-20260101-{number:06d}-0a1b2c"
    folder = store.root / job_id
    results = folder / "results"
    (results / "evaluate").mkdir(parents=True)
    first = Transition(JobState.PENDING, now(), "opened")
    job = Job(
        job_id, action, "classify", "local", JobState.PENDING, str(folder), str(results), "plan", "config", (first,),
        parent_job_id=parent,
    )  # fmt: skip
    store.open_record(job, Handle("local"))
    artifacts: tuple[Artifact, ...] = ()
    if pairs:
        rows = [f"a/{n},g/{n},{'open' if n % 9 == 0 else 'PASS'},part,0.5,PASS,0.5" for n in range(pairs)]
        (results / TABLE).write_text("\n".join([HEAD, *rows, ""]))
        artifacts = (Artifact(TABLE, "table", 1, "0" * 64),)
    store.close(job_id, Ending(JobState.COMPLETE, "done", 0, {"val_loss": 0.1}, artifacts))
    return job_id


def timed(*words: str) -> tuple[float, float]:
    """Seconds by the clock and of CPU that a command takes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([CHANGENET, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def tool_calls(root: Path) -> list[tuple[str, float]]:
    """Seconds from the start of a server to its first answer, and of calls after that."""
    server = StdioServerParameters(command=CHANGENET, args=["mcp", "--results", str(root)], cwd=root)
    began = time.monotonic()
    told = []
    async with mcp.Client(server) as client:
        calls = (("actions", {}), ("jobs", {}), ("jobs", {"running": True}), ("advise", {"board": "30x20"}))
        for number, (name, arguments) in enumerate(calls):
            begins = began if number == 0 else time.monotonic()
            await client.call_tool(name, arguments)
            told.append((f"{name} {arguments or ''}" + " (cold)" * (number == 0), time.monotonic() - begins))
    return told


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = JobStore(Path(folder))
        models = [record(store, "train", number) for number in (1, 2)]
        for number, model in enumerate(models, 3):
            record(store, "evaluate", number, model, options.pairs)
        base = timed("--version")
        clock, cpu = timed("compare", *models, "--results", folder)
        print(f"compare, {options.pairs:,} pairs: {clock:.2f} s, {cpu:.2f} s CPU, {cpu / base[1]:.1f} times --version")
        for number in range(10, 10 + options.jobs):
            record(store, "train", number)
        for name, seconds in anyio.run(tool_calls, Path(folder)):
            print(f"tool {name}, {options.jobs:,} jobs: {seconds:.2f} s")


if __name__ == "__main__":
    main()

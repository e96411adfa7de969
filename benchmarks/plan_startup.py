# SPDX-License-Identifier: Apache-2.0
"""CPU time of a cold `changenet plan`, of `--help` of both commands, and of a bare interpreter, in one run.

    python benchmarks/plan_startup.py [--repeats 15]

Prints the median CPU time of the whole process in milliseconds, and its ratio to the bare interpreter's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
COMMANDS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "changenet --help": [str(BIN / "changenet"), "--help"],
    "changenet plan (slots)": [
        str(BIN / "changenet"),
        "plan",
        "train",
        "--data",
        "DATA",
        "-s",
        "num_epochs=5",
        "--json",
    ],
    "changenet plan (words)": [str(BIN / "changenet"), "plan", "train ChangeNet on DATA, no AutoML", "--json"],
    "visual_changenet --help": [str(BIN / "visual_changenet"), "--help"],
}


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system time of one run of a command and its children."""
    before = os.times()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def make_data(folder: Path) -> None:
    """Two splits with a CSV each and a shared picture folder, as the importers write them."""
    header = "input_path,golden_path,label,object_name\n"
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
        rows = [f"test,golden,{label},{i:03d}\n" for i in range(32) for label in [("PASS", "open")[i % 2]]]
        (folder / split / "dataset.csv").write_text(header + "".join(rows))
    for pictures in ("test", "golden"):
        (folder / "images" / pictures).mkdir(parents=True)
        for i in range(32):
            (folder / "images" / pictures / f"{i:03d}.jpg").touch()


def main() -> None:
    """Interleave the commands, so that a slow moment of the machine falls on all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder / "DATA")
        for round_number in range(repeats + 1):
            for title, command in COMMANDS.items():
                seconds = cpu_seconds(command, folder)
                if round_number:  # the first round fills the bytecode and file caches
                    times[title].append(seconds)
    base = statistics.median(times["bare interpreter"])
    for title, values in times.items():
        median = statistics.median(values)
        print(f"{title:<26} {1000 * median:7.0f} ms CPU   {median / base:5.1f} x   (min {1000 * min(values):.0f} ms)")


if __name__ == "__main__":
    main()

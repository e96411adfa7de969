# SPDX-License-Identifier: Apache-2.0
"""Seconds a board and peak memory of `visual_changenet inspect`, for scans of 640 px and photos of 4,000 x 3,000 px.

    python benchmarks/inspect_speed.py WORK [--segment SPEC.yaml CHECKPOINT] [--classify SPEC.yaml CHECKPOINT]

Boards are drawn: parts at random, the test picture shifted, lit otherwise, with some parts covered. Each way of
inspecting looks at one and at three boards in processes of their own: half of the difference is the time of a board,
what is left of the first is the start; processor seconds tell more on a busy machine. The ratio is to the plain
difference of the same run. Peak memory is that of the process with one board (`ru_maxrss`), and the same less that of
the process with the small board: what pictures cost.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.documents import dump_yaml

COMMAND = str(Path(sys.executable).with_name("visual_changenet"))
SIZES = ((640, 640), (4000, 3000))
MEBIBYTE = 1024  # ru_maxrss counts in KiB


def draw_pair(folder: Path, width: int, height: int) -> tuple[Path, Path]:
    """A golden and a test picture."""
    chance = random.Random(width)  # noqa: S311 - repeatable, no secret
    golden = Image.new("RGB", (width, height), (20, 70, 30))
    pen = ImageDraw.Draw(golden)
    for _ in range(width * height // 1500):
        x, y = chance.randrange(width), chance.randrange(height)
        far = (x + chance.randrange(8, 60), y + chance.randrange(6, 40))
        pen.rectangle(
            (x, y, *far), fill=(chance.randrange(60, 210), chance.randrange(90, 190), chance.randrange(40, 90))
        )
    test = golden.copy()
    for _ in range(5):
        x, y = chance.randrange(60, width - 100), chance.randrange(60, height - 100)
        ImageDraw.Draw(test).ellipse((x, y, x + 26, y + 20), fill=(250, 250, 250))
    moved = np.roll(np.asarray(test), (7, -11), axis=(0, 1)).astype(np.float32) * 0.92 + 6
    paths = folder / f"golden{width}.png", folder / f"test{width}.png"
    golden.save(paths[0])
    Image.fromarray(moved.astype(np.uint8)).save(paths[1])
    return paths


def run(words: list[str]) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak MiB of one inspection, in a process whose only child it is."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (words,))


def _measured(words: list[str]) -> tuple[float, float, float]:
    import resource

    began = time.perf_counter()
    done = subprocess.run([COMMAND, "inspect", *words], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / MEBIBYTE


def table_of(folder: Path, pair: tuple[Path, Path], count: int) -> Path:
    """A table that names a pair several times."""
    path = folder / f"{pair[0].stem}-{count}.csv"
    path.write_text("golden,test\n" + f"{pair[0]},{pair[1]}\n" * count, encoding="utf-8")
    return path


def main() -> None:
    """Each way, each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    for task in ("segment", "classify"):
        parser.add_argument(f"--{task}", nargs=2, metavar=("SPEC", "CHECKPOINT"))
    options = parser.parse_args()
    folder = options.work.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "plain.yaml"
    tree: dict[str, Any] = {"task": "segment", "results_dir": str(folder / "results")}
    plain.write_text(dump_yaml(tree), encoding="utf-8")
    ways = {"plain difference": [str(plain)]}
    for task in ("segment", "classify"):
        if given := getattr(options, task):
            ways[f"{task} model"] = [given[0], f"inspect.checkpoint={given[1]}"]
    small: dict[str, float] = {}
    for width, height in SIZES:
        pair = draw_pair(folder, width, height)
        base = 0.0
        for way, (spec, *more) in ways.items():
            words = ["-e", spec, f"results_dir={folder / 'results'}", *more]
            one, one_busy, peak = run([*words, f"inspect.golden={table_of(folder, pair, 1)}"])
            three, three_busy, _ = run([*words, f"inspect.golden={table_of(folder, pair, 3)}"])
            each = (three - one) / 2
            base = base or each
            small.setdefault(way, peak)
            busy = (three_busy - one_busy) / 2
            times = f"{each:.2f} s a board ({each / base:.1f} times the plain difference), {one - each:.1f} s start"
            times += f", {busy:.2f} processor seconds a board"
            memory = f"{peak:.0f} MiB, {peak - small[way]:.0f} more than for 640 px"
            print(f"{width} x {height}, {way}: {times}, {memory}", flush=True)


if __name__ == "__main__":
    main()

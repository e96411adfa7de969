# SPDX-License-Identifier: Apache-2.0
"""How long the data check takes on a million rows, and how much memory, without decoding a picture.

With a wrong images_dir as well, where every row is a finding: its CPU time as a ratio to the sound one of the same run.

    python benchmarks/doctor_speed.py SCRATCH [--rows 1000000] [--json]

SCRATCH gets one file per row once (empty files: nothing is decoded) and is used again by later runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

from pairs.classify_csv import COLUMNS, write_csv
from pairs.doctor import check_classify

OBJECTS_PER_BOARD = 1000


def make_data(scratch: Path, rows: int) -> tuple[Path, Path]:
    """A CSV of `rows` rows over boards of 1,000 objects that share one golden folder, and its pictures."""
    csv_path, images = scratch / f"rows{rows}.csv", scratch / "images"
    names = [f"U{number:04d}" for number in range(OBJECTS_PER_BOARD)]
    boards = [f"lot{number // 100:03d}/board{number:05d}" for number in range(-(-rows // OBJECTS_PER_BOARD))]
    for folder in ("golden", *boards):
        make_folder(images / folder, names)
    pairs = ((board, name) for board in boards for name in names)
    table = ((board, "golden", label_of(i), name, board) for i, (board, name) in zip(range(rows), pairs, strict=False))
    write_csv(csv_path, (*COLUMNS, "board"), table)
    return csv_path, images


def make_folder(folder: Path, names: list[str]) -> None:
    """Empty pictures, unless an earlier run made them."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.jpg").touch()


def label_of(row: int) -> str:
    """One defect in a thousand."""
    return "PASS" if row % 1000 else "missing"


def measured(csv_path: Path, images: Path, rows: int) -> dict[str, float | bool]:
    """One check without a look into a picture."""
    started, busy = time.perf_counter(), time.process_time()
    report = check_classify(csv_path, images, decode=False)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"seconds": round(seconds, 1), "cpu_seconds": round(busy, 1)}
    return {"rows": rows, **times, "peak_mib": round(peak), "ok": not report.errors}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    csv_path, images = make_data(given.scratch, given.rows)
    sound = measured(csv_path, images, given.rows)
    wrong = measured(csv_path, given.scratch / "no_such_images", given.rows)
    empty = given.scratch / "empty"
    empty.mkdir(exist_ok=True)
    bare = measured(csv_path, empty, given.rows)
    found = {"sound": sound, "no images_dir": wrong, "another images_dir": bare}
    ratios = {
        f"{name} / sound": round(found[name]["cpu_seconds"] / sound["cpu_seconds"], 2)
        for name in found
        if name != "sound"
    }
    if given.json:
        print(json.dumps(found | {"ratios": ratios}))
        return
    for name, one in (found | {"CPU time": ratios}).items():
        print(f"{name:<20} {one}")


if __name__ == "__main__":
    main()

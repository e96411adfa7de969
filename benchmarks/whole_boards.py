# SPDX-License-Identifier: Apache-2.0
"""How well whole boards of designs that were never trained on are inspected, by the boxes that DeepPCB publishes.

    python benchmarks/whole_boards.py DEEPPCB WORK [--epochs 3] [--seed 1234]

A segment model is trained on the train list as `segment_accuracy.py` trains it (one in WORK is taken as it is), and
`visual_changenet inspect` looks at the pairs of the validation and test lists. A region counts as found where it and a
published box overlap by a third of their union, one region to one box, whatever the type. Published boxes are drawn
around a defect with room, regions are its very pixels: how much room, and how near regions of one defect lie, is chosen
on the validation list. Beside it stand the same figures where a box counts as found if a region touches it. Pictures
of all regions outside, and of boxes that were missed, are put into WORK/wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw
from segment_accuracy import run, spec_of

from pairs.deeppcb import import_deeppcb
from pairs.deeppcb_source import read_splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pairs.deeppcb_source import Board

    Corners = tuple[float, float, float, float]  # x1, y1, x2, y2

LEAST_OVERLAP = 0.33
ROOMS = (0, 4, 6, 8, 10, 12, 14, 16)  # pixels on each side


@dataclass(frozen=True, slots=True)
class Matched:
    """Regions and boxes of a board that belong together, and those that have no counterpart."""

    found: int
    outside: tuple[Corners, ...]
    missed: tuple[Corners, ...]


def overlap(one: Corners, other: Corners) -> float:
    """Intersection over union."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, across) * max(0.0, down)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both)


def match(regions: Sequence[Corners], boxes: Sequence[Corners], least: float) -> Matched:
    """Pairs of a region and a box, those that overlap most first."""
    pairs = sorted(((overlap(r, b), i, j) for i, r in enumerate(regions) for j, b in enumerate(boxes)), reverse=True)
    of_region: dict[int, int] = {}
    of_box: set[int] = set()
    for share, i, j in pairs:
        if share > 0 and share >= least and i not in of_region and j not in of_box:
            of_region[i] = j
            of_box.add(j)
    outside = tuple(region for i, region in enumerate(regions) if i not in of_region)
    return Matched(len(of_box), outside, tuple(box for j, box in enumerate(boxes) if j not in of_box))


def regions_of(entry: dict[str, Any], room: int) -> list[Corners]:
    """The regions of an inspected board on its test picture, with room on each side."""
    found = []
    for region in entry["regions"]:
        x, y = zip(*region["corners_in_test"], strict=True)
        found.append((min(x) - room, min(y) - room, max(x) + room, max(y) + room))
    return found


def boxes_of(board: Board) -> list[Corners]:
    """The published boxes."""
    return [(box.x1, box.y1, box.x2, box.y2) for box in board.boxes]


def inspect(boards: Iterable[Board], results: Path, work: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """What `visual_changenet inspect` finds on the boards, by their names."""
    table = work / "pairs.csv"
    listed = list(boards)
    with table.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("golden", "test"), *((b.golden.resolve(), b.test.resolve()) for b in listed)])
    checkpoint = results / "train" / "changenet_model_segment_latest.pth"
    words = [f"inspect.golden={table}", f"inspect.checkpoint={checkpoint}", *overrides]
    started = time.perf_counter()
    run("inspect", results, words)
    print(f"inspection took {(time.perf_counter() - started) / len(listed):.2f} s a pair of 640 x 640 px")
    sheet = json.loads((results / "inspect" / "inspection.json").read_text(encoding="utf-8"))
    return {entry["name"].removesuffix("_test"): entry for entry in sheet["boards"]}


def count(boards: Iterable[Board], entries: dict[str, Any], room: int, least: float) -> dict[str, list[int]]:
    """Per design and altogether: boxes, found ones, regions outside every box."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for board in boards:
        matched = match(regions_of(entries[board.name], room), boxes_of(board), least)
        for name in ("all designs", board.design):
            for place, number in enumerate((len(board.boxes), matched.found, len(matched.outside))):
                counts[name][place] += number
    return counts


def score(counts: Sequence[int]) -> tuple[float, float, float]:
    """Recall, precision and F1."""
    boxes, found, outside = counts
    recall, precision = found / max(1, boxes), found / max(1, found + outside)
    return recall, precision, 2 * found / max(1, boxes + found + outside)


def told(counts: dict[str, list[int]]) -> None:
    """Print them."""
    for name, one in counts.items():
        recall, precision, f1 = score(one)
        print(f"  {name}: recall {recall:.4f} ({one[1]} of {one[0]}), precision {precision:.4f}, F1 {f1:.4f}, "
              f"{one[2]} regions outside")  # fmt: skip


def draw_wrong(boards: Iterable[Board], entries: dict[str, Any], room: int, folder: Path) -> int:
    """Golden and test picture around each region outside (red) and each box that was missed (blue)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    drawn = 0
    for board in boards:
        matched = match(regions_of(entries[board.name], room), boxes_of(board), LEAST_OVERLAP)
        marks = [("outside", "red", one) for one in matched.outside] + [
            ("missed", "blue", one) for one in matched.missed
        ]
        for number, (kind, colour, box) in enumerate(marks):
            around = (int(box[0]) - 40, int(box[1]) - 40, int(box[2]) + 40, int(box[3]) + 40)
            sheet = Image.new("RGB", (4 * (around[2] - around[0]) + 8, 2 * (around[3] - around[1])), "white")
            for place, path in enumerate((board.golden, board.test)):
                part = Image.open(path).convert("RGB").crop(around)
                inner = tuple(value - around[i % 2] for i, value in enumerate(box))
                ImageDraw.Draw(part).rectangle(inner, outline=colour)
                large = part.resize((2 * part.width, 2 * part.height))
                sheet.paste(large, (place * (large.width + 8), 0))
            sheet.save(folder / f"{kind}-{board.name}-{number}.png")
            drawn += 1
    return drawn


def main() -> None:
    """Import, train, inspect, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("-s", dest="overrides", action="append", default=[], metavar="key=value")
    options = parser.parse_args()
    data, splits = options.work / "boards", read_splits(options.source)
    results = options.work / f"seed{options.seed}"
    if not data.is_dir():
        import_deeppcb(options.source, data, task="segment")
    if not (results / "train").is_dir():
        results.mkdir(parents=True, exist_ok=True)
        spec_of(data, results, options.epochs, options.seed, [])
        print(f"training took {run('train', results, []):.0f} s of wall time")
    entries = inspect([*splits["val"], *splits["test"]], results, options.work, options.overrides)
    room = max(ROOMS, key=lambda room: score(count(splits["val"], entries, room, LEAST_OVERLAP)["all designs"])[2])
    print(f"room of {room} px around regions, chosen on the validation list:")
    told(count(splits["val"], entries, room, LEAST_OVERLAP))
    print("test list, boxes and regions that share a third of their union:")
    told(count(splits["test"], entries, room, LEAST_OVERLAP))
    print("test list, boxes and regions that touch:")
    told(count(splits["test"], entries, 0, 0.0))
    verdicts = [entries[board.name]["verdict"] for board in splits["test"]]
    print(f"boards of the test list: {', '.join(f'{verdicts.count(v)} {v}' for v in sorted(set(verdicts)))}")
    wrong = options.work / "wrong"
    print(f"{draw_wrong(splits['test'], entries, room, wrong)} pictures of what is wrong: {wrong}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What the segment starter finds on pictures that it was not trained on, at many thresholds.

    python benchmarks/starter_measure.py CHECKPOINT DATA MAPS [--set SET]... [--drawn FOLDER] [--thresholds 0.3,0.5,0.7]

DATA holds deeppcb/PCBData, real/hripcb and photo_pairs; MAPS keeps the scores, so that other thresholds cost little.
Prints for each set and threshold how many boxes hold a region, how many regions lie outside every box, and the F1 of
both. A threshold is chosen by `--set validation` (DeepPCB's validation list) and `--drawn FOLDER`, the validation pairs
of `starter.py draw` by kind: the one at which the worst kind has the best F1 is printed. The photos and the test
designs of DeepPCB (`photos`, `hripcb`, `test`) choose nothing.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put
from engine.segment.inspection import by_model
from engine.settings import load_run
from pairs.deeppcb_source import read_splits
from pairs.good_pairs import LaidPair, lay
from pairs.registration import register
from pairs.whole_pairs import WholePair
from pairs.whole_picture import read_whole_pair
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
GAP, LEAST_AREA = 8, 12
DRAWN = "drawn"
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One pair of a set, and the boxes that should be found, on the golden picture."""

    of: str
    pair: WholePair
    boxes: tuple[Box, ...]


def photos(data: Path) -> Iterator[Case]:
    """Photos of two boards whose defects have no boxes."""
    for name in ("smt", "bare"):
        folder = data / "photo_pairs" / name
        yield Case(name, WholePair(name, folder / "golden.jpg", folder / "test.jpg"), ())


def drawn(folder: Path) -> Iterator[Case]:
    """The validation pairs of a folder of drawn ones, with the boxes of what is drawn; as they lie, by kind."""
    for name in (folder / "list" / "val.txt").read_text(encoding="utf-8").split():
        with Image.open(folder / "label" / name) as label:
            regions = find_regions(np.asarray(label.convert("L")) > 0, GAP).regions
        boxes = tuple((one.x1, one.y1, one.x2, one.y2) for one in regions)
        kind = name.split("_")[1]
        yield Case(f"{DRAWN} {kind}", WholePair(Path(name).stem, folder / "A" / name, folder / "B" / name), boxes)


SETS = {
    "photos": photos,
    "validation": lambda data: deeppcb(data, "val"),
    "hripcb": lambda data: hripcb(data / "real" / "hripcb"),
    "test": lambda data: deeppcb(data, "test"),
}


def deeppcb(data: Path, split: str) -> Iterator[Case]:
    """Boards of a published split, with their boxes."""
    for board in read_splits(data / "deeppcb" / "PCBData")[split]:
        boxes = tuple((float(b.x1), float(b.y1), float(b.x2), float(b.y2)) for b in board.boxes)
        yield Case(f"deeppcb {split}", WholePair(board.name, board.golden, board.test), boxes)


def hripcb(folder: Path) -> Iterator[Case]:
    """Colour photos of bare boards; boxes are laid where the golden picture has them."""
    with (folder / "boxes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for test in dict.fromkeys(row["test"] for row in rows):
        mine = [row for row in rows if row["test"] == test]
        pair = WholePair(Path(test).stem, folder / mine[0]["golden"], folder / test)
        step = register(*read_whole_pair(pair.golden, pair.test), test).to_golden
        yield Case("hripcb", pair, tuple(_laid(row, step) for row in mine))


def _laid(row: dict[str, str], step: Any) -> Box:
    x1, y1, x2, y2 = (float(row[key]) for key in ("x1", "y1", "x2", "y2"))
    ends = step @ np.array([(x1, y1, 1), (x2, y2, 1), (x1, y2, 1), (x2, y1, 1)]).T
    x, y = ends[:2] / ends[2]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


class Scores:
    """The score maps of a checkpoint, as `inspect` sees them, kept in a folder; `gain` is how bright pictures are."""

    def __init__(self, checkpoint: str, folder: Path, gain: float = 1.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
        tree.pop("train")
        for key, value in {"task": "segment", "results_dir": str(folder), "inspect.checkpoint": checkpoint}.items():
            put(tree, key, value)
        for section in ("evaluate", "inference"):
            tree.pop(section, None)
        (folder / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
        self._inspector = by_model(load_run("inspect", folder / "spec.yaml", []))
        self._folder, self._gain = folder, gain
        self.threshold = self._inspector.threshold

    def of(self, case: Case) -> Any:
        """The scores (H, W) of a pair."""
        kept = self._folder / f"{case.of}_{case.pair.name}.npz".replace(" ", "_")
        if kept.is_file():
            return np.load(kept)["scores"].astype(np.float32)
        laid = _as_they_lie(case.pair) if case.of.startswith(DRAWN) else lay(case.pair)
        golden, test = ((one * self._gain).astype(np.uint8) for one in (laid.golden, laid.test))
        scores = self._inspector.find(golden, test, laid.residual)
        scores[laid.unknown] = 0.0
        np.savez_compressed(kept, scores=scores.astype(np.float16))
        return scores


def _as_they_lie(pair: WholePair) -> LaidPair:
    golden, test = read_whole_pair(pair.golden, pair.test)
    return LaidPair(golden, test, np.zeros(golden.shape[:2], dtype=bool), 0.0)


def judged(scores: Any, boxes: tuple[Box, ...], threshold: float) -> tuple[int, int]:
    """How many boxes hold a region, and how many regions touch none."""
    regions = find_regions(scores > threshold, GAP)
    kept = {one.number for one in regions.regions if one.area >= LEAST_AREA}
    found, inside = 0, set()
    for x1, y1, x2, y2 in boxes:
        touched = regions.touching_box(int(x1), int(y1), int(x2) + 1, int(y2) + 1) & kept
        found += bool(touched)
        inside |= touched
    return found, len(kept - inside)


@dataclass(frozen=True, slots=True)
class Count:
    """What was found on the pairs of one set at one threshold."""

    boxes: int
    found: int
    outside: int
    pairs: int
    most: int

    @property
    def f1(self) -> float:
        """Of boxes found and regions outside."""
        return 2 * self.found / max(self.found + self.boxes + self.outside, 1)

    def plus(self, found: int, outside: int, boxes: int) -> Count:
        """One pair more."""
        most = max(self.most, outside)
        return Count(self.boxes + boxes, self.found + found, self.outside + outside, self.pairs + 1, most)

    def __str__(self) -> str:
        told = f"{self.found} of {self.boxes} boxes, F1 {self.f1:.3f}, " if self.boxes else ""
        return f"{told}{self.outside} regions outside in {self.pairs} pairs, at most {self.most} in one"


def best_for_the_worst(counts: dict[tuple[str, float], Count]) -> float:
    """The threshold at which the worst set has the best F1."""
    steps = sorted({step for _, step in counts})
    worst = [min(one.f1 for (_, at), one in counts.items() if at == step and one.boxes) for step in steps]
    return steps[int(np.argmax(worst))]


def main() -> None:
    """Score, then print a line for each set and threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data", type=Path)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--set", action="append", choices=sorted(SETS), default=[], dest="sets")
    parser.add_argument("--drawn", type=Path)
    parser.add_argument("--thresholds", default="")
    parser.add_argument("--gain", type=float, default=1.0, help="how bright both pictures are; MAPS of its own")
    options = parser.parse_args()
    scores = Scores(options.checkpoint, options.maps, options.gain)
    torch.set_num_threads(1)
    steps = [float(text) for text in options.thresholds.split(",") if text] or [scores.threshold]
    cases = chain.from_iterable(SETS[name](options.data) for name in options.sets)
    counts: dict[tuple[str, float], Count] = {}
    for case in chain(drawn(options.drawn) if options.drawn else (), cases):
        found = scores.of(case)
        for step in steps:
            before = counts.get((case.of, step), Count(0, 0, 0, 0, 0))
            counts[(case.of, step)] = before.plus(*judged(found, case.boxes, step), len(case.boxes))
    for (name, step), count in counts.items():
        print(f"{name} at {step:g}: {count}")
    if len(steps) > 1 and any(count.boxes for count in counts.values()):
        print(f"best for the worst set: {best_for_the_worst(counts):g}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What the segment starter finds on pictures that it was not trained on, at many thresholds.

    python benchmarks/starter_measure.py CHECKPOINT DATA MAPS [--held-out] [--thresholds 0.3,0.5,0.7,0.9]

DATA holds deeppcb/PCBData, real/hripcb and photo_pairs; MAPS keeps the scores, so that other thresholds cost little.
Prints for each set and threshold how many boxes hold a region, and how many regions lie outside every box. `--held-out`
takes the test designs of DeepPCB, which choose nothing, instead of the sets that a threshold may be chosen by.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put
from engine.segment.pictures import WholePair as Squares
from engine.segment.scoring_loop import Scorer
from engine.segment.threshold import change_of
from engine.segment.trained_model import load_model
from engine.settings import load_run
from pairs.deeppcb_source import read_splits
from pairs.good_pairs import lay
from pairs.registration import register
from pairs.whole_pairs import WholePair
from pairs.whole_picture import read_whole_pair
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
GAP, LEAST_AREA = 8, 12
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One pair of a set, and the boxes that should be found, on the golden picture."""

    of: str
    pair: WholePair
    boxes: tuple[Box, ...]


def chosen_by(data: Path) -> Iterator[Case]:
    """The sets that thresholds may be chosen by."""
    for name in ("smt", "bare"):
        folder = data / "photo_pairs" / name
        yield Case(name, WholePair(name, folder / "golden.jpg", folder / "test.jpg"), ())
    yield from deeppcb(data, "val")
    yield from hripcb(data / "real" / "hripcb")


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
    """The score maps of a checkpoint, kept in a folder."""

    def __init__(self, checkpoint: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
        tree.pop("train")
        for key, value in {"task": "segment", "results_dir": str(folder), "inspect.checkpoint": checkpoint}.items():
            put(tree, key, value)
        for section in ("evaluate", "inference"):
            tree.pop(section, None)
        (folder / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
        model = load_model(load_run("inspect", folder / "spec.yaml", []))
        self._scorer, self._folder = Scorer(model.network, model.preparation, 4), folder
        self.threshold = model.threshold.value

    def of(self, case: Case) -> Any:
        """The scores (H, W) of a pair."""
        kept = self._folder / f"{case.of}_{case.pair.name}.npz".replace(" ", "_")
        if kept.is_file():
            return np.load(kept)["scores"].astype(np.float32)
        laid = lay(case.pair)
        golden, test = (torch.from_numpy(one.transpose(2, 0, 1).copy()) for one in (laid.golden, laid.test))
        scores = change_of(self._scorer.probabilities([Squares(0, golden, test, None)])[0]).numpy()
        scores[laid.unknown] = 0.0
        np.savez_compressed(kept, scores=scores.astype(np.float16))
        return scores


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


def main() -> None:
    """Score, then print a line for each set and threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data", type=Path)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--thresholds", default="")
    options = parser.parse_args()
    torch.set_num_threads(1)
    scores = Scores(options.checkpoint, options.maps)
    steps = [float(text) for text in options.thresholds.split(",") if text] or [scores.threshold]
    counted: dict[tuple[str, float], list[tuple[int, int, int]]] = {}
    for case in deeppcb(options.data, "test") if options.held_out else chosen_by(options.data):
        found = scores.of(case)
        for step in steps:
            counted.setdefault((case.of, step), []).append((*judged(found, case.boxes, step), len(case.boxes)))
    for (name, step), rows in counted.items():
        found_boxes, outside, boxes = (sum(row[part] for row in rows) for part in range(3))
        most = max(row[1] for row in rows)
        told = f"{found_boxes} of {boxes} boxes, " if boxes else ""
        print(f"{name} at {step:g}: {told}{outside} regions outside in {len(rows)} pairs, at most {most} in one")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""How well the laptop profile marks defects on board designs that it was never trained on.

    python benchmarks/segment_accuracy.py DEEPPCB WORK [--epochs 6] [--seed 1234] [-s key=value ...]

DEEPPCB is the published folder. Boards are imported with pseudo-masks (published box and a difference above 64 grey
levels), the laptop profile is trained, and the test boards are evaluated at the threshold that validation chose. Prints
F1 of pixels, how many published boxes hold a marked pixel, regions outside every box, all of it per design too, beside
the floor that needs no training: the difference above 64 grey levels, opened by 3 x 3 pixels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put
from pairs.deeppcb import import_deeppcb
from pairs.deeppcb_source import read_splits
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pairs.deeppcb_source import Board

ROOT = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).with_name("visual_changenet"))


@dataclass(slots=True)
class Counted:
    """Pixels, boxes and regions of some boards."""

    hit: int = 0
    marked: int = 0
    labelled: int = 0
    boxes: int = 0
    found: int = 0
    outside: int = 0
    boards: int = 0

    def add(self, mask: Any, label: Any, board: Board) -> None:
        """Take in one board."""
        self.boards += 1
        self.hit += int(np.count_nonzero(mask & label))
        self.marked += int(np.count_nonzero(mask))
        self.labelled += int(np.count_nonzero(label))
        regions = find_regions(mask)
        inside: set[int] = set()
        for box in board.boxes:
            touched = regions.touching_box(box.x1, box.y1, box.x2, box.y2)
            self.found += bool(touched)
            inside |= touched
        self.boxes += len(board.boxes)
        self.outside += len(regions.regions) - len(inside)

    def __str__(self) -> str:
        f1 = 2 * self.hit / max(1, self.marked + self.labelled)
        precision, recall = self.hit / max(1, self.marked), self.hit / max(1, self.labelled)
        found = f"{self.found} of {self.boxes} boxes ({100 * self.found / max(1, self.boxes):.2f}%)"
        outside = f"{self.outside} regions outside ({self.outside / max(1, self.boards):.2f} a board)"
        return f"F1 {f1:.4f} (precision {precision:.4f}, recall {recall:.4f}), {found}, {outside}"


def judge(boards: Iterable[Board], data: Path, mask_of: Callable[[Board], Any]) -> None:
    """Print what masks hold, altogether and per design."""
    of_design: dict[str, Counted] = defaultdict(Counted)
    for board in boards:
        label = np.asarray(Image.open(data / "label" / f"{board.name}.png")) > 0
        mask = mask_of(board)
        for name in ("all designs", board.design):
            of_design[name].add(mask, label, board)
    for name, counted in of_design.items():
        print(f"  {name}: {counted}")


def floor_mask(board: Board, level: int) -> Any:
    """The difference above a level, opened by 3 x 3 pixels."""
    golden, test = board.read()
    marked = np.abs(golden.astype(np.int16) - test.astype(np.int16)) > level
    return _dilated(~_dilated(~marked))


def _dilated(mask: Any) -> Any:
    grown = np.pad(mask, 1)
    height, width = mask.shape
    return np.logical_or.reduce([grown[y : y + height, x : x + width] for y in range(3) for x in range(3)])


def spec_of(data: Path, results: Path, epochs: int, seed: int, overrides: list[str]) -> dict[str, Any]:
    """The laptop profile on the imported boards."""
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
    values = {
        "task": "segment",
        "results_dir": str(results),
        "dataset.segment.root_dir": str(data),
        "train.num_epochs": epochs,
        "train.seed": seed,
        "train.checkpoint_interval": epochs,
        "train.checkpointer.enable_topk": True,
        "train.checkpointer.replace_periodic": True,
        "evaluate.checkpoint": str(results / "train" / "changenet_model_segment_latest.pth"),
    }
    for key, value in values.items():
        put(tree, key, value)
    (results / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
    (results / "overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    return tree


def run(command: str, results: Path, overrides: list[str]) -> float:
    """Run an action of the engine; returns the seconds it took."""
    started = time.perf_counter()
    subprocess.run([COMMAND, command, "-e", str(results / "spec.yaml"), *overrides], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Import, train, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("-s", dest="overrides", action="append", default=[], metavar="key=value")
    parser.add_argument("--masks", type=Path, help="judge these masks of an earlier run instead of training")
    options = parser.parse_args()
    data, splits = options.work / "boards", read_splits(options.source)
    if not data.is_dir():
        import_deeppcb(options.source, data, task="segment")
    masks = options.masks
    if masks is None:
        results = options.work / f"seed{options.seed}"
        results.mkdir(parents=True, exist_ok=True)
        spec_of(data, results, options.epochs, options.seed, options.overrides)
        seconds = run("train", results, options.overrides)
        run("evaluate", results, options.overrides)
        print(f"training took {seconds:.0f} s of wall time")
        masks = results / "evaluate" / "masks"
    print("difference above 64, opened:")
    judge(splits["test"], data, lambda board: floor_mask(board, 64))
    print("laptop profile, threshold of validation:")
    judge(splits["test"], data, lambda board: np.asarray(Image.open(masks / f"{board.name}.png")) > 0)


if __name__ == "__main__":
    main()

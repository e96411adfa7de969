# SPDX-License-Identifier: Apache-2.0
"""Measure how often evidence maps point at the defect: a map's maximum shall lie in the published box.

    python benchmarks/evidence.py BOARDS JOB|CHECKPOINT ... [--split test] [--pairs 0] [--work DIR]

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote; a JOB is the folder of a training, a CHECKPOINT lies
beside its experiment.yaml. Each model scores the split with `visual_changenet evaluate`; of the defects that it catches
(score above the stored threshold) the share is printed whose map has its maximum in the labelled defect's box, in any
box of the crop, and in any box widened by 2 pixels. The baseline takes the maximum of the plain difference of test and
golden image, aligned as the model aligns them and blurred a little, on the same pairs; and what pointing at the middle
would always reach, which is much where crops are centred on defects: import with `--crops grid` for defects that stand
anywhere. `--pairs N` draws N pairs.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from core.documents import read_yaml
from core.dotted import get
from engine.alignment import moved, moved_back, shifts_onto

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENGINE = str(Path(sys.executable).with_name("visual_changenet"))
MARGIN = 2  # pixels
_BLUR = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # a deviation of one pixel

Box = tuple[int, int, int, int]
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of so many caught defects, the shares whose strongest place is right."""

    labelled: float
    any_box: float
    widened: float

    def __str__(self) -> str:
        return f"labelled box {self.labelled:.3f}  any box {self.any_box:.3f}  any box ±2 px {self.widened:.3f}"


def files_of(model: Path) -> tuple[Path, Path]:
    """The checkpoint and the resolved spec of a job's folder or of a checkpoint."""
    if model.is_dir():
        (model,) = model.glob("results/train/changenet_model_classify_latest.pth")
    return model, model.parent / "experiment.yaml"


def draw_pairs(table: Path, count: int, out: Path) -> Path:
    """The table, or one with `count` of its defects."""
    with table.open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["label"] != "PASS"]
    if not 0 < count < len(rows):
        return table
    with out.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(random.Random(0).sample(rows, count))  # noqa: S311 - repeatable
    return out


def caught_defects(model: Path, table: Path, images: Path, out: Path) -> list[Row]:
    """Let the engine score a table; the rows of the defects above the threshold."""
    checkpoint, spec = files_of(model)
    own = [f"results_dir={out}", f"evaluate.checkpoint={checkpoint}", "evaluate.num_gpus=0"]
    data = f"dataset.classify.test_dataset={{csv_path: {table}, images_dir: {images}}}"
    words = [ENGINE, "evaluate", "-e", str(spec), *own, data]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"visual_changenet evaluate ended with {done.returncode}: {done.stderr[-2000:]}")
    with (out / "evaluate" / "predictions.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [row for row in rows if row["label"] != "PASS" and row["verdict"] == "NO_PASS"]


def boxes_of(row: Row) -> list[Box]:
    """The boxes of a crop, that of the labelled defect first."""
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in (map(int, text.split()) for text in row["box"].split(";"))]


def is_in(place: tuple[int, int], box: Box, margin: int = 0) -> bool:
    """Whether pixel (x, y) lies in a box."""
    (x, y), (x1, y1, x2, y2) = place, box
    return x1 - margin <= x < x2 + margin and y1 - margin <= y < y2 + margin


def shares(places: list[tuple[int, int]], boxes: list[list[Box]]) -> Shares:
    """How many of the places lie where they should."""
    pairs = list(zip(places, boxes, strict=True))
    return Shares(
        float(np.mean([is_in(place, own[0]) for place, own in pairs])),
        float(np.mean([any(is_in(place, box) for box in own) for place, own in pairs])),
        float(np.mean([any(is_in(place, box, MARGIN) for box in own) for place, own in pairs])),
    )


def strongest(picture: NDArray[np.generic]) -> tuple[int, int]:
    """The place (x, y) of the maximum."""
    y, x = divmod(int(picture.argmax()), picture.shape[1])
    return x, y


def picture_of(row: Row, column: str, images: Path) -> torch.Tensor:
    """A crop, (1, 1, 3, H, W) in 0..1."""
    (file,) = (images / row[column]).glob(f"{row['object_name']}.*")
    with Image.open(file) as image:
        pixels = torch.from_numpy(np.array(image.convert("RGB"), dtype=np.float32) / 255)
    return pixels.permute(2, 0, 1)[None, None]


def plain_difference(row: Row, images: Path, reach: int) -> NDArray[np.generic]:
    """The blurred difference (H, W) of a pair, on the test image."""
    test, golden = picture_of(row, "input_path", images), picture_of(row, "golden_path", images)
    shifts = shifts_onto(test, golden, reach)
    difference = (moved(test, shifts) - golden).abs().mean(dim=2)  # (1, 1, H, W)
    padded = functional.pad(difference, (2, 2, 2, 2), mode="replicate")
    across = functional.conv2d(padded, _BLUR.view(1, 1, 1, -1))
    blurred = functional.conv2d(across, _BLUR.view(1, 1, -1, 1))
    pixels: NDArray[np.generic] = moved_back(blurred[:, 0], shifts)[0].numpy()
    return pixels


def evidence_map(path: Path) -> NDArray[np.generic]:
    """The map (H, W) that the engine wrote."""
    with Image.open(path) as image:
        return np.asarray(image)


def covered(boxes: list[list[Box]], side: int) -> float:
    """The share of a crop that its boxes cover: what a place at random would reach."""
    masks = np.zeros((len(boxes), side, side), dtype=bool)
    for mask, own in zip(masks, boxes, strict=True):
        for x1, y1, x2, y2 in own:
            mask[max(y1, 0) : y2, max(x1, 0) : x2] = True
    return float(masks.mean())


def measure(model: Path, given: argparse.Namespace, work: Path) -> None:
    """Print the figures of one model."""
    images = given.boards / "images"
    work.mkdir(parents=True, exist_ok=True)
    table = draw_pairs(given.boards / given.split / "dataset.csv", given.pairs, work / "drawn.csv")
    rows = caught_defects(model, table, images, work)
    boxes = [boxes_of(row) for row in rows]
    maps = [evidence_map(work / "evaluate" / row["evidence"]) for row in rows]
    reach = get(read_yaml(files_of(model)[1]), "dataset.classify.align_pixels", 0)
    plain = [plain_difference(row, images, reach) for row in rows]
    print(f"{model}: {len(rows)} caught defects, boxes cover {covered(boxes, maps[0].shape[0]):.3f} of their crops")
    print(f"  evidence    {shares([strongest(one) for one in maps], boxes)}")
    print(f"  difference  {shares([strongest(one) for one in plain], boxes)}")
    middle = maps[0].shape[1] // 2, maps[0].shape[0] // 2
    print(f"  the middle  {shares([middle] * len(rows), boxes)}", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("models", type=Path, nargs="+", metavar="JOB|CHECKPOINT")
    parser.add_argument("--split", choices=("train", "val", "test"), default="test")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="draw N of the defects; 0: all pairs")
    parser.add_argument("--work", type=Path, help="folder for what the engine writes; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for number, model in enumerate(given.models):
            measure(model, given, (given.work or Path(temporary)) / str(number))


if __name__ == "__main__":
    main()

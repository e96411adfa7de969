# SPDX-License-Identifier: Apache-2.0
"""What a classify model makes of crops of many kinds that it was not trained on, and one threshold for all of them.

    python benchmarks/starter_crops.py CHECKPOINT DATA CROPS WORK [--boards FOLDER]... [--synthetic DRAWN] [--photos]
        [--threshold T] [--held-out]

DATA holds deeppcb/PCBData and real/hripcb, FOLDER a classify data set whose validation split is taken, DRAWN what
`starter.py draw` wrote, judged by size and kind. All are seen at 128 px, but drawn ones at their own size. Without a
threshold the one is taken at which the worst kind has the best F1.
`--held-out` takes the test designs of DeepPCB alone, which choose nothing, and needs a threshold.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
from starter_crop_set import ENDINGS, set_of
from starter_measure import ROOT, hripcb

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, write_csv
from pairs.good_pairs import lay
from scoring.figures import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).with_name("visual_changenet"))
CROP = 128
GOOD_CROPS = 40  # of each photo
FEWEST = 40  # crops of a kind that has a say in the threshold
HARMLESS = "synthetic slight_harmless"  # what each kind of slight flaws is judged with
SHOWN = ("f1", "auc", "recall", "false_alarm_rate", "far_at_99_recall")
Row = tuple[str, ...]
Seen = tuple[str, int]


def photo_crops(data: Path, out: Path) -> Iterator[Row]:
    """Crops around every box of the colour photos, and as many times GOOD_CROPS that show none."""
    for number, case in enumerate(hripcb(data / "real" / "hripcb")):
        laid, rng = lay(case.pair), np.random.default_rng(number)
        height, width = laid.golden.shape[:2]
        places = [
            (int((y1 + y2) / 2 - CROP / 2), int((x1 + x2) / 2 - CROP / 2), "defect") for x1, y1, x2, y2 in case.boxes
        ]
        while len(places) < len(case.boxes) + GOOD_CROPS:
            top, left = int(rng.integers(height - CROP)), int(rng.integers(width - CROP))
            clear = all(left + CROP < x1 or x2 < left or top + CROP < y1 or y2 < top for x1, y1, x2, y2 in case.boxes)
            if clear and not laid.unknown[top : top + CROP, left : left + CROP].any():
                places.append((top, left, PASS))
        for index, (top, left, label) in enumerate(places):
            at = np.s_[max(0, min(top, height - CROP)) :, max(0, min(left, width - CROP)) :]
            for side, picture in (("golden", laid.golden), ("test", laid.test)):
                folder = out / case.pair.name / side
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture[at][:CROP, :CROP]).save(folder / f"{index}.png", compress_level=1)
            yield str(out / case.pair.name / "test"), str(out / case.pair.name / "golden"), label, str(index)


def listed(table: Path, images: Path) -> list[Row]:
    """The rows of a table, their folders under `images`."""
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [(str(images / r["input_path"]), str(images / r["golden_path"]), r["label"], r["object_name"]) for r in rows]


def kind_of(row: Row) -> str:
    """The kind of a synthetic crop, by the name of its folder."""
    name = next(part for part in Path(row[0]).parts[::-1] if part.startswith(("val_", "train_")))
    return "synthetic " + "_".join(word for word in name.split("_")[1:] if not word.isdigit())


def drawn_sets(drawn: Path) -> dict[str, tuple[list[Row], Seen]]:
    """The validation crops of `starter.py draw` by size and kind, slight flaws of each kind with harmless changes."""
    sets: dict[str, tuple[list[Row], Seen]] = {}
    for side, ending in ENDINGS.items():
        folder = set_of(drawn, side)
        rows = listed(folder / "val" / "dataset.csv", folder / "images")
        harmless = [row for row in rows if kind_of(row) == HARMLESS]
        for kind in sorted({kind_of(row) for row in rows} - {HARMLESS}):
            its = [row for row in rows if kind_of(row) == kind]
            added = harmless if all(row[2] != PASS for row in its) else []
            sets[f"{kind.removeprefix('synthetic ')} {side}"] = its + added, (ending, side)
    return sets


def scores(checkpoint: str, rows: list[Row], seen: Seen, work: Path) -> np.ndarray:
    """The score of every row, looked at once; `seen` is how files end, and the side of what the network sees."""
    work.mkdir(parents=True, exist_ok=True)
    below_root = [(test.lstrip("/"), golden.lstrip("/"), *rest) for test, golden, *rest in rows]
    write_csv(work / "pairs.csv", COLUMNS, below_root)
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["classify"])
    values = {
        "task": "classify", "results_dir": str(work), "inference.checkpoint": checkpoint,
        "dataset.classify.image_ext": seen[0], "model.classify.second_look": 0.0,
        "dataset.classify.image_width": seen[1], "dataset.classify.image_height": seen[1],
        "dataset.classify.infer_dataset": {"csv_path": str(work / "pairs.csv"), "images_dir": "/"},
    }  # fmt: skip
    for key, value in values.items():
        put(tree, key, value)
    for section in ("train", "evaluate"):
        tree.pop(section)
    (work / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
    subprocess.run([COMMAND, "inference", "-e", str(work / "spec.yaml")], check=True, stdout=subprocess.DEVNULL)
    with (work / "inference" / "inference.csv").open(encoding="utf-8") as file:
        return np.array([float(row["siamese_score"]) for row in csv.DictReader(file)])


def judged_sets(given: argparse.Namespace) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Labels (N,) and scores (N,) by kind; all pictures that are seen alike are scored at once."""
    deeppcb = "test" if given.held_out else "val"
    crops = listed(given.crops / deeppcb / "dataset.csv", given.crops / "images")
    sets: dict[str, tuple[list[Row], Seen]] = {f"deeppcb {deeppcb}": (crops, (".png", CROP))}
    if not given.held_out:
        for folder in given.boards:
            sets[folder.name] = listed(folder / "val" / "dataset.csv", folder / "images"), (".jpg", CROP)
        if given.synthetic:
            sets |= drawn_sets(given.synthetic)
        if given.photos:
            sets["hripcb"] = list(photo_crops(given.data, given.work / "photos")), (".png", CROP)
    found = {}
    for seen in {seen: None for _, seen in sets.values()}:
        names = [name for name, (_, its) in sets.items() if its == seen]
        rows = [row for name in names for row in sets[name][0]]
        values = scores(given.checkpoint, rows, seen, given.work / f"{seen[0][1:]}_{seen[1]}")
        ends = np.cumsum([len(sets[name][0]) for name in names])[:-1]
        for name, its in zip(names, np.split(values, ends), strict=True):
            found[name] = np.array([row[2] != PASS for row in sets[name][0]]), its
    return found


def best_for_the_worst(found: dict[str, tuple[np.ndarray, np.ndarray]]) -> float:
    """The threshold at which the worst kind has the best F1; the middle, in log odds, of those that have it."""
    steps = 1 / (1 + np.exp(-np.linspace(-6, 8, 141)))
    many = [one for one in found.values() if len(one[0]) >= FEWEST]
    worst = np.array([min(summarize(*one, step)["f1"] or 0.0 for one in many) for step in steps])
    best = np.flatnonzero(worst == worst.max())
    return float(steps[best[len(best) // 2]])


def main() -> None:
    """Score, choose a threshold where none is given, and print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data", type=Path)
    parser.add_argument("crops", type=Path, help="what `changenet data import deeppcb` wrote")
    parser.add_argument("work", type=Path)
    parser.add_argument("--boards", type=Path, action="append", default=[])
    parser.add_argument("--synthetic", type=Path)
    parser.add_argument("--photos", action="store_true", help="crops of the colour photos as well")
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--held-out", action="store_true")
    given = parser.parse_args()
    if given.held_out and given.threshold is None:
        parser.error("held-out crops choose no threshold: give one")
    found = judged_sets(given)
    threshold = best_for_the_worst(found) if given.threshold is None else given.threshold
    print(f"threshold {threshold:.4f}")
    for name, (labels, values) in found.items():
        figures = summarize(labels, values, threshold)
        print(
            f"{name:<26}{len(labels):>5} crops  " + "  ".join(f"{key} {figures[key]:.4f}" for key in SHOWN), flush=True
        )


if __name__ == "__main__":
    main()

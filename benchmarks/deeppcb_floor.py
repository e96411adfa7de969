# SPDX-License-Identifier: Apache-2.0
"""What gradient boosting on 17 plain difference features reaches on imported DeepPCB crops: the floor to beat.

    changenet data import deeppcb SRC OUT
    python benchmarks/deeppcb_floor.py OUT [--json]

Needs scikit-learn (extra `bench`). The threshold is chosen twice: on validation, as an inspection line has to, and on
the test crops themselves, which flatters.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier

from pairs.classify_csv import PairRow, image_file, is_defect, read_rows
from scoring.figures import summarize
from scoring.thresholds import best_f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPLITS = ("train", "val", "test")
SHOWN = ("f1", "recall", "false_alarm_rate", "auc", "average_precision", "far_at_100_recall", "far_at_99_recall")


def features(golden: Floats, test: Floats) -> list[float]:
    """17 numbers on how a test crop differs from its golden crop, both (H, W) in grey levels."""
    signed = test - golden
    difference = np.abs(signed)
    changed = difference > 64
    blobs = [largest_blob(changed, side) for side in (2, 3, 4, 5)]
    return [
        difference.mean(),
        difference.std(),
        difference.max(),
        *np.percentile(difference, (50, 90, 99)),
        *((difference > level).mean() for level in (16, 32, 64, 96, 128)),
        (signed > 64).mean(),
        (signed < -64).mean(),
        *blobs,
    ]


def largest_blob(changed: NDArray[np.bool_], side: int) -> float:
    """The area in pixels of the largest connected change that survives an opening by a square."""
    labels, count = ndimage.label(ndimage.binary_opening(changed, np.ones((side, side))))
    return float(np.bincount(labels.ravel())[1:].max()) if count else 0.0


def read_split(root: Path, split: str) -> tuple[list[PairRow], Floats, NDArray[np.bool_]]:
    """Rows, features (N, 17) and labels (N,) of one split."""
    rows = read_rows(root / split / "dataset.csv")
    numbers = [features(crop(root, row, row.golden_path), crop(root, row, row.input_path)) for row in rows]
    return rows, np.array(numbers), np.array([is_defect(row.label) for row in rows])


def crop(root: Path, row: PairRow, folder: str) -> Floats:
    """One crop in grey levels."""
    with Image.open(image_file(root / "images", folder, row.object_name, None, ".png")) as image:
        return np.asarray(image.convert("L"), dtype=np.float64)


def measure(root: Path) -> dict[str, Any]:
    """Train, choose both thresholds, and score the test crops in all and per design."""
    started = time.perf_counter()
    data = {split: read_split(root, split) for split in SPLITS}
    model = HistGradientBoostingClassifier(max_iter=200, random_state=1234)
    model.fit(data["train"][1], data["train"][2])
    scores = {split: model.predict_proba(data[split][1])[:, 1] for split in SPLITS}
    threshold = best_f1(data["val"][2], scores["val"]).value
    rows, _, labels = data["test"]
    designs = np.array([row.extra["design"] for row in rows])
    parts = {"all": np.ones(len(rows), dtype=bool)} | {name: designs == name for name in np.unique(designs)}
    figures = {name: summarize(labels[part], scores["test"][part], threshold) for name, part in parts.items()}
    return {
        "crops": {split: len(data[split][0]) for split in SPLITS},
        "best_f1_on_test": best_f1(labels, scores["test"]).f1,
        "test_at_validation_threshold": figures,
        "seconds": round(time.perf_counter() - started, 1),
    }


def show(measured: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print("crops", measured["crops"], f"{measured['seconds']} s")
    print(f"test F1 at the threshold that suits test best: {measured['best_f1_on_test']:.3f}")
    print("test, at the threshold chosen on validation:")
    print(f"{'':12}", *(f"{name:>18}" for name in SHOWN))
    for name, figures in measured["test_at_validation_threshold"].items():
        print(f"{name:12}", *(f"{figures[key]:18.3f}" for key in SHOWN))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder made by `changenet data import deeppcb`")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    measured = measure(given.data)
    if given.json:
        print(json.dumps(measured, indent=2))
    else:
        show(measured)


if __name__ == "__main__":
    main()

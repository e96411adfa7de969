# SPDX-License-Identifier: Apache-2.0
"""Figures of masks, pixel by pixel, from one confusion matrix; and the threshold that suits a set of pixels best.

Rows of a matrix are the classes of the labels, columns those of the prediction; class 0 is "unchanged". All figures are
fractions from 0 to 1. A class that stands in no label and no prediction has none, and is left out of the means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.int64]
    Integers = NDArray[np.integer[Any]]

LEVELS = 1000
"""How finely probabilities are told apart when a threshold is chosen."""


def confusion(truth: Integers, predicted: Integers, classes: int) -> Matrix:
    """How many pixels of each class (row) were taken for each class (column).

    Pixels whose label is no class, as 255 for "not labelled", are left out.
    """
    known = truth < classes
    places = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(places.ravel(), minlength=classes * classes).reshape(classes, classes)


def pixel_figures(matrix: Matrix) -> dict[str, float | None]:
    """acc, miou, mf1, mprecision, mrecall, and iou_i, F1_i, precision_i and recall_i of each class i."""
    hits = np.diagonal(matrix)
    labelled, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    per_class = {
        "iou": _shares(hits, labelled + predicted - hits),
        "F1": _shares(2 * hits, labelled + predicted),
        "precision": _shares(hits, predicted),
        "recall": _shares(hits, labelled),
    }
    means = {f"m{name.lower()}": _mean(values) for name, values in per_class.items()}
    single = {f"{name}_{i}": value for name, values in per_class.items() for i, value in enumerate(values)}
    return {"acc": _share(int(hits.sum()), int(matrix.sum())), **means, **single}


def pixel_names(classes: int) -> tuple[str, ...]:
    """The names of all figures that `pixel_figures` gives."""
    return tuple(pixel_figures(np.zeros((classes, classes), dtype=np.int64)))


def change_figures(matrix: Matrix) -> dict[str, float | None]:
    """f1, iou, precision and recall of "changed", whatever the class, against "unchanged"."""
    changed = matrix[1:, 1:].sum()
    both = np.array([[matrix[0, 0], matrix[0, 1:].sum()], [matrix[1:, 0].sum(), changed]])
    figures = pixel_figures(both)
    return {"f1": figures["F1_1"], **{name: figures[f"{name}_1"] for name in ("iou", "precision", "recall")}}


def _shares(part: Matrix, whole: Matrix) -> list[float | None]:
    return [_share(int(a), int(b)) for a, b in zip(part, whole, strict=True)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def level_counts(probabilities: NDArray[np.floating[Any]], changed: NDArray[np.bool_]) -> Matrix:
    """How many pixels that did not change (row 0) and that did (row 1) have a probability within each level (column).

    Level k holds what is above k / LEVELS, up to and including (k + 1) / LEVELS.
    """
    levels = np.clip(np.ceil(probabilities * LEVELS) - 1, 0, LEVELS - 1).astype(np.int64)
    places = changed.astype(np.int64) * LEVELS + levels
    return np.bincount(places.ravel(), minlength=2 * LEVELS).reshape(2, LEVELS)


def best_threshold(counts: Matrix) -> float | None:
    """The threshold with the best F1 of "changed", where a pixel is changed iff its probability is above it.

    `counts` are sums of `level_counts`. Among equals the middle one counts, furthest from both mistakes; None where no
    pixel changed.
    """
    false, true = (np.cumsum(row[::-1])[::-1][1:].astype(np.float64) for row in counts)
    changed = counts[1].sum()
    if not changed:
        return None
    f1 = 2 * true / (true + false + changed)
    best = np.flatnonzero(f1 >= f1.max())
    return float(best[len(best) // 2] + 1) / LEVELS

# SPDX-License-Identifier: Apache-2.0
"""The key figures that `status.json` carries, with the container's names and definitions.

`acc`, `fpr` and `fnr` are percentages of all pairs, `defect_acc` of the defects; a pair counts as NO_PASS iff its score
is above the margin. What the container does not have stands under names of its own, as fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scoring.figures import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.status import Kpi

_OWN_NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "escapes": "escapes",
    "auc": "auc",
    "average_precision": "ap",
    "far_at_99_recall": "far_at_99_recall",
}
_BY_THRESHOLD = ("precision", "recall", "f1", "escapes")


def training_kpi(loss: float, labels: Sequence[int], scores: Sequence[float], margin: float) -> Kpi:
    """train_loss, train_acc, train_fpr of an epoch's batches."""
    counts = _Counts(labels, scores, margin)
    return {"train_loss": loss, "train_acc": counts.accuracy, "train_fpr": counts.false_alarms}


def validation_kpi(loss: float, labels: Sequence[int], scores: Sequence[float], margin: float) -> Kpi:
    """val_loss, val_acc, val_fpr, val_far, and our own figures as val_<name>."""
    counts = _Counts(labels, scores, margin)
    kpi: Kpi = {
        "val_loss": loss,
        "val_acc": counts.accuracy,
        "val_fpr": counts.false_alarms,
        "val_far": false_alarm_rate_at_full_recall(labels, scores),
    }
    return kpi | {f"val_{name}": value for name, value in _own(labels, scores, margin).items()}


def evaluation_kpi(labels: Sequence[int], scores: Sequence[float], margin: float, threshold: float | None) -> Kpi:
    """test_acc, test_fpr, test_fnr, defect_acc, our own figures, and those at the model's threshold."""
    counts = _Counts(labels, scores, margin)
    kpi: Kpi = {
        "test_acc": counts.accuracy,
        "test_fpr": counts.false_alarms,
        "test_fnr": counts.escapes,
        "defect_acc": counts.defect_accuracy,
    }
    kpi |= _own(labels, scores, margin)
    if threshold is None:
        return kpi
    chosen = _own(labels, scores, threshold)
    return kpi | {"threshold": threshold} | {f"{name}_at_threshold": chosen[name] for name in _BY_THRESHOLD}


def _own(labels: Sequence[int], scores: Sequence[float], threshold: float) -> Kpi:
    figures = summarize(labels, scores, threshold)
    return {ours: figures[theirs] for theirs, ours in _OWN_NAMES.items()}


def false_alarm_rate_at_full_recall(labels: Sequence[int], scores: Sequence[float]) -> float:
    """The percentage of PASS pairs that are flagged when every defect is; 100 when a class is missing.

    Among the thresholds that catch all defects, the one with the best F1 is that just below the lowest defect.
    """
    defect, score = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    if defect.all() or not defect.any():
        return 100.0
    return float(100.0 * np.mean(score[~defect] >= score[defect].min()))


class _Counts:
    def __init__(self, labels: Sequence[int], scores: Sequence[float], margin: float) -> None:
        self._defect = np.asarray(labels, dtype=bool)
        self._flagged = np.asarray(scores, dtype=np.float64) > margin

    def _percent(self, hits: NDArray[np.bool_], of: int) -> float | None:
        return 100.0 * int(np.count_nonzero(hits)) / of if of else None

    @property
    def accuracy(self) -> float | None:
        return self._percent(self._flagged == self._defect, self._defect.size)

    @property
    def false_alarms(self) -> float | None:
        return self._percent(self._flagged & ~self._defect, self._defect.size)

    @property
    def escapes(self) -> float | None:
        return self._percent(~self._flagged & self._defect, self._defect.size)

    @property
    def defect_accuracy(self) -> float | None:
        return self._percent(self._flagged & self._defect, int(np.count_nonzero(self._defect)))

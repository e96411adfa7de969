# SPDX-License-Identifier: Apache-2.0
"""The key figures that `status.json` carries, with the container's names and definitions, and their units in words.

In percent are `acc` (of all pairs), `fpr` and `val_far` (of the PASS pairs), `fnr` and `defect_acc` (of the defects; 0
where there is none, as in the container since August 2026), and `fpr_of_all` and `fnr_of_all`, which containers before
that call `fpr` and `fnr` (of all pairs). A pair counts as NO_PASS iff its score is above the margin. What the container
does not have stands under names of its own, as fractions from 0 to 1; `far` there is again a share of the PASS pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.figures import summarize
from scoring.named_figures import figure_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
_BY_THRESHOLD = ("recall", "false_alarm_rate", "f1", "escapes", "precision")
_FOLLOWED = ("loss", "acc", "f1", "auc", "far")


def training_kpi(loss: float, labels: Sequence[int], scores: Sequence[float], margin: float) -> Kpi:
    """train_loss, train_acc and the rates of false alarms of an epoch's batches."""
    counts = _Counts(labels, scores, margin)
    return {"train_loss": loss, "train_acc": counts.accuracy} | counts.false_alarms("train")


def validation_kpi(loss: float, labels: Sequence[int], scores: Sequence[float], margin: float) -> Kpi:
    """val_loss, val_acc, val_fpr, val_far, and our own figures as val_<name>."""
    counts = _Counts(labels, scores, margin)
    kpi: Kpi = {
        "val_loss": loss,
        "val_acc": counts.accuracy,
        **counts.false_alarms("val"),
        "val_far": false_alarm_rate_at_full_recall(labels, scores),
    }
    return kpi | {f"val_{name}": value for name, value in _own(labels, scores, margin).items()}


def evaluation_kpi(labels: Sequence[int], scores: Sequence[float], margin: float, threshold: float | None) -> Kpi:
    """test_acc, test_fpr, test_fnr, defect_acc, our own figures, and those at the model's threshold.

    All but the last are taken at `margin`.
    """
    counts = _Counts(labels, scores, margin)
    kpi: Kpi = {
        "test_acc": counts.accuracy,
        **counts.false_alarms("test"),
        **counts.escapes("test"),
        "defect_acc": counts.defect_accuracy,
    }
    kpi |= _own(labels, scores, margin)
    if threshold is None:
        return kpi
    chosen = summarize(labels, scores, threshold)
    return kpi | {"threshold": threshold} | {f"{name}_at_threshold": chosen[name] for name in _BY_THRESHOLD}


def in_words(name: str, value: float | None) -> str:
    """A figure's value for people: rates in percent, whatever unit `status.json` has them in."""
    return figure_of(name, value, "classify").text


def summary(kpi: Kpi) -> str:
    """The figures of an epoch or a validation that one follows a training by."""
    shown = {name: value for name, value in kpi.items() if name.partition("_")[2] in _FOLLOWED and value is not None}
    return ", ".join(f"{name} {in_words(name, value)}" for name, value in shown.items())


def headline(sheet: Mapping[str, Any], threshold: float) -> str:
    """What an inspection line asks for first, at its threshold, each rate with what it is a share of."""
    caught = f"{sheet['caught']} of {sheet['defects']} defects"
    alarms = f"{sheet['false_alarms']} of {sheet['passes']} PASS pairs"
    recall, false_alarm_rate, f1 = (in_words(name, sheet[name]) for name in ("recall", "false_alarm_rate", "f1"))
    return (
        f"at threshold {threshold:.6g}: recall {recall} ({caught}), false alarm rate {false_alarm_rate} ({alarms}), "
        f"F1 {f1}, escapes {sheet['escapes']}"
    )


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

    def false_alarms(self, split: str) -> Kpi:
        return self._rates(f"{split}_fpr", self._flagged & ~self._defect, int(np.count_nonzero(~self._defect)))

    def escapes(self, split: str) -> Kpi:
        return self._rates(f"{split}_fnr", ~self._flagged & self._defect, int(np.count_nonzero(self._defect)))

    def _rates(self, name: str, wrong: NDArray[np.bool_], of: int) -> Kpi:
        return {name: self._percent(wrong, of) or 0.0, f"{name}_of_all": self._percent(wrong, self._defect.size)}

    @property
    def defect_accuracy(self) -> float | None:
        return self._percent(self._flagged & self._defect, int(np.count_nonzero(self._defect)))

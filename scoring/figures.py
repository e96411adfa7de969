# SPDX-License-Identifier: Apache-2.0
"""The figures of an inspection: one dictionary from labels, scores and a threshold.

Rates are fractions from 0 to 1. A figure that the data can't give is None, and `reasons` says why: a rate of a class
that is missing is unknown, not 0 and not 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.scored import Scored, curve, scored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

RECALL_LEVELS = {"far_at_100_recall": 1.0, "far_at_99_9_recall": 0.999, "far_at_99_recall": 0.99}


def summarize(labels: ArrayLike, scores: ArrayLike, threshold: float | None) -> dict[str, Any]:
    """Every figure of scored pairs at one threshold (flagged iff score > threshold), as strict JSON values.

    Counts: rows, defects, passes, caught, escapes (defects that passed), false_alarms (good pairs flagged),
    true_passes. Rates: accuracy, precision, recall, f1, false_alarm_rate (false alarms / PASS). Without threshold:
    auc, average_precision, and false_alarm_rate at 100, 99.9 and 99 % recall. Per million inspected pairs:
    escapes_per_million, false_alarms_per_million.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    figures = _Figures()
    counted = {"rows": pairs.rows, "defects": pairs.defects, "passes": pairs.passes, "threshold": _finite(threshold)}
    _at_threshold(pairs, counted["threshold"], figures)
    _over_all_thresholds(pairs, figures)
    return {**counted, **figures.values, "reasons": figures.reasons}


class _Figures:
    """Values by name, and the reasons of those that are None."""

    def __init__(self) -> None:
        self.values: dict[str, float | int | None] = {}
        self.reasons: dict[str, str] = {}

    def add(self, name: str, part: float, whole: float, why_not: str) -> None:
        self.values[name] = None if why_not or not whole else part / whole
        if self.values[name] is None:
            self.reasons[name] = why_not


def _finite(threshold: float | None) -> float | None:
    return float(threshold) if threshold is not None and math.isfinite(threshold) else None


def _at_threshold(pairs: Scored, threshold: float | None, figures: _Figures) -> None:
    lacking = "" if threshold is not None else "there is no threshold"
    general = pairs.why_not(defects=False, passes=False) or lacking
    flagged = pairs.score > (threshold or 0.0) if not general else np.zeros(pairs.rows, dtype=np.bool_)
    caught = int(np.count_nonzero(flagged & pairs.defect))
    false_alarms = int(np.count_nonzero(flagged)) - caught
    escapes = pairs.defects - caught
    counts = {"caught": caught, "escapes": escapes, "false_alarms": false_alarms}
    counts["true_passes"] = pairs.passes - false_alarms
    figures.values.update(dict.fromkeys(counts) if general else counts)
    figures.reasons.update(dict.fromkeys(counts, general) if general else {})
    no_defect, no_pass = pairs.why_not(passes=False) or lacking, pairs.why_not(defects=False) or lacking
    nothing = general or ("" if caught + false_alarms else "no pair was flagged")
    figures.add("accuracy", caught + counts["true_passes"], pairs.rows, general)
    figures.add("precision", caught, caught + false_alarms, nothing)
    figures.add("recall", caught, pairs.defects, no_defect)
    figures.add("f1", 2 * caught, 2 * caught + false_alarms + escapes, no_defect)
    figures.add("false_alarm_rate", false_alarms, pairs.passes, no_pass)
    figures.add("escapes_per_million", 1e6 * escapes, pairs.rows, general)
    figures.add("false_alarms_per_million", 1e6 * false_alarms, pairs.rows, general)


def _over_all_thresholds(pairs: Scored, figures: _Figures) -> None:
    both = pairs.why_not()
    figures.add("auc", 0.0 if both else auc(pairs), 1, both)
    no_defect = pairs.why_not(passes=False)
    figures.add("average_precision", 0.0 if no_defect else average_precision(pairs), 1, no_defect)
    for name, recall in RECALL_LEVELS.items():
        figures.add(name, 0.0 if both else false_alarm_rate_at(pairs, recall), 1, both)


def auc(pairs: Scored) -> float:
    """The area under the ROC curve: how often a defect scores above a PASS, ties counted half. Needs both classes."""
    good = np.sort(pairs.score[~pairs.defect])
    bad = pairs.score[pairs.defect]
    below = np.searchsorted(good, bad, side="left").sum()
    not_above = np.searchsorted(good, bad, side="right").sum()
    return float((below + not_above) / 2 / (len(good) * len(bad)))


def average_precision(pairs: Scored) -> float:
    """The mean of the precision over the steps in recall, without interpolation. Needs a defect."""
    points = curve(pairs)
    gained = np.diff(points.caught)
    precision = points.caught[1:] / (points.caught[1:] + points.false_alarms[1:])
    return float(np.sum(gained * precision) / points.defects)


def needed_catches(defects: int, recall: float) -> int:
    """How many of `defects` must be caught for a recall; the allowance keeps 0.07 x 100 from becoming 8."""
    return math.ceil(recall * defects - 1e-9)


def false_alarm_rate_at(pairs: Scored, recall: float) -> float:
    """The least false alarm rate among the thresholds that reach a recall. Needs both classes."""
    points = curve(pairs)
    first = int(np.searchsorted(points.caught, needed_catches(points.defects, recall), side="left"))
    return int(points.false_alarms[first]) / points.passes

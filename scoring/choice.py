# SPDX-License-Identifier: Apache-2.0
"""The threshold for a stated target, and how far few defects let one trust that the target is met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.binomial import CONFIDENCE, cases_needed, lower_bound, upper_bound
from scoring.figures import needed_catches
from scoring.rounding import at_least, at_most
from scoring.scored import Curve, Scored, curve, scored
from scoring.targets import Target, percent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scoring.scored import Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a target is met at a threshold on given pairs, and how sure that is.

    `met` and `achieved` are None, with `reason`, where the pairs can't tell. `recall_at_least` and `far_at_most` are
    one-sided exact bounds at `confidence`; `proven` says whether the bounds alone satisfy the target.
    `defects_needed` is the number of defects, all of them caught, that would show the target's recall at this
    confidence: None where no number does (100 %) or the target names no recall.
    """

    target: Target
    threshold: float | None
    met: bool | None
    achieved: float | None
    recall: float | None
    proven: bool
    recall_at_least: float
    far_at_most: float
    confidence: float
    defects: int
    passes: int
    escapes: int
    false_alarms: int
    defects_needed: int | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object, with the sentence."""
        return {**asdict(self), "target": self.target.as_dict(), "sentence": self.sentence()}

    def sentence(self) -> str:
        """The verdict in one line, as a report opens with it."""
        if self.met is None:
            return f"target {self.target}: can't be told, {self.reason}"
        counted = (
            f"{self.escapes} of {self.defects} defects escaped, {self.false_alarms} of {self.passes} good pairs flagged"
        )
        sure = f"at {percent(self.confidence)} confidence recall is at least {at_least(self.recall_at_least)}"
        if self.passes:
            sure += f" and the false alarm rate at most {at_most(self.far_at_most)}"
        return f"target {self.target}: {'met' if self.met else 'NOT met'} ({counted}); {sure}{self._doubt()}"

    def _doubt(self) -> str:
        if not self.met or self.proven:
            return ""
        if self.defects_needed and self.defects_needed > self.defects:
            return f"; showing this recall takes {self.defects_needed} defects without an escape"
        return "; so few pairs don't prove it"


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold chosen for a target, with the verdict on the pairs it was chosen on."""

    threshold: float | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"threshold": self.threshold, "verdict": self.verdict.as_dict()}


def choose_threshold(labels: ArrayLike, scores: ArrayLike, target: Target, escape_cost: float = 1.0) -> Choice:
    """Choose the threshold for a target on validation pairs.

    Among the thresholds that meet the target the one with the best F measure is taken (F1, where an escape costs as
    much as a false alarm; among equals the one that catches most); where none meets it, the one that keeps the target's
    recall and comes closest.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    reason = _why_not(pairs, target)
    if reason:
        return Choice(None, _verdict(pairs, None, target, reason))
    points = curve(pairs, escape_cost)
    threshold = float(points.thresholds[_best_point(points, target, escape_cost)])
    return Choice(threshold, _verdict(pairs, threshold, target, ""))


def judge(labels: ArrayLike, scores: ArrayLike, threshold: float | None, target: Target) -> Verdict:
    """Say whether a target is met at a threshold that was chosen elsewhere, as on test pairs.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    reason = _why_not(pairs, target) or ("" if threshold is not None else "there is no threshold")
    return _verdict(pairs, threshold, target, reason)


def _why_not(pairs: Scored, target: Target) -> str:
    return pairs.why_not(passes=target.metric == "far")


def _best_point(points: Curve, target: Target, escape_cost: float) -> int:
    values = _metric(points, target.metric)
    keeps = points.caught >= needed_catches(points.defects, target.recall or 0.0)
    meets = keeps & np.array([target.holds(value) for value in values.tolist()])
    if meets.any():
        return _last_best(np.where(meets, points.f_measure(escape_cost), -1.0))
    towards = values if target.operator.startswith(">") else -values
    return _last_best(np.where(keeps, np.nan_to_num(towards, nan=-2.0), -3.0))


def _last_best(worth: Floats) -> int:
    """The best point, among equals the lowest threshold, which catches most."""
    return len(worth) - 1 - int(np.argmax(worth[::-1]))


def _metric(points: Curve, metric: str) -> Floats:
    """The metric at every operating point; precision is unknown where nothing is flagged."""
    recall = points.caught / points.defects
    if metric == "far":
        return points.false_alarms / points.passes
    if metric == "precision":
        flagged = points.caught + points.false_alarms
        precision: Floats = np.divide(points.caught, flagged, out=np.full(len(flagged), np.nan), where=flagged > 0)
        return precision
    return recall if metric == "recall" else 1 - recall


def _verdict(pairs: Scored, threshold: float | None, target: Target, reason: str) -> Verdict:
    flagged = pairs.score > threshold if threshold is not None and not reason else np.zeros(pairs.rows, dtype=np.bool_)
    caught = int(np.count_nonzero(flagged & pairs.defect))
    false_alarms = int(np.count_nonzero(flagged)) - caught
    recall = caught / pairs.defects if not reason else None
    achieved = None if reason else _achieved(pairs, target, caught, false_alarms)
    if not reason and achieved is None:
        reason = "no pair was flagged"
    return Verdict(
        target=target,
        threshold=threshold,
        met=None if reason else _is_met(target, achieved, recall),
        achieved=achieved,
        recall=recall,
        proven=not reason and _is_proven(pairs, target, caught, false_alarms),
        recall_at_least=0.0 if reason else lower_bound(caught, pairs.defects),
        far_at_most=1.0 if reason else upper_bound(false_alarms, pairs.passes),
        confidence=CONFIDENCE,
        defects=pairs.defects,
        passes=pairs.passes,
        escapes=pairs.defects - caught,
        false_alarms=false_alarms,
        defects_needed=_defects_needed(target),
        reason=reason,
    )


def _achieved(pairs: Scored, target: Target, caught: int, false_alarms: int) -> float | None:
    if target.metric == "far":
        return false_alarms / pairs.passes
    if target.metric == "precision":
        return caught / (caught + false_alarms) if caught + false_alarms else None
    return caught / pairs.defects if target.metric == "recall" else 1 - caught / pairs.defects


def _is_met(target: Target, achieved: float | None, recall: float | None) -> bool:
    kept = target.recall is None or (recall is not None and recall >= target.recall - 1e-12)
    return kept and achieved is not None and target.holds(achieved)


def _is_proven(pairs: Scored, target: Target, caught: int, false_alarms: int) -> bool:
    """Whether the one-sided bounds satisfy the target too; 100 % is never proven by counting."""
    recall = lower_bound(caught, pairs.defects)
    bound = {
        "far": upper_bound(false_alarms, pairs.passes),
        "precision": lower_bound(caught, caught + false_alarms),
        "recall": recall,
        "escapes": 1 - recall,
    }[target.metric]
    return target.holds(bound) and (target.recall is None or recall >= target.recall)


def _defects_needed(target: Target) -> int | None:
    if target.metric in {"recall", "escapes"}:
        return cases_needed(target.value if target.metric == "recall" else 1 - target.value)
    return cases_needed(target.recall) if target.recall is not None else None

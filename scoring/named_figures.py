# SPDX-License-Identifier: Apache-2.0
"""The figures that an action writes into status.json, by name, as they are shown: one unit each, and of what.

The container's names mix units, which can't be changed there: of classify, `acc`, `fpr`, `fnr`, `val_far` and
`defect_acc` are percentages, all other rates are shares from 0 to 1, and of segment all rates are. Shown is percent.
Imports nothing heavy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.figure import LEADING, Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPLIT = r"(?:(?:train|val|test)_)?"
_PERCENT = re.compile(r"(?:train|val|test)_(?:acc|fpr|fnr|far|fpr_of_all|fnr_of_all)|defect_acc")
_SHARE = re.compile(rf"{_SPLIT}(?:precision|recall|f1|auc|ap|far_at_99_recall|false_alarm_rate)(?:_at_threshold)?")
_SEGMENT_SHARE = re.compile(
    rf"{_SPLIT}(?:acc|m?iou|m?f1|m?precision|m?recall|auc|ap)(?:_at_threshold)?|{_SPLIT}(?:iou|F1|precision|recall)_\d+"
)
_RATES = {"classify": ((_PERCENT, 1), (_SHARE, 100)), "segment": ((_SEGMENT_SHARE, 100),)}
_OF = {
    "acc": "all pairs",
    "fpr": "the PASS pairs",
    "far": "the PASS pairs",
    "far_at_99_recall": "the PASS pairs",
    "false_alarm_rate": "the PASS pairs",
    "fnr": "the defects",
    "defect_acc": "the defects",
    "recall": "the defects",
    "precision": "the flagged pairs",
    "fpr_of_all": "all pairs",
    "fnr_of_all": "all pairs",
}
_AT_MARGIN = {"acc", "fpr", "fnr", "fpr_of_all", "fnr_of_all", "defect_acc", "precision", "recall", "f1", "escapes"}
_AT_THRESHOLD = "_at_threshold"
_LEADING = {
    "classify": (
        ("recall_at_threshold", "false_alarm_rate_at_threshold", "f1_at_threshold", "escapes_at_threshold"),
        ("recall", "test_fpr", "f1", "escapes"),
        ("val_loss", "val_far", "val_auc"),
    ),
    "segment": (
        ("recall_at_threshold", "precision_at_threshold", "f1_at_threshold", "iou_at_threshold"),
        ("test_miou", "test_mf1", "test_acc"),
        ("val_loss", "val_miou", "val_mf1"),
    ),
}
_LABELS = {"f1": "F1", "test_fpr": "false alarm rate"}


def named(metrics: Mapping[str, Any], task: str) -> list[Figure]:
    """The figures of a job of ChangeNet, those at the model's threshold first."""
    leading = _leading(metrics, task)
    rest = sorted((name for name in metrics if name not in leading), key=lambda name: not _is_at_threshold(name))
    return [figure_of(name, metrics[name], task, leads=name in leading) for name in (*leading, *rest)]


def figure_of(name: str, value: Any, task: str, *, leads: bool = False) -> Figure:
    """One figure of ChangeNet."""
    known = name.removesuffix(_AT_THRESHOLD)
    base = re.sub(r"^(?:train|val|test)_", "", known)
    label = _LABELS.get(known) or (known.replace("_", " ") if known == base else known)
    unit = "ms" if base == "latency_ms" else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        unit, value = _in_its_unit(name, value, task) or (unit, value)
    if task != "classify":
        return Figure(name, value, label, unit, leads=leads)
    at = "100% recall" if base == "far" else "eval_margin" if name == known and base in _AT_MARGIN else ""
    return Figure(name, value, label, unit, _OF.get(base, ""), at, leads)


def _in_its_unit(name: str, value: float, task: str) -> tuple[str, float] | None:
    factors = (factor for pattern, factor in _RATES.get(task, ()) if pattern.fullmatch(name))
    return next((("%", round(factor * value, 10)) for factor in factors), None)


def _is_at_threshold(name: str) -> bool:
    return name == "threshold" or name.endswith(_AT_THRESHOLD)


def _leading(metrics: Mapping[str, Any], task: str) -> Iterable[str]:
    groups = (tuple(name for name in group if name in metrics) for group in _LEADING.get(task, ()))
    return next((found for found in groups if found), tuple(metrics)[:LEADING])

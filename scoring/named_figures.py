# SPDX-License-Identifier: Apache-2.0
"""The figures that an action writes into status.json, by name, as they are shown: one unit each, and of what.

The container's names mix units, which can't be changed there: of classify, `acc`, `fpr`, `fnr`, `val_far` and
`defect_acc` are percentages, all other rates are shares from 0 to 1, and of segment all rates are. Shown is percent.
Imports nothing heavy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from core.figure import LEADING, Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SPLIT = r"(?:(?:train|val|test)_)?"
_PERCENT = re.compile(r"(?:train|val|test)_(?:acc|fpr|fnr|far|fpr_of_all|fnr_of_all)|defect_acc")
_SHARE = re.compile(rf"{_SPLIT}(?:precision|recall|f1|auc|ap|far_at_99_recall|false_alarm_rate)(?:_at_threshold)?")
_SEGMENT_SHARE = re.compile(
    rf"{_SPLIT}(?:acc|m?iou|m?f1|m?precision|m?recall|auc|ap)(?:_at_threshold)?|{_SPLIT}(?:iou|F1|precision|recall)_\d+"
    r"|region_(?:precision|recall)"
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


def named(metrics: Mapping[str, Any], task: str) -> Iterator[Figure]:
    """The figures of a job of ChangeNet: those that lead, then the others at the model's threshold, then the rest."""
    leading = _leading(metrics, task)
    for name in leading:
        yield figure_of(name, metrics[name], task, leads=True)
    for name in sorted((name for name in metrics if name not in leading), key=lambda name: not _is_at_threshold(name)):
        yield figure_of(name, metrics[name], task)


def figure_of(name: str, value: Any, task: str, *, leads: bool = False) -> Figure:
    """One figure of ChangeNet."""
    known = _known(name, task)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Figure(name, value, known.label, leads=leads)
    shown = round(known.factor * value, 10) if known.factor != 1 else value
    return Figure(name, shown, known.label, known.unit, known.of, known.at, leads)


class _Known(NamedTuple):
    label: str
    unit: str
    factor: float
    of: str
    at: str


@lru_cache(maxsize=512)
def _known(name: str, task: str) -> _Known:
    """What a name says; 512 of them, as a task with many classes has some for each."""
    known = name.removesuffix(_AT_THRESHOLD)
    base = re.sub(r"^(?:train|val|test)_", "", known)
    label = _LABELS.get(known) or (known.replace("_", " ") if known == base else known)
    factor = next((factor for pattern, factor in _RATES.get(task, ()) if pattern.fullmatch(name)), None)
    unit = "%" if factor else "ms" if base == "latency_ms" else ""
    if task != "classify":
        return _Known(label, unit, factor or 1, "", "")
    at = "100% recall" if base == "far" else "eval_margin" if name == known and base in _AT_MARGIN else ""
    return _Known(label, unit, factor or 1, _OF.get(base, ""), at)


def _is_at_threshold(name: str) -> bool:
    return name == "threshold" or name.endswith(_AT_THRESHOLD)


def _leading(metrics: Mapping[str, Any], task: str) -> Iterable[str]:
    groups = (tuple(name for name in group if name in metrics) for group in _LEADING.get(task, ()))
    return next((found for found in groups if found), tuple(metrics)[:LEADING])

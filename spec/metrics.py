# SPDX-License-Identifier: Apache-2.0
"""The metrics that training logs as `train_<name>` and `val_<name>`, and in which direction each is better."""

from __future__ import annotations

import re
from typing import Literal

Mode = Literal["min", "max"]

DEFAULT_MONITOR = "val_loss"
SPLITS = ("train", "val")
_CLASSIFY: dict[str, Mode] = {
    **dict.fromkeys(("loss", "fpr", "fpr_of_all", "far", "far_at_99_recall", "escapes", "latency_ms"), "min"),
    **dict.fromkeys(("acc", "precision", "recall", "f1", "auc", "ap"), "max"),
}
_SEGMENT: dict[str, Mode] = {"loss": "min", **dict.fromkeys(("acc", "miou", "mf1", "mprecision", "mrecall"), "max")}
_SEGMENT_CLASS = re.compile(r"(?:iou|F1|precision|recall)_\d+")
EXAMPLES = {
    "classify": "val_loss, val_acc, val_far or val_f1",
    "segment": "val_loss, val_acc, val_miou or val_mf1",
}


def metric_mode(metric: str, task: str) -> Mode | None:
    """Whether the lowest or the highest value of a logged metric is best; None for a metric that is not logged."""
    split, _, name = metric.partition("_")
    if split not in SPLITS:
        return None
    if task == "segment":
        return "max" if _SEGMENT_CLASS.fullmatch(name) else _SEGMENT.get(name)
    return _CLASSIFY.get(name)

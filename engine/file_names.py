# SPDX-License-Identifier: Apache-2.0
"""Names of what actions leave in their results folder, beside those of `core.file_names`."""

from __future__ import annotations

EXPERIMENT = "experiment.yaml"
TENSORBOARD = "lightning_logs"
EVIDENCE = "evidence"


def periodic_checkpoint(epoch: int, step: int) -> str:
    """A periodic checkpoint's name; `epoch` counts from 0."""
    return f"model_epoch_{epoch:03d}_step_{step:05d}.pth"


def calibrated_model(task: str, suffix: str) -> str:
    """The name of a model whose threshold was set for a line."""
    return f"changenet_model_{task}_calibrated{suffix}"


def latest_link(task: str) -> str:
    """The name of the link to a task's latest checkpoint."""
    return f"changenet_model_{task}_latest.pth"

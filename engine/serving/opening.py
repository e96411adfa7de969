# SPDX-License-Identifier: Apache-2.0
"""From the file of a model to what judges with it, by the task that the file names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CheckpointError
from engine.settings import Run
from spec.load import parse_experiment

if TYPE_CHECKING:
    from engine.checkpoints import Content
    from engine.serving.scorer import Scorer

_ONNX = ".onnx"
_COMMAND = "inference"


def open_model(path: Path, most_pixels: int) -> Scorer:
    """The model of a .pth or .onnx file, ready to judge. No spec is needed: the file says how it is used.

    Raises:
        CheckpointError: the file can't be used.
        PlatformError: what runs it is not installed.
    """
    content = _content(path)
    task = content.get("task") or (content.get("config") or {}).get("task")
    run = Run(_COMMAND, parse_experiment({"task": task, _COMMAND: {"checkpoint": str(path)}}, _COMMAND), Path())
    if task == "classify":
        from engine.classify.served import open_scorer

        return open_scorer(run, content, most_pixels)
    message = f"models of the task {task} are not served"
    raise CheckpointError(message, code="checkpoint.task", where=str(path), remedy="name a model for classify")


def _content(path: Path) -> Content:
    if path.suffix == _ONNX:
        from deployed.sessions import require_libraries

        require_libraries()
        from deployed.model_file import read_model

        return read_model(path)[1]
    from engine.checkpoints import read_checkpoint

    return read_checkpoint(path)

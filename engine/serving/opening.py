# SPDX-License-Identifier: Apache-2.0
"""From the file of a model to what judges with it. No spec is needed: the file says how it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.installation import ENGINE_LIBRARIES, require

if TYPE_CHECKING:
    from engine.serving.scorer import Scorer

_ONNX = ".onnx"
_COMMAND = "inference"


def open_model(path: Path, most_pixels: int) -> tuple[Scorer, dict[str, Any] | None]:
    """The model of a .pth or .onnx file, ready to judge, and how it judged the pairs stored with it; none with a .pth.

    Raises:
        CheckpointError: the file can't be used, or judges otherwise than it did where it was written.
        PlatformError: what runs it is not installed.
    """
    if path.suffix == _ONNX:
        require("deploy", "onnx", "onnxruntime")
        from engine.serving.exported import open_exported

        return open_exported(path, most_pixels)
    require("engine", *ENGINE_LIBRARIES)
    return _open_checkpoint(path, most_pixels), None


def _open_checkpoint(path: Path, most_pixels: int) -> Scorer:
    from engine.actions import quiet_libraries
    from engine.checkpoints import read_checkpoint
    from engine.settings import Run
    from engine.torch_setup import prepare_torch
    from spec.load import parse_experiment

    prepare_torch()
    quiet_libraries()
    content = read_checkpoint(path)
    task = content.get("task") or (content.get("config") or {}).get("task")
    if task != "classify":
        message = f"models of the task {task} are not served"
        raise CheckpointError(message, code="checkpoint.task", where=str(path), remedy="name a model for classify")
    from engine.classify.served import open_scorer

    tree = {"task": task, _COMMAND: {"checkpoint": str(path)}}
    return open_scorer(Run(_COMMAND, parse_experiment(tree, _COMMAND), Path()), content, most_pixels)

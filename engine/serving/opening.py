# SPDX-License-Identifier: Apache-2.0
"""From the file of a model to what judges with it. No spec is needed: the file says how it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.installation import ENGINE_LIBRARIES, require

if TYPE_CHECKING:
    from engine.serving.scorer import Scorer
    from engine.settings import Run

_ONNX = ".onnx"
_SEGMENT = "segment"


def open_model(path: Path, most_pixels: int) -> tuple[Scorer, dict[str, Any] | None]:
    """The model of a .pth or .onnx file, ready to judge, and how it judged pairs that are stored with it, if any are.

    Raises:
        CheckpointError: the file can't be used, or judges otherwise than it did where it was written.
        PlatformError: what runs it is not installed.
    """
    if path.suffix == _ONNX:
        require("deploy", "onnx", "onnxruntime")
        from deployed.model_file import read_model

        settings = read_model(path)[1]
        if settings.get("task") == _SEGMENT:
            return _open_boards(path, {}, most_pixels), None
        from engine.serving.exported import open_exported

        return open_exported(path, most_pixels)
    require("engine", *ENGINE_LIBRARIES)
    return _open_checkpoint(path, most_pixels), None


def _open_checkpoint(path: Path, most_pixels: int) -> Scorer:
    from engine.checkpoints import read_checkpoint

    _prepare()
    content = read_checkpoint(path)
    config = content.get("config") or {}
    task = content.get("task") or config.get("task")
    if task == _SEGMENT:
        return _open_boards(path, config, most_pixels)
    if task != "classify":
        message = f"models of the task {task} are not served"
        remedy = "name a model for classify or segment"
        raise CheckpointError(message, code="checkpoint.task", where=str(path), remedy=remedy)
    from engine.classify.served import open_scorer

    return open_scorer(_run_of("inference", "classify", path), content, most_pixels)


def _open_boards(path: Path, config: dict[str, Any], most_pixels: int) -> Scorer:
    """A segment model; `config` is the spec that a checkpoint was trained with."""
    require("engine", *ENGINE_LIBRARIES)
    _prepare()
    from engine.segment.task import Segment
    from engine.serving.board_scorer import BoardScorer

    return BoardScorer(_run_of("inspect", _SEGMENT, path).adopting(config, Segment.travelling_keys), most_pixels)


def _prepare() -> None:
    from engine.actions import quiet_libraries
    from engine.torch_setup import prepare_torch

    prepare_torch()
    quiet_libraries()


def _run_of(command: str, task: str, path: Path) -> Run:
    from engine.settings import Run
    from spec.load import parse_experiment

    tree = {"task": task, command: {"checkpoint": str(path)}}
    return Run(command, parse_experiment(tree, command), Path())

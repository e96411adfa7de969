# SPDX-License-Identifier: Apache-2.0
"""From the file of a model to what judges with it. No spec is needed: the file says how it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.file_names import is_exported
from core.installation import ENGINE_LIBRARIES, require

if TYPE_CHECKING:
    from engine.inspect.evidence import Inspector
    from engine.serving.scorer import Scorer
    from engine.settings import Run

_CLASSIFY, _SEGMENT = "classify", "segment"


def open_model(path: Path, most_pixels: int, *, boards: bool = False) -> tuple[Scorer, dict[str, Any] | None]:
    """The model of a .pth or .onnx file, ready to judge, and how it judged pairs that are stored with it, if any are.

    With `boards` a classify model judges whole boards, crop by crop, as a segment model always does.

    Raises:
        CheckpointError: the file can't be used, or judges otherwise than it did where it was written.
        SpecError: whole boards are asked of a model that compares more than one picture with one.
        PlatformError: what runs it is not installed.
    """
    if is_exported(path):
        require("deploy", "onnx", "onnxruntime")
        return _open_exported(path, most_pixels, boards=boards)
    require("engine", *ENGINE_LIBRARIES)
    return _open_checkpoint(path, most_pixels, boards=boards), None


def _open_exported(path: Path, most_pixels: int, *, boards: bool) -> tuple[Scorer, dict[str, Any] | None]:
    from deployed.model_file import read_model

    task = _served(read_model(path)[1].get("task"), path)
    if task == _CLASSIFY and not boards:
        from engine.serving.exported import open_exported

        return open_exported(path, most_pixels)
    require("engine", "pydantic")
    from engine.classify.actions import exported_inspector as crops
    from engine.segment.actions import exported_inspector as masks

    run = _run_of("inspect", task, path)
    inspector, tested = (crops if task == _CLASSIFY else masks)(run)
    return _boards(task, inspector, run, most_pixels), tested.to_json()


def _open_checkpoint(path: Path, most_pixels: int, *, boards: bool) -> Scorer:
    from engine.checkpoints import read_checkpoint

    _prepare()
    content = read_checkpoint(path)
    config = content.get("config") or {}
    task = _served(content.get("task") or config.get("task"), path)
    if task == _CLASSIFY and not boards:
        from engine.classify.served import open_scorer

        return open_scorer(_run_of("inference", _CLASSIFY, path), content, most_pixels)
    run = _run_of("inspect", task, path)
    if task == _CLASSIFY:
        from engine.classify.inspection import by_crops
        from engine.classify.task import CLASSIFY

        return _boards(task, by_crops(run.adopting(config, CLASSIFY.travelling_keys)), run, most_pixels)
    from engine.segment.inspection import by_model
    from engine.segment.task import Segment

    return _boards(task, by_model(run.adopting(config, Segment.travelling_keys)), run, most_pixels)


def _served(task: Any, path: Path) -> str:
    if task in {_CLASSIFY, _SEGMENT}:
        return str(task)
    message = f"models of the task {task} are not served"
    remedy = "name a model for classify or segment"
    raise CheckpointError(message, code="checkpoint.task", where=str(path), remedy=remedy)


def _boards(task: str, inspector: Inspector, run: Run, most_pixels: int) -> Scorer:
    from engine.serving.board_scorer import BoardScorer

    return BoardScorer(task, inspector, run.experiment.inspect.region_gap, most_pixels)


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

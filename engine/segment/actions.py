# SPDX-License-Identifier: Apache-2.0
"""What the embedded engine does with the segment task, by command. Each entry point imports what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.file_names import MASKS_FOLDER
from engine.export.file_settings import needs_torch
from engine.task import Action, build

if TYPE_CHECKING:
    from deployed.self_test import SelfTest
    from engine.inspect.evidence import Inspector
    from engine.settings import Run
    from engine.status import StatusFile


def _train(run: Run, status: StatusFile) -> None:
    from engine.segment.training import train

    train(run, status)


def _evaluate(run: Run, status: StatusFile) -> None:
    from engine.segment.evaluation import evaluate

    evaluate(run, status)


def _infer(run: Run, status: StatusFile) -> None:
    from engine.segment.evaluation import infer

    infer(run, status)


def _export(run: Run, status: StatusFile) -> None:
    from deployed.sessions import require_libraries

    require_libraries()
    from engine.segment.export import export

    export(run, status)


def exported_inspector(run: Run) -> tuple[Inspector, SelfTest]:
    """What looks at whole boards with an exported file, without PyTorch, and how the file did on its stored pairs.

    Raises:
        ChangenetError: the file can't be used.
    """
    from deployed.sessions import require_libraries

    require_libraries()
    from deployed.mask_model import MaskModel
    from engine.export.file_settings import model_path
    from engine.inspect.exported import by_exported_masks
    from engine.segment.task import segment_task

    return by_exported_masks(run, segment_task(run.experiment), MaskModel.read(model_path(run)))


def _inspect(run: Run, status: StatusFile) -> None:
    if not needs_torch(run):
        from engine.inspect.exported import inspect_exported

        inspect_exported(run, status, exported_inspector)
        return
    from engine.segment.inspection import inspect_segment

    inspect_segment(run, status)


def _build(run: Run, status: StatusFile) -> None:
    from engine.segment.task import segment_task

    build(run, status, segment_task(run.experiment))


ACTIONS = {
    "train": Action("task=segment: train on the pairs that dataset.segment.train_split lists", _train),
    "evaluate": Action("task=segment: measure a checkpoint on the masks of dataset.segment.test_split", _evaluate),
    "inference": Action(f"task=segment: {MASKS_FOLDER}/ for the pairs of dataset.segment.predict_split", _infer),
    "export": Action("task=segment: write a checkpoint as an ONNX file, checked to mark the same pixels", _export),
    "inspect": Action("task=segment: find what differs on whole pictures, registered first", _inspect, needs_torch),
    "gen_trt_engine": Action(
        "task=segment: make an exported model ready for ONNX Runtime, or the engine that is named", _build
    ),
}

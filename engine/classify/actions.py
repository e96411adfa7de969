# SPDX-License-Identifier: Apache-2.0
"""What the embedded engine does with the classify task, by command. Each entry point imports what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.file_names import INFERENCE_FILE
from engine.export.file_settings import needs_torch
from engine.task import Action, build

if TYPE_CHECKING:
    from deployed.self_test import SelfTest
    from engine.inspect.evidence import Inspector
    from engine.settings import Run
    from engine.status import StatusFile


def _train(run: Run, status: StatusFile) -> None:
    from engine.classify.training import train

    train(run, status)


def _evaluate(run: Run, status: StatusFile) -> None:
    from engine.classify.evaluation import evaluate

    evaluate(run, status)


def _infer(run: Run, status: StatusFile) -> None:
    from engine.classify.evaluation import infer

    infer(run, status)


def _export(run: Run, status: StatusFile) -> None:
    from deployed.sessions import require_libraries

    require_libraries()
    from engine.classify.export import export

    export(run, status)


def _quantize(run: Run, status: StatusFile) -> None:
    from deployed.sessions import require_libraries

    require_libraries()
    from engine.classify.quantize import quantize

    quantize(run, status)


def exported_inspector(run: Run) -> tuple[Inspector, SelfTest]:
    """What looks at whole boards with an exported file, without PyTorch, and how the file did on its stored pairs.

    Raises:
        ChangenetError: the file can't be used.
    """
    from deployed.sessions import require_libraries

    require_libraries()
    from deployed.pair_model import PairModel
    from engine.classify.task import CLASSIFY
    from engine.export.file_settings import model_path
    from engine.inspect.exported import by_exported_crops

    return by_exported_crops(run, CLASSIFY, PairModel.read(model_path(run)))


def _inspect(run: Run, status: StatusFile) -> None:
    if not needs_torch(run):
        from engine.inspect.exported import inspect_exported

        inspect_exported(run, status, exported_inspector)
        return
    from engine.classify.inspection import inspect_classify

    inspect_classify(run, status)


def _build(run: Run, status: StatusFile) -> None:
    from engine.classify.task import CLASSIFY

    build(run, status, CLASSIFY)


ACTIONS = {
    "train": Action("train on the pairs of dataset.classify.train_dataset", _train),
    "evaluate": Action("measure a checkpoint on the labelled pairs of dataset.classify.test_dataset", _evaluate),
    "inference": Action(f"score the pairs of dataset.classify.infer_dataset, into {INFERENCE_FILE}", _infer),
    "inspect": Action("find what differs on whole pictures, registered first, crop by crop", _inspect, needs_torch),
    "export": Action("write a checkpoint as an ONNX file, checked to give the same verdicts", _export),
    "quantize": Action("write a model with 8-bit numbers, taken where it judges alike and is quicker", _quantize),
    "gen_trt_engine": Action("make an exported model ready for ONNX Runtime, or the engine that is named", _build),
}

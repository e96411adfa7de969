# SPDX-License-Identifier: Apache-2.0
"""The model that a segment action judges by: network, threshold and preparation of a checkpoint or exported file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import SpecError
from core.file_names import is_exported
from engine.checkpoints import check_fits, load_trained, read_checkpoint, read_white
from engine.console import say
from engine.export.file_settings import is_deployed, model_path, settled_by_file
from engine.segment.network import build_network
from engine.segment.preparation import Preparation
from engine.segment.task import segment_task
from engine.segment.threshold import MaskThreshold
from pairs.trained_on import TrainedOn, read_trained_on

if TYPE_CHECKING:
    from pathlib import Path

    from engine.export.deployment_files import Deployment, EngineFile
    from engine.segment.network import MaskNetwork
    from engine.settings import Run


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A network with a checkpoint's weights, the threshold chosen on validation data, and what it was trained on."""

    network: MaskNetwork
    preparation: Preparation
    threshold: MaskThreshold
    white: int
    trained_on: TrainedOn
    epoch: int | None = None


def with_model_settings(run: Run) -> Run:
    """The action with the settings that travel in the file of its model; a checkpoint's are those of its spec.

    Raises:
        CheckpointError: see `load_model`.
    """
    path = model_path(run)
    if is_deployed(run):
        from engine.export.deployment_files import read_deployment, with_batch

        deployment = read_deployment(path)
        say(f"NOTICE {deployment.notice}")
        if deployment.engine:
            from engine.export.tensorrt_session import require_gpu

            require_gpu(run, deployment.engine)
        settled = settled_by_file(run, deployment.settings, path, segment_task(run.experiment))
        return with_batch(settled, deployment, "dataset.segment.batch_size")
    if not is_exported(path):
        return run
    return settled_by_file(run, _read_file(path)[1], path, segment_task(run.experiment))


def _read_file(path: Path) -> tuple[Any, dict[str, Any]]:
    from deployed.sessions import require_libraries

    require_libraries()
    from deployed.model_file import read_model

    return read_model(path)


def load_model(run: Run) -> TrainedModel:
    """The model of `<command>.checkpoint`: a .pth file, or an .onnx file that was exported here.

    Raises:
        CheckpointError: it is missing, broken, or of another architecture than the spec says.
    """
    path = model_path(run)
    if not path.name:
        key = f"{run.command}.checkpoint"
        raise SpecError(f"{key} is not set", code="spec.checkpoint", where=key, remedy="name the .pth file to use")
    exported = is_deployed(run) or is_exported(path)
    return load_exported(run, path) if exported else load_checkpoint(run, path)


def load_exported(run: Run, path: Path) -> TrainedModel:
    """An exported network, with the settings that travelled with it.

    Raises:
        CheckpointError: see `load_model`.
        PlatformError: ONNX Runtime is not installed.
    """
    if is_deployed(run):
        from engine.export.deployment_files import read_deployment

        deployment = read_deployment(path)
        if deployment.engine:
            return _load_engine(run, deployment, deployment.engine)
        model, settings = deployment.whole, deployment.settings
    else:
        model, settings = _read_file(path)
    from engine.segment.onnx_network import OnnxMaskNetwork

    settled = settled_by_file(run, settings, path, segment_task(run.experiment))
    network = OnnxMaskNetwork(model, all_scales=settled.experiment.dataset.segment.multi_scale_infer)
    say(f"model {path} ({settings['precision']}, ONNX Runtime on the processor)")
    return _judging(settled, network, settings, path)


def _load_engine(run: Run, deployment: Deployment, engine: EngineFile) -> TrainedModel:
    from engine.export.tensorrt_session import open_engine
    from engine.segment.engine_network import EngineMaskNetwork

    settings, path = deployment.settings, engine.path
    settled = settled_by_file(run, settings, path, segment_task(run.experiment))
    session = open_engine(run, deployment, engine)
    network = EngineMaskNetwork(session, all_scales=settled.experiment.dataset.segment.multi_scale_infer)
    say(f"engine {path} ({engine.library} {engine.version})")
    return _judging(settled, network, settings, path)


def load_checkpoint(run: Run, path: Path) -> TrainedModel:
    """The network of a checkpoint, with its weights.

    Raises:
        CheckpointError: see `load_model`.
    """
    content = read_checkpoint(path)
    for warning in check_fits(content, run.config, path, segment_task(run.experiment)):
        say(f"WARNING {warning}")
    network = build_network(run.experiment)
    load_trained(network, content, path)
    epoch = content.get("epoch")
    say(f"checkpoint {path}" + (f", epoch {epoch + 1}" if isinstance(epoch, int) else ""))
    return _judging(run, network, content, path)


def _judging(run: Run, network: MaskNetwork, content: dict[str, Any], path: Path) -> TrainedModel:
    threshold = MaskThreshold.of_checkpoint(content, path)
    bearer = "model" if is_exported(path) else "checkpoint"
    say(f"threshold {threshold.value:.6g} of the {bearer}: {threshold.source}")
    preparation, white = Preparation(run.experiment), read_white(content, path)
    trained_on = read_trained_on(content, path)
    return TrainedModel(network.eval(), preparation, threshold, white, trained_on, content.get("epoch"))

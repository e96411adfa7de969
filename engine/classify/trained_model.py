# SPDX-License-Identifier: Apache-2.0
"""The model that an action uses: a checkpoint's weights in a network of PyTorch, or an exported file in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SpecError
from core.file_names import is_exported
from engine.checkpoints import check_fits, load_trained, read_checkpoint, read_white
from engine.classify.batch_norm_folding import with_folded_batch_norm
from engine.classify.network import build_network
from engine.classify.preparation import Preparation
from engine.classify.scoring_loop import NetworkScorer
from engine.classify.task import CLASSIFY
from engine.classify.threshold import Threshold
from engine.console import say
from engine.export.file_settings import is_deployed, model_path, settled_by_file
from pairs.trained_on import TrainedOn, read_trained_on

if TYPE_CHECKING:
    from pathlib import Path

    from engine.checkpoints import Content
    from engine.classify.network import PairNetwork
    from engine.classify.scoring_loop import Scorer
    from engine.export.deployment_files import Deployment, EngineFile
    from engine.settings import Run


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What scores pairs, the threshold for its verdicts, and what its file says of it.

    `chosen` is the threshold that was chosen on validation data, if any; else `threshold` is eval_margin.
    """

    scorer: Scorer
    preparation: Preparation
    chosen: Threshold | None
    threshold: Threshold
    white: int
    trained_on: TrainedOn
    content: Content


@dataclass(frozen=True, slots=True)
class Checkpoint(TrainedModel):
    """One whose network PyTorch runs."""

    network: PairNetwork

    @property
    def can_explain(self) -> bool:
        """Whether it can tell where it sees a difference."""
        return self.network.can_explain


def with_model_settings(run: Run, path: Path | None = None) -> Run:
    """The action with the settings that travel in the file of its model; a checkpoint's are those of its spec.

    The model is that of `<command>.checkpoint`, or else the one at `path`.

    Raises:
        CheckpointError: see `load_model`.
    """
    path = path or model_path(run)
    if is_deployed(run):
        _require_runtime()
        from engine.export.deployment_files import read_deployment, with_batch

        deployment = read_deployment(path)
        say(f"NOTICE {deployment.notice}")
        if deployment.engine:
            from engine.export.tensorrt_session import require_gpu

            require_gpu(run, deployment.engine)
        settled = settled_by_file(run, deployment.settings, path, CLASSIFY)
        return with_batch(settled, deployment, "dataset.classify.batch_size")
    if not is_exported(path):
        return run
    _require_runtime()
    from deployed.model_file import read_model

    return settled_by_file(run, read_model(path)[1], path, CLASSIFY)


def _require_runtime() -> None:
    from deployed.sessions import require_libraries

    require_libraries()


def load_model(run: Run) -> TrainedModel:
    """The model of `<command>.checkpoint`: a .pth file, or an .onnx file that was exported here.

    Raises:
        CheckpointError: it is missing, broken, or another one than the spec says.
    """
    path = model_path(run)
    exported = is_deployed(run) or is_exported(path)
    return load_exported(run, path) if exported else load_named_checkpoint(run)


def load_named_checkpoint(run: Run) -> Checkpoint:
    """The checkpoint of `<command>.checkpoint`.

    Raises:
        SpecError: none is named.
        CheckpointError: see `load_model`.
    """
    path = model_path(run)
    if not path.name:
        key = f"{run.command}.checkpoint"
        raise SpecError(f"{key} is not set", code="spec.checkpoint", where=key, remedy="name the .pth file to use")
    return load_checkpoint(run, path)


def load_checkpoint(run: Run, path: Path) -> Checkpoint:
    """The network of a checkpoint, with its weights.

    Raises:
        CheckpointError: see `load_model`.
    """
    content = read_checkpoint(path)
    for warning in check_fits(content, run.config, path, CLASSIFY):
        say(f"WARNING {warning}")
    preparation = Preparation(run.experiment)
    network = build_network(run.experiment, (preparation.height, preparation.width))
    load_trained(network, content, path)
    say(f"checkpoint {path}{_epoch_told(content)}")
    quick = with_folded_batch_norm(network, preparation.height, preparation.width)
    judged = _judging(run, content, path)
    return Checkpoint(NetworkScorer(quick, preparation), preparation, *judged, content, quick)


def load_exported(run: Run, path: Path) -> TrainedModel:
    """An exported file in use, with the settings that travelled with it.

    Raises:
        CheckpointError: see `load_model`.
        PlatformError: ONNX Runtime is not installed.
    """
    _require_runtime()
    from deployed.golden_shares import halves_of
    from deployed.model_file import read_model
    from deployed.pair_model import PairModel
    from deployed.siamese_graph import take_apart
    from engine.classify.file_scorer import FileScorer

    if is_deployed(run):
        from engine.export.deployment_files import read_deployment

        deployment = read_deployment(path)
        if deployment.engine:
            return _load_engine(run, deployment, deployment.engine)
        halves, settings = deployment.halves, deployment.settings
    else:
        model, settings = read_model(path)
        halves = halves_of(take_apart(model))
    settled = settled_by_file(run, settings, path, CLASSIFY)
    in_use = PairModel(settings | {"config": settled.config}, halves)
    say(f"model {path} ({settings['precision']}, ONNX Runtime on the processor){_epoch_told(settings)}")
    return TrainedModel(
        FileScorer(in_use), Preparation(settled.experiment), *_judging(settled, settings, path), settings
    )


def _load_engine(run: Run, deployment: Deployment, engine: EngineFile) -> TrainedModel:
    from engine.classify.engine_network import EngineNetwork
    from engine.export.tensorrt_session import open_engine

    settings, path = deployment.settings, engine.path
    settled = settled_by_file(run, settings, path, CLASSIFY)
    distances = settled.experiment.model.classify.difference_module == "euclidean"
    preparation = Preparation(settled.experiment)
    scorer = NetworkScorer(EngineNetwork(open_engine(run, deployment, engine), distances=distances), preparation)
    say(f"engine {path} ({engine.library} {engine.version}){_epoch_told(settings)}")
    return TrainedModel(scorer, preparation, *_judging(settled, settings, path), settings)


def _epoch_told(content: Content) -> str:
    epoch = content.get("epoch")
    return f", epoch {epoch + 1}" if isinstance(epoch, int) else ""


def _judging(run: Run, content: Content, path: Path) -> tuple[Threshold | None, Threshold, int, TrainedOn]:
    chosen = Threshold.of_checkpoint(content, path, run.experiment)
    if chosen:
        say(f"threshold {chosen.value:.6g} of the model: {chosen.source}")
    threshold = chosen or Threshold.of_margin(run.experiment.model.classify.eval_margin)
    white, trained_on = read_white(content, path), read_trained_on(content, path)
    return chosen, threshold, white, trained_on

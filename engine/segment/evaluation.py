# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet evaluate` and `inference` for the segment task: masks of a split with a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from core.errors import JobFailedError, SpecError
from core.file_names import FIGURES_FILE, MASKS_FOLDER, PICTURES_FILE
from core.files import write_json
from engine.batch_samplers import OrderedBatches
from engine.checkpoints import check_fits, load_trained, read_checkpoint, read_white
from engine.console import ProgressLine, say
from engine.devices import Devices, scoring_device, share_cores
from engine.export.file_settings import is_deployed, model_path, settled_by_file
from engine.segment.figures import Counted, evaluation_kpi, figure_sheet, headline, in_words
from engine.segment.labels import IGNORED
from engine.segment.losses import SegmentLoss
from engine.segment.mask_files import MaskFiles, mask_names
from engine.segment.network import build_network
from engine.segment.pair_list import PairList, read_pairs
from engine.segment.pictures import open_pixels, scoring_loader
from engine.segment.preparation import Preparation
from engine.segment.result_tables import ResultTables, Scored
from engine.segment.scoring_loop import Scorer, score_pairs
from engine.segment.task import segment_task
from engine.segment.threshold import MaskThreshold, change_of, mask_of
from engine.starter import checkpoint_file
from engine.unlike import UnlikePictures
from pairs.pictures import picture_size
from pairs.trained_on import TrainedOn, read_trained_on
from scoring.pixels import confusion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from engine.segment.network import MaskNetwork
    from engine.segment.pictures import WholePair
    from engine.settings import Run
    from engine.status import StatusFile

    Bytes = NDArray[np.uint8]

_ONNX = ".onnx"
_LEAST = 1e-7  # of a probability, whose logarithm is taken


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
        from engine.export.deployment import NOTICE, read_deployment, with_batch

        say(f"NOTICE {NOTICE}")
        deployment = read_deployment(path)
        settled = settled_by_file(run, deployment.settings, path, segment_task(run.experiment))
        return with_batch(settled, deployment, "dataset.segment.batch_size")
    if path.suffix != _ONNX:
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
    exported = is_deployed(run) or path.suffix == _ONNX
    return (
        load_exported(run, path)
        if exported
        else load_checkpoint(run, checkpoint_file(str(path), segment_task(run.experiment).name))
    )


def load_exported(run: Run, path: Path) -> TrainedModel:
    """An exported network, with the settings that travelled with it.

    Raises:
        CheckpointError: see `load_model`.
        PlatformError: ONNX Runtime is not installed.
    """
    if is_deployed(run):
        from engine.export.deployment import read_deployment

        deployment = read_deployment(path)
        model, settings = deployment.whole, deployment.settings
    else:
        model, settings = _read_file(path)
    from engine.segment.onnx_network import OnnxMaskNetwork

    settled = settled_by_file(run, settings, path, segment_task(run.experiment))
    network = OnnxMaskNetwork(model, all_scales=settled.experiment.dataset.segment.multi_scale_infer)
    say(f"model {path} ({settings['precision']}, ONNX Runtime on the processor)")
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
    bearer = "model" if path.suffix == _ONNX else "checkpoint"
    say(f"threshold {threshold.value:.6g} of the {bearer}: {threshold.source}")
    preparation, white = Preparation(run.experiment), read_white(content, path)
    trained_on = read_trained_on(content, path)
    return TrainedModel(network.eval(), preparation, threshold, white, trained_on, content.get("epoch"))


def evaluate(run: Run, status: StatusFile) -> None:
    """Measure a checkpoint on the test split, and write masks, tables and `figures.json`.

    Beside the container's kpi of the likeliest class, figures are taken at the threshold that validation chose, and
    regions are counted: how many labelled ones were found, and how many predicted ones are false.

    Raises:
        ChangenetError: data or checkpoint are wrong.
    """
    run = with_model_settings(run)
    pairs = read_pairs(run.experiment.dataset.segment, "test_split")
    model = load_model(run)
    threshold = model.threshold.value
    loss = SegmentLoss(run.experiment)
    classes = run.experiment.dataset.segment.num_classes
    counted = Counted.nothing(classes)
    gap = run.experiment.evaluate.region_gap
    tables = ResultTables(judged=True, threshold=threshold, gap=gap)
    for scoring in _scored(run, model, pairs, with_labels=True):
        label = scoring.label
        counted.losses.append(_loss_of(loss, scoring))
        counted.even += confusion(label, scoring.probabilities.argmax(dim=0).numpy(), classes)
        counted.chosen += confusion(label, scoring.scored.mask, classes)
        counted.regions += tables.add(scoring.scored, scoring.mask_name, np.where(label == IGNORED, 0, label))
    kpi = evaluation_kpi(counted, threshold)
    status.write("RUNNING", "Test metrics generated.", kpi=kpi)
    tables.write(run.results_dir)
    sheet = figure_sheet(counted, threshold, gap)
    write_json(run.results_dir / FIGURES_FILE, sheet | model.threshold.origin_keys())
    say(headline(sheet))
    for name, value in kpi.items():
        say(f"{name}: {in_words(name, value)}")


def infer(run: Run, status: StatusFile) -> None:
    """Write masks, overlays and tables for the predict split; labels are not needed.

    Raises:
        ChangenetError: data or checkpoint are wrong.
    """
    run = with_model_settings(run)
    pairs = read_pairs(run.experiment.dataset.segment, "predict_split", needs_label=False)
    model = load_model(run)
    threshold = model.threshold.value
    tables = ResultTables(judged=False, threshold=threshold, gap=run.experiment.inference.region_gap)
    regions = 0
    for scoring in _scored(run, model, pairs, with_labels=False):
        regions += tables.add(scoring.scored, scoring.mask_name, None).predicted
    tables.write(run.results_dir)
    kpi = {"threshold": threshold, "regions": float(regions)}
    status.write("RUNNING", f"Masks of {len(pairs)} pairs written to {MASKS_FOLDER}/.", kpi=kpi)
    place = run.results_dir / PICTURES_FILE
    say(f"{regions} regions marked in {len(pairs)} pairs at threshold {threshold:.6g}: {place}")


@dataclass(frozen=True, slots=True)
class _Scoring:
    """One pair as it was scored."""

    pair: WholePair
    probabilities: Tensor
    scored: Scored
    mask_name: str

    @property
    def label(self) -> Bytes:
        """Its class ids, 255 where nothing was labelled."""
        found: Bytes = self.pair.label.numpy() if self.pair.label is not None else np.zeros_like(self.scored.mask)
        return found


def _loss_of(loss: SegmentLoss, scoring: _Scoring) -> float:
    logits = scoring.probabilities.clamp_min(_LEAST).log().unsqueeze(0)
    return float(loss.of_one(logits, torch.from_numpy(scoring.label).unsqueeze(0).long()))


def _scored(run: Run, model: TrainedModel, pairs: PairList, *, with_labels: bool) -> Iterator[_Scoring]:
    """Score every pair, and write its pictures."""
    section, data = getattr(run.experiment, run.command), run.experiment.dataset.segment
    network = model.network.to(scoring_device(section, run.command))
    share_cores(Devices("cpu"))
    squares = section.batch_size if section.batch_size > 0 else data.batch_size
    pixels = open_pixels(data, [pairs], white=model.white, with_labels=with_labels)
    pairs_at_once = 1 if data.tiles else squares
    batches = OrderedBatches(range(len(pairs)), pairs_at_once)
    loader = scoring_loader(pairs, pixels, batches, with_labels=with_labels)
    files = MaskFiles(run.results_dir, data.color_map, mask_names(pairs.names))
    files.prepare()
    scorer, unlike = Scorer(network, model.preparation, squares), UnlikePictures(model.trained_on)
    with ProgressLine(run.command, len(pairs), "pairs") as line:
        for done, (pair, probabilities) in enumerate(score_pairs(scorer, loader), start=1):
            scoring = _judged(pairs, pair, probabilities, files, model.threshold.value)
            name, scored = scoring.scored.name, scoring.scored
            unlike.look(pair.place, pair.test.numpy(), pairs.test_file(pair.place), pairs.where(pair.place))
            files.write(name, pair, _at_size(scored.mask, scored.size))
            if (pair.place // pairs_at_once) % section.vis_after_n_batches == 0 and pair.place % pairs_at_once == 0:
                files.show(name, pair, scored.mask)
            line.update(done)
            yield scoring
    unlike.tell(len(pairs))


def _judged(pairs: PairList, pair: WholePair, probabilities: Tensor, files: MaskFiles, threshold: float) -> _Scoring:
    if not bool(torch.isfinite(probabilities).all()):
        raise JobFailedError("the model gives no finite score", code="scores", where=pairs.where(pair.place))
    name = pairs.names[pair.place]
    mask = mask_of(probabilities, threshold)
    if pair.label is not None:
        mask[pair.label.numpy() == IGNORED] = 0  # what nobody labelled is judged by nobody
    width, height = picture_size(Path(pairs.test_file(pair.place)))
    scored = Scored(name, mask, change_of(probabilities).numpy(), (height, width))
    return _Scoring(pair, probabilities, scored, files.names[name])


def _at_size(mask: Bytes, size: tuple[int, int]) -> Bytes:
    if mask.shape == size:
        return mask
    return np.asarray(Image.fromarray(mask).resize((size[1], size[0]), Image.Resampling.NEAREST))

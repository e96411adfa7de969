# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet evaluate` and `inference` for the segment task: masks of a split with a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from core.errors import JobFailedError
from core.file_names import FIGURES_FILE, MASKS_FOLDER, PICTURES_FILE
from core.files import write_json
from engine.batch_samplers import OrderedBatches
from engine.console import ProgressLine, say
from engine.devices import Devices, scoring_device, share_cores
from engine.segment.figures import Counted, evaluation_kpi, figure_sheet, headline, in_words
from engine.segment.labels import IGNORED
from engine.segment.losses import SegmentLoss
from engine.segment.mask_files import MaskFiles, mask_names
from engine.segment.pair_list import PairList, read_pairs
from engine.segment.pictures import open_pixels, scoring_loader
from engine.segment.result_tables import ResultTables, Scored
from engine.segment.scoring_loop import Scorer, score_pairs
from engine.segment.threshold import change_of, mask_of
from engine.segment.trained_model import load_model, with_model_settings
from engine.unlike import UnlikePictures
from pairs.pictures import picture_size
from scoring.pixels import confusion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from engine.segment.pictures import WholePair
    from engine.segment.trained_model import TrainedModel
    from engine.settings import Run
    from engine.status import StatusFile

    Bytes = NDArray[np.uint8]

_LEAST = 1e-7  # of a probability, whose logarithm is taken


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

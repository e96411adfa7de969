# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet inspect` for the classify task: a model of single parts looks at a whole board, crop by crop.

Crops overlap by half each way, so that whatever is smaller than half a crop lies well inside one of them. A crop is
judged as inference judges a pair. One above the threshold marks the places where the model itself sees half or more of
its strongest evidence (see `evidence`); one below it shows its score in its middle, and marks nothing.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from core.errors import JobFailedError, SpecError
from engine.classify.evidence import explain, on_test_pictures
from engine.classify.network_input import NetworkInput
from engine.classify.pair_images import PairBatch
from engine.classify.trained_model import load_model, with_model_settings
from engine.devices import Devices, scoring_device, share_cores
from engine.inspect.action import inspect, pairs_of
from engine.inspect.calibrate import calibrate
from engine.inspect.evidence import Inspector
from engine.inspect.tiling import starts_of
from pairs.appearance import MOST_PARTS, appearance_of_parts, spread_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.classify.difference_heads import Features
    from engine.classify.trained_model import TrainedModel
    from engine.inspect.evidence import Picture, Scores
    from engine.settings import Run
    from engine.status import StatusFile
    from pairs.appearance import Appearance

Corner = tuple[int, int]  # top and left, in pixels

_LEAST_BATCH = 16  # crops
_HALF = 0.5  # of the strongest evidence of a crop, from which a place counts as marked


def inspect_classify(run: Run, status: StatusFile) -> None:
    """Inspect whole pictures.

    Raises:
        ChangenetError: the spec, the pictures or the model are wrong.
    """
    pairs = pairs_of(run)
    run = with_model_settings(run)
    if run.experiment.inspect.calibrate_to is None:
        inspect(run, status, pairs, by_crops(run))
    else:
        calibrate(run, status, pairs, by_crops(run))


def by_crops(run: Run) -> Inspector:
    """Evidence by the model of `inspect.checkpoint`, crop by crop.

    Raises:
        ChangenetError: the model is missing, does not fit, or compares more than one picture with one.
    """
    section, data = run.experiment.inspect, run.experiment.dataset.classify
    model = load_model(run)
    _require_single_pictures(data.num_input, data.num_golden, section.checkpoint)
    (width, height), warnings = _crop_of(run, model)
    model.network.to(scoring_device(section, run.command))
    share_cores(Devices("cpu"))
    threshold = model.threshold.value if section.threshold is None else section.threshold
    marked_from = threshold if section.calibrate_to is None else None
    crops = Crops(model, width, height, threshold=marked_from, batch=max(_LEAST_BATCH, data.batch_size))
    seen = (crops.seen_width, crops.seen_height)
    scale = "at their own scale" if seen == (width, height) else f"seen as {seen[0]} x {seen[1]}"
    return Inspector(
        crops.find,
        threshold,
        f"classify model {section.checkpoint}, in crops of {width} x {height} px {scale}",
        {"kind": "given"} if section.threshold is not None else model.threshold.origin.to_json(),
        unlike=lambda picture: model.trained_on.unlike(crops.appearance_of(picture)),
        tile=(width, height),
        warnings=warnings,
    )


def _require_single_pictures(lights: int, goldens: int, checkpoint: str) -> None:
    if lights == goldens == 1:
        return
    what = f"{lights} lightings of a part" if lights > 1 else f"a part with {goldens} golden images"
    message = f"the model compares {what}, and a whole board is one picture beside one golden picture"
    remedy = "name a model that was trained with num_input=1 and num_golden=1"
    raise SpecError(message, code="spec.inspect_input", where=checkpoint, remedy=remedy)


def _crop_of(run: Run, model: TrainedModel) -> tuple[tuple[int, int], tuple[str, ...]]:
    """Width and height of the crops, in pixels of the golden picture, and what is to be told of them."""
    data, chosen, trained = run.experiment.dataset.classify, run.experiment.inspect.crop, model.trained_on.size
    if chosen is None and trained is None:
        warning = (
            "the model does not tell how large the pictures were that it was trained on: crops of "
            f"{data.image_width} x {data.image_height} px are taken; -s inspect.crop=PIXELS names another size"
        )
        return (data.image_width, data.image_height), (warning,)
    if chosen is None:
        return trained or (0, 0), ()
    unlike = model.trained_on.unlike_size((chosen, chosen))
    return (chosen, chosen), (unlike,) if unlike else ()


class Crops:
    """Looks at overlapping crops of a board, `batch` at a time, and judges them by `threshold`.

    Without one, while it is sought, each crop shows its score wherever it would mark something.
    """

    def __init__(self, model: TrainedModel, width: int, height: int, *, threshold: float | None, batch: int) -> None:
        self.seen_width, self.seen_height = model.preparation.width, model.preparation.height
        self._model = model
        self._width, self._height = width, height
        self._threshold = threshold
        self._batch = batch
        network = model.network
        self._off_centre = network.eval().off_centre(self.seen_height, self.seen_width) if model.can_explain else {}

    @torch.inference_mode()
    def find(self, golden: Picture, test: Picture, _residual: float) -> Scores:
        """Scores (H, W) for pictures (H, W, 3): see the top of this module.

        Raises:
            JobFailedError: a score is no finite number.
        """
        height, width = golden.shape[:2]
        found = np.zeros((height, width), dtype=np.float32)
        tops = starts_of(height, self._height, max(1, self._height // 2))
        lefts = starts_of(width, self._width, max(1, self._width // 2))
        corners = list(product(tops, lefts))
        for start in range(0, len(corners), self._batch):
            some = corners[start : start + self._batch]
            for corner, marks in zip(some, self._marks(golden, test, some), strict=True):
                top, left = corner
                part = found[top : top + self._height, left : left + self._width]
                np.maximum(part, marks[: part.shape[0], : part.shape[1]], out=part)
        return found

    def appearance_of(self, picture: Picture) -> Appearance:
        """What a whole picture (H, W, 3) is like, as the network sees it."""
        height, width = picture.shape[:2]
        tops = spread_starts(height, self._height, MOST_PARTS)
        lefts = spread_starts(width, self._width, MOST_PARTS)
        return appearance_of_parts([self._seen(picture, corner) for corner in product(tops, lefts)])

    def _seen(self, picture: Picture, corner: Corner) -> Picture:
        """A crop as the network sees it; beyond the picture its edge is repeated."""
        top, left = corner
        crop = picture[top : top + self._height, left : left + self._width]
        missing = (self._height - crop.shape[0], self._width - crop.shape[1])
        if any(missing):
            crop = np.pad(crop, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        if (self._height, self._width) == (self.seen_height, self.seen_width):
            return crop
        size = (self.seen_width, self.seen_height)
        return np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BILINEAR))

    def _marks(self, golden: Picture, test: Picture, corners: list[Corner]) -> Iterator[Scores]:
        """For each crop the scores (height, width) that it gives to its places."""
        model, network = self._model, self._model.network
        inputs = model.preparation.for_scoring(self._as_batch(golden, test, corners).to(network.device))
        goldens = network.describe(inputs.goldens.flatten(0, 1))
        output = network.head.compare(network.describe(inputs.tests), goldens, 1)
        scores = network.score(model.preparation.augmented(network, inputs, output)).float().cpu().numpy()
        if not np.isfinite(scores).all():
            raise JobFailedError("the model gives no finite score", code="scores", where=str(corners[0]))
        over = np.flatnonzero(scores > (0.0 if self._threshold is None else self._threshold))
        maps = self._evidence(inputs, goldens, over.tolist()) if model.can_explain and len(over) else {}
        for i, score in enumerate(scores.tolist()):
            yield self._marked(score, maps.get(i))

    def _as_batch(self, golden: Picture, test: Picture, corners: list[Corner]) -> PairBatch:
        goldens, tests = (
            torch.from_numpy(np.stack([self._seen(one, corner) for corner in corners])).permute(0, 3, 1, 2)
            for one in (golden, test)
        )
        everyone, count = torch.arange(len(corners)), len(corners)
        return PairBatch(
            tests.unsqueeze(1), goldens[:, None, None], everyone, ("",) * count, everyone, everyone, (None,) * count
        )

    def _evidence(self, inputs: NetworkInput, goldens: Features, over: list[int]) -> dict[int, Scores]:
        """The evidence maps of these crops, in their own pixels; no map where there is no evidence at all."""
        chosen = torch.tensor(over, device=inputs.tests.device)
        part = NetworkInput(
            inputs.tests[chosen],
            inputs.goldens[chosen],
            torch.arange(len(over), device=chosen.device),
            ("",) * len(over),
            None if inputs.shifts is None else inputs.shifts[chosen],
        )
        _, levels = explain(self._model.network, part, [level[chosen] for level in goldens])
        maps = on_test_pictures(levels, part, self._model.preparation.layout, self._off_centre)
        size = (self._height, self._width)
        whole = functional.interpolate(maps.float().unsqueeze(1), size, mode="bilinear", align_corners=False)
        found = ((i, one.cpu().numpy()) for i, one in zip(over, whole.squeeze(1), strict=True))
        return {i: one for i, one in found if float(one.max()) > 0}

    def _marked(self, score: float, evidence: Scores | None) -> Scores:
        marks = np.zeros((self._height, self._width), dtype=np.float32)
        if evidence is None:
            marks[self._height // 4 : -(self._height // 4), self._width // 4 : -(self._width // 4)] = score
            return marks
        share = evidence / evidence.max()
        over = share >= _HALF
        lowest = score if self._threshold is None else self._threshold
        marks[over] = lowest + (score - lowest) * share[over]
        return marks

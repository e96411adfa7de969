# SPDX-License-Identifier: Apache-2.0
"""A model of single parts looks at a whole board, crop by crop, whatever runs its network.

Crops overlap by half each way, so that whatever is smaller than half a crop lies well inside one of them. A crop is
judged as inference judges a pair. One above the threshold marks the places where the model itself sees half or more of
its strongest evidence; one below it shows its score in its middle, and marks nothing.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from core.errors import JobFailedError, SpecError
from deployed.tiling import starts_of
from engine.inspect.evidence import Inspector
from pairs.appearance import MOST_PARTS, appearance_of_parts, spread_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from deployed.tiling import Corner
    from engine.inspect.evidence import Picture, Scores
    from engine.settings import Run
    from pairs.appearance import Appearance
    from pairs.trained_on import TrainedOn

    Bytes = NDArray[np.uint8]

_LEAST_BATCH = 16  # crops
_HALF = 0.5  # of the strongest evidence of a crop, from which a place counts as marked


class JudgesCrops(Protocol):
    """Runs the network on crops of the size that it sees."""

    @property
    def size(self) -> tuple[int, int]:
        """Their height and width."""

    def __call__(
        self, goldens: Bytes, tests: Bytes, threshold: float, /
    ) -> tuple[NDArray[np.float64], Mapping[int, Scores]]:
        """Of crops (M, 3, H, W) the scores (M,), and by its number the evidence (H, W) of each above the threshold.

        Of a model that can't explain itself no evidence comes.
        """


def crop_inspector(
    run: Run, judge: JudgesCrops, trained_on: TrainedOn, threshold: float, origin: dict[str, Any]
) -> Inspector:
    """Evidence by a classify model.

    Args:
        run: the inspection, with the settings of its model.
        judge: runs the model.
        trained_on: what the model tells of its training pictures.
        threshold: the model's own.
        origin: of that threshold, as `ThresholdOrigin.to_json` writes it.

    Raises:
        SpecError: the model compares more than one picture with one.
    """
    section, data = run.experiment.inspect, run.experiment.dataset.classify
    _require_single_pictures(data.num_input, data.num_golden, section.checkpoint)
    (width, height), warnings = _crop_of(run, trained_on)
    threshold = threshold if section.threshold is None else section.threshold
    marked_from = threshold if section.calibrate_to is None else None
    crops = Crops(judge, width, height, threshold=marked_from, batch=max(_LEAST_BATCH, data.batch_size))
    seen = judge.size[::-1]
    scale = "at their own scale" if seen == (width, height) else f"seen as {seen[0]} x {seen[1]}"
    return Inspector(
        crops.find,
        threshold,
        f"classify model {section.checkpoint}, in crops of {width} x {height} px {scale}",
        {"kind": "given"} if section.threshold is not None else origin,
        unlike=lambda picture: trained_on.unlike(crops.appearance_of(picture)),
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


def _crop_of(run: Run, trained_on: TrainedOn) -> tuple[tuple[int, int], tuple[str, ...]]:
    """Width and height of the crops, in pixels of the golden picture, and what is to be told of them."""
    data, chosen, trained = run.experiment.dataset.classify, run.experiment.inspect.crop, trained_on.size
    if chosen is None and trained is None:
        warning = (
            "the model does not tell how large the pictures were that it was trained on: crops of "
            f"{data.image_width} x {data.image_height} px are taken; -s inspect.crop=PIXELS names another size"
        )
        return (data.image_width, data.image_height), (warning,)
    if chosen is None:
        return trained or (0, 0), ()
    unlike = trained_on.unlike_size((chosen, chosen))
    return (chosen, chosen), (unlike,) if unlike else ()


class Crops:
    """Looks at overlapping crops of a board, `batch` at a time, and judges them by `threshold`.

    Without one, while it is sought, each crop shows its score wherever it would mark something.
    """

    def __init__(self, judge: JudgesCrops, width: int, height: int, *, threshold: float | None, batch: int) -> None:
        self._judge = judge
        self._width, self._height = width, height
        self._threshold = threshold
        self._batch = batch

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
        height, width = self._judge.size
        if (self._height, self._width) == (height, width):
            return crop
        return np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR))

    def _marks(self, golden: Picture, test: Picture, corners: Sequence[Corner]) -> list[Scores]:
        """For each crop the scores (height, width) that it gives to its places."""
        goldens, tests = (
            np.stack([self._seen(picture, corner) for corner in corners]).transpose(0, 3, 1, 2)
            for picture in (golden, test)
        )
        lowest = 0.0 if self._threshold is None else self._threshold
        scores, maps = self._judge(np.ascontiguousarray(goldens), np.ascontiguousarray(tests), lowest)
        if not np.isfinite(scores).all():
            raise JobFailedError("the model gives no finite score", code="scores", where=str(corners[0]))
        return [self._marked(float(score), maps.get(i)) for i, score in enumerate(scores)]

    def _marked(self, score: float, evidence: Scores | None) -> Scores:
        marks = np.zeros((self._height, self._width), dtype=np.float32)
        if evidence is None or not float(evidence.max()) > 0:
            marks[self._height // 4 : -(self._height // 4), self._width // 4 : -(self._width // 4)] = score
            return marks
        size = (self._width, self._height)
        whole = np.asarray(Image.fromarray(evidence).resize(size, Image.Resampling.BILINEAR))
        share = whole / whole.max()
        over = share >= _HALF
        lowest = score if self._threshold is None else self._threshold
        marks[over] = lowest + (score - lowest) * share[over]
        return marks

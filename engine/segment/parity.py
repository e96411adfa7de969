# SPDX-License-Identifier: Apache-2.0
"""Whether another form of a model marks the pixels that the model itself marks, asked on real pairs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.files import sha256_file
from engine.batch_samplers import OrderedBatches
from engine.console import ProgressLine
from engine.export.parity import Parity
from engine.segment.pair_list import read_pairs
from engine.segment.pictures import files_of, open_pixels, scoring_loader
from engine.segment.scoring_loop import Scorer, score_pairs
from engine.segment.threshold import change_of, mask_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.loading import Loader
    from engine.segment.network import MaskNetwork
    from engine.segment.preparation import Preparation
    from spec.dataset_section import SegmentDataset

ROUNDING = 1e-3  # a pixel whose probability of change differs by no more was judged alike, whichever side it fell on
_MOST_NAMED = 20


class ParityPairs:
    """Pairs of a split to compare on, as many as `most`, spread evenly over it; labels are not needed.

    Raises:
        SpecError, DataError: the split is not named, or broken.
    """

    def __init__(self, data: SegmentDataset, white: int, split_key: str, most: int) -> None:
        self._list = read_pairs(data, split_key, needs_label=False)
        self._pixels = open_pixels(data, [self._list], white=white, with_labels=False)
        count = min(most, len(self._list))
        self._places = [i * len(self._list) // count for i in range(count)]
        self._squares = data.batch_size

    def _loader(self) -> Loader:
        return scoring_loader(self._list, self._pixels, OrderedBatches(self._places, 1), with_labels=False)

    def digest(self) -> dict[str, Any]:
        """What the pairs are, by the SHA-256 of their list and of all its pictures."""
        pictures = hashlib.sha256()
        for path in files_of([self._list]):
            pictures.update(Path(path).read_bytes())
        table = self._list.source.list_file(self._list.split)
        return {"table": table.name, "table_sha256": sha256_file(table), "pictures_sha256": pictures.hexdigest()}

    def compare(self, reference: MaskNetwork, other: MaskNetwork, preparation: Preparation, threshold: float) -> Parity:
        """How far both agree: a pair flipped where they mark a pixel otherwise, and not by rounding alone."""
        largest, flipped = 0.0, []
        scorers = [Scorer(network, preparation, self._squares) for network in (reference, other)]
        with ProgressLine("parity", len(self._places), "pairs") as line:
            for done, (place, difference, differs) in enumerate(self._compared(scorers, threshold), start=1):
                largest = max(largest, difference)
                flipped += [self._list.lines[place]] if differs else []
                line.update(done)
        rows = tuple(flipped[:_MOST_NAMED])
        return Parity(len(self._places), len(self._list), threshold, largest, len(flipped), rows)

    def _compared(self, scorers: list[Scorer], threshold: float) -> Iterator[tuple[int, float, bool]]:
        """Pair by pair: its place, the largest difference of probabilities, and whether it is judged otherwise."""
        for (pair, ours), (_, theirs) in zip(*(score_pairs(one, self._loader()) for one in scorers), strict=True):
            difference = np.abs(change_of(ours).numpy() - change_of(theirs).numpy())
            largest = float(np.nan_to_num(difference, nan=np.inf).max())
            otherwise = mask_of(ours, threshold) != mask_of(theirs, threshold)
            yield pair.place, largest, bool((otherwise & (difference > ROUNDING)).any() or not np.isfinite(largest))

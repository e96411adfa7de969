# SPDX-License-Identifier: Apache-2.0
"""Whether another form of a model marks the pixels that the model itself marks, asked on real pairs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.files import sha256_file
from deployed.tiling import at_least
from engine.batch_samplers import OrderedBatches
from engine.console import ProgressLine
from engine.export.parity import Parity
from engine.loading import checked
from engine.segment.pair_list import read_pairs
from engine.segment.pictures import files_of, open_pixels, scoring_loader
from engine.segment.scoring_loop import Scorer, score_pairs
from engine.segment.threshold import change_of, mask_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from deployed.mask_model import MaskModel
    from engine.loading import Loader
    from engine.segment.network import MaskNetwork
    from engine.segment.pictures import WholePair
    from engine.segment.preparation import Preparation
    from engine.segment.scoring_loop import GivesProbabilities
    from spec.dataset_section import SegmentDataset

    Bytes = NDArray[np.uint8]

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
        self._peaks: dict[int, tuple[float, int, int]] = {}  # by the place of a pair, its likeliest change, and where

    def _loader(self) -> Loader:
        return scoring_loader(self._list, self._pixels, OrderedBatches(self._places, 1), with_labels=False)

    def digest(self) -> dict[str, Any]:
        """What the pairs are, by the SHA-256 of their list and of all its pictures."""
        pictures = hashlib.sha256()
        for path in files_of([self._list]):
            pictures.update(Path(path).read_bytes())
        table = self._list.source.list_file(self._list.split)
        return {"table": table.name, "table_sha256": sha256_file(table), "pictures_sha256": pictures.hexdigest()}

    def by_network(self, network: MaskNetwork, preparation: Preparation) -> Scorer:
        """A network as `compare` takes it."""
        return Scorer(network, preparation, self._squares)

    def compare(self, reference: Scorer, others: Sequence[GivesProbabilities], threshold: float) -> Parity:
        """How far all agree: a pair flipped where one marks a pixel otherwise, and not by rounding alone."""
        largest, flipped = 0.0, []
        with ProgressLine("parity", len(self._places), "pairs") as line:
            for done, (place, difference, differs) in enumerate(self._compared(reference, others, threshold), start=1):
                largest = max(largest, difference)
                flipped += [self._list.lines[place]] if differs else []
                line.update(done)
        rows = tuple(flipped[:_MOST_NAMED])
        return Parity(len(self._places), len(self._list), threshold, largest, len(flipped), rows)

    def telling(self, most: int, side: int) -> list[tuple[Bytes, Bytes]]:
        """Golden and test squares (3, side, side), one of each of a few pairs: where most has changed, by `compare`."""
        order = sorted(self._peaks, key=lambda place: self._peaks[place][0], reverse=True)  # one alone tells the most
        count = min(most, len(order))
        chosen = [order[round(i * (len(order) - 1) / max(1, count - 1))] for i in range(count)]
        loader = scoring_loader(self._list, self._pixels, OrderedBatches(chosen, 1), with_labels=False)
        return [self._square(pair, side) for pairs in map(checked, loader) for pair in pairs]

    def _square(self, pair: WholePair, side: int) -> tuple[Bytes, Bytes]:
        golden, test = (at_least(picture.numpy(), side) for picture in (pair.golden, pair.test))
        middle = self._peaks[pair.place][1:]
        top, left = (min(max(0, m - side // 2), n - side) for m, n in zip(middle, test.shape[-2:], strict=True))
        return golden[:, top : top + side, left : left + side], test[:, top : top + side, left : left + side]

    def _compared(
        self, reference: Scorer, others: Sequence[GivesProbabilities], threshold: float
    ) -> Iterator[tuple[int, float, bool]]:
        """Pair by pair: its place, the largest difference of probabilities, and whether it is judged otherwise."""
        for pair, ours in score_pairs(reference, self._loader()):
            change, marked = change_of(ours).numpy(), mask_of(ours, threshold)
            row, column = map(int, np.unravel_index(change.argmax(), change.shape))
            self._peaks[pair.place] = (float(change.max()), row, column)
            largest, differs = 0.0, False
            for other in others:
                theirs = other.probabilities([pair])[0]
                difference = np.nan_to_num(np.abs(change - change_of(theirs).numpy()), nan=np.inf)
                largest = max(largest, float(difference.max()))
                differs |= bool(((marked != mask_of(theirs, threshold)) & (difference > ROUNDING)).any())
            yield pair.place, largest, differs or not np.isfinite(largest)


class InUse:
    """A file in use, which prepares pictures by code of its own, as `compare` takes it."""

    def __init__(self, model: MaskModel) -> None:
        self._model = model

    def probabilities(self, pairs: Sequence[WholePair]) -> list[Tensor]:
        """See `engine.segment.scoring_loop.Scorer`."""
        return [torch.from_numpy(self._model.probabilities(pair.golden.numpy(), pair.test.numpy())) for pair in pairs]

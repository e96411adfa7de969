# SPDX-License-Identifier: Apache-2.0
"""Predicts whole pairs: square by square where pictures are cut into tiles, and at once where they are resized."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.loading import checked
from engine.number_formats import in_single_precision
from engine.segment.tiles import Canvas, cut, padded, tiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from engine.loading import Loader
    from engine.segment.network import MaskNetwork
    from engine.segment.pictures import WholePair
    from engine.segment.preparation import Preparation


class Scorer:
    """Gives the probabilities of pairs; `squares` go through the network at a time."""

    def __init__(self, network: MaskNetwork, preparation: Preparation, squares: int) -> None:
        self._network = network
        self._preparation = preparation
        self._squares = squares

    @property
    def side(self) -> int:
        """Pixels of a square's side."""
        return self._preparation.side

    @torch.inference_mode()
    def probabilities(self, pairs: Sequence[WholePair]) -> list[Tensor]:
        """Probabilities (classes, H, W) of each pair, on the processor, at the size that the pair has."""
        side = self._preparation.side
        sizes = [(pair.test.shape[-2], pair.test.shape[-1]) for pair in pairs]
        places = [(i, corner) for i, size in enumerate(sizes) for corner in tiles_of(*size, side)]
        goldens, tests = [padded(p.golden, side) for p in pairs], [padded(p.test, side) for p in pairs]
        canvases: dict[int, Canvas] = {}
        for start in range(0, len(places), self._squares):
            some = places[start : start + self._squares]
            squares = ([cut(pictures[i], corner, side) for i, corner in some] for pictures in (goldens, tests))
            found = self._predict(*squares)
            for (i, corner), one in zip(some, found, strict=True):
                canvas = canvases.get(i) or canvases.setdefault(i, Canvas(len(one), sizes[i], side))
                canvas.add(corner, one)
        return [canvases[i].whole() for i in range(len(pairs))]

    def _predict(self, goldens: Sequence[Tensor], tests: Sequence[Tensor]) -> Tensor:
        stacks = (torch.stack(list(squares)).to(self._network.device) for squares in (goldens, tests))
        with in_single_precision(self._network.device):
            inputs = self._preparation.for_scoring(*stacks)
        return self._network.probabilities(*inputs).cpu()


def score_pairs(scorer: Scorer, loader: Loader) -> Iterator[tuple[WholePair, Tensor]]:
    """Each pair of a loader of whole pairs with its probabilities (classes, H, W)."""
    for pairs in map(checked, loader):
        yield from zip(pairs, scorer.probabilities(pairs), strict=True)

# SPDX-License-Identifier: Apache-2.0
"""Scoring pairs: the features of a golden image are computed once, however many pairs share it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

import torch

from engine.classify.evidence import explain, on_test_pictures
from engine.loading import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from engine.classify.head_kinds import Features
    from engine.classify.network import PairNetwork
    from engine.classify.network_input import NetworkInput
    from engine.classify.pair_table import PairTable
    from engine.classify.preparation import Preparation

    OnProgress = Callable[[int], None]
    OnEvidence = Callable[[list[int], Tensor, Tensor], None]
    OnPictures = Callable[[list[int], Tensor], None]
    Scores = NDArray[np.float64]

_GOLDEN_BYTES = 512 << 20


class GoldenFeatures:
    """Features of golden images by name, the latest used of them within `limit` bytes."""

    def __init__(self, limit: int = _GOLDEN_BYTES) -> None:
        self._limit = limit
        self._bytes = 0
        self._known: OrderedDict[str, Features] = OrderedDict()

    def clear(self) -> None:
        """Forget everything: the weights have changed."""
        self._known.clear()
        self._bytes = 0

    def output(self, network: PairNetwork, inputs: NetworkInput) -> Tensor:
        """What `network` says of a batch."""
        goldens = self.of_pairs(network, inputs)
        return network.head.compare(network.describe(inputs.tests), goldens, inputs.goldens.shape[1])

    def of_pairs(self, network: PairNetwork, inputs: NetworkInput) -> Features:
        """Features of the golden images that each pair is compared with, (B * N, ...) each."""
        sets = self._sets(network, inputs)
        order = inputs.golden_of.tolist()
        return [torch.cat([level[i] for i in order]) for level in zip(*sets, strict=True)]

    def _sets(self, network: PairNetwork, inputs: NetworkInput) -> list[Features]:
        """Per set of golden images its features, each (N, ...)."""
        names = inputs.golden_names
        new = [i for i, name in enumerate(names) if name not in self._known]
        found = {name: self._known[name] for name in names if name in self._known}
        if new:
            count = inputs.goldens.shape[1]
            levels = network.describe(inputs.goldens[new].flatten(0, 1))
            parts = zip(*(torch.split(level, count) for level in levels), strict=True)
            found |= {names[i]: [part.clone() for part in features] for i, features in zip(new, parts, strict=True)}
        for name in names:
            self._keep(name, found[name])
        return [found[name] for name in names]

    def _keep(self, name: str, features: Features) -> None:
        if name in self._known:
            self._known.move_to_end(name)
            return
        self._known[name] = features
        self._bytes += _size(features)
        while self._bytes > self._limit:
            self._bytes -= _size(self._known.popitem(last=False)[1])


def _size(features: Features) -> int:
    return sum(level.nbytes for level in features)


def by_golden_image(table: PairTable) -> list[int]:
    """All pairs, those with the same golden image one after the other."""
    rows = table.rows
    name = (lambda i: rows[i].golden_path) if table.source.num_golden > 1 else _golden_file_of(table)
    return sorted(range(len(rows)), key=name)


def _golden_file_of(table: PairTable) -> Callable[[int], str]:
    return lambda i: f"{table.rows[i].golden_path}\n{table.rows[i].object_name}"


@torch.inference_mode()
def score_pairs(  # noqa: PLR0913 - what different callers want to be told
    network: PairNetwork,
    preparation: Preparation,
    loader: Iterable[Any],
    on_progress: OnProgress | None = None,
    on_evidence: OnEvidence | None = None,
    *,
    on_pictures: OnPictures | None = None,
    goldens: GoldenFeatures | None = None,
) -> tuple[list[int], Tensor]:
    """Score every pair of a loader.

    Args:
        network: it is put into evaluation mode; the work is done on its device.
        preparation: of the same spec.
        loader: batches of pairs.
        on_progress: is told how many pairs are done.
        on_evidence: takes, batch by batch, places in the table, scores (B,) and evidence maps (B, H, W) of the test
            pictures; without it no maps are made.
        on_pictures: takes, batch by batch, places in the table and the test pictures (B, L, 3, H, W) as they were read.
        goldens: what is known of golden images from earlier calls, by the names that batches have for them.

    Returns:
        The pairs' places in their table and their outputs, (n,) or (n, classes), in the loader's order.
    """
    goldens, indices, outputs = goldens or GoldenFeatures(), [], []
    device = network.device
    network.eval()
    off_centre = network.off_centre(preparation.height, preparation.width) if on_evidence else {}
    for batch in map(checked, loader):
        inputs = preparation.for_scoring(batch.to(device))
        places = batch.indices.tolist()
        if on_pictures:
            on_pictures(places, batch.tests)
        if on_evidence:
            output, levels = explain(network, inputs, goldens.of_pairs(network, inputs))
        else:
            output, levels = goldens.output(network, inputs), []
        output = preparation.augmented(network, inputs, output)
        if on_evidence:
            evidence = on_test_pictures(levels, inputs, preparation.layout, off_centre)
            on_evidence(places, network.score(output), evidence)
        outputs.append(output.cpu())
        indices += places
        if on_progress:
            on_progress(len(indices))
    return indices, torch.cat(outputs)


class Scorer(Protocol):
    """Scores the pairs of a loader, whatever runs the network."""

    @property
    def can_explain(self) -> bool:
        """Whether it can tell where it sees a difference."""

    def on(self, device: torch.device) -> Self:
        """The same where it computes on a device, if it can."""

    def scores(
        self,
        loader: Iterable[Any],
        on_progress: OnProgress | None = None,
        on_evidence: OnEvidence | None = None,
        *,
        on_pictures: OnPictures | None = None,
    ) -> tuple[list[int], Scores]:
        """The places of all pairs in their table, and their scores; see `score_pairs`."""


class NetworkScorer:
    """See `Scorer`: a network, in or without PyTorch, behind the engine's preparation."""

    def __init__(self, network: PairNetwork, preparation: Preparation) -> None:
        self._network, self._preparation = network, preparation

    @property
    def can_explain(self) -> bool:
        """Whether the network can."""
        return self._network.can_explain

    def on(self, device: torch.device) -> Self:
        """The network is moved there."""
        self._network.to(device)
        return self

    def scores(
        self,
        loader: Iterable[Any],
        on_progress: OnProgress | None = None,
        on_evidence: OnEvidence | None = None,
        *,
        on_pictures: OnPictures | None = None,
    ) -> tuple[list[int], Scores]:
        """The places of all pairs in their table, and their scores; see `score_pairs`."""
        places, outputs = score_pairs(
            self._network, self._preparation, loader, on_progress, on_evidence, on_pictures=on_pictures
        )
        return places, self._network.score(outputs).double().numpy()

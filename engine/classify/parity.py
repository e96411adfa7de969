# SPDX-License-Identifier: Apache-2.0
"""Whether another form of a model gives the verdicts that the model itself gives, asked on real pairs."""

from __future__ import annotations

import hashlib
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.files import sha256_file
from engine.batch_samplers import OrderedBatches
from engine.classify.pair_images import files_of, open_pairs, pair_loader
from engine.classify.pair_table import read_table
from engine.classify.scoring_loop import by_golden_image
from engine.console import ProgressLine
from engine.export.parity import Parity
from engine.loading import checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from engine.classify.network_input import NetworkInput
    from engine.classify.pair_images import PairBatch
    from engine.classify.pair_table import PairTable
    from engine.classify.preparation import Preparation
    from engine.classify.scoring_loop import Scorer
    from engine.loading import Loader, Source
    from spec.dataset_section import ClassifyDataset

    Scores = NDArray[np.float64]


class ParityPairs:
    """Pairs to compare on: those of a split, or as many spread evenly over it.

    Args:
        data: the section of the spec that says how pairs are read.
        white: the level of white in 16-bit pictures that the model was trained with.
        split: the split of the spec.
        most: pairs at most.
        labelled: whether every row needs a label.

    Raises:
        SpecError, DataError: the split is not named, or broken.
    """

    def __init__(self, data: ClassifyDataset, white: int, split: str, most: int, *, labelled: bool = False) -> None:
        self.table: PairTable = read_table(data, split, needs_label=labelled)
        self._source: Source = open_pairs(data, [self.table], white)
        order = by_golden_image(self.table)
        count = min(most, len(order))
        self.places = [order[i * len(order) // count] for i in range(count)]
        self.batch_size = data.batch_size

    def halves(self, most: int) -> tuple[ParityPairs, ParityPairs]:
        """Every second pair, of these as many as `most`, and the others."""
        first, second = copy(self), copy(self)
        first.places, second.places = self.places[::2][:most], self.places[1::2]
        return first, second

    def batches(self) -> Loader:
        """The pairs in batches, in the order of `places`; take them through `loading.checked`."""
        return pair_loader(self.table, self._source, OrderedBatches(self.places, self.batch_size))

    def digest(self) -> dict[str, Any]:
        """What the pairs are, by the SHA-256 of their table and of all its pictures."""
        pictures = hashlib.sha256()
        for path in files_of([self.table]):
            pictures.update(Path(path).read_bytes())
        table = self.table.source.csv_path
        return {"table": table.name, "table_sha256": sha256_file(table), "pictures_sha256": pictures.hexdigest()}

    def scores(self, scorer: Scorer, label: str) -> Scores:
        """The score of each pair, in the order of `places`."""
        with ProgressLine(label, len(self.places), "pairs") as line:
            return scorer.scores(self.batches(), line.update)[1]

    def telling(self, scores: Scores, most: int) -> PairBatch:
        """A few of the pairs, their scores as unlike as they come."""
        order = np.argsort(scores, kind="stable")
        count = min(most, len(order))
        chosen = [int(order[round(i * (len(order) - 1) / max(1, count - 1))]) for i in range(count)]
        places = [self.places[i] for i in dict.fromkeys(chosen)]
        batch: PairBatch = checked(
            next(iter(pair_loader(self.table, self._source, OrderedBatches(places, len(places)))))
        )
        return batch

    def compare(self, reference: Scores, other: Scores, threshold: float) -> Parity:
        """How far other scores agree; one that is no number differs."""
        flips = np.flatnonzero(((reference > threshold) != (other > threshold)) | ~np.isfinite(other))
        difference = float(np.nan_to_num(np.abs(reference - other), nan=np.inf).max(initial=0.0))
        rows = tuple(self.table.rows[self.places[i]].row for i in flips[:20])
        return Parity(len(self.places), len(self.table), threshold, difference, len(flips), rows)


def prepared(pairs: ParityPairs, preparation: Preparation) -> Iterator[NetworkInput]:
    """The pairs as the network sees them, batch by batch."""
    return (preparation.for_scoring(batch) for batch in map(checked, pairs.batches()))

# SPDX-License-Identifier: Apache-2.0
"""An exported file, or a deployment, scores the pairs of a loader by the code that uses it everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from deployed.pair_model import Pairs
from engine.loading import checked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from deployed.pair_model import PairModel
    from engine.classify.pair_images import PairBatch
    from engine.classify.scoring_loop import OnEvidence, OnPictures, OnProgress, Scores


class FileScorer:
    """See `scoring_loop.Scorer`."""

    def __init__(self, model: PairModel) -> None:
        self._model = model

    @property
    def can_explain(self) -> bool:
        """Whether the file holds what tells where it sees a difference."""
        return self._model.explains

    def on(self, device: torch.device) -> Self:
        """Itself: ONNX Runtime computes on the processor."""
        del device
        return self

    def scores(
        self,
        loader: Iterable[Any],
        on_progress: OnProgress | None = None,
        on_evidence: OnEvidence | None = None,
        *,
        on_pictures: OnPictures | None = None,
    ) -> tuple[list[int], Scores]:
        """The places of all pairs in their table, and their scores, in the loader's order."""
        places: list[int] = []
        found: list[Scores] = []
        for batch in map(checked, loader):
            pairs, here = as_pairs(batch), batch.indices.tolist()
            if on_pictures:
                on_pictures(here, batch.tests)
            found.append(self._model.scores(pairs))
            if on_evidence:
                evidence = torch.from_numpy(self._model.evidence(pairs))
                on_evidence(here, torch.from_numpy(found[-1]).float(), evidence)
            places += here
            if on_progress:
                on_progress(len(places))
        return places, np.concatenate(found)


def as_pairs(batch: PairBatch) -> Pairs:
    """A batch as a file in use takes it."""
    return Pairs(batch.tests.numpy(), batch.goldens.numpy(), batch.golden_of.tolist(), batch.golden_names)

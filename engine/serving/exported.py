# SPDX-License-Identifier: Apache-2.0
"""A classify model of an exported file behind serving, without PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deployed.evidence import to_grey
from deployed.pair_model import PairModel, Pairs
from deployed.self_test import require_self_test
from engine.serving.pair_scorer import PairFacts, PairScorer
from pairs.trained_on import read_trained_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 2  # batches: pictures of one are decoded, and its answers told, while the other keeps the cores busy


def open_exported(path: Path, most_pixels: int) -> tuple[PairScorer, dict[str, Any]]:
    """The model of a file, ready, and how it judged the pairs stored with it.

    Raises:
        CheckpointError: it can't be used, or does not give the scores that it was written with.
    """
    model = PairModel.read(path)
    tested = require_self_test(model, path)
    source = str(model.settings.get("threshold_source", "eval_margin"))
    facts = PairFacts(
        (model.height, model.width),
        model.lights,
        model.goldens,
        model.white,
        model.threshold,
        source,
        model.explains,
        read_trained_on(model.settings, path),
    )

    def scores(pairs: Pairs, /, *, explained: bool) -> tuple[list[float], Sequence[NDArray[np.uint8]]]:
        found = model.scores(pairs)
        grey = list(to_grey(model.evidence(pairs), found, model.threshold)) if explained else []
        return [float(score) for score in found], grey

    return PairScorer(facts, scores, most_pixels, _AT_ONCE), tested.to_json()

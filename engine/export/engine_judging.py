# SPDX-License-Identifier: Apache-2.0
"""What the outputs of a whole graph come to, and how far two graphs agree: what an engine is held to.

Pictures go into both graphs as they are, not aligned and without a second look, which are no part of an engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.dotted import get
from deployed.mask_model import GOLDEN, TEST
from deployed.self_test import SELF_TEST, block_means, stored_inputs
from deployed.sessions import Session
from engine.export.parity import Parity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto

    from deployed.model_file import Settings

    Arrays = Sequence[NDArray[np.float32]]
    Feeds = dict[str, NDArray[np.float32]]

CLASSIFY_NAMES = ("input_1", "input_2")  # test and golden, as the container names them
_MOVED = 1e-3  # a pixel that changed sides has to have moved by more, as in an export
_TOLERANCE = 0.05  # of scores on another device, with numbers of fewer bits


def stored_feeds(settings: Settings) -> Feeds | None:
    """The pairs that stand in a file, as its graph takes them; None where there are none."""
    stored = stored_inputs(settings)
    if stored is None:
        return None
    test, golden = (TEST, GOLDEN) if settings["task"] == "segment" else CLASSIFY_NAMES
    return {test: stored[0], golden: stored[1]}


def judged(settings: Settings, outputs: Arrays) -> NDArray[np.float64]:
    """Scores (B, 1) of pairs, or of segment the probability of change (B, H, W)."""
    last = np.asarray(outputs[-1], np.float64)
    if settings["task"] == "segment":
        odds = np.exp(last - last.max(axis=1, keepdims=True))
        return np.asarray(1 - odds[:, 0] / odds.sum(axis=1), np.float64)
    if get(settings["config"], "model.classify.difference_module") == "euclidean":
        return last.reshape(-1, 1)
    odds = np.exp(last - last.max(axis=1, keepdims=True))
    return np.asarray((odds[:, 1] / odds.sum(axis=1))[:, None], np.float64)


def agreement(settings: Settings, before: ModelProto, after: ModelProto, batches: Iterable[Feeds]) -> Parity:
    """How far two graphs agree, run by ONNX Runtime on the processor."""
    threshold = _threshold(settings)
    least = _MOVED if settings["task"] == "segment" else 0.0
    sessions = [Session(before), Session(after)]
    pairs, largest, flipped = 0, 0.0, 0
    for feeds in batches:
        ours, theirs = (judged(settings, session.run(feeds)) for session in sessions)
        moved = np.abs(ours - theirs)
        flips = ((ours > threshold) != (theirs > threshold)) & (moved > least)
        pairs, largest = pairs + len(ours), max(largest, float(moved.max()))
        flipped += int(flips.reshape(len(ours), -1).any(axis=1).sum())
    return Parity(pairs, pairs, threshold, largest, flipped)


def self_test_of(settings: Settings, graph: ModelProto) -> dict[str, Any]:
    """The stored pairs with what a graph makes of them, for whoever runs its engine; empty where there are none."""
    feeds = stored_feeds(settings)
    if feeds is None:
        return {}
    entries = [{"test": one["test"], "golden": one["golden"]} for one in settings[SELF_TEST]["pairs"]]
    found = _summary(judged(settings, Session(graph).run(feeds)))
    return {"tolerance": _TOLERANCE, "pairs": entries, "judged": found.round(6).tolist()}


def furthest(settings: Settings, outputs: Arrays) -> float:
    """How far outputs for the stored pairs are from what `self_test_of` noted."""
    found = _summary(judged(settings, outputs))
    return float(np.nan_to_num(np.abs(found - np.array(settings[SELF_TEST]["judged"])), nan=np.inf).max())


def _summary(found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([block_means(one) for one in found]) if found.ndim == 3 else found


def _threshold(settings: Settings) -> float:
    margin = 0.5 if settings["task"] == "segment" else get(settings["config"], "model.classify.eval_margin")
    return float(settings.get("threshold", margin))


def in_batches(feeds: Feeds, size: int) -> Iterator[Feeds]:
    """Feeds in parts of a graph's fixed batch, the rest of which is left out; all at once where it is open."""
    count = len(next(iter(feeds.values())))
    for start in range(0, count - size + 1 if size else 1, size or count):
        yield {name: values[start : start + (size or count)] for name, values in feeds.items()}

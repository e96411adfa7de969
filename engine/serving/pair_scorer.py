# SPDX-License-Identifier: Apache-2.0
"""Judging pairs of crops as they are sent, whatever runs the network: decoded once, each with its own answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.cores import usable_cores
from core.errors import ChangenetError, DataError, JobFailedError
from core.served_pairs import Judged
from core.verdicts import NO_PASS, PASS, UNLIKE
from engine.serving.overlay import laid_over, strong_places
from engine.serving.pictures import KeptPixels, lightings, require_count
from pairs.appearance import appearance_of, colours_of, taken_otherwise
from pairs.trained_on import UNLIKE_REMEDY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Answer, Golden, Pair
    from deployed.pair_model import Pairs
    from pairs.trained_on import TrainedOn

    Pixels = np.typing.NDArray[np.uint8]
    Ready = tuple[Pixels, tuple[int, int], Pixels]  # test (L, 3, H, W), its size as sent, goldens (N, L, 3, H, W)

_KEPT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What a model takes, and how it judges; `size` is the height and width of one lighting."""

    size: tuple[int, int]
    lights: tuple[str | None, ...]
    goldens: int
    white: int
    threshold: float
    threshold_source: str
    explains: bool
    trained_on: TrainedOn


class ScoresPairs(Protocol):
    """Runs a network."""

    def __call__(self, pairs: Pairs, /, *, explained: bool) -> tuple[list[float], Sequence[Pixels]]:
        """The score of each pair, and where `explained` its evidence (H, W) on the test picture, else nothing."""


class PairScorer:
    """See `engine.serving.scorer.Scorer`."""

    def __init__(self, facts: PairFacts, scores: ScoresPairs, most_pixels: int, at_once: int = 1) -> None:
        self._about, self._scores, self._most_pixels, self._at_once = facts, scores, most_pixels, at_once
        self._kept = KeptPixels(_KEPT_BYTES)
        self._pool = ThreadPoolExecutor(usable_cores())

    @property
    def at_once(self) -> int:
        """See `Scorer`."""
        return self._at_once

    @property
    def facts(self) -> dict[str, Any]:
        """See `Scorer`."""
        about = self._about
        return {
            "task": "classify",
            "whole_boards": False,
            "lightings": len(about.lights),
            "lighting_names": list(about.lights) if len(about.lights) > 1 else [],
            "height": about.size[0],
            "width": about.size[1],
            "golden_images": about.goldens,
            "threshold": about.threshold,
            "threshold_source": about.threshold_source,
            "explains": about.explains,
        }

    def check(self, golden: Golden) -> None:
        """See `Scorer`."""
        self._golden(golden)

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """See `Scorer`."""
        found = list(self._pool.map(self._ready, pairs))
        answers: dict[int, Answer] = {place: one for place, one in enumerate(found) if isinstance(one, ChangenetError)}
        for explained in (False, True):
            some = {
                place: one
                for place, one in enumerate(found)
                if not isinstance(one, ChangenetError) and self._explains(pairs[place]) is explained
            }
            names = [pairs[place].golden.name for place in some]
            answers |= dict(zip(some, self._judged(list(some.values()), names, explained=explained), strict=True))
        return [answers[place] for place in range(len(pairs))]

    def _explains(self, pair: Pair) -> bool:
        return pair.overlay and self._about.explains

    def _ready(self, pair: Pair) -> Ready | ChangenetError:
        """A pair's pixels; in a thread of its own."""
        about = self._about
        try:
            require_count(len(pair.test), about.lights, "test")
            test, size = lightings(pair.test, about.size, about.white, self._most_pixels, "test")
            return test, size, self._golden(pair.golden)
        except ChangenetError as error:
            return error

    def _golden(self, golden: Golden) -> Pixels:
        """Its pixels (N, L, 3, H, W); where fewer were sent than the model takes, they are repeated."""
        known = self._kept.get(golden.name)
        if known is not None:
            return known
        about = self._about
        require_count(len(golden.pictures), about.lights, "golden")
        found, _ = lightings(golden.pictures, about.size, about.white, self._most_pixels, "golden")
        images = found.reshape(-1, len(about.lights), *found.shape[1:])
        pixels = images[np.arange(about.goldens) % len(images)]
        self._kept.keep(golden.name, pixels)
        return pixels

    def _judged(self, ready: Sequence[Ready], names: Sequence[str], *, explained: bool) -> list[Answer]:
        if not ready:
            return []
        scores, grey = self._scores(_together(ready, names), explained=explained)
        return [
            self._answer(score, one, grey[i] if explained else None)
            for i, (score, one) in enumerate(zip(scores, ready, strict=True))
        ]

    def _answer(self, score: float, ready: Ready, grey: Pixels | None) -> Answer:
        test, size, goldens = ready
        if not np.isfinite(score):
            return JobFailedError("the model gives no finite score", code="scores", where="test picture")
        threshold = self._about.threshold
        verdict = NO_PASS if score > threshold else PASS
        unlike = self._unlike(test, size)
        if verdict == PASS and unlike:
            return DataError("; ".join(unlike), code=UNLIKE, where="test picture", remedy=UNLIKE_REMEDY)
        otherwise = taken_otherwise(*(colours_of(one.transpose(1, 2, 0)) for one in (goldens[0, 0], test[0])))
        warnings = [*unlike, *([otherwise] if otherwise else [])]
        if grey is None:
            return Judged(verdict, score, threshold, size, warnings=warnings)
        regions = strong_places(grey, size) if verdict == NO_PASS else []
        return Judged(verdict, score, threshold, size, regions, laid_over(test[0], grey), warnings)

    def _unlike(self, test: Pixels, size: tuple[int, int]) -> list[str]:
        """In what a test picture lies outside of all that the model was trained on."""
        about = self._about
        sent = None if size == about.size[::-1] else size  # a client may have resized it already
        return about.trained_on.unlike(appearance_of(test[0].transpose(1, 2, 0)), sent)


def _together(ready: Sequence[Ready], names: Sequence[str]) -> Pairs:
    from deployed.pair_model import Pairs

    order = list(dict.fromkeys(names))
    first = {name: goldens for name, (_, _, goldens) in zip(reversed(names), reversed(ready), strict=True)}
    tests, goldens = np.stack([test for test, _, _ in ready]), np.stack([first[name] for name in order])
    return Pairs(tests, goldens, [order.index(name) for name in names], order)

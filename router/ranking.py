# SPDX-License-Identifier: Apache-2.0
"""Ranks what a request may be for by all that is said in it, and whether it wants a search: two linear models.

The weights beside this file are written by `benchmarks/train_ranking.py` from the labelled requests: a line of labels,
one of the thresholds from which the model is heard (`arbitration` and `weighed_policy` say where; the first file has
those of both), and one for each feature, with a letter and hundredths for each label that it speaks for or against.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from router.thresholds import read_thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from router.thresholds import Thresholds

ASK, DECLINE, SEVERAL = "ask", "decline", "steps"
NOTHING = frozenset({ASK, DECLINE})
WEIGHTS = Path(__file__).with_name("ranking.tsv")
POLICY_WEIGHTS = Path(__file__).with_name("policy.tsv")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HUNDREDTHS, _TOLD = 100, 3


class Ranking(NamedTuple):
    """How likely each label is (0 to 1), and the words that speak most for the likeliest."""

    shares: Mapping[str, float]
    words: tuple[str, ...]

    @property
    def best(self) -> str:
        """The likeliest label."""
        return max(self.shares, key=self.shares.__getitem__)


def ranked(features: Iterable[str]) -> Ranking:
    """The labels of a request by its features, as `evidence` gives them."""
    return _ranked(features, WEIGHTS)


def ranked_policies(features: Iterable[str]) -> Ranking:
    """The policies of a training by its features, as `weighed_policy` gives them."""
    return _ranked(features, POLICY_WEIGHTS)


def _ranked(features: Iterable[str], weights: Path) -> Ranking:
    labels, _, lines = _weights(weights)
    seen = {name: _row(weights, name) for name in dict.fromkeys(features) if name in lines}
    scores = [0.0] * len(labels)
    for row in seen.values():
        for place, weight in row:
            scores[place] += weight
    scale = max(len(seen), 1) ** 0.5
    parts = [exp((score - max(scores)) / scale) for score in scores]
    best = max(range(len(labels)), key=parts.__getitem__)
    led = sorted((-dict(row).get(best, 0.0), name) for name, row in seen.items() if name.replace(" ", "").isalpha())
    shares = {label: part / sum(parts) for label, part in zip(labels, parts, strict=True)}
    return Ranking(shares, tuple(name.removeprefix("first ") for weight, name in led[:_TOLD] if weight < 0))


def use(weights: Path, policy_weights: Path = POLICY_WEIGHTS) -> None:
    """Rank by other weights from now on."""
    global WEIGHTS, POLICY_WEIGHTS
    WEIGHTS, POLICY_WEIGHTS = weights, policy_weights
    _weights.cache_clear()
    _row.cache_clear()


def thresholds() -> Thresholds:
    """The thresholds that were chosen with the weights."""
    return _weights(WEIGHTS)[1]


@lru_cache(maxsize=2)
def _weights(file: Path) -> tuple[list[str], Thresholds, dict[str, str]]:
    first, second, *lines = file.read_text(encoding="utf-8").splitlines()
    return first.split(), read_thresholds(second), dict(line.split("\t", 1) for line in lines)


@lru_cache(maxsize=8192)
def _row(weights: Path, name: str) -> tuple[tuple[int, float], ...]:
    row = _weights(weights)[2][name].split(" ")
    return tuple((LETTERS.index(one[0]), int(one[1:]) / _HUNDREDTHS) for one in row)

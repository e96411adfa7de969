# SPDX-License-Identifier: Apache-2.0
"""Ranks what a request may be for by all that is said in it: a linear model.

The weights beside this file are written by `benchmarks/train_ranking.py` from the labelled requests: a line of labels,
one of the thresholds from which the model is heard (`arbitration` says where), and one for each feature, with a letter
and hundredths for each label that it speaks for or against.
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
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLACES = {letter: place for place, letter in enumerate(LETTERS)}
_HUNDREDTHS, _TOLD, _MOST = 100, 3, 8192
Row = tuple[tuple[int, float], ...]


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
    labels, _, lines, read = _weights(WEIGHTS)
    if len(read) > _MOST:
        read.clear()
    scores, seen = [0.0] * len(labels), dict[str, Row]()
    for name in dict.fromkeys(features):
        row = read.get(name)
        if row is None:
            if name not in lines:
                continue
            row = read[name] = _row(lines[name])
        seen[name] = row
        for place, weight in row:
            scores[place] += weight
    scale = max(len(seen), 1) ** 0.5
    highest = max(scores)
    parts = [exp((score - highest) / scale) for score in scores]
    best, total = parts.index(max(parts)), sum(parts)
    spoken = ((name, row) for name, row in seen.items() if name.replace(" ", "").isalpha())
    led = sorted((-weight, name) for name, row in spoken for place, weight in row if place == best)
    shares = {label: part / total for label, part in zip(labels, parts, strict=True)}
    return Ranking(shares, tuple(name.removeprefix("first ") for weight, name in led[:_TOLD] if weight < 0))


def thresholds() -> Thresholds:
    """The thresholds that were chosen with the weights."""
    return _weights(WEIGHTS)[1]


@lru_cache(maxsize=2)
def _weights(file: Path) -> tuple[list[str], Thresholds, dict[str, str], dict[str, Row]]:
    """Labels, thresholds, each feature's line, and the lines that were read so far."""
    first, second, *lines = file.read_text(encoding="utf-8").splitlines()
    return first.split(), read_thresholds(second), dict(line.split("\t", 1) for line in lines), {}


def _row(line: str) -> Row:
    return tuple((_PLACES[one[0]], int(one[1:]) / _HUNDREDTHS) for one in line.split(" "))

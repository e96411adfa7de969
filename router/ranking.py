# SPDX-License-Identifier: Apache-2.0
"""Ranks what a request may be for by its words alone: a linear model, where no phrase says it.

The weights beside this file are written by `benchmarks/train_ranking.py` from the labelled requests. The model is asked
only where the rules have found nothing that is asked for, and it never overrules them.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NOTHING, SEVERAL = "none", "steps"
WEIGHTS = Path(__file__).with_name("ranking.json")
_PREFIXES = (4, 6)


def features(words: Sequence[str]) -> Iterator[str]:
    """What the model sees of the words of a request: each, its beginnings, each pair of neighbours."""
    yield "bias"
    if words:
        yield f"first {words[0]}"
    for word in words:
        yield word
        if word.isalpha():
            yield from (f"{word[:length]}-" for length in _PREFIXES if len(word) > length)
    yield from (f"{one} {other}" for one, other in pairwise(words))


def ranked(words: Sequence[str]) -> tuple[str, float]:
    """The most likely label of a request, and how likely it is (0 to 1)."""
    labels, weights = _weights()
    seen = [weights[name] for name in dict.fromkeys(features(words)) if name in weights]
    scores = _sums(seen, len(labels))
    scale = max(len(seen), 1) ** 0.5
    parts = [exp((score - max(scores)) / scale) for score in scores]
    best = max(range(len(labels)), key=parts.__getitem__)
    return labels[best], parts[best] / sum(parts)


def _sums(seen: Iterable[dict[str, float]], count: int) -> list[float]:
    scores = [0.0] * count
    for one in seen:
        for place, weight in one.items():
            scores[int(place)] += weight
    return scores


@lru_cache(maxsize=1)
def _weights() -> tuple[list[str], dict[str, dict[str, float]]]:
    document = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return document["labels"], document["weights"]

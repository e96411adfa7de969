# SPDX-License-Identifier: Apache-2.0
"""Seeded draws, and the points with which a search begins before any model has a say. Loads no library."""

from __future__ import annotations

import hashlib
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.space import Space
    from automl.types import Point

START = 8
"""At most so many suggestions are drawn evenly, in strata, before a model has a say."""
_PROCESS_START = 6  # a Gaussian process needs fewer; measured by benchmarks/automl_surfaces.py


def start_trials(trials: int, model: str) -> int:
    """How many trials are spread evenly before the model suggests: a third of a small budget, never more than a few."""
    return max(2, min(_PROCESS_START if model == "gp" else START, trials // 3))


def seed_of(*parts: Any) -> int:
    """A seed of 32 bits from numbers and names, the same on every machine."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def random_of(*parts: Any) -> Random:
    """A generator seeded by numbers and names."""
    return Random(seed_of(*parts))  # noqa: S311 - a search needs no secrecy


def first_points(space: Space, seed: int, count: int = START) -> list[Point]:
    """Evenly spread points: along every parameter, each of `count` equal strata is met once."""
    columns = {}
    for dimension in space.dimensions:
        random = random_of(seed, "strata", dimension.key)
        strata = random.sample(range(count), count)
        columns[dimension.key] = [dimension.draw((stratum + random.random()) / count) for stratum in strata]
    return [space.canonical({key: column[n] for key, column in columns.items()}) for n in range(count)]


def even_point(space: Space, seed: int, number: int) -> Point:
    """Draw `number` of a search that knows no model."""
    return space.canonical(space.draw(random_of(seed, "draw", number)))

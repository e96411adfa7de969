# SPDX-License-Identifier: Apache-2.0
"""A value that a request states, and all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Stated:
    """A value, by its name, at a token: several `choices` where the words leave it open."""

    name: str
    value: Any
    place: int
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Values:
    """What is stated, in order, and the numbers of which nothing is made (token numbers)."""

    stated: list[Stated] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)
    negated: set[int] = field(default_factory=set)

# SPDX-License-Identifier: Apache-2.0
"""A value that a request states, and all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def stated_once(stated: Iterable[Stated], part: range) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Each value that is stated once; one that is stated with several figures is unclear."""
    found: dict[str, Any] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    for one in stated:
        if one.place not in part:
            continue
        if one.choices:
            unclear[one.name] = one.choices
        elif one.name == "target":
            before = found.get("target", {})
            if other := next(
                (kind for kind in before.keys() & one.value.keys() if before[kind] != one.value[kind]), ""
            ):
                unclear["target"] = tuple(f"{100 * each[other]:g} %" for each in (before, one.value))
            found["target"] = before | one.value
        elif one.name in found and found[one.name] != one.value:
            unclear[one.name] = tuple(dict.fromkeys((*unclear.get(one.name, (str(found[one.name]),)), str(one.value))))
        else:
            found[one.name] = one.value
    return {name: value for name, value in found.items() if name not in unclear}, unclear

# SPDX-License-Identifier: Apache-2.0
"""A rule between keys, what it says when it is broken, and the few questions that all rules ask of a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.dotted import get
from core.problem import Problem

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """What is wrong between some keys, which are its place, and what would mend it.

    Each entry of `adjustments` is a set of new values that mends it; they are tried in order, and one is taken only
    where none of its keys was set by the user.
    """

    problem: Problem
    adjustments: tuple[dict[str, Any], ...] = ()


def broken(
    code: str, keys: Iterable[str], message: str, remedy: str, adjustments: tuple[dict[str, Any], ...] = ()
) -> BrokenRule:
    """A broken rule between `keys`, those first that it is named by."""
    return BrokenRule(Problem(code, ", ".join(keys), message, remedy), adjustments)


Rule = Callable[[Spec, str], BrokenRule | None]


def values(spec: Spec, *keys: str) -> tuple[Any, ...] | None:
    """The values of all keys, or None where one of them is missing: then the rule has nothing to say."""
    missing = object()
    found = tuple(get(spec, key, missing) for key in keys)
    return None if missing in found else found


def task(spec: Spec) -> str:
    """The task of the spec."""
    return str(spec.get("task", "classify"))

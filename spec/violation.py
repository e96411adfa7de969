# SPDX-License-Identifier: Apache-2.0
"""What a rule between keys says when it is broken, and the few questions that all rules ask of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.dotted import get

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: stable code, keys concerned, what is wrong, how to mend it.

    Each entry of `adjustments` is a set of new values that mends it; they are tried in order, and one is taken only
    where none of its keys was set by the user.
    """

    code: str
    keys: tuple[str, ...]
    message: str
    remedy: str
    adjustments: tuple[dict[str, Any], ...] = ()


Rule = Callable[[Spec, str], Violation | None]


def values(spec: Spec, *keys: str) -> tuple[Any, ...] | None:
    """The values of all keys, or None where one of them is missing: then the rule has nothing to say."""
    missing = object()
    found = tuple(get(spec, key, missing) for key in keys)
    return None if missing in found else found


def task(spec: Spec) -> str:
    """The task of the spec."""
    return str(spec.get("task", "classify"))

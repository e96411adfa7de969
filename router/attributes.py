# SPDX-License-Identifier: Apache-2.0
"""Participles that say what a thing is and tell nothing of the past: "no missed defects", "zero overlooked faults"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.tokens import Token

_UNDETECTED = "undetected"


def with_attributes(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with "missed" as an adjective where none of what is missed may be left."""
    found = list(tokens)
    for place in range(1, len(found) - 1):
        before, token, behind = found[place - 1 : place + 2]
        none = before.word in grammar["no_such"] or (before.kind == "number" and not before.value)
        if none and token.word in grammar["left_unseen"] and behind.word in grammar["small_things"]:
            found[place] = token._replace(word=_UNDETECTED)
    return found

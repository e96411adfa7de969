# SPDX-License-Identifier: Apache-2.0
"""Questions that a number alone answers: "Batch size? 16.", "Q: epochs? A: 9."."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.tokens import Token

_ANSWERS = frozenset({"a", "answer", "antwort"})


def with_answers(tokens: list[Token]) -> list[Token]:
    """The tokens without the question marks that a number alone answers: "Batch size? 16.", "Q: epochs? A: 9."."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        led = tokens[place].text == "?" and tokens[place + 1 : place + 2] and tokens[place + 1].word in _ANSWERS
        answer = place + 2 if led else place + 1
        if tokens[place].text == "?" and _is_answered([one.kind for one in tokens[answer : answer + 2]]):
            place = answer
            continue
        found.append(tokens[place])
        place += 1
    return found


def _is_answered(kinds: Sequence[str]) -> bool:
    return kinds[:1] == ["number"] and kinds[1:] in (["break"], [])

# SPDX-License-Identifier: Apache-2.0
"""A "not" that denies nothing, as it only suggests: "couldn't we export it", "koennten wir nicht exportieren"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.tokens import Token


def without_polite_not(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens without it, where a clause begins so and puts nothing else in place."""
    tokens = _without_please(tokens, grammar)
    found: list[Token] = []
    if grammar["not"].isdisjoint(token.word for token in tokens):
        return list(tokens)
    for place, token in enumerate(tokens):
        if not (token.word in grammar["not"] and _suggests(tokens, place, grammar)):
            found.append(token)
    return found


def _without_please(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> Sequence[Token]:
    """The tokens without a please between a word and its figure: "threshold please 0.45", "Epochen bitte 20"."""
    if grammar["pleases"].isdisjoint(token.word for token in tokens):
        return tokens
    kinds = [token.kind for token in tokens]
    between = (n for n in range(1, len(tokens) - 1) if (kinds[n - 1], kinds[n + 1]) == ("word", "number"))
    gone = {n for n in between if tokens[n].word in grammar["pleases"]}
    return [token for n, token in enumerate(tokens) if n not in gone]


def _suggests(tokens: Sequence[Token], place: int, grammar: Mapping[str, frozenset[str]]) -> bool:
    before = [token.word for token in tokens[max(0, place - 2) : place]]
    behind = [token.word for token in tokens[place + 1 : place + 2]]
    if len(before) > 1 and before[0] in grammar["suggests"] and before[1] in grammar["we"]:
        start = place - 2  # "koennten wir nicht"
    elif before and before[-1] in grammar["suggests_not"] and grammar["we"].intersection(behind):
        asks_why = before[0] in grammar["asks_why"]
        if before[-1] == "do" and not asks_why:
            return False  # "don't you dare"
        start = place - 1 - asks_why  # "could not we", "why do not we"
    else:
        return False
    rest = {token.word for token in tokens[place:]}
    begins = start == 0 or tokens[start - 1].kind == "break" or tokens[start - 1].word in grammar["openers"]
    return begins and rest.isdisjoint(grammar["substitutes"])

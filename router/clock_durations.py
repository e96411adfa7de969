# SPDX-License-Identifier: Apache-2.0
"""Durations as a clock or a sign shows them: "1:30 h" and "½ hour" as so many hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_MINUTES = 60


def with_clock_durations(text: str, tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with each such duration as one number before its unit."""
    tokens = _with_short_minutes(tokens, grammar)
    if ":" not in text and _SIGNS.keys().isdisjoint(text):
        return tokens
    found: list[Token] = []
    for place, token in enumerate(tokens):
        before = found[-1] if found else None
        unit = tokens[place + 1].word if place + 1 < len(tokens) else ""
        if before and before.kind == "number" and _is_clock(text, before, token) and unit in grammar["hour_units"]:
            found[-1] = _joined(text, before, token, before.value + token.value / _MINUTES)
        elif token.text[-1:] in _SIGNS and (token.text[:-1].isdecimal() or len(token.text) == 1):  # "1½ hours"
            found.append(_joined(text, token, token, int(token.text[:-1] or 0) + _SIGNS[token.text[-1]]))
        else:
            found.append(token)
    return found


def _with_short_minutes(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with the "m" of "1h 30m" as minutes."""
    return [
        token._replace(word="min")
        if token.word == "m" and tokens[place - 1].kind == "number" and tokens[place - 2].word in grammar["hour_units"]
        else token
        for place, token in enumerate(tokens)
    ]


def _is_clock(text: str, before: Token, token: Token) -> bool:
    return token.kind == "number" and text[before.end : token.start] == ":" and token.value < _MINUTES


def _joined(text: str, first: Token, last: Token, value: float) -> Token:
    return Token("number", NUMBER, text[first.start : last.end], first.start, last.end, round(value, 6))

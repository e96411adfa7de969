# SPDX-License-Identifier: Apache-2.0
"""Numbers that the word behind them scales: "0.5 per mille", "200 ppm", "1k epochs", "two dozen trials"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PERCENT = "percent"
_DOZEN = 12
_PLAIN = 15  # digits that a scaled number keeps: 0.3 per mille are 0.03 percent


def with_scales(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with parts of a thousand, or of a million, in percent, and thousands and dozens whole."""
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else None
        if parts := _parts(token, found, grammar):
            if before and before.kind == "word":
                found.pop()  # "per" of "per mille"
            found[-1] = _scaled(found[-1], found[-1].value * 100 / parts)
            found.append(token._replace(word=_PERCENT))
        elif before and before.kind == "number" and _is_dozen(token, grammar):
            found[-1] = _scaled(before, before.value * _DOZEN, token)
        else:
            found.append(token)
    return _with_thousands(found, grammar)


def _parts(token: Token, before: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> int:
    """Of how many parts a word behind a number, or behind that and "per", tells; 0 where it tells none."""
    if token.kind != "word":
        return 0
    parts = 1000 if token.word in grammar["permilles"] else 1_000_000 if token.word in grammar["ppms"] else 0
    last = before[:-1] if before and before[-1].word in grammar["per"] else before
    return parts if last and last[-1].kind == "number" else 0


def _is_dozen(token: Token, grammar: Mapping[str, frozenset[str]]) -> bool:
    return (token.spelled or token.word) in grammar["dozens"]


def _with_thousands(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with "1k" as a thousand where epochs or trials are counted; "4k images" are of that size."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        before, behind = (found[-1] if found else None), tokens[place + 1 : place + 2]
        counts = behind and behind[0].word in grammar["said_by_hundreds"]
        if before and before.kind == "number" and token.word in grammar["thousands"] and counts:
            found[-1] = _scaled(before, before.value * 1000, token)
        else:
            found.append(token)
    return found


def _scaled(number: Token, value: float, end: Token | None = None) -> Token:
    """A number of another value, said with the word behind it."""
    value = float(f"{value:.{_PLAIN}g}")
    text = f"{number.text} {end.text}" if end else number.text
    return Token("number", NUMBER, text, number.start, end.end if end else number.end, value, number.spelled)

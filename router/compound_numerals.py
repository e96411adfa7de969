# SPDX-License-Identifier: Apache-2.0
"""Numerals that are written as one word: `zweihundertvierundzwanzig`, `zwoelfhundertachtzig`, `dreieinhalb`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from router.tokens import Token

_AND, _PARTS = "und", (("einhalb", 0.5), ("dreiviertel", 0.75), ("einviertel", 0.25))
_SCALES = (("tausend", 1000), ("hundert", 100))
_SHORTEST = 8


def compound_numerals(tokens: Iterable[Token], numerals: Mapping[str, float]) -> dict[str, float]:
    """The words that are made of several numerals, with their values."""
    words = {token.word for token in tokens if token.kind == "word" and len(token.word) >= _SHORTEST}
    found = ((word, _value(word, numerals)) for word in words if word not in numerals)
    return {word: value for word, value in found if value}


def _value(word: str, numerals: Mapping[str, float]) -> float:
    """The value of a word that is all numerals; else nothing."""
    part, value = next((one for one in _PARTS if word.endswith(one[0])), ("", 0.0))
    whole = _part(word.removesuffix(part), numerals)
    return whole + value if whole else 0


def _part(word: str, numerals: Mapping[str, float]) -> float:
    if word == "ein":
        return 1
    if word in numerals:
        return numerals[word] if numerals[word] == int(numerals[word]) else 0
    for name, scale in _SCALES:
        head, said, tail = word.partition(name)
        if said:
            return _scaled(head, scale, tail.removeprefix(_AND), numerals)
    unit, said, ten = word.partition(_AND)
    ones, tens = _part(unit, numerals) if said else 0, numerals.get(ten, 0)
    return ones + tens if 0 < ones < 10 and tens in range(20, 100, 10) else 0


def _scaled(head: str, scale: int, tail: str, numerals: Mapping[str, float]) -> float:
    many = _part(head, numerals) if head else 1
    rest = _part(tail, numerals) if tail else 0
    return many * scale + rest if many and (rest or not tail) and rest < scale else 0

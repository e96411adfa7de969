# SPDX-License-Identifier: Apache-2.0
"""Codes that name a thing and no way of doing it: "that's the plain FR4 variant", "exp41: …"; not "in int4"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from router.colons import is_behind_colon

if TYPE_CHECKING:
    from router.reading import Reading

_FORMAT = re.compile(r"(?:int|uint|fp|bf|nf|tf|float|q|w|bit)\d+.*", re.IGNORECASE)
_PART = re.compile(r"[A-Z]{1,2}\d{2,4}|[QH][1-4]")  # as circuit diagrams call it, or a quarter of a year


def is_code(reading: Reading, place: int) -> bool:
    """Whether a word has figures in it, and may say how it is done: `int4`, and not R114, nor what names a thing."""
    token = reading.tokens[place]
    coded = token.word.isascii() and any(letter.isdigit() for letter in token.word)
    named = coded and (names_thing(reading, place) or is_annotation(reading, place))
    return coded and not (named or _PART.fullmatch(token.text))


def is_annotation(reading: Reading, place: int) -> bool:
    """Whether a word only heads the request, before a colon: "exp41: ChangeNet classify …"."""
    return place == 0 and is_behind_colon(reading.tokens, 1)


def names_thing(reading: Reading, place: int) -> bool:
    """Whether a code with a capital, none of a number format, tells what something is: "that's the plain FR4 variant".

    It stands in a clause that orders nothing and says no way: not "train on ./a in INT4", "…, with XLA2".
    """
    token, use = reading.tokens[place], reading.grammar
    if token.kind != "word" or not token.text[0].isupper() or not any(letter.isdigit() for letter in token.text):
        return False
    clause = range(*reading.clause(place))
    words = {reading.tokens[n].word for n in clause}
    if _FORMAT.fullmatch(token.text) or not (use["manner"] | use["modes"]).isdisjoint(words):
        return False
    return len(clause) > 1 and not any(m.start in clause for kind in ("action", "noun") for m in reading.of(kind))

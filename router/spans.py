# SPDX-License-Identifier: Apache-2.0
"""Spans of numbers: "from 300 to 600", "between 4 and 8", "at least ten and at most thirty"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading
    from router.tokens import Token

_BETWEEN = frozenset({"to", "or", "and", "bis", "oder", "und"})
_FAR = 7
_OVER = 3  # "ten to the three epochs"


def other_end(mention: Mention, reading: Reading, claimed: set[int]) -> list[str]:
    """The other end of a span: "at least ten and at most thirty trials", "no fewer than 8, no more than 16 epochs"."""
    tokens, least = reading.tokens, reading.grammar["least"]
    number = next((n for n in mention.places if tokens[n].kind == "number"), mention.start)
    for place in range(number - 1, max(0, number - _FAR), -1):
        if tokens[place].kind == "number":
            said = {token.word for token in tokens[max(0, place - 2) : place]}
            return [tokens[place].text] if said & least and place not in claimed else []
        if tokens[place].kind not in {"word", "break"} or tokens[place].text in {".", "!", "?", ";"}:
            return []
    return []


def up_to(mention: Mention, reading: Reading, claimed: set[int]) -> list[str]:
    """The number that a span begins with which ends in an article and the value: "ten to the three epochs"."""
    tokens, number = reading.tokens, mention.start
    if number < _OVER or tokens[number].kind != "number" or tokens[number - 1].word not in reading.grammar["articles"]:
        return []
    first, joins = number - _OVER, reading.grammar["ranges"] | reading.grammar["choice"]
    joined = tokens[first].kind == "number" and tokens[first + 1].word in joins
    return [tokens[first].text] if joined and first not in claimed else []


def is_pause(reading: Reading, place: int) -> bool:
    """Whether a clause ends before a word such as `maybe`, which gives another choice."""
    behind = reading.tokens[place + 1 : place + 2]
    return reading.tokens[place].kind == "break" and bool(behind) and behind[0].word in reading.grammar["choice"]


def ends_span(reading: Reading, place: int) -> bool:
    """Whether a number ends a span: "anything from 300 to 600", "between 4 and 8"."""
    tokens = reading.tokens
    joined = tokens[place - 1].word in _BETWEEN and tokens[place - 2].kind == "number"
    return joined and tokens[place - 3].word in reading.grammar["spans"]


def said_beside(mention: Mention, reading: Reading, claimed: set[int]) -> list[str]:
    """Another number word directly beside that of a value, of which nobody knows what it is: "on two three GPUs"."""
    tokens = reading.tokens
    number = next((n for n in mention.places if tokens[n].kind == "number"), -1)
    if number < 0 or not tokens[number].spelled:
        return []
    behind = tokens[number + 1 : number + 2]
    if behind and number + 1 not in claimed and number == mention.end - 1 and _is_spelled(behind[0]):
        return [behind[0].text] if behind[0].value > 1 else []
    first = number == mention.start and number > 0 and number - 1 not in claimed and _is_spelled(tokens[number - 1])
    leads = number > 1 and tokens[number - 2].word in reading.grammar["prepositions"]
    return [tokens[number - 1].text] if first and leads else []


def _is_spelled(token: Token) -> bool:
    return token.kind == "number" and bool(token.spelled)


def begins_span(reading: Reading, place: int) -> bool:
    """Whether a number begins a span that another one ends: "somewhere between 8 and 32", "from 1e-4 to 1e-3"."""
    tokens, use = reading.tokens, reading.grammar
    if place < 1 or place + 2 >= len(tokens) or tokens[place + 2].kind != "number":
        return False
    before, joined = tokens[place - 1].word, tokens[place + 1].word
    return before in use["in_between"] or (before in use["spans"] and joined in use["ranges"])

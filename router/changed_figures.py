# SPDX-License-Identifier: Apache-2.0
"""Figures that are changed into others, or joined by a sign: "Epochen von 30 auf 12 reduziert", "5+5 epochs"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_RECKONS = frozenset({"+", "*", "^", "/", "\u00b7"})


def moved_to(reading: Reading, number: int, behind: int) -> int | None:
    """The figure that another one is changed into: "Epochen von 30 auf 12 reduziert", "from 30 epochs down to 12"."""
    use, tokens = reading.grammar, reading.tokens
    if not number or behind + 1 >= len(tokens) or tokens[number - 1].word not in use["moved_from"]:
        return None
    way = tokens[behind].word in use["moved_way"]
    to = use["moved_to"] | use["ranges"] if way else use["moved_to"]
    found = behind + way + 1
    if found >= len(tokens) or tokens[found - 1].word not in to or tokens[found].kind != "number":
        return None
    claimed = any(found in m.places and number not in m.places for m in reading.of("value", negated=None))
    return None if claimed else found  # "Batchgröße von 8 auf 2 GPUs"


def reckoned_with(reading: Reading, mention: Mention) -> tuple[str, ...]:
    """Numbers that a sign joins, as they are written: "for 5+5 epochs"; and both of a size that may be changed."""
    tokens = reading.tokens
    numbers = [n for n in mention.places if tokens[n].kind == "number"]
    if len(numbers) > 1 and moved_to(reading, numbers[0], numbers[0] + 1) is not None:
        return tuple(tokens[n].text for n in numbers)  # "Bilder von 512 auf 256"
    for number in numbers:
        for first, second in ((number - 1, number), (number, number + 1)):
            if first < 0 or second >= len(tokens) or tokens[first].kind != tokens[second].kind:
                continue
            if reading.text[tokens[first].end : tokens[second].start].strip() in _RECKONS:
                return (reading.text[tokens[first].start : tokens[second].end],)
    return ()

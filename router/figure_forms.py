# SPDX-License-Identifier: Apache-2.0
"""What a number without a unit is by its form, or by what stands around it: "at 1e-4", "every 10 epochs out of 100"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.stated import Stated, Values

if TYPE_CHECKING:
    from router.reading import Reading
    from router.tokens import Token

_HIGHEST_RATE = 0.01
_INTERVALS = frozenset({"checkpoint_interval", "validation_interval"})


def by_form(reading: Reading, values: Values, place: int) -> Stated | None:
    """A number that its form, or what stands before it, gives a name: "at 1e-4", "every 10 epochs out of 100"."""
    token, names = reading.tokens[place], {one.name for one in values.stated}
    before = [one.word for one in reading.tokens[max(0, place - 2) : place]]
    of_all = before[-1:] and before[-1] in reading.grammar["of_all"]
    in_all = of_all or is_total(reading, place) or _is_for_so_many(reading, place)
    if in_all and names & _INTERVALS and "epochs" not in names:
        return Stated("epochs", int(token.value), place)
    if "learning_rate" not in names and _rates(reading) == [token]:
        return Stated("learning_rate", token.value, place)
    return None


def _is_for_so_many(reading: Reading, place: int) -> bool:
    """Whether a number ends its clause behind "for": "validate every two epochs and train for thirty"."""
    before, behind = reading.tokens[max(0, place - 1) : place], reading.tokens[place + 1 : place + 2]
    ends = not behind or behind[0].kind == "break" or behind[0].word in reading.grammar["joins_steps"]
    return ends and bool(before) and before[0].word in reading.grammar["for_so_many"]


def _rates(reading: Reading) -> list[Token]:
    """The numbers that can only be a learning rate: "1e-4", or as small as "0.0003" where one is spoken of."""
    spoken = not reading.grammar["names_rate"].isdisjoint(token.word for token in reading.tokens)
    return [
        token
        for place, token in enumerate(reading.tokens)
        if token.kind == "number"
        and (("e-" in token.text.lower() and 0 < token.value < 1) or (spoken and 0 < token.value < _HIGHEST_RATE))
        and (spoken or place not in reading.told)
        and not negated_number(reading, place)
    ]


def is_total(reading: Reading, place: int) -> bool:
    """Whether a number tells how many there are together: "3 trials at once, 12 in total", "of a total of 12"."""
    behind = {token.word for token in reading.tokens[place + 1 : place + 3]} & reading.grammar["totals"]
    before = {token.word for token in reading.tokens[max(0, place - 2) : place]} & reading.grammar["totals_before"]
    return bool(behind or before)


def negated_number(reading: Reading, place: int) -> bool:
    """Whether a number is denied by the word before it: "not 20"."""
    return place > 0 and reading.tokens[place - 1].word in reading.grammar["not"]

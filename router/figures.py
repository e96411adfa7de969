# SPDX-License-Identifier: Apache-2.0
"""Numbers of which no value was made: parts of names, times of the day, or said of something, and so asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import BREAK, SENTENCE_ENDS

if TYPE_CHECKING:
    from router.reading import Reading
    from router.stated import Values

_HOURS, _NEAR = 24, 2


def is_name(reading: Reading, place: int) -> bool:
    """Whether a number is part of a name: `line 3`, `rev 2`."""
    if not place or reading.tokens[place - 1].kind != "word" or _is_figure(reading, place):
        return False
    use = reading.grammar
    leads = use["joins_figures"] | use["restricts_to"] | use["gives_figures"] | use["leads_figure"]
    return reading.tokens[place - 1].word not in leads or _is_replaced(reading, place)


def _is_replaced(reading: Reading, place: int) -> bool:
    """Whether a number is a word, or one of which others say what it is: "for 20, no, 25 epochs", "8 or 16 pairs"."""
    behind = range(place + 1, place + 1 + _NEAR)
    joins = reading.grammar["choice"] | reading.grammar["ranges"]
    joined = any(token.word in joins for token in reading.tokens[place + 1 : place + 2])
    corrected = any(m.start in behind for m in reading.of("correction", negated=None))
    return bool(reading.tokens[place].spelled) or joined or corrected


def _is_figure(reading: Reading, place: int) -> bool:
    """Whether a number is said of something: "should be 50", "somewhere between 1e-5 and 1e-3"; not "only 90 pairs"."""
    tokens = reading.tokens
    if not reading.grammar["counted"].isdisjoint(token.word for token in tokens[place + 1 : place + 2]):
        return False
    before = tokens[place - 1].word if place else ""
    if before in reading.grammar["choice"] and tokens[place].spelled:
        return True
    if not tokens[place].text[0].isdigit() or (place + 1 < len(tokens) and tokens[place + 1].text == ")"):
        return False
    if before in reading.grammar["joins_figures"]:
        other = place - 2
        named = any(m.group.startswith("value") for m in reading.mentions if other in m.places)
        return other >= 0 and tokens[other].kind == "number" and (named or _is_figure(reading, other))
    return before in reading.grammar["gives_figures"]


def is_told(reading: Reading, place: int) -> bool:
    """Whether a number stands in a clause that only tells, and does not say how something is to be."""
    before = {token.word for token in reading.tokens[max(0, place - 2) : place]}
    return place in reading.told and not before & reading.grammar["obliges"]


def open_figures(reading: Reading, values: Values) -> tuple[str, ...]:
    """Numbers that are said of something, of which no value was made."""
    return tuple(
        reading.tokens[n].text
        for n in sorted(values.unread)
        if any(asks(reading, n) for asks in _ASKED)
        and not (is_told(reading, n) or _is_time(reading, n) or is_clock(reading, n) or _is_settled(reading, values, n))
    )


def _is_beside_its_name(reading: Reading, place: int) -> bool:
    """Whether the name of a value that has no figure stands beside a number: "5e epochs", "epochs = about 5"."""
    names = reading.grammar["names_value"]
    claimed = {n for kind in ("value", "unread") for m in reading.of(kind, negated=None) for n in m.places}
    begin, end = reading.clause(place)
    near = range(max(begin, place - _NEAR), min(end, place + _NEAR + 1))
    return any(reading.tokens[n].word in names and n not in claimed for n in near)


def _is_of_measuring(reading: Reading, place: int) -> bool:
    """Whether a second figure is that of another step: "batch 8 for training and 32 for validation"."""
    use, tokens = reading.grammar, reading.tokens
    words = [token.word for token in tokens[place + 1 : place + 4]]
    return words[:1] != [] and words[0] in use["meant_for"] and not use["measuring"].isdisjoint(words[1:])


def _is_loose(reading: Reading, place: int) -> bool:
    """Whether an order ends with a figure that counts nothing: "train on ./lot with 10"."""
    begin, end = reading.clause(place)
    ends = place + 1 == end and (end == len(reading.tokens) or reading.tokens[end].text in SENTENCE_ENDS)
    leads = (
        ends and not reading.tokens[place].spelled and reading.tokens[place - 1].word in reading.grammar["ends_with"]
    )
    return leads and any(m.group == "action:train" and begin <= m.start < place for m in reading.of("action"))


def _is_settled(reading: Reading, values: Values, place: int) -> bool:
    """Whether a correction behind a number gives another one: "between 8 and 16, we take 16 now"."""
    later = [m for m in reading.of("correction", negated=None) if m.start > place]
    return any(m.start <= one.place <= m.end and not one.choices for m in later for one in values.stated)


def _is_negative(reading: Reading, place: int) -> bool:
    """Whether a number is below zero, as no value is: "a batch of -4"."""
    return place > 0 and reading.tokens[place - 1].word == "minus"


def _is_choice(reading: Reading, place: int) -> bool:
    """Whether a number is one of two between which the words leave it open: "8 or 16 of them"."""
    tokens, joins = reading.tokens, reading.grammar["choice"] | reading.grammar["ranges"]
    for one in (-1, 1):
        here, other = place + one, place + 2 * one
        if 0 <= other < len(tokens) and tokens[here].word in joins and tokens[other].kind == "number":
            return True
    return False


def _is_alone(reading: Reading, place: int) -> bool:
    """Whether a number makes a clause behind that of a value, and may correct it: "on four GPUs, only two"."""
    clause = range(*reading.clause(place))
    if not reading.tokens[place].spelled and _is_item(reading, place):
        return False
    if not reading.grammar["restricts_to"].issuperset(reading.tokens[n].word for n in clause if n != place):
        return False
    before = range(*reading.clause(max(0, clause.start - 2)))
    return clause.start > 1 and any(m.start in before for m in reading.of("value"))


def _is_item(reading: Reading, place: int) -> bool:
    """Whether a figure only numbers what stands behind it: "2) export it", "2. export it"."""
    behind = reading.tokens[place + 1 : place + 3]
    return bool(behind) and (behind[0].text not in {",", ";", ".", "!"} or (behind[0].text == "." and len(behind) > 1))


def _is_share(reading: Reading, place: int) -> bool:
    """Whether a number is a share of something that is not said: "with 5 % or 1 %"."""
    tokens = reading.tokens
    percent = any(token.word in {"percent", "prozent"} for token in tokens[place + 1 : place + 2])
    return percent and tokens[place - 1].word in reading.grammar["manner"] | reading.grammar["choice"]


def is_clock(reading: Reading, place: int) -> bool:
    """Whether a number is part of a time such as 06:40."""
    tokens = reading.tokens
    for first in (place - 1, place):
        pair = tokens[first : first + 2] if first >= 0 else []
        if len(pair) > 1 and all(token.kind == "number" for token in pair) and pair[0].value <= _HOURS:
            return reading.text[pair[0].end : pair[1].start] == ":" and len(pair[1].text) == len("40")
    return False


def _is_time(reading: Reading, place: int) -> bool:
    """Whether a number is a time of the day: "at 3", "by 2 pm", "um 14 Uhr"; not "rate at 3"."""
    tokens = reading.tokens
    if place < 2 or tokens[place - 1].word not in reading.grammar["at_times"] or not 0 < tokens[place].value <= _HOURS:
        return False
    behind = tokens[place + 1].word if place + 1 < len(tokens) else BREAK
    return behind in reading.grammar["times"] or (behind == BREAK and tokens[place - 2].kind == "word")


_ASKED = (
    _is_figure,
    _is_share,
    _is_negative,
    _is_choice,
    _is_alone,
    _is_beside_its_name,
    _is_of_measuring,
    _is_loose,
)

# SPDX-License-Identifier: Apache-2.0
"""Bare figures set against those of others, or of before: "Jana wants 50 epochs, I only 5", "normally 30, today 3"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.as_it_is import is_reached
from router.figures import is_clock
from router.past_figures import tells_of_past
from router.stated import Stated, Values
from router.value_readers import READERS, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

_RATE, _NAME = "value:learning_rate", "value:backbone"  # no rate is 1 or more, no name a number
_SHARES = frozenset({"value:recall", "value:false_alarms"})
_FAR = 24


def set_against(reading: Reading, mentions: Sequence[Mention], values: Values) -> None:
    """Take a bare figure in place of the one that it is set against; where nobody knows whose it is, leave it open."""
    settled: set[str] = set()
    for place in sorted(values.unread, reverse=True):
        before = _value_before(reading, mentions, place)
        if before is None or not _is_bare(reading, place) or not _is_set_aside(reading, before):
            continue
        one = _taken(reading, mentions, before, place)
        values.unread.discard(place)
        if one.name in settled:
            continue  # "first I wanted 50 epochs, then 20, in the end 5 will do"
        if not one.choices:
            settled.add(one.name)
            gone = [s for s in values.stated if s.name == one.name and s.place < place]
            values.stated = [s for s in values.stated if s not in gone or not _stands_aside(reading, mentions, s)]
        values.stated.append(one)


def _taken(reading: Reading, mentions: Sequence[Mention], before: Mention, place: int) -> Stated:
    """What a bare figure states; both figures where it is not the speaker's, or may be of another name."""
    token, name = reading.tokens[place], before.group.partition(":")[2]
    number = figure(token.text, token.value, name)
    found = READERS[name]([number], set()) if name in READERS else (name, number)
    shares = before.group in _SHARES and len({m.group for m in mentions if m.group in _SHARES and m.start < place}) > 1
    if found and number > 0 and not shares and _is_own(reading, place):
        return Stated(found[0], found[1], place)
    named = found[0] if found else name
    return Stated(named, None, place, (reading.said(before), token.text))


def _value_before(reading: Reading, mentions: Sequence[Mention], place: int) -> Mention | None:
    """The value that is said last before a figure, in another clause; none where the figure can't be one of it."""
    others = {_NAME} if reading.tokens[place].value < 1 else {_NAME, _RATE}
    before = [m for m in mentions if place - _FAR < m.start < place and m.group not in others]
    if not before or place in _part(reading, before[-1].start):
        return None
    percent = _is_percent(reading, place)
    return before[-1] if not percent or before[-1].group in _SHARES else None


def _part(reading: Reading, place: int) -> range:
    """The clause of a token, or the part of it up to a word that sets another one against it."""
    begin, end = reading.clause(place)
    turns = [n for n in range(begin, end) if reading.tokens[n].word in reading.grammar["sets_against"]]
    first = max((n + 1 for n in turns if n < place), default=begin)
    return range(first, min((n for n in turns if n > place), default=end))


def _is_percent(reading: Reading, place: int) -> bool:
    return any(token.word in reading.grammar["percents"] for token in reading.tokens[place + 1 : place + 2])


def _is_bare(reading: Reading, place: int) -> bool:
    """Whether a number counts nothing that is named: words that lead to a figure, or follow one, stand around it."""
    use, tokens, part = reading.grammar, reading.tokens, _part(reading, place)
    if tokens[place].text.lower() in use["one_of_them"] | use["stands_for"] or is_clock(reading, place):
        return False
    behind = place + 1 + _is_percent(reading, place)
    ends = behind >= part.stop or ":" in reading.text[tokens[behind - 1].end : tokens[behind].start]
    is_ = not ends and behind + 1 < part.stop and tokens[behind].word in use["be"]  # "16 is enough"
    if not ends and tokens[behind + is_].word not in use["suffices"] | use["behind_bare"]:
        return False
    before = tokens[place - 1].word if place > part.start else ""
    if not before:
        return not ends  # "2) export it", "Step. 3."
    if before in use["restricts_to"] | use["now"] | use["before_bare"]:
        return True
    return behind >= part.stop and _is_name_alone(reading, part, place)


def _is_name_alone(reading: Reading, part: range, place: int) -> bool:
    """Whether somebody's figure is all that a clause says: "…, Tom 30"."""
    stop = reading.tokens[part.stop].text if part.stop < len(reading.tokens) else "."
    return place - part.start == 1 and reading.tokens[part.start].text[:1].isupper() and stop in {",", ";", "."}


def _stands_aside(reading: Reading, mentions: Sequence[Mention], one: Stated) -> bool:
    found = [m for m in mentions if one.place in m.places]
    return any(_is_set_aside(reading, m) for m in found) or one.place in reading.told


def _is_set_aside(reading: Reading, mention: Mention) -> bool:
    """Whether a value is ruled out, or that of others, of before, or as usual."""
    use, part = reading.grammar, _part(reading, mention.start)
    words = [reading.tokens[n].word for n in part]
    if mention.negated or tells_of_past(reading, part) or not use["habitually"].isdisjoint(words):
        return True
    if mention.start not in reading.told:
        return mention.group in _SHARES and is_reached(reading, mention.start)
    mine = not (use["speakers"] | use["we"]).isdisjoint(words)
    return not mine or not (use["at_first"] | use["back_then"] | use["was"]).isdisjoint(words)


def _is_own(reading: Reading, place: int) -> bool:
    """Whether a figure is the speaker's, or that of now: "I want only 5", "today 3", "5 will do", "train it with 4"."""
    use, part = reading.grammar, _part(reading, place)
    words = [reading.tokens[n].word for n in part]
    ours = use["mine_or_ours"] | use["now"] | use["at_last"]
    suffices = not (use["suffices"] | use["behind_bare"]).isdisjoint(words[place - part.start + 1 :])
    if not ours.isdisjoint(words) or suffices:
        return True
    theirs = use["people"] | use["parties"] | use["third"]
    ordered = any(m.start in part for m in reading.of("action")) and theirs.isdisjoint(words)
    only = words[: place - part.start] and use["restricts_to"].issuperset(words[: place - part.start])
    return ordered or bool(only) or not use["bids"].isdisjoint(words[:1])

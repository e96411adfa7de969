# SPDX-License-Identifier: Apache-2.0
"""Values taken back, left open, or put in place of others: "no, 20", "512 but 256", "make that half of them"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.exchanged import is_preferred, sets_right
from router.figure_forms import by_form, is_total, negated_number
from router.said_numbers import stands_for
from router.spans import begins_span
from router.stated import Stated, Values
from router.tokens import BREAK
from router.value_readers import READERS, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.patterns import Mention
    from router.reading import Reading

_REACH, _NEAR = 4, 9
_RATE, _NAME = "value:learning_rate", "value:backbone"  # no rate is 1 or more, no name a number
_ORDINAL = frozenset({"st", "nd", "rd", "th"})
_PAUSES = frozenset({"hm", "hmm", "hmmm", "oh", "uh", "ah"})
_NO_VALUES = frozenset({"correction", "instead"})


def doubts(reading: Reading) -> bool:
    """Whether somebody says that he does not know which of several values is right."""
    return any(m.start not in reading.past for m in reading.of("doubt", negated=None))


def open_corrections(reading: Reading, values: Values) -> None:
    """A correction that gives no other value, as "make that all or half of them", leaves the one before it open."""
    words = [token.word for token in reading.tokens]
    for mention in reading.of("correction", negated=None):
        given = range(mention.start, mention.end + _REACH)
        before = [one for one in values.stated if one.place < mention.start]
        announced = {words[n] for n in mention.places} & reading.grammar["announces"]
        numbers = any(reading.tokens[n].kind in {"number", "path"} for n in given if n < len(words))
        if announced and before and not numbers and not any(one.place in given for one in values.stated):
            said = " ".join(token.text for token in reading.tokens[mention.end : mention.end + _REACH])
            place = values.stated.index(before[-1])
            said = said or reading.said(mention)
            values.stated[place] = replace(before[-1], value=None, choices=(str(before[-1].value), said))


def bare_numbers(reading: Reading, mentions: Iterable[Mention], values: Values) -> None:
    """Numbers without a unit: after a correction, or beside a negated value, they are of the kind named before."""
    claimed = {place for mention in reading.mentions if mention.group not in _NO_VALUES for place in mention.places}
    claimed |= {place + 2 for place in claimed if begins_span(reading, place)}
    corrections = list(reading.of("correction", negated=None))
    for place, token in enumerate(reading.tokens):
        if token.kind != "number" or place in claimed:
            continue
        if is_displaced(reading, place) or _is_ordinal(reading, place) or stands_for(reading, place):
            continue
        others = {_NAME} if token.value < 1 else {_NAME, _RATE}
        before = [m for m in mentions if m.start < place and m.group not in others]
        if before and _is_replaced(reading, place):
            continue
        after = [m for m in mentions if place < m.start <= place + _NEAR and m.negated]
        corrects = _substitutes(reading, place) or _instead(reading, before, place) or sets_right(reading, place)
        first = _over_prepositions(reading, place)
        corrects = corrects or any(m.start < first <= m.end + 1 or m.start < place <= m.end + 1 for m in corrections)
        corrects = corrects or any(_is_told_by_it(reading, m, place) for m in corrections)
        over = {token.word for token in reading.tokens[max(0, min(first, place - 1)) : place]}
        chosen = bool(over & reading.grammar["choice"])
        chosen = chosen or _is_barred(reading, place)
        cited = not corrects and (chosen or is_cited(reading, place) or is_preferred(reading, place))
        model = (
            before[-1]
            if before and (corrects or cited)
            else after[0]
            if after and not negated_number(reading, place)
            else None
        )
        if model is None and (form := by_form(reading, values, place)):
            values.stated.append(form)
            continue
        if model is None and is_total(reading, place) and any(one.name == "parallel" for one in values.stated):
            values.stated.append(Stated("trials", int(token.value), place))
            continue
        if model is None:
            values.unread.add(place)
            continue
        name = model.group.partition(":")[2]
        if chosen or cited or doubts(reading):
            values.stated.append(Stated(name, None, place, (reading.said(model), token.text)))
            continue
        number = figure(token.text, token.value, name)
        reader = READERS.get(name)
        found = reader([number], set()) if reader else (name, number)
        if found:
            values.stated.append(Stated(found[0], found[1], place))


def _is_barred(reading: Reading, place: int) -> bool:
    """Whether a bar sets a number beside another one: "4|8"."""
    return [token.text for token in reading.tokens[place - 2 : place][1:]] == ["|"] and (
        reading.tokens[place - 2].kind == "number"
    )


def _is_ordinal(reading: Reading, place: int) -> bool:
    """Whether a number only tells which one: "on the 18th"."""
    behind = reading.tokens[place + 1 : place + 2]
    return bool(behind) and behind[0].start == reading.tokens[place].end and behind[0].word in _ORDINAL


def is_displaced(reading: Reading, place: int) -> bool:
    """Whether something else is to be taken in place of what stands there: "24 instead of the usual 48"."""
    for mention in reading.of("instead", negated=None):
        between = reading.tokens[mention.end : place]
        if mention.start < place < mention.end + _REACH and not any(t.kind in {"break", "number"} for t in between):
            return True
    return False


def _is_told_by_it(reading: Reading, correction: Mention, place: int) -> bool:
    """Whether a correction goes on with who says so, or what to do: "sorry, Wim says 24", "no, make it exactly 50"."""
    between = [token.word for token in reading.tokens[correction.end : place]]
    use = reading.grammar
    if not between or len(between) > _REACH or BREAK in between:
        return False
    passed = use["pronouns"] | use["what_is_said"] | use["prepositions"]
    bidden = between[0] in use["bids"] and passed.issuperset(between[1:])
    wished = between[0] in use["speakers"] | use["we"] and use["wishes"].issuperset(between[1:])  # "no, I want 40"
    return bidden or wished or (between[-1] in use["says"] and len(between) < _REACH)


def _over_prepositions(reading: Reading, place: int) -> int:
    """The first of the prepositions before a number, else its place: "no, on four", "nein, auf vieren"."""
    passed = reading.grammar["prepositions"] | reading.grammar["restricts_to"]
    while place and reading.tokens[place - 1].word in passed:
        place -= 1
    return place


def is_cited(reading: Reading, place: int) -> bool:
    """Whether somebody else, or a paper, gives a figure: "the manual says 4", "384 laut Lastenheft"."""
    tokens = reading.tokens
    said = [token.word for token in tokens[max(0, place - 3) : place]]
    says = set(said[-2:]) & reading.grammar["says"] and not set(said) & reading.grammar["speakers"]  # "I say 60"
    return bool(says or {token.word for token in tokens[place + 1 : place + 2]} & reading.grammar["according"])


def _instead(reading: Reading, before: Sequence[Mention], place: int) -> bool:
    """Whether a number is to be taken in place of the value before it: "ten epochs were too few, take twenty"."""
    said = {token.word for token in reading.tokens[max(0, place - 3) : place]}
    gone = reading.past | retracted(reading)
    taken_back = bool(before) and (before[-1].start in gone or before[-1].negated)
    return taken_back and bool(said & reading.grammar["bids"])


def _is_replaced(reading: Reading, place: int) -> bool:
    """Whether a number is the one that another is taken for: "batch size 24 instead of 48"."""
    words = [token.word for token in reading.tokens[max(0, place - 2) : place]]
    gives = reading.grammar["bids"] | reading.grammar["substitutes"]  # "instead take 40"
    return bool(set(words) & reading.grammar["in_place"]) and not set(words[-1:]) & gives


def _substitutes(reading: Reading, place: int) -> bool:
    return bool({token.word for token in reading.tokens[max(0, place - 2) : place]} & reading.grammar["substitutes"])


def _replaces(reading: Reading, place: int) -> bool:
    """Whether a word puts another value in place of the one before it: "512 but 256", and not "512 but also 256"."""
    behind = {token.word for token in reading.tokens[place + 1 : place + 2]}
    beside = behind | {token.word for token in reading.tokens[max(0, place - 1) : place]}
    kept = behind & reading.grammar["as_well"] or beside & reading.grammar["least"]
    return reading.tokens[place].word in reading.grammar["substitutes"] and not (kept or _is_again(reading, place))


def _is_again(reading: Reading, place: int) -> bool:
    """Whether something else is said of what is done a second time: "with batch 4, then again but with batch 8"."""
    before = [token.word for token in reading.tokens[max(0, place - 3) : place]]
    again = before[-1:] and before[-1] in reading.grammar["says_again"]
    return bool(again) and not reading.grammar["leads_on"].isdisjoint(before)


def retracted(reading: Reading) -> frozenset[int]:
    """The tokens of what is said and then taken back, and asks for nothing: "Anna wanted 12, that is off the table"."""
    found: set[int] = set()
    asked = [m.start for kind in ("action", "named", "verb") for m in reading.of(kind)]
    for mention in reading.of("retraction", negated=None):
        if mention.start and reading.tokens[mention.start - 1].word in reading.grammar["infinitives"]:
            continue  # "an fp32 engine, just to rule that out"
        stop, _ = reading.clause(mention.start)
        while stop and (reading.tokens[stop - 1].kind == "break" or reading.tokens[stop - 1].word in _PAUSES):
            stop -= 1
        said = range(reading.clause(max(stop - 1, 0))[0], stop)
        if not any(place in said for place in asked):
            found.update(said)
    return frozenset(found)


def _may_correct(other: Stated, one: Stated) -> bool:
    """Whether two values are of one kind: a share of false alarms corrects none of what is found."""
    both = isinstance(one.value, dict) and isinstance(other.value, dict)
    return not both or not one.value.keys().isdisjoint(other.value)


def corrected(stated: list[Stated], reading: Reading) -> list[Stated]:
    """Where a correction stands between two values of one name, the one before it is dropped."""
    if doubts(reading):
        return stated
    places = [m.start for m in reading.of("correction", negated=None)]
    places += [n for n in range(len(reading.tokens)) if _replaces(reading, n) or sets_right(reading, n)]
    kept = []
    for index, one in enumerate(stated):
        later = [other for other in stated[index + 1 :] if other.name == one.name and _may_correct(other, one)]
        if not any(one.place < place <= other.place for other in later for place in places):
            kept.append(one)
    return kept

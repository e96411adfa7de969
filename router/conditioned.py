# SPDX-License-Identifier: Apache-2.0
"""What an action is to depend on, wait for or last until, which no plan keeps: asked about, or at the least told.

As in "50 epochs if there is a GPU, otherwise 5", "on Slurm unless the queue is full", "ask me before exporting",
"with AutoML only if it takes less than an hour", "stop at 18:00".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.reservations import to_end_of_clause
from router.time_limits import TIMES
from router.tokens import clause_at, sentence_begin, sentence_end
from router.word_stems import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.asked_steps import Step
    from router.patterns import Mention
    from router.reading import Reading
    from router.reservations import Reserved

_NEAR, _HOURS, _DIGITS = 4, 24, 2


def conditions(what: Reserved, steps: Sequence[Step]) -> Iterator[str]:
    """The user's own words of conditions and approvals which the steps of a request are to depend on."""
    reading = what.reading
    tokens, use = reading.tokens, reading.grammar
    told = reading.told | reading.theirs | reading.past
    elsewhere = reading.theirs | reading.past
    here = {n for step in steps for n in clause_at(tokens, step.place)} - elsewhere
    asked = [m for m in what.of("approval") if m.start not in told or m.start in here]
    yield from (to_end_of_clause(reading, m) for m in asked[:1])
    yield from (reading.said(m) for m in what.of("alternative")[:1] if m.start not in elsewhere)
    found = [m for m in what.of("condition") if m.start not in reading.theirs]
    policies = {m.end for m in reading.of("policy", negated=None) if not m.group.endswith("neutral")}
    for mention in found:
        words, clause = {tokens[n].word for n in mention.places}, clause_at(tokens, mention.start)
        if not words & (use["if_at_all"] | use["unless"]) or not _is_of_a_step(reading, mention, steps):
            continue
        good = mention.end < clause.stop and tokens[mention.end].word in use["how_good"]  # "then if good export"
        of_policy = {mention.start, mention.start - 1} & policies and mention.start - 1 not in told
        compares = _compares(reading, range(mention.end, clause.stop)) and mention.start not in told
        if of_policy or compares or good or words & use["unless"] or _is_of_a_number(reading, mention):
            yield to_end_of_clause(reading, mention)
            return
    yield from _alternatives(reading, what.found.get("condition", ()))


def _tells_when_to_stop(reading: Reading, clause: range) -> bool:
    """Whether it is to go on until something that no value says: "until the loss stops falling"."""
    use = reading.grammar
    words = {reading.tokens[n].word for n in clause}
    read = any(m.start in clause for m in reading.of("value", negated=None))
    return not read and not (use["stalls"] | use["falls"]).isdisjoint(words)


def _is_of_a_step(reading: Reading, mention: Mention, steps: Sequence[Step]) -> bool:
    """Whether a condition stands in the sentence of a step, and does not tell whether something is to be found out."""
    tokens, place = reading.tokens, mention.start
    if place and tokens[place - 1].word in reading.grammar["asks_whether"]:
        return False
    sentence = range(sentence_begin(tokens, place), sentence_end(tokens, place))
    clause = clause_at(tokens, place)
    values = any(m.start in clause for m in reading.of("value"))  # "…; if the loss is above 0.5 after 10 epochs, stop"
    return any(step.place in sentence for step in steps) or values


def _compares(reading: Reading, clause: range) -> bool:
    """Whether a condition compares something with a figure, or with a time."""
    use = reading.grammar
    words = {reading.tokens[n].word for n in clause}
    times = use["hour_units"] | use["minute_units"] | use["periods"]
    figure = any(reading.tokens[n].kind == "number" for n in clause) or bool(words & times)
    return figure and bool(words & use["more_or_less"])


def _is_of_a_number(reading: Reading, mention: Mention) -> bool:
    """Whether it is that of a figure which nothing reads: "10 epochs, 20 if time permits"."""
    place, values = mention.start - 1, {n for m in reading.of("value", negated=None) for n in m.places}
    return place >= 0 and reading.tokens[place].kind == "number" and place not in values


def _alternatives(reading: Reading, found: Sequence[Mention]) -> Iterator[str]:
    """What else is to be done where a condition does not hold: "if there is a GPU 50 epochs, otherwise 5"."""
    tokens, use = reading.tokens, reading.grammar
    kinds = ("value", "policy", "runner", "action")
    said = {n for kind in kinds for m in reading.of(kind, negated=None) for n in m.places}
    for place, token in enumerate(tokens):
        if token.word not in use["or_else"] or (place and tokens[place - 1].word in use["says_otherwise"]):
            continue
        before = [m for m in found if sentence_begin(tokens, place) <= m.start < place]
        if not before or use["if_at_all"].isdisjoint(tokens[n].word for n in before[0].places):
            continue
        near = range(place + 1, min(place + 1 + _NEAR, sentence_end(tokens, place)))
        if any(tokens[n].kind == "number" or n in said for n in near):
            yield quoted(reading, before[0].start, near[-1])
            return


def clocks(what: Reserved, steps: Sequence[Step]) -> Iterator[str]:
    """The hours of the clock at which a step is to begin or to end."""
    reading = what.reading
    tokens, use = reading.tokens, reading.grammar
    for place in range(1, len(tokens)):
        if tokens[place].kind != "number" or not (
            tokens[place - 1].word in use["at_the_clock"] or _is_clock(reading, place)
        ):
            continue
        if place in reading.told | reading.theirs | reading.past or not (end := _clock_end(reading, place)):
            continue
        clause = clause_at(tokens, place)
        if any(tokens[n].word in use["past"] for n in range(clause.start, place)):
            continue
        if any(tokens[n].word in use["done_by_then"] for n in clause):
            continue  # "it must be finished by 6 pm" is told
        asked = any(step.place in clause and not step.implied for step in steps)
        if asked or clause.start == place - 1 or tokens[clause.start].word in use["stops_or_starts"]:
            first = place - (tokens[place - 1].word in use["at_the_clock"])
            yield quoted(reading, first, end)


def _clock_end(reading: Reading, place: int) -> int:
    """The last token of an hour of the clock from its number on: "22:00", "6 pm", "18 Uhr"; 0 where it is none."""
    tokens, use = reading.tokens, reading.grammar
    behind = tokens[place + 1 : place + 2]
    if tokens[place].value > _HOURS or not behind:
        return 0
    return place + 1 if _is_clock(reading, place) or behind[0].word in use["of_the_clock"] else 0


def _is_clock(reading: Reading, place: int) -> bool:
    """Whether a number and the one behind it are written as "18:30"."""
    pair = reading.tokens[place : place + 2]
    minutes = len(pair) > 1 and pair[1].kind == "number" and len(pair[1].text) == _DIGITS
    return minutes and reading.text[pair[0].end : pair[1].start] == ":"


def times_told(what: Reserved, steps: Sequence[Step], *, limited: bool) -> Iterator[str]:
    """The user's own words of times that nothing keeps: "overnight", "by noon", "I'm back in 40 minutes"."""
    reading = what.reading
    values = reading.of("value", negated=None)
    taken = {n for m in values if m.group.partition(":")[2] not in TIMES for n in m.places}
    silent = reading.told | reading.theirs | reading.past | reading.narrated
    for mention in what.of("condition"):
        lasts = reading.grammar["as_long"].intersection(reading.tokens[n].word for n in mention.places)
        behind = range(mention.end, clause_at(reading.tokens, mention.start).stop)
        if lasts and mention.start not in silent and _tells_when_to_stop(reading, behind):
            yield to_end_of_clause(reading, mention)
    for mention in () if limited else what.of("time"):
        clause = {reading.tokens[n].word for n in clause_at(reading.tokens, mention.start)}
        if clause & reading.grammar["done_by_then"] and mention.start in reading.told:
            yield to_end_of_clause(reading, mention)
            continue
        figures = [n for n in mention.places if reading.tokens[n].kind == "number"]
        if reading.tokens[mention.end : mention.end + 1] and reading.tokens[mention.end].word == "s":
            continue  # "tonight's boards"
        if mention.start and reading.tokens[mention.start - 1].word in reading.grammar["of_that_time"]:
            continue  # "the pictures from tonight"
        if mention.start in silent or not _is_of_a_step(reading, mention, steps) or taken.intersection(figures):
            continue
        clock = not figures or figures[0] < mention.end - 1
        clock |= bool(figures and clause & reading.grammar["done_by_then"] and _clock_end(reading, figures[0]))
        if clock and not (mention.start and reading.tokens[mention.start - 1].word in reading.grammar["denies_it"]):
            yield reading.said(mention)

# SPDX-License-Identifier: Apache-2.0
"""Which words of a request belong to each of its steps."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.asked_steps import Step
    from router.reading import Reading

_ENDS = frozenset({".", "!", ";", "\n"})
_EACH = 2


def parts_of_steps(reading: Reading, steps: Iterable[Step]) -> list[range]:
    """The tokens that belong to each step: from the clause, or the joining word, that leads to it."""
    ordered = list(steps)
    if not ordered:
        return []
    by_place = sorted(ordered, key=lambda step: step.place)
    begins = [0]
    for before, step in itertools.pairwise(by_place):
        begin = step.place
        joins = reading.tokens[begin].word in reading.grammar["joins_steps"]
        ahead = reading.tokens[max(0, before.place - 2) : before.place + 1]
        upon = any(token.word in reading.grammar["upon"] for token in ahead)
        joins = joins or _separates(reading, begin)  # "…, once it is trained on ./lot"
        joins = joins or (upon and reading.tokens[begin].word in reading.grammar["orders_passive"])
        said = _end_of(reading, before.place)
        while not joins and begin - 1 >= said and not _parts_steps(reading, begin - 1, upon=upon):
            begin -= 1
        begin = _with_first_verb(reading, range(before.place, begin), step, by_place)
        begins.append(_with_adverbial(reading, begin, before.place))
    ends = [*begins[1:], len(reading.tokens)]
    ranges = {step: range(begin, end) for step, begin, end in zip(by_place, begins, ends, strict=True)}
    return [ranges[step] for step in ordered]


def _end_of(reading: Reading, place: int) -> int:
    """Behind the phrase without gaps that says the step at a place: "nach dem Export von train-… kommt die Engine"."""
    said = [m for m in reading.of("action") if m.start == place and len(m.places) == m.end - m.start]
    return said[0].end if said else place + 1


def _with_adverbial(reading: Reading, begin: int, before: int) -> int:
    """Where a part begins, with what commas set apart ahead of it: "train it, then, on ./lot, an evaluation"."""
    start = reading.clause(begin - 1)[0] if begin and reading.tokens[begin - 1].text == "," else begin
    opens = start - 1 > before and reading.tokens[start].word in reading.grammar["prepositions"]
    behind = {token.word for token in reading.tokens[max(before + 1, start - 2) : start]}
    return start if opens and not behind.isdisjoint(reading.grammar["separates"]) else begin


def _with_first_verb(reading: Reading, before: range, step: Step, steps: Sequence[Step]) -> int:
    """Where a part begins, with the verb ahead of its own that takes its data: "then *go through ./b* and flag them".

    That stands behind a word such as "then", the step before has data of its own, and this one names no other.
    """
    use, tokens, begin = reading.grammar, reading.tokens, before.stop
    later = next((one.place for one in steps if one.place > step.place), len(tokens))
    if any(tokens[n].kind == "path" for n in range(begin, later)):
        return begin
    paths = [n for n in before if tokens[n].kind == "path"]
    leads = use["leads_on"] | use["thereafter"] | use["awaits"] | use["next"]
    opens = [n for n in before if n > before.start and (tokens[n].text in _ENDS or tokens[n].word in leads)]
    if len(paths) < _EACH or not any(paths[-2] < n < paths[-1] for n in opens):
        return begin
    return next(n for n in opens if n > paths[-2])


def _separates(reading: Reading, place: int) -> bool:
    token = reading.tokens[place]
    return token.kind == "break" or token.word in reading.grammar["separates"]


def _parts_steps(reading: Reading, place: int, *, upon: bool) -> bool:
    """Whether a token sets two steps apart, or the verb that follows what is over: "nach der Auswertung *soll* …"."""
    word, use = reading.tokens[place].word, reading.grammar
    return _separates(reading, place) or word in use["comes"] or (upon and word in use["orders_passive"])

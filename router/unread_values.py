# SPDX-License-Identifier: Apache-2.0
"""What says a value in a way of which none is made, and is asked about: "double that", "stop if nothing improves"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from router.comments import commented
from router.time_limits import TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.patterns import Mention
    from router.reading import Reading

_NEAR, _FAR = 4, 12
_MORE = re.compile(r"(?:>=?|≥)\s*$")
# What leads to these says what they are of, and is no part of them.
_LED = frozenset({"unread:weights", "unread:device", "option:watch"})
_ONLY_TOLD = frozenset({"unread:moment"})
_OF_TRAINING = frozenset({"action:train", "policy:on", "value:epochs", "value:trials", "value:hours"})


def unread_phrases(reading: Reading) -> tuple[str, ...]:
    """The user's own words that say values of which none is made; none of them is only told."""
    found = {n: (m.start, m.end) for m in unread(reading) if m.group not in _ONLY_TOLD for n in m.places}
    for mention in (m for m in reading.of("value") if m.group == "value:epochs"):
        if (start := start_of_stopping(mention, reading)) is not None:
            found[start] = (start, _end_of_stopping(mention, reading))
    found |= commented(reading)
    said = sorted(one for one in set(found.values()) if not any(_lies_in(one, other) for other in found.values()))
    return tuple(reading.text[reading.tokens[start].start : reading.tokens[end - 1].end] for start, end in said)


def untaken_phrases(reading: Reading) -> tuple[str, ...]:
    """The user's own words that nothing takes up and that leave nothing open: "until tomorrow 8 am"."""
    return tuple(reading.said(m) for m in unread(reading) if m.group in _ONLY_TOLD)


def _lies_in(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def unread(reading: Reading) -> Iterator[Mention]:
    """The phrases that reckon a value from another one, limit the data, or set what no word is known for."""
    values = {n for m in reading.of("value") for n in m.places}
    rates = reading.grammar["raises"]
    for mention in map(said_last, reading.of("unread", negated=None)):
        kind, start = mention.group.partition(":")[2], mention.start
        if start in reading.told or start in reading.past or _is_told_of_another(reading, start):
            continue
        figures = [n for n in mention.places if reading.tokens[n].kind == "number"]
        before = any(n < start for n in values)
        if kind == "reckoned" and (not before or (figures and values.issuperset(figures))):
            continue
        behind = reading.tokens[mention.end : mention.end + _NEAR - 1]
        if kind == "compared" and not figures and any(token.kind == "number" for token in behind):
            continue  # "double the batch size to 16"
        begin, _ = reading.clause(start)
        if kind == "limited" and any(token.word in rates for token in reading.tokens[begin:start]):
            continue  # "raise the learning rate up to 1e-3"
        if (
            _is_limit(mention, reading)
            or _is_denied(mention, reading)
            or (kind == "otherwise" and not _is_alone_trained(mention, reading))
        ):
            continue
        if kind == "counted" and (values.issuperset(figures) or _only_tells(reading, start)):
            continue
        if kind == "moment" and not _is_of_training(reading, start):
            continue  # "the GPU box is free until Wednesday"
        if kind == "partial" and any(m.group == "verb:data_synthesize" for m in reading.of("verb")):
            continue  # "make 20 random pairs"
        yield mention
    yield from (m for m in reading.of("value") if m.group.partition(":")[2] in TIMES and _is_least_by_sign(reading, m))


def _is_denied(mention: Mention, reading: Reading) -> bool:
    """Whether a clause denies a least time: "länger als 6 Stunden soll die Suche nicht dauern"."""
    beside = (n for n in range(*reading.clause(mention.start)) if n not in mention.places)
    return mention.group == "unread:least" and any(
        reading.tokens[n].word in reading.grammar["denies_it"] for n in beside
    )


def _is_least_by_sign(reading: Reading, mention: Mention) -> bool:
    """Whether a sign says that it is no less: ">= 2 hours", "2+ hours"."""
    numbers = [reading.tokens[n] for n in mention.places if reading.tokens[n].kind == "number"]
    text = reading.text
    return any(_MORE.search(text[: one.start]) or text[one.end : one.end + 1] == "+" for one in numbers)


def _is_limit(mention: Mention, reading: Reading) -> bool:
    """Whether what would exceed a figure is ruled out: "no more than 5 epochs", "mehr als 60 brauchen wir nicht"."""
    use, start = reading.grammar, mention.start
    before = start > 0 and reading.tokens[start - 1].word in use["not"] | use["rules_out"]
    stop = reading.clause(start)[1]
    behind = {token.word for token in reading.tokens[mention.end : min(stop, mention.end + _NEAR)]}
    return mention.group == "unread:exceeding" and (before or not use["not"].isdisjoint(behind))


def _is_alone_trained(mention: Mention, reading: Reading) -> bool:
    """Whether a training is asked for, and nothing else that what is set otherwise could be of."""
    asked = [m for kind in ("action", "named", "noun") for m in reading.of(kind) if not {*m.places} & {*mention.places}]
    return bool(asked) and all(m.group.endswith("train") for m in asked)


def said_last(mention: Mention) -> Mention:
    """A mention, for what is led to from behind its last gap on: "from scratch" of "train on ./lot from scratch"."""
    if mention.group not in _LED:
        return mention
    first = max((n for n, before in zip(mention.places[1:], mention.places, strict=False) if n > before + 1), default=0)
    return mention._replace(places=tuple(n for n in mention.places if n >= first))


def _only_tells(reading: Reading, place: int) -> bool:
    """Whether a clause says how it is or was, and not how it is to be: "the last run had 5 false alarms"."""
    use, words = reading.grammar, {token.word for token in reading.tokens[slice(*reading.clause(place))]}
    return bool(words & (use["finite"] | use["past"])) and not words & use["obliges"]


def _is_of_training(reading: Reading, place: int) -> bool:
    clause = range(*reading.clause(place))
    return any(m.start in clause and m.group in _OF_TRAINING for m in reading.mentions)


def _is_told_of_another(reading: Reading, place: int) -> bool:
    """Whether a relative clause tells what something did: "…, which is why it flagged every second board"."""
    start, _ = reading.clause(place)
    before = reading.tokens[start:place]
    told = any(token.word in reading.grammar["past"] or token.word.endswith("ed") for token in before)
    return told and before[0].word in reading.grammar["relative"]


def unread_places(reading: Reading) -> set[int]:
    """The tokens of these phrases, from the first to the last: what stands there is no value by itself."""
    return {n for m in unread(reading) for n in range(m.start, m.end)}


def start_of_stopping(mention: Mention, reading: Reading) -> int | None:
    """Where a condition begins by which epochs only tell when to stop: "…, stop if it does not fall for 3 epochs"."""
    use, tokens = reading.grammar, reading.tokens
    begin = max(reading.clause(mention.start)[0], mention.start - _FAR)
    before = [token.word for token in tokens[begin : mention.start]]
    waits = next((n for n, word in enumerate(before) if word in use["patience"]), None)
    ifs = next((n for n, word in enumerate(before) if word in use["stop_if"]), None)
    stop = reading.clause(mention.start)[1]
    behind = [token.word for token in tokens[mention.end : min(stop, mention.end + _NEAR)]]
    if waits is None and ifs is not None and use["stalls"].intersection(before[ifs:] + behind):
        waits = ifs
    if waits is not None:
        return begin + waits
    lacks = any(word in use["stop_without"] for word in behind) and use["stalls"].intersection(behind)
    return mention.start if lacks or use["patience"].intersection(behind[:1]) else None


def _end_of_stopping(mention: Mention, reading: Reading) -> int:
    stop = reading.clause(mention.start)[1]
    behind = range(mention.end, min(stop, mention.end + _NEAR))
    stalls = reading.grammar["stalls"] | reading.grammar["patience"]
    return next((n + 1 for n in behind if reading.tokens[n].word in stalls), mention.end)

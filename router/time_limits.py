# SPDX-License-Identifier: Apache-2.0
"""Durations that limit a search, or each of its trials, and those that limit nothing: "an hour late", "twice a day"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.colons import is_behind_colon
from router.stated import Stated

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

TIMES = frozenset({"hours", "minutes", "seconds", "days", "weeks"})
_NEAR = 4


def is_no_limit(mention: Mention, reading: Reading) -> bool:
    """Whether a duration limits nothing: that of each piece, or a deadline of somebody ("boss wants it in 10 min")."""
    tokens, start = reading.tokens, mention.start
    if tokens[start].word in reading.grammar["says_no"]:  # "two hours, no, one will do"
        return not any(m.group == mention.group and m.start < start for m in reading.of("value", negated=None))
    words = {token.word for token in tokens[max(0, start - 2) : mention.end]}
    if words & reading.grammar["limits"] or _has_to_be_over(reading, start):
        return False
    behind = {token.word for token in tokens[mention.end : mention.end + 2]}
    begin, end = reading.clause(start)
    said = {token.word for token in tokens[begin:end]}
    each = said & reading.grammar["takes_time"] and (said & reading.grammar["of_each"] or _is_of_things(reading, start))
    if each or said & reading.grammar["spent"]:
        return True  # "we waited half a day for the boards", "each run takes two hours here"
    waits = {token.word for token in tokens[begin:start]} & (reading.grammar["wishes"] | reading.grammar["orders"])
    if tokens[start - 1].word in reading.grammar["per_time"] and start:  # "twice a day"
        return True
    if (
        (begin == start and _has_gone_by(mention, reading))
        or _is_rate(reading, start)
        or _is_of_the_past(mention, reading)
        or _is_share_of_time(mention, reading)
    ):
        return True
    away = not reading.grammar["is_away"].isdisjoint(said)  # "I'm back in 40 minutes"
    deadline = start > 0 and tokens[start - 1].word == "in" and (bool(waits) or start in reading.told or away)
    return deadline or bool(behind & (reading.grammar["of_each"] | reading.grammar["off_time"]))  # "an hour late"


def _has_gone_by(mention: Mention, reading: Reading) -> bool:
    """Whether a clause ends with how much later it is: "Ling again, an hour on: …"."""
    tokens, place = reading.tokens, mention.end
    if place + 1 >= len(tokens) or tokens[place].word not in reading.grammar["gone_by"]:
        return False
    return tokens[place + 1].kind in {"break", "quote"} or is_behind_colon(tokens, place + 1)


def _has_to_be_over(reading: Reading, start: int) -> bool:
    """Whether something has to be over in a time: "it must be over in five hours"."""
    clause = range(*reading.clause(start))
    words, here = [reading.tokens[n].word for n in clause], start - clause.start
    over = here > 1 and words[here - 1] == "in" and words[here - 2] in reading.grammar["runs_out"]
    return over and not reading.grammar["obliges_it"].isdisjoint(words[:here])


def _is_of_things(reading: Reading, start: int) -> bool:
    """Whether a clause tells how long something takes that is no search: "the shift lasts eight hours"."""
    clause = range(*reading.clause(start))
    words, use = [reading.tokens[n].word for n in clause], reading.grammar
    if words[0] in use["reasons"]:
        return True
    before = words[: start - clause.start]
    told = any(m.start in clause for kind in ("action", "noun", "verb", "policy") for m in reading.of(kind))
    ours = not (use["takes_hours"] | use["obliges_it"] | use["possible"] | use["limits"]).isdisjoint(before)
    return not (told or ours) and not use["takes_up_time"].isdisjoint(before[1:])


def _is_share_of_time(mention: Mention, reading: Reading) -> bool:
    """Whether it is so long in each day, or the day in which it is: "loses an hour a day"."""
    times = [m for m in reading.of("value", negated=None) if m.group.partition(":")[2] in TIMES]
    behind = [m for m in times if m.start == mention.end and reading.tokens[m.start].kind == "word"]
    before = [m for m in times if m.end == mention.start and reading.tokens[mention.start].kind == "word"]
    return bool(behind or before)


def _is_of_the_past(mention: Mention, reading: Reading) -> bool:
    """Whether a duration is that of a run that is over: "after yesterday's 12-hour run"."""
    before = {token.word for token in reading.tokens[max(0, mention.start - 3) : mention.start]}
    behind = {token.word for token in reading.tokens[mention.end : mention.end + 1]}
    return bool(before & reading.grammar["past"] and behind & {"run", "training", "search", "job", "lauf"})


def _is_rate(reading: Reading, start: int) -> bool:
    """Whether so much is done in the time that is named: "1,400 boards an hour", "300 Platinen die Stunde"."""
    tokens = reading.tokens
    counted = start > 1 and tokens[start - 2].kind == "number" and tokens[start - 1].kind == "word"
    return counted and any(m.group == "trade" and start - 1 in m.places for m in reading.mentions)


def of_each_trial(reading: Reading) -> list[Stated]:
    """How long one trial may take, in minutes: "30 minutes per trial", "each trial may take an hour", "90 s a run"."""
    return [
        Stated("trial_minutes", round(amount * minutes, 6), place)
        for place in range(1, len(reading.tokens))
        if (minutes := _minutes(reading, place))
        and (amount := _amount(reading, place))
        and _is_per_piece(reading, place)
    ]


def _minutes(reading: Reading, place: int) -> float:
    """How many minutes a unit of time has; 0 where a word is none."""
    use, word = reading.grammar, reading.tokens[place].word
    units = (("second_units", 1 / 60), ("minute_units", 1), ("hour_units", 60))
    return next((minutes for name, minutes in units if word in use[name]), 0)


def _amount(reading: Reading, unit: int) -> float:
    before = reading.tokens[unit - 1]
    return before.value if before.kind == "number" else float(before.word in reading.grammar["one_of_them"])


def _is_per_piece(reading: Reading, unit: int) -> bool:
    """Whether a time before its unit is that of each trial, as words behind it, or before it in its clause, say."""
    use, (begin, end) = reading.grammar, reading.clause(unit)
    behind = [token.word for token in reading.tokens[unit + 1 : end]][:_NEAR]
    before = [token.word for token in reading.tokens[begin : unit - 1]]
    if use["takes_time"].intersection(before) and not use["limits"].intersection(before):
        return False  # "each run takes two hours here"
    for each, words in (("for_one", behind), ("none_of_them", before[-2 * _NEAR :])):
        each_of = use["of_each"] | use[each]
        if any(one in each_of and other in use["trial_pieces"] for one, other in pairwise(words)):
            return True
    several = use["several_pieces"]
    parts = {*behind[:1], *before[-1:]} & use["shares_out"]
    if parts and any(token.word in several for token in reading.tokens[max(0, begin - 2 * _NEAR) : unit]):
        return True  # "8 trials, 30 minutes each", "8 Versuche zu je 30 Minuten"
    trials = next((n for n in range(len(before) - 1, -1, -1) if before[n] in several), len(before))
    between = before[trials + 1 :]
    return bool(between) and between[0] in use["of"] and (use["limits"] | use["at_most"]).issuperset(between[1:])


def of_all_trials(mention: Mention, reading: Reading, numbers: list[float]) -> Stated | None:
    """The epochs of a whole search, where one is asked for: "with AutoML, at most 100 epochs in total"."""
    if not mention.group.endswith(":epochs") or len(numbers) != 1 or not (said := _is_total(mention, reading)):
        return None
    values = {m.group.partition(":")[2] for m in reading.of("value")}
    policies = {m.group.partition(":")[2] for m in reading.of("policy")}
    if "off" in policies or not (values & {"trials", "parallel"} or policies & {"on", "named"}):
        return None
    if values & {"checkpoint_interval", "validation_interval"} and said != "of all":
        choices = (f"{numbers[0]:g} in each trial", f"{numbers[0]:g} in all together")
        return Stated("epochs", None, mention.start, choices)
    return Stated("total_epochs", int(numbers[0]), mention.start)


def _is_total(mention: Mention, reading: Reading) -> str:
    """Whether epochs are those of all trials ("of all"), or of all that is done ("total"), or neither."""
    use, tokens, (begin, end) = reading.grammar, reading.tokens, reading.clause(mention.start)
    behind = [token.word for token in tokens[mention.end : min(end, mention.end + _NEAR)]]
    before = {token.word for token in tokens[max(begin, mention.start - _NEAR) : mention.start]}
    if use["over_all"].intersection(behind[:1]) and use["trial_pieces"].intersection(behind):
        return "of all"
    total = use["totals"].intersection(behind[:2]) or (use["totals"] | use["totals_before"]) & before
    return "total" if total else ""

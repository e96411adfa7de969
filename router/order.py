# SPDX-License-Identifier: Apache-2.0
"""Which of several steps comes first, by words such as "before", "then" and "and"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_CLOSE = 6
_OPENING = 3


def comes_first(reading: Reading, mention: Mention) -> bool:
    """Whether the next words say that it comes first: "predict …, but score it first"."""
    _, stop = reading.clause(mention.start)
    behind = {token.word for token in reading.tokens[mention.end : min(stop, mention.end + 2)]}
    return (
        bool(behind & reading.grammar["goes_first"])
        or _comes(reading, mention, "goes_first")
        or _turns_back(reading, mention)
    )


def _turns_back(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins by putting what it asks for ahead: "but first measure it", "vorher aber auswerten"."""
    start, _ = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start : mention.start]][:_OPENING]
    if len(words) > 1 and words[0] in reading.grammar["before"] and words[1] in reading.grammar["that"]:
        return True  # "before that, evaluate it"
    contrasts = not reading.grammar["contrasts"].isdisjoint(words)
    if contrasts and not reading.grammar["goes_first"].isdisjoint(words):
        return True
    return not reading.grammar["beforehand"].isdisjoint(words[:2])


def _comes(reading: Reading, mention: Mention, when: str) -> bool:
    """Whether the clause of a mention says when it comes: "the export comes last", "first comes the training"."""
    start, stop = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start:stop]]
    here = mention.start - start
    for place in (n for n, word in enumerate(words) if word in reading.grammar["comes"]):
        told = words[place + 1 : place + 2] if here < place else words[max(0, place - 1) : place]
        if told and told[0] in reading.grammar[when]:
            return True
    return False


def comes_later(reading: Reading, mention: Mention) -> bool:
    """Whether a word such as "before" makes what a mention asks for the last step."""
    opens = reading.tokens[mention.start].word in reading.grammar["ahead_of_it"]  # "vor dem Export"
    return opens or _stands_behind_before(reading, mention.start, 4) or _comes(reading, mention, "goes_last")


def has_run_before(reading: Reading, mention: Mention) -> bool:
    """Whether it is to be over before what is said ahead of it: "verdicts on ./lot, after you've trained it"."""
    start, stop = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start : min(stop, mention.end + 2)]]
    here = min(mention.start - start, len(words) - 1)
    place = next((n for n in range(here, -1, -1) if words[n] in reading.grammar["after"]), None)
    if place is None or (not start and not place):
        return False
    place += words[place + 1 : place + 2] == ["as"]  # "as soon as you have trained it"
    if words[min(max(place + 1, here), len(words) - 1)].endswith("ing") and here <= place + 1:
        return True  # "after exporting it"
    if here == place + 2 and words[place + 1] in reading.grammar["told"]:
        return True  # "after you train it"
    use = reading.grammar
    within = use["pronouns"] if here == place else frozenset()  # "once it has been built", not "once it is done, mask"
    subject = set(words[place + 1 : place + 2]) & (use["persons"] | use["articles"] | within)
    return bool(subject) and bool(set(words[place + 1 :]) & reading.grammar["perfect"])


def is_of_others_later(reading: Reading, mention: Mention) -> bool:
    """Whether somebody does later what is not asked for: "before anybody thinks of exporting it, evaluate it"."""
    start, _ = reading.clause(mention.start)
    if (colon := behind_colon(reading, start, mention.start)) is not None:
        start = colon
    words = [token.word for token in reading.tokens[start : mention.start]]
    place = next((n for n in range(len(words) - 1, -1, -1) if words[n] in reading.grammar["before"]), None)
    return place is not None and bool(reading.grammar["somebody"].intersection(words[place + 1 : place + 2]))


def is_shown_later(reading: Reading, mention: Mention) -> bool:
    """Whether somebody shows something to others later: "before we show the model to the board, evaluate it"."""
    before = {token.word for token in reading.tokens[max(0, mention.start - 2) : mention.start]}
    shows = reading.tokens[mention.start].word in reading.grammar["shows"]
    return shows and bool(before & reading.grammar["before"]) and bool(before & reading.grammar["persons"])


def only_tells_when(reading: Reading, place: int) -> bool:
    """Whether an action is only what something else is to come before: "before anyone trains"."""
    asked = {token.word for token in reading.tokens[max(0, place - 3) : place]} & reading.grammar["told"]
    return behind_before(reading, place) and not asked


def behind_before(reading: Reading, place: int) -> bool:
    """Whether a word such as "before" stands closely before a token."""
    return _stands_behind_before(reading, place, 3)


def _stands_behind_before(reading: Reading, place: int, reach: int) -> bool:
    """Whether "before" is among so many words before a token, in its clause, and behind a colon."""
    start, _ = reading.clause(place)
    for here in range(place - 1, max(start, place - reach) - 1, -1):
        if ":" in reading.text[reading.tokens[here].end : reading.tokens[here + 1].start]:
            return False
        if _is_before(reading, here):
            return True
    return False


def _is_before(reading: Reading, here: int) -> bool:
    """Whether a word says that what is behind it comes later: "before", "ahead of"; not "before anything else"."""
    word, behind = reading.tokens[here].word, {token.word for token in reading.tokens[here + 1 : here + 2]}
    if word in reading.grammar["ahead"]:
        of_it = {token.word for token in reading.tokens[here + 2 : here + 3]} & reading.grammar["pronouns"]
        return bool(behind & reading.grammar["of"]) and not of_it
    return word in reading.grammar["before"] and not behind & reading.grammar["anything"]


def begins_when_over(reading: Reading, mention: Mention) -> bool:
    """Whether a phrase only says when the next step begins: "after the training the evaluation on ./lot"."""
    return reading.tokens[mention.start].word in reading.grammar["upon"]


def is_ahead_of(reading: Reading, place: int) -> bool:
    """Whether what a noun names is what something else is to come before: "ahead of the export, evaluate it"."""
    before = [token.word for token in reading.tokens[max(0, place - 3) : place]]
    close = before[-2:] if before[-1:] and before[-1] in reading.grammar["articles"] else before[-1:]
    if close[:1] and close[0] in reading.grammar["before"] and place - len(close) == reading.clause(place)[0]:
        return True
    return any(one in reading.grammar["ahead"] and other in reading.grammar["of"] for one, other in pairwise(before))


def follows(reading: Reading, before: int, place: int) -> bool:
    """Whether a phrase begins the next step: close behind the end of a clause, or a word such as `then` or `and`."""
    start, _ = reading.clause(place)
    joins = reading.grammar["joins_steps"] | reading.grammar["separates"]
    if start > before and {token.word for token in reading.tokens[start : start + 2]} & joins:
        return True
    for here in range(place - 1, max(before, place - _CLOSE) - 1, -1):
        token = reading.tokens[here]
        if token.kind == "break" or token.word in joins:
            return here > before
        if token.kind != "word":
            return False
    return False


def behind_colon(reading: Reading, start: int, place: int) -> int | None:
    """The token behind the last colon before a place of the clause."""
    for here in range(place - 1, start - 1, -1):
        if ":" in reading.text[reading.tokens[here].end : reading.tokens[here + 1].start]:
            return here + 1
    return None

# SPDX-License-Identifier: Apache-2.0
"""Which of several steps comes first, by words such as "before", "then" and "and"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.openings import begins_all, ends_all, goes_between, said_before, turns_back_to

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_CLOSE = 6
_OPENING = 3


def comes_first(reading: Reading, mention: Mention) -> bool:
    """Whether the next words say that it comes first: "predict …, but score it first"."""
    _, stop = reading.clause(mention.start)
    behind = {token.word for token in reading.tokens[mention.end : min(stop, mention.end + 2)]}
    others = any(mention.end <= m.start < stop for kind in ("action", "noun") for m in reading.of(kind))
    behind |= set() if others else {reading.tokens[stop - 1].word}  # "so train one on ./lot first"
    return (
        bool(behind & reading.grammar["goes_first"])
        or _must_first(reading, mention)
        or _comes(reading, mention, "goes_first")
        or _turns_back(reading, mention)
        or begins_all(reading, mention)
    )


def _must_first(reading: Reading, mention: Mention) -> bool:
    """Whether somebody has to do it first: "for the verdicts you must first train it"."""
    start = max(reading.clause(mention.start)[0], said_before(reading, mention))
    words = [token.word for token in reading.tokens[start : mention.start]]
    first = (n for n, word in enumerate(words) if word in reading.grammar["goes_first"])
    must = reading.grammar["told"] | reading.grammar["orders_passive"]
    return any(not must.isdisjoint(words[max(0, n - 2) : n]) for n in first)


def is_put_ahead(reading: Reading, mention: Mention) -> bool:
    """Whether its clause puts what is asked for ahead of another step, or at the beginning or the end of all."""
    if any(_comes(reading, mention, when) for when in ("goes_first", "goes_last")):
        return True
    back = turns_back_to(reading, mention) or goes_between(reading, mention)
    return back or _turns_back(reading, mention) or begins_all(reading, mention)


def _turns_back(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins by putting what it asks for ahead: "but first measure it", "vorher aber auswerten"."""
    start, _ = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start : mention.start]][:_OPENING]
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


def comes_later(reading: Reading, mention: Mention, *, first: bool = False) -> bool:
    """Whether a word such as "before", or "at the end" with the `first` one, makes what is asked for the last step."""
    if turns_back_to(reading, mention):
        return False
    opens = reading.tokens[mention.start].word in reading.grammar["ahead_of_it"]  # "vor dem Export"
    opens = opens or _stands_behind_before(reading, mention.start, 4) or _comes(reading, mention, "goes_last")
    return opens or (first and (ends_all(reading, mention) or _is_only_thought_of(reading, mention)))


def _is_only_thought_of(reading: Reading, mention: Mention) -> bool:
    """Whether a clause ahead of another one only tells what comes later: "before you even think of …"."""
    use, (start, stop) = reading.grammar, reading.clause(mention.start)
    opens = reading.tokens[start].word in use["before"] and _is_before(reading, start)
    somebody = use["persons"].intersection(token.word for token in reading.tokens[start + 1 : start + 2])
    return opens and bool(somebody) and stop < len(reading.tokens) and reading.tokens[stop].text == ","


def has_run_before(reading: Reading, mention: Mention) -> bool:
    """Whether it is to be over before what is said ahead of it: "verdicts on ./lot, after you've trained it"."""
    start, stop = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start : min(stop, mention.end + 2)]]
    here = min(mention.start - start, len(words) - 1)
    place = next((n for n in range(here, -1, -1) if _is_after(reading, words, n)), None)
    if place is None or (not start and not place):
        return False
    place += words[place + 1 : place + 2] == ["as"]  # "as soon as you have trained it"
    if words[min(max(place + 1, here), len(words) - 1)].endswith("ing") and here <= place + 1:
        return True  # "after exporting it"
    if here == place + 2 and words[place + 1] in reading.grammar["told"]:
        return True  # "after you train it"
    use = reading.grammar
    if here == place + 2 and words[place + 1] in use["any_one"] and use["contrasts"].intersection(words[:place]):
        return True  # "but only after an evaluation"
    if use["pronouns"].intersection(words[place + 1 : place + 2]) and words[place + 2 : here]:
        return use["perfect"] | use["adverbs"] >= set(words[place + 2 : here])  # "once it has been evaluated"
    within = use["pronouns"] if here == place else frozenset()  # "once it has been built", not "once it is done, mask"
    subject = set(words[place + 1 : place + 2]) & (use["persons"] | use["articles"] | within)
    return bool(subject) and bool(set(words[place + 1 :]) & reading.grammar["perfect"])


def _is_after(reading: Reading, words: list[str], place: int) -> bool:
    """Whether a word says that what is behind it comes first: "after", "not before", "not until"."""
    if words[place] in reading.grammar["after"]:
        return True
    return words[place] in reading.grammar["until"] and bool(place) and words[place - 1] in reading.grammar["not"]


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
        if reading.tokens[here].word in reading.grammar["comes"]:
            return False  # "before exporting comes evaluating"
        if _is_before(reading, here):
            return True
    return False


def _is_before(reading: Reading, here: int) -> bool:
    """Whether a word says that what is behind it comes later: "before", "ahead of"; not "before anything else"."""
    word, behind = reading.tokens[here].word, {token.word for token in reading.tokens[here + 1 : here + 2]}
    if here and reading.tokens[here - 1].word in reading.grammar["not"]:
        return False  # "but not before you've exported it"
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

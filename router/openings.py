# SPDX-License-Identifier: Apache-2.0
"""Where the words around a phrase place it among the steps: "before that, …", "to begin with, …", "at the end"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_OPENING, _CLOSE, _FAR, _ASIDE = 3, 6, 10, 4


def turns_back_to(reading: Reading, mention: Mention) -> bool:
    """Whether what is asked for comes before what was said last: "before that, evaluate it", "ahead of it, …"."""
    use, words = reading.grammar, _opening(reading, mention)
    if words[:1] and words[0] in use["before_that"]:
        return True
    if len(words) > 1 and words[0] in use["before"] and words[1] in use["that"] | use["pronouns"]:
        return len(words) == 2 or words[1] not in use["pronouns"] or words[2] not in use["finite"]
    if words[:1] and words[0] in use["precedes"]:
        return True  # "…, preceded by an evaluation"
    _, stop = reading.clause(mention.start)
    tail = [token.word for token in reading.tokens[mention.end : stop]][-2:]
    if tail[-1:] and (tail[-1] in use["before_that"] or (tail[0] in use["before"] and tail[-1] in use["that"])):
        return True  # "an evaluation before that"
    of_it = words[2:3] and words[2] in use["that"] | use["pronouns"]
    return bool(of_it) and words[0] in use["ahead"] and words[1] in use["of"]


def goes_between(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins by putting what it asks for between two steps: "in between I want it evaluated"."""
    start, _ = reading.clause(mention.start)
    words = {token.word for token in reading.tokens[start : mention.start][:_OPENING]}
    return not words.isdisjoint(reading.grammar["in_between"])


def goes_on_then(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins with a word such as "then"."""
    words = _opening(reading, mention)
    return not reading.grammar["thereafter"].isdisjoint((*words[:1], *words[-_OPENING:]))


def begins_all(reading: Reading, mention: Mention) -> bool:
    """Whether a clause says that it is what all begins with: "to begin with, train it", "ganz am Anfang trainieren"."""
    use, words = reading.grammar, _opening(reading, mention)
    start = reading.clause(mention.start)[0]
    own = [reading.tokens[start].word] if said_before(reading, mention) <= start < mention.start else []
    if not use["goes_first"].isdisjoint((*words[:1], *own)):
        return True
    said = (n for n in range(1, min(len(words), _CLOSE)) if words[n] in use["beginnings"])
    return any(words[n - 1] in use["at_end"] and not use["of"].intersection(words[n + 1 : n + 2]) for n in said)


def ends_all(reading: Reading, mention: Mention) -> bool:
    """Whether the first clause says that it is what all ends with: "zuletzt soll …", "an engine at the end"."""
    use, tokens = reading.grammar, reading.tokens
    start, stop = reading.clause(mention.start)
    words = [token.word for token in tokens[start:stop]]
    words = words[1:] if words[1:] and words[0] in use["joins_steps"] else words
    said = words[0] in use["goes_last"] - use["ends"] - use["separates"]
    said = said or any(here in use["ends"] and before in use["at_end"] for before, here in pairwise(words[:_FAR]))
    after = {token.word for token in tokens[stop + 1 : stop + 3]}
    return said and after.isdisjoint(use["thereafter"])


def opens_with_before(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins by saying ahead of what something comes: "and before the evaluation …"."""
    use = reading.grammar
    start, _ = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start : mention.start]]
    words = words[1:] if words[:1] and words[0] in use["joins_steps"] else words
    words = words[:-1] if words[1:] and words[-1] in use["articles"] | use["that"] else words
    ahead = len(words) == 2 and words[0] in use["ahead"] and words[1] in use["of"]
    return ahead or (len(words) == 1 and words[0] in use["before"] | use["ahead_of_it"])


def is_phase(reading: Reading, place: int) -> bool:
    """Whether it is what a chain begins, goes on or ends with: "start with the training", "hör mit dem Export auf"."""
    use = reading.grammar
    start, _ = reading.clause(place)
    words = [token.word for token in reading.tokens[start:place]]
    words = words[:-1] if words[-1:] and words[-1] in use["articles"] | use["any_one"] else words
    return bool(words) and words[-1] in use["with_it"] and not use["phases"].isdisjoint(words[-4:])


def stems_from(reading: Reading, place: int) -> bool:
    """Whether what a noun names is what the step said before it is made of, or follows.

    "it has to come from an export", "the evaluation follows the training"
    """
    use, tokens = reading.grammar, reading.tokens
    start, stop = reading.clause(place)
    before = [token.word for token in tokens[start:place]]
    before = before[:-1] if before[-1:] and before[-1] in use["articles"] else before
    if before[1:] and before[-1] in use["succeeds"] and use["thereafter"].isdisjoint(before):
        return True
    source = next((n for n in range(place - 1, max(start, place - _FAR), -1) if tokens[n].word in use["stem_from"]), 0)
    if not source or any(token.kind == "job" for token in tokens[place:stop]):
        return False
    around = {token.word for token in tokens[max(start, source - 2) : source]} | {tokens[stop - 1].word}
    return not around.isdisjoint(use["stems"])


def _opening(reading: Reading, mention: Mention) -> list[str]:
    """The words that lead up to a phrase from the clause's beginning, short asides with commas among them."""
    start, said = reading.clause(mention.start)[0], said_before(reading, mention)
    while start > max(1, said) and reading.tokens[start - 1].text == ",":
        before, stop = reading.clause(start - 1)
        if stop - before > _ASIDE or before < said:
            break
        start = before  # "before that, obviously, train it"
    joins = reading.grammar["joins_steps"] | reading.grammar["contrasts"]
    if said > start:  # "evaluate it first and export it"
        joined = (n + 1 for n in range(mention.start - 1, said - 1, -1) if reading.tokens[n].word in joins)
        start = next(joined, mention.start)
    words = [token.word for token in reading.tokens[start : mention.start] if token.kind != "break"]
    return words[1:] if words[:1] and words[0] in joins else words


def said_before(reading: Reading, mention: Mention) -> int:
    """Behind the last phrase ahead of another one that asks for an action."""
    return max((m.end for kind in ("action", "named") for m in reading.of(kind) if m.end <= mention.start), default=0)

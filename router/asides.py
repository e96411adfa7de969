# SPDX-License-Identifier: Apache-2.0
"""Asides, which change nothing of a request: opinions, names of files, what was tried and found too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.past_tense import is_in_past
from router.tokens import sentence_begin, sentence_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.asked_steps import Step
    from router.reading import Reading

_LONG, _ENDING = 4, 4


def asides(reading: Reading, steps: tuple[Step, ...]) -> frozenset[int]:
    """The tokens whose words, if nothing knows them, are not asked about."""
    found = frozenset(n for clause in reading.clauses(range(len(reading.tokens))) for n in _of_clause(reading, clause))
    asked = {n for step in steps for n in range(*reading.clause(step.place))}
    told = (c for c in reading.clauses(range(len(reading.tokens))) if c.start not in asked and _only_tells(reading, c))
    return found.union(*(frozenset(clause) for clause in told), _in_names_of_files(reading))


def is_subject(reading: Reading, place: int) -> bool:
    """Whether a word is the name of somebody who wants or does something: "so Marjorie from quality wants …"."""
    tokens, use = reading.tokens, reading.grammar
    if not (place and tokens[place].text.istitle()):
        return False
    behind = [token.word for token in tokens[place + 1 : place + 1 + _LONG]]
    return not (use["wishes"] | use["orders"]).isdisjoint(behind)


def is_told_elsewhere(reading: Reading, steps: tuple[Step, ...], place: int) -> bool:
    """Whether a word stands in a sentence that says how it is, and orders nothing: "that was ruled out as costly"."""
    tokens, use = reading.tokens, reading.grammar
    sentence = range(sentence_begin(tokens, place), sentence_end(tokens, place))
    if any(step.place in sentence for step in steps):
        return False
    words = [tokens[n].word for n in sentence]
    orders = use["wishes"] | use["obliges"] | use["orders_passive"] | use["contrasts"] | use["bids"] | use["modes"]
    subject = words[:1] and words[0] not in use["openers"] | use["taken_up"]
    return bool(subject) and orders.isdisjoint(words) and not (use["finite"] | use["past"]).isdisjoint(words[1:])


def _of_clause(reading: Reading, clause: range) -> Iterator[int]:
    """The end of a clause that an opinion, or a hearsay, begins: "…, I think Priya wanted that"."""
    words, use = [reading.tokens[n].word for n in clause], reading.grammar
    for here, word in enumerate(words):
        opinion = word in use["doers"] and use["opines"].intersection(words[here + 1 : here + 2])
        if opinion or word in use["hearsay"]:
            yield from clause[here:]
            return


def _only_tells(reading: Reading, clause: range) -> bool:
    """Whether a clause says how it is, or was: "the mask turned green", "0.5 was too lax", "I tried 0.5, too lax"."""
    words, use = [reading.tokens[n].word for n in clause], reading.grammar
    if not (use["wishes"] | use["obliges"] | use["orders_passive"] | use["contrasts"]).isdisjoint(words):
        return False
    if words[0] in use["too"]:
        before = reading.clause(max(clause.start - 2, 0))
        return clause.start > 1 and (before[0] in reading.told or is_in_past(reading, range(*before)))
    changed = any(word in use["changed"] for word in words[1:])
    said = use["past"] | use["finite"]
    return changed or (len(words) >= _LONG and not said.isdisjoint(words[1:]) and is_in_past(reading, clause))


def _in_names_of_files(reading: Reading) -> frozenset[int]:
    """The words that a full stop joins to the name of a file: "my todo.md"."""
    tokens, found = reading.tokens, set[int]()
    for n in range(len(tokens) - 1):
        one, other = tokens[n], tokens[n + 1]
        glued = reading.text[one.end : other.start] == "."
        if glued and one.kind == other.kind == "word" and len(other.text) <= _ENDING and other.text.islower():
            found |= {n, n + 1}
    return frozenset(found)

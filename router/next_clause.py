# SPDX-License-Identifier: Apache-2.0
"""What the next clause says to a search: "Marek does searches, I don't", "my boss dislikes HPO, I do want it"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.refused_trying import tried
from router.tokens import folded
from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_BRIEF, _CLOSE, _FAR = 6, 3, 2


def declined_next(reading: Reading, part: range) -> str:
    """The user's own words of a search, or of trying out, which the next clause declines; else nothing."""
    for place in part:
        if not _names_search(reading, place) or has(reading, range(*reading.clause(place)), "denies_trying"):
            continue
        if clause := declining_clause(reading, place):
            return quoted(reading, place, clause.start, clause.stop - 1)
    return ""


def declining_clause(reading: Reading, place: int) -> range:
    """The clause behind that of a place, if it does no more than decline: "not this time", "ich nicht"."""
    clause = _next(reading, place)
    corrects = len(clause) == 1 and [t.text for t in reading.tokens[clause.stop : clause.stop + 1]] == [","]
    declines = not corrects and all(
        is_of(reading, n, "declines") or _is_no_longer(reading, n) for n in clause
    )  # "over night, no, over the weekend"
    return clause if declines and has(reading, clause, "denies_trying") else range(0)


def _is_no_longer(reading: Reading, place: int) -> bool:
    """Whether it is no more: "jetzt nicht mehr", other than "sechs Stunden, mehr nicht"."""
    return is_of(reading, place, "no_longer") and is_of(reading, place - 1, "denies_plainly")


def affirming_clause(reading: Reading, place: int) -> range:
    """The clause behind that of a place, or its beginning, if it only says that others do so: "ich schon", "I do"."""
    clause = _next(reading, place)
    affirms = [n for n in range(clause.start, min(clause.start + 2, clause.stop)) if is_of(reading, n, "affirms")]
    ends = clause.stop - clause.start <= 2 or reading.text[reading.tokens[clause.start + 1].end :][:1] in ":,;.-"
    return clause if len(affirms) == 2 and ends else range(0)


def left_alone(reading: Reading, part: range) -> str:
    """A search that a later clause leaves out with no more than a preposition: "…, nein, halt, ohne", "without it"."""
    if not has(reading, part, "without"):
        return ""
    use = reading.grammar
    searched = -1
    for place in part:
        word = reading.tokens[place].word
        if _names_search(reading, place) or is_of(reading, place, "searched"):
            searched = place
        if searched < 0 or word not in use["without"] or reading.clause(searched) == reading.clause(place):
            continue
        _, stop = reading.clause(place)
        pronoun = stop == place + 2 and folded(reading.tokens[place + 1].text) in use["its_own"]
        colon = reading.text[reading.tokens[place].end :][:1] == ":"
        if place + 1 == stop or pronoun or colon:
            return quoted(reading, searched, place if colon else stop - 1)
    return ""


def refused_later(reading: Reading, part: range) -> str:
    """A search that a later clause refuses by a pronoun: "the search ate our budget, so this time spare us that"."""
    searched = -1
    for place in part:
        if _names_search(reading, place):
            searched = place
        elif searched >= 0 and is_of(reading, place, "refuses_it") and _clauses_between(reading, searched, place) > 0:
            clause = range(*reading.clause(place))
            near = range(max(clause.start, place - _CLOSE), min(clause.stop, place + _CLOSE + 1))
            pronouns = [n for n in near if is_of(reading, n, "points_back")]
            if pronouns and not has(reading, clause, "denies_trying"):
                return quoted(reading, searched, place, *pronouns[:1])
    return ""


def _clauses_between(reading: Reading, searched: int, place: int) -> int:
    """How many clauses further on a place stands; 0 where it is too far."""
    between = sum(token.kind == "break" for token in reading.tokens[searched:place])
    return between if between <= _FAR else 0


def _names_search(reading: Reading, place: int) -> bool:
    return is_of(reading, place, "searches") or bool(tried(reading, place))


def _next(reading: Reading, place: int) -> range:
    _, stop = reading.clause(place)
    if stop + 1 >= len(reading.tokens):
        return range(0)
    clause = range(*reading.clause(stop + 1))
    colon = next((n for n in clause if reading.text[reading.tokens[n].end :][:1] == ":"), clause.stop)
    clause = range(clause.start, min(clause.stop, colon + 1))  # "we don't: train …"
    return clause if len(clause) <= _BRIEF or is_of(reading, clause.start, "affirms") else range(0)

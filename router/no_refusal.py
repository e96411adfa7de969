# SPDX-License-Identifier: Apache-2.0
"""What names a search and denies something, and refuses none: "no objection to AutoML", "no search for missing files".

Such words are blanked before the policy is read, as those of `outweighed` are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.reading import Reading

BLANK = "…"
_NEAR, _AFTER, _OPENING = 3, 4, 3


def blanked(reading: Reading, gone: Collection[int], kept: Collection[int] = ()) -> Reading:
    """The reading with blanks at these places, and without the phrases for a policy that have words there.

    What is `kept` of them stays, for the "it" of later words, as "AutoML isn't forbidden, but train without it".
    """
    if not gone:
        return reading
    tokens = [
        t._replace(word=BLANK, text=BLANK) if n in gone and n not in kept and t.kind == "word" else t
        for n, t in enumerate(reading.tokens)
    ]
    mentions = [m for m in reading.mentions if not (m.group.startswith("policy:") and any(n in gone for n in m.places))]
    return replace(reading, tokens=tokens, mentions=mentions)


def without_what_refuses_none(reading: Reading, part: range) -> Reading:
    """The reading with blanks for what refuses no search; itself where all may."""
    if not has(reading, part, "searches"):
        return reading
    gone: set[int] = set()
    kept: set[int] = set()
    for clause in reading.clauses(part):
        named = [*places_of(reading, clause, "searches")]
        if not named:
            continue
        if (
            _is_not_done_yet(reading, clause)
            or _tells_outcome(reading, clause, part)
            or _supposes_state(reading, clause)
        ):
            gone.update(clause)
            kept.update(named)
        elif _is_of_whom(reading, clause):
            gone.update(clause)
        gone.update(n for place in named for n in _looked_for(reading, place))
    return blanked(reading, gone, kept)


def _is_not_done_yet(reading: Reading, clause: range) -> bool:
    """Whether a clause tells that nobody searched so far: "we never got around to tuning it"."""
    use, words = reading.grammar, {reading.tokens[n].word for n in clause}
    return not any(words.isdisjoint(use[kind]) for kind in ("doers", "has_done", "denies_plainly", "not_yet"))


def _supposes_state(reading: Reading, clause: range) -> bool:
    """Whether a clause only names a case in which it is on or off: "if AutoML is on by default, turn it off"."""
    opening = range(clause.start, min(clause.stop, clause.start + _NEAR))
    if not has(reading, opening[:1], "search_makes_depend") or not has(reading, opening, "searches"):
        return False
    states = any(has(reading, clause, use) for use in ("switches_on", "switches_off"))
    return states and not any(m.start in clause for kind in ("action", "noun") for m in reading.of(kind))


def _tells_outcome(reading: Reading, clause: range, part: range) -> bool:
    """Whether a clause tells what came of a training without a search: "without AutoML the result was bad"."""
    opens = is_of(reading, clause.start, "without") and has(
        reading, range(clause.start, min(clause.stop, clause.start + _OPENING)), "searches"
    )
    if not opens or not has(reading, clause, "search_was_so") or has(reading, range(clause.stop, part.stop), "without"):
        return False
    return has(reading, clause, "search_outcomes") and has(reading, clause, "search_poor")


def _is_of_whom(reading: Reading, clause: range) -> bool:
    """Whether a clause says what somebody else does: "…, who never uses AutoML", "anders als Tom, der nie …"."""
    if clause.start < _OPENING - 1 or reading.tokens[clause.start - 1].text != ",":
        return False
    before = range(*reading.clause(clause.start - 2))
    if has(reading, range(before.stop - 1, before.stop), "first_person"):
        return False
    if is_of(reading, clause.start, "search_of_persons"):
        return True
    return is_of(reading, clause.start, "search_who") and has(reading, before, "search_unlike")


def _looked_for(reading: Reading, place: int) -> range:
    """The words of a search that looks for things, and no settings: "no search for missing files"."""
    _, stop = reading.clause(place)
    near = range(place + 2, min(stop, place + 2 + _NEAR))
    looks = place + 1 < stop and is_of(reading, place + 1, "search_looks_through")
    if (
        not looks
        or has(reading, near, "varied")
        or not (has(reading, near, "search_sought") or has(reading, near, "things"))
    ):
        return range(0)
    return range(place, near.stop)

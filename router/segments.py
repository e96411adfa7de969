# SPDX-License-Identifier: Apache-2.0
"""The stretches of a request that say one thing each, and what of ours they name: "the camera is fixed and ours …"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.refused_trying import is_limit
from router.tokens import SENTENCE_ENDS
from router.vocabulary import AUTOML
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.patterns import Mention
    from router.reading import Reading

_LEAST, _LONG, _OPENING = 2, 4, 2
_JOINS = ("joins_steps", "contrasts", "concludes", "but_otherwise")


def segments(reading: Reading) -> list[range]:
    """All clauses, cut once more behind a colon and before what joins another statement to them."""
    return [one for clause in reading.clauses(range(len(reading.tokens))) for one in _cut(reading, clause)]


def _cut(reading: Reading, clause: range) -> Iterator[range]:
    cuts = {n + 1 for n in clause[:-1] if reading.text[reading.tokens[n].end :][:1] == ":"}
    cuts |= {n for n in clause[_LEAST:-1] if _joins_on(reading, n, clause)}
    yield from (range(begin, end) for begin, end in pairwise((clause.start, *sorted(cuts), clause.stop)))


def _joins_on(reading: Reading, place: int, clause: range) -> bool:
    """Whether a word joins a statement and no mere word: "and no search please", other than "once and plain"."""
    if not any(is_of(reading, place, use) for use in _JOINS) or is_of(reading, place - 1, "joins_steps"):
        return False
    behind = range(place + 1, clause.stop)
    return len(behind) >= _LONG or has(reading, behind, "searches") or orders_training(reading, behind)


def orders_training(reading: Reading, places: range) -> bool:
    """Whether a training is asked for, or ruled out, in a stretch."""
    named = (m for kind in ("action", "noun") for m in reading.of(kind, negated=None))
    return any(m.start in places and m.group.endswith("train") for m in named)


def names_ours(reading: Reading, places: range) -> bool:
    """Whether a stretch names our model, its training, or the search of its settings by a name of its own."""
    if orders_training(reading, places) or names_search_itself(reading, places) or has(reading, places, "our_runs"):
        return True
    named = (m for kind in ("model", "task") for m in reading.of(kind, negated=None))
    return any(m.start in places and not _is_thing_alone(reading, m) for m in named)


def names_search_itself(reading: Reading, places: range) -> bool:
    """Whether a stretch names the search by a word that nothing else has: "AutoML", "hyperparameters", "trials"."""
    return any(reading.tokens[n].word == AUTOML for n in places) or has(reading, places, "search_by_name")


def _is_thing_alone(reading: Reading, mention: Mention) -> bool:
    """Whether what names a task is as well a thing: "die Masken wurden gezeichnet"."""
    return all(is_of(reading, n, "not_searched") for n in mention.places)


def denies_search(reading: Reading, places: range) -> bool:
    """Whether a stretch has a phrase or words that may refuse a search, of whatever it is."""
    phrases = reading.of("policy", negated=None)
    if any(m.start in places and (m.negated or m.group == "policy:off") for m in phrases):
        return True
    return any(has(reading, places, use) for use in ("denies_trying", "refuses_trying", "settles", "settled_by"))


def denied(reading: Reading, places: range) -> Iterator[int]:
    """The words of a stretch that deny something, other than those of a limit or of "PASS/NO_PASS"."""
    return (n for n in places_of(reading, places, "denies_trying") if not is_limit(reading, n))


def same_sentence(reading: Reading, one: range, other: range) -> bool:
    """Whether no full stop stands between two stretches."""
    return not any(t.kind == "break" and t.text in SENTENCE_ENDS for t in reading.tokens[one.stop : other.start])


def follows_on(reading: Reading, places: range) -> bool:
    """Whether a stretch goes on with what the one before it speaks of: "don't tune that", "da wird nichts …"."""
    if names_ours(reading, places):
        return False
    opening = range(places.start, min(places.start + _OPENING, places.stop))
    if has(reading, opening, "speaks_of_it") or _is_elliptic(reading, places) or _is_of_the_same(reading, places):
        return True
    if has(reading, opening, "relative_object") and not has(reading, places, "searches"):
        return True  # "die aber bitte nur einmal"
    for n in places:
        if is_of(reading, n, "its_own") and is_of(reading, n, "points_back") and not is_of(reading, n, "articles"):
            before = has(reading, range(places.start, n), "searches")
            return not before or is_of(reading, n - 1, "tuned_at_all")
    return has(reading, places, "without_hands") and not has(reading, places, "wishes")


def _is_of_the_same(reading: Reading, places: range) -> bool:
    """Whether words go on with the thing before: "and need no tuning", "their settings stay", "wie sie ist"."""
    first, second = places.start, places[:_OPENING][-1]
    if is_of(reading, first, "possessed") or is_of(reading, first, "as_it_is_opens"):
        return True
    if is_of(reading, first, "looks_for") and is_of(reading, second, "thing_pronouns"):
        return True
    joined = is_of(reading, first, "joins_steps")
    return joined and any(is_of(reading, second, use) for use in ("possessed", "wishes", "be", "was", "goes_on_so"))


def _is_elliptic(reading: Reading, places: range) -> bool:
    """Whether a stretch has no more than a denied verb: "nicht antasten und nicht tunen"."""
    joined = is_of(reading, places.start, "joins_steps")
    verb = joined and is_of(reading, places.stop - 1, "tuned_at_all") and not is_of(reading, places.stop - 1, "varied")
    return verb and len(places) <= _LONG and is_of(reading, places.start + 1, "denies_trying")

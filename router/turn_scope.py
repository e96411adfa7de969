# SPDX-License-Identifier: Apache-2.0
"""Whether a word that turns has scope over the next one: "never skip it", and not "no docker, skip it"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.turned_words import is_infinitive
from router.word_stems import has, is_of

if TYPE_CHECKING:
    from router.reading import Reading
    from router.turned_words import Turn

_BESIDE, _NEAR, _WIDE, _FAR = 2, 3, 6, 9


def is_linked(reading: Reading, stretch: range, one: Turn, other: Turn) -> bool:
    """Whether a turn has scope over the next one, or the next one over it: "skipping it isn't an option"."""
    between = range(one.place + 1, other.place)
    if any(reading.tokens[n].kind in {"path", "job"} for n in between):
        return False
    if one.kind == "denies":
        return _denies_next(reading, one.place, other)
    if one.kind == "refuses":
        return _is_denied_behind(reading, stretch, one.place, other)
    if other.kind == "denies":
        far = _WIDE if is_of(reading, one.place, "turns_against") else _NEAR
        return len(between) <= (far if is_of(reading, other.place, "turns_anywhere") else 1)
    return other.kind == "refuses" and len(between) <= _WIDE


def _denies_next(reading: Reading, denial: int, other: Turn) -> bool:
    """Whether a denial has scope over the next turn: "I never said no tuning", "not forbidden", "never skip it"."""
    between = range(denial + 1, other.place)
    if other.kind == "denies":
        uses = ("turns_said", "complements", "turns_treats")
        return any(has(reading, between, use) for use in uses) or _is_no_option(reading, between)
    if other.kind == "refuses":
        return _denies_refusal(reading, between, denial, other.place)
    near = len(between) <= _NEAR and not has(reading, between, "searches")
    return near or (is_of(reading, denial, "turns_anywhere") and len(between) <= _WIDE)


def _denies_refusal(reading: Reading, between: range, denial: int, refusal: int) -> bool:
    """Whether a denial has scope over a refusal behind it: by an infinitive, by a word that leads to it, or so near."""
    determines = is_of(reading, denial, "turns_determines")
    of_search = determines and has(reading, between[:_BESIDE], "searches")  # "no search is left out"
    changed = is_of(reading, refusal, "turns_by_hand") and has(reading, between, "turns_another")
    if is_infinitive(reading, refusal) or of_search or changed:
        return not changed and is_infinitive(reading, refusal)
    led = any(is_of(reading, refusal - 1, use) for use in ("turns_leads", "refers"))
    return len(between) <= (_FAR if led else _reach(reading, denial, refusal))


def _reach(reading: Reading, denial: int, refusal: int) -> int:
    """How many words may stand between a denial and a refusal."""
    anywhere = is_of(reading, denial, "turns_anywhere")
    if reading.tokens[refusal].word in reading.grammar["without"]:
        return _NEAR if anywhere else _WIDE
    if not anywhere and is_of(reading, refusal, "turns_bare"):
        return 0 if is_of(reading, denial, "turns_determines") else _BESIDE
    return _FAR + _NEAR if anywhere else _FAR


def _is_no_option(reading: Reading, between: range) -> bool:
    """Whether a search that is denied is said to be no choice: "not tuning is not acceptable"."""
    behind = range(between.stop + 1, min(between.stop + 1 + _NEAR, len(reading.tokens)))
    return has(reading, between[:_BESIDE], "searches") and has(reading, behind, "turns_options")


def _is_denied_behind(reading: Reading, stretch: range, refusal: int, other: Turn) -> bool:
    """Whether a refusal is denied, or barred, behind it: "die Suche abzuschalten kommt nicht in Frage"."""
    if is_of(reading, refusal, "turns_by_hand"):
        return False
    if other.kind == "denies" and is_of(reading, other.place, "turns_anywhere"):
        supposes = has(reading, range(refusal + 1, other.place), "turns_supposed")
        return not supposes and reading.tokens[refusal].word not in reading.grammar["without"]
    return _is_subject(reading, stretch, refusal, other.place)


def _is_subject(reading: Reading, stretch: range, refusal: int, turn: int) -> bool:
    """Whether a clause begins with a refusal, and goes on with what is said of it: "skipping it isn't an option"."""
    word, opening = reading.tokens[refusal].word, range(stretch.start, refusal + 1)
    named = any(reading.tokens[n].word.endswith("ing") for n in opening) or word in reading.grammar["without"]
    named = named or is_infinitive(reading, refusal) or reading.tokens[refusal - 1].word == "to"
    named = named or is_of(reading, refusal + 1, "turns_says")
    return named and refusal - stretch.start <= _NEAR and has(reading, range(refusal + 1, turn + 1), "turns_says")

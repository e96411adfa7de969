# SPDX-License-Identifier: Apache-2.0
"""A training without a search that is denied: "a single run won't do", "I can't live with the default values"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.turned_words import is_denial, stretches
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.patterns import Mention
    from router.reading import Reading

_BESIDE, _NEAR, _FAR, _WIDE = 2, 3, 6, 9
_INSTEAD = (["rather", "than"], ["instead", "of"])
_INSTEAD_BY_ONE = frozenset({"statt", "anstatt", "anstelle"})


def denied_single_runs(reading: Reading, part: range) -> Iterator[range]:
    """The stretches of words that deny a single run, settled values, or values set by hand."""
    off = [m for m in reading.of("policy") if m.group == "policy:off" and m.start in part]
    replaces = has(reading, part, "turns_instead")
    for stretch in stretches(reading, part) if off or replaces else ():
        inside = [m for m in off if m.start in stretch]
        denied = bool(inside) and (
            all(_is_denied(reading, stretch, m) for m in inside) or _is_no_good(reading, stretch, inside)
        )
        if denied or (replaces and _is_replaced(reading, stretch)):
            yield stretch


def _is_denied(reading: Reading, stretch: range, mention: Mention) -> bool:
    if any(is_of(reading, n, use) for n in mention.places for use in ("turns_denied", "searches")):
        return False
    return _denied_before(reading, stretch, mention) or _does_not_do(reading, stretch, mention)


def _denied_before(reading: Reading, stretch: range, mention: Mention) -> bool:
    """Whether a denial before has scope over it: "client never ordered a plain training", "nix da mit Einzellauf"."""
    before = range(max(stretch.start, mention.start - _FAR), mention.start)
    denial = max((n for n in before if _denies(reading, stretch, n)), default=-1)
    between = range(denial + 1, mention.start)
    if denial < 0 or any(has(reading, between, use) for use in ("searches", "turns_another", "turns_refused")):
        return False
    if any(reading.tokens[n].kind in {"path", "job", "break"} for n in between):
        return False
    places = range(mention.start, mention.end)
    if not between or has(reading, places, "runs_once") or has(reading, places, "turns_single"):
        return True
    return has(reading, between, "turns_keeps")


def _denies(reading: Reading, stretch: range, place: int) -> bool:
    """Whether a word denies: also "stop" before what is done, as in "stop giving me untuned models"."""
    if is_of(reading, place, "turns_stops"):
        return reading.tokens[place + 1].word.endswith("ing")
    denies = is_of(reading, place, "turns_denied") and is_denial(reading, stretch, place)
    return denies and not is_of(reading, place + 1, "turns_another")


def _does_not_do(reading: Reading, stretch: range, mention: Mention) -> bool:
    """Whether a clause begins with it and says that it does not do: "a single run won't do for this customer"."""
    behind = range(mention.end, min(mention.end + _BESIDE + 1, stretch.stop))
    if mention.start - stretch.start > _BESIDE or not has(reading, behind[:1], "turns_says"):
        return False
    denial = next((n for n in behind if is_of(reading, n, "turns_denied")), None)
    if denial is None:
        return False
    near = range(denial + 1, min(denial + 1 + _NEAR, stretch.stop))
    return has(reading, near, "turns_options") or has(reading, near, "turns_does")


def _is_no_good(reading: Reading, stretch: range, inside: list[Mention]) -> bool:
    """Whether a clause begins with such runs, all that is said of them, and denies that they serve: "… taugt nicht"."""
    if inside[0].start - stretch.start > _BESIDE or any(m.negated for m in inside):
        return False
    behind = range(inside[-1].end, min(inside[-1].end + _WIDE, stretch.stop))
    denial = next((n for n in behind if is_of(reading, n, "turns_denied") and is_denial(reading, stretch, n)), None)
    if denial is None or any(reading.tokens[n].kind in {"path", "job", "break"} for n in behind):
        return False
    near = range(denial + 1, min(denial + 1 + _NEAR, stretch.stop))
    serves = (
        has(reading, behind, "turns_serves") or has(reading, near, "turns_options") or has(reading, near, "turns_does")
    )
    return serves or (has(reading, near[:1], "turns_what") and has(reading, near, "doers"))


def _is_replaced(reading: Reading, stretch: range) -> bool:
    """Whether a search takes the place of a run: "rather than a direct run take the AutoML one"."""
    before = [reading.tokens[n].word for n in range(max(0, stretch.start - 2), stretch.start + 1)]
    by_one = any(reading.tokens[n].word in _INSTEAD_BY_ONE for n in stretch[:1])
    if not by_one and not any(before[n : n + 2] in _INSTEAD for n in range(len(before))):
        return False
    run = next((n for n in stretch[:_FAR] if is_of(reading, n, "runs_once") or is_of(reading, n, "turns_single")), None)
    if run is None or has(reading, range(run, stretch.stop), "turns_denied"):
        return False
    stop = stretch.stop
    if stop + 1 < len(reading.tokens) and reading.tokens[stop].text == ",":
        _, stop = reading.clause(stop + 1)  # "instead of one plain run, a search please"
    search = next(places_of(reading, range(run + 1, stop), "searches"), None)
    return search is not None and not has(reading, range(run + 1, search), "turns_with")

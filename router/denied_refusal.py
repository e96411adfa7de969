# SPDX-License-Identifier: Apache-2.0
"""A refusal of a search that is denied, and so none: "AutoML is not to be disabled", "ich verzichte nicht auf sie".

Such words are blanked before the policy is read, as a search is the usual case. What is turned three times refuses it
after all: "no problem to skip the tuning", "don't forget to turn off AutoML".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.contradicted_refusal import contradicted_refusals
from router.denied_single_run import denied_single_runs
from router.lifted_rules import lifted_rules
from router.no_refusal import blanked
from router.turn_scope import is_linked
from router.turned_words import may_turn, stretches, turns
from router.wanted_at_last import wanted_at_last
from router.word_stems import has, is_of, places_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.reading import Reading
    from router.turned_words import Turn

_BESIDE, _PAIR = 2, 2
_NAMES = ("searches", "trials_by_name", "turns_searches")


def resolved(reading: Reading, part: range) -> tuple[Reading, dict[str, str]]:
    """The reading with blanks for refusals that are denied, and the policy that turned words come to, with these words.

    The names of the search stay, for a later "it"; `on` is for where no other words say anything of a search.
    """
    gone: set[int] = set()
    on: dict[str, str] = {}
    for stretch, run in _runs(reading, part):
        words = quoted(reading, stretch.start, stretch.stop - 1)
        if _refuses(reading, stretch, run) or (_affirms(run) and _is_restricted(reading, stretch, run)):
            return reading, {"off": words}
        if _affirms(run) and not _is_read_so(reading, run):
            gone.update(stretch)
            on.setdefault("on", words)
    kinds = (denied_single_runs, contradicted_refusals, lifted_rules, wanted_at_last)
    for stretch in (one for kind in kinds for one in kind(reading, part)):
        gone.update(stretch)
        on.setdefault("on", quoted(reading, stretch.start, stretch.stop - 1))
    return blanked(reading, gone, [n for n in gone if is_of(reading, n, "searches")]), on


def _is_read_so(reading: Reading, run: Sequence[Turn]) -> bool:
    """Whether a phrase takes it for a search that is wanted already: "nicht ohne HPO"."""
    return any(m.group == "policy:on" and not m.negated and run[-1].place in m.places for m in reading.of("policy"))


def _refuses(reading: Reading, stretch: range, run: Sequence[Turn]) -> bool:
    """Whether a refusal is turned twice more, or asked for: "don't hesitate to skip it", "mind skipping it?"."""
    if len(run) > _PAIR and len(run) % _PAIR and any(one.kind == "refuses" for one in run):
        return True
    asks = stretch.stop < len(reading.tokens) and reading.tokens[stretch.stop].text == "?"
    return asks and [one.kind for one in run] == ["minds", "refuses"]


def _affirms(run: Sequence[Turn]) -> bool:
    """Whether two turns make a yes: who minds skipping it may do so."""
    kinds = {one.kind for one in run}
    return len(run) % _PAIR == 0 and ("minds" not in kinds or "denies" in kinds)


def _is_restricted(reading: Reading, stretch: range, run: Sequence[Turn]) -> bool:
    """Whether what has nothing against it is denied for now: "nothing wrong with tuning, but not in this run"."""
    behind = range(stretch.stop, len(reading.tokens))
    turn = next(places_of(reading, behind[:_BESIDE], "contrasts"), None)
    if turn is None or any(one.kind == "refuses" for one in run):
        return False
    clause = range(turn + 1, reading.clause(turn)[1])
    now = any(has(reading, clause, use) for use in ("as_of_now", "this_time", "runs_once"))
    return now and has(reading, clause[:_BESIDE], "turns_denied") and not has(reading, clause, "searches")


def _runs(reading: Reading, part: range) -> Iterator[tuple[range, list[Turn]]]:
    """Each stretch that speaks of a search with its turns of which each has scope over the next."""
    if not (_speaks_of_search(reading, part) and may_turn(reading, part)):
        return
    for stretch in stretches(reading, part):
        if not _speaks_of_search(reading, stretch):
            continue
        run: list[Turn] = []
        for one in turns(reading, stretch):
            if run and not is_linked(reading, stretch, run[-1], one):
                if len(run) >= _PAIR:
                    break
                run = []
            run.append(one)
        named = any(has(reading, stretch, use) for use in _NAMES) or any(one.kind == "refuses" for one in run)
        if len(run) >= _PAIR and named and not _is_of_another(reading, stretch, run):
            yield stretch, run


def _speaks_of_search(reading: Reading, places: range) -> bool:
    if any(has(reading, places, use) for use in (*_NAMES, "turns_by_hand")):
        return True
    return any(m.start in places for m in reading.of("policy", negated=None))


def _is_of_another(reading: Reading, stretch: range, run: Sequence[Turn]) -> bool:
    """Whether another step is nearer to the last turn than the search: "don't skip the evaluation of the search"."""
    named = [m for kind in ("action", "noun") for m in reading.of(kind, negated=None)]
    other = [m.start for m in named if m.start in stretch and not m.group.endswith(":train")]
    searched = {n for use in ("searches", "trials_by_name") for n in places_of(reading, stretch, use)}
    searched.update(n for m in reading.of("policy", negated=None) if m.start in stretch for n in m.places)
    last = next((one for one in reversed(run) if one.kind == "refuses"), run[-1]).place
    other = [n for n in other if n not in searched]
    nearest = min((abs(n - last) for n in searched), default=0)
    return bool(other) and min(abs(n - last) for n in other) < nearest

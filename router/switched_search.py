# SPDX-License-Identifier: Apache-2.0
"""A search that the next clause turns on or off, or declines: "AutoML on. No, turn it off", "so not again"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.word_stems import has, is_of, places_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_LONG, _NEAR, _LEAST = 8, 4, 3
_COUNTS = frozenset(
    f"value:{name}" for name in ("trials", "epochs", "batch_size", "hours", "learning_rate", "parallel")
)


def switched(reading: Reading, part: range) -> dict[str, str]:
    """The policy that the last clause switches to which says no more than that, with the user's own words."""
    found: dict[str, str] = {}
    searched = tuned = -1
    counts = [m for m in reading.of("value", negated=None) if m.group in _COUNTS]  # nothing that is turned on
    for clause in clauses_to_colons(reading, part):
        states = (say(reading, clause) for say in (_state_of, _brought_back, leaves_it_out))
        if state := next(filter(None, states), "") if searched >= 0 else "":
            found = {state: quoted(reading, searched, clause.stop - 1)}
        elif tuned >= 0 and leaves_it_out(reading, clause):
            found = {"off": quoted(reading, tuned, clause.stop - 1)}
        elif (place := _searched_in(reading, clause)) >= 0:
            searched, found = place, {}
            if state := _turned_within(reading, clause, place):
                found = {state: quoted(reading, place, clause.stop - 1)}
        elif not (_is_small(reading, clause) or any(m.start in clause for m in counts)):
            searched = -1  # "it" is something else from here on
        ours = has(reading, clause, "first_person")
        tuned = next(places_of(reading, clause, "tuned_at_all"), -1) if ours else -1  # "we tuned it in May, …"
    return found


def called_back(reading: Reading) -> dict[str, str]:
    """The policy that a last no switches to, whatever stands between: "automl on, then evaluate it. No, off"."""
    clauses = list(reading.clauses(range(len(reading.tokens))))
    use, last = reading.grammar, clauses[-1]
    if not (state := _state_of(reading, last)):
        return {}
    little = use["says_no"] | use["switches_on"] | use["switches_off"] | use["pleases"]
    first = len(clauses) - 1
    while first and all(is_of(reading, n, "beside_switching") for n in clauses[first - 1]):
        first -= 1
    no = any(has(reading, clause, "says_no") for clause in clauses[first:])
    brief = all(reading.tokens[n].word in little for n in last)
    named = has(reading, range(clauses[first].start), "searches")
    return {state: quoted(reading, last.start, last.stop - 1)} if no and brief and named else {}


def left_little(reading: Reading, part: range) -> dict[str, str]:
    """Both policies where hardly any search is to be: "as little tuning as possible", "möglichst wenig Tuning"."""
    if any(m.start in part and m.group == "value:trials" for m in reading.of("value")):
        return {}
    for place in (n for n in part if is_of(reading, n, "searches")):
        start, _ = reading.clause(place)
        of = place > start and reading.tokens[place - 1].word in reading.grammar["prepositions"]
        near = range(place if of else max(start, place - 2), place)  # "thinks little of HPO"
        if any(reading.tokens[n].word in reading.grammar["hardly_any"] for n in near):
            words = quoted(reading, near.start, place)
            return {"on": words, "off": words}
    return {}


def nothing_to_try(reading: Reading, part: range) -> str:
    """The user's own words that leave nothing to try: "nothing else to try", "sonst nichts ausprobieren"."""
    use = reading.grammar
    for clause in clauses_to_colons(reading, part):
        none = next((n for n in clause if reading.tokens[n].word in use["nothing_else"]), None)
        tried = [n for n in clause if reading.tokens[n].word in use["tries_out"]]
        around = [n for n in clause if n != none and n not in tried]
        if none is not None and tried and all(reading.tokens[n].word in use["beside_nothing"] for n in around):
            return quoted(reading, clause.start, clause.stop - 1)
    return ""


def clauses_to_colons(reading: Reading, part: range) -> Iterator[range]:
    """The clauses of a part, cut once more behind a colon."""
    for clause in reading.clauses(part):
        inside = range(max(clause.start, part.start), min(clause.stop, part.stop))
        cuts = [n + 1 for n in inside[:-1] if reading.text[reading.tokens[n].end :][:1] == ":"]
        for begin, end in pairwise((inside.start, *cuts, inside.stop)):
            if begin < end:
                yield range(begin, end)


def _searched_in(reading: Reading, clause: range) -> int:
    """The last word for a search in a clause; -1 where there is none."""
    return max((n for n in clause if is_of(reading, n, "searches")), default=-1)


def _is_small(reading: Reading, clause: range) -> bool:
    use = reading.grammar
    small = use["beside_switching"] | use["switches_on"] | use["switches_off"] | use["switches_not"]
    return len(clause) <= _LONG and all(reading.tokens[n].word in small for n in clause)


def _state_of(reading: Reading, clause: range) -> str:
    """`on` or `off` where a clause says only that: "turn it off", "doch an", "so not again"."""
    if not _is_small(reading, clause):
        return ""
    words = [reading.tokens[n].word for n in clause]
    use = reading.grammar
    denied = not use["switches_not"].isdisjoint(words)
    on, off = (not use[name].isdisjoint(words) for name in ("switches_on", "switches_off"))
    if on != off:
        return "on" if on is not denied else "off"
    again = not use["not_again"].isdisjoint(words)
    return "off" if denied and again and not on else ""


def _brought_back(reading: Reading, clause: range) -> str:
    """The state of a search that a clause wishes back, or does not: "we want it back", "we don't want it back"."""
    for n in places_of(reading, clause, "brings_back"):
        before = range(max(clause.start, n - _NEAR), n)
        wished = has(reading, range(clause.start, n), "first_person") or is_of(reading, clause.start, "gets_back")
        wished = wished or is_of(reading, clause.start, "pleases")
        if wished and has(reading, before, "points_back") and has(reading, range(clause.start, n), "gets_back"):
            denied = has(reading, range(clause.start, n), "denies_plainly")
            asks = any(m.start in range(clause.start, n) for m in reading.of("action"))
            return "" if asks else "off" if denied else "on"
    return ""


def leaves_it_out(reading: Reading, clause: range) -> str:
    """`off` where a clause leaves out what was spoken of, and says no more: "this month skip it: train …"."""
    if _leaves_that_out(reading, clause):
        return "off"
    for n in places_of(reading, clause, "leaves_out_it"):
        small = all(reading.tokens[m].word in reading.grammar["beside_switching"] for m in range(clause.start, n))
        behind = range(n + 1, min(n + 3, clause.stop))
        pronoun = next((m for m in behind if is_of(reading, m, "points_back")), None)
        if pronoun is None or not (
            small or is_of(reading, clause.start, "as_of_now") or is_of(reading, clause.start, "this_time")
        ):
            continue
        ends = pronoun + 1
        while ends < clause.stop and is_of(reading, ends, "left_behind_it"):
            ends += 1
        if is_of(reading, n, "leaves_only") and not has(reading, range(pronoun, ends), "left_out"):
            continue  # "leave that", as against "leave that out"
        if ends == clause.stop or reading.text[reading.tokens[ends - 1].end :][:1] == ":":
            return "off"
    return ""


def _leaves_that_out(reading: Reading, clause: range) -> bool:
    """Whether a short clause begins with what is left out: "das lassen wir jetzt", other than "das lassen wir so"."""
    if not (_LEAST <= len(clause) <= _NEAR + _LEAST and is_of(reading, clause.start, "points_back")):
        return False
    said = is_of(reading, clause.start + 1, "leaves_out_now") or is_of(reading, clause.start + 2, "leaves_out_now")
    kept = any(has(reading, clause, use) for use in ("that_way", "denies_plainly", "switches_on"))
    return said and has(reading, clause, "first_person") and not kept


def _turned_within(reading: Reading, clause: range, place: int) -> str:
    """The state that a clause comes to behind another one: "automl off or rather on"."""
    use, words = reading.grammar, [reading.tokens[n].word for n in range(place + 1, clause.stop)]
    turn = next((n for n, word in enumerate(words) if word in use["turns_over"]), None)
    if turn is None or not (use["switches_on"] | use["switches_off"]).intersection(words[:turn]):
        return ""
    behind = range(place + 1 + turn, clause.stop)
    return "" if has(reading, behind, "searches") else _state_of(reading, behind)

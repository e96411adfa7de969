# SPDX-License-Identifier: Apache-2.0
"""A search that the next clause turns on or off, or declines: "AutoML on. No, turn it off", "so not again"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_LONG = 8
_COUNTS = frozenset(
    f"value:{name}" for name in ("trials", "epochs", "batch_size", "hours", "learning_rate", "parallel")
)


def switched(reading: Reading, part: range) -> dict[str, str]:
    """The policy that the last clause switches to which says no more than that, with the user's own words."""
    found: dict[str, str] = {}
    searched = -1
    counts = [m for m in reading.of("value", negated=None) if m.group in _COUNTS]  # nothing that is turned on
    for clause in _clauses(reading, part):
        state = _state_of(reading, clause) if searched >= 0 else ""
        if state:
            found = {state: quoted(reading, searched, clause.stop - 1)}
        elif (place := _searched_in(reading, clause)) >= 0:
            searched, found = place, {}
            if state := _turned_within(reading, clause, place):
                found = {state: quoted(reading, place, clause.stop - 1)}
        elif not (_is_small(reading, clause) or any(m.start in clause for m in counts)):
            searched = -1  # "it" is something else from here on
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
    for clause in _clauses(reading, part):
        none = next((n for n in clause if reading.tokens[n].word in use["nothing_else"]), None)
        tried = [n for n in clause if reading.tokens[n].word in use["tries_out"]]
        around = [n for n in clause if n != none and n not in tried]
        if none is not None and tried and all(reading.tokens[n].word in use["beside_nothing"] for n in around):
            return quoted(reading, clause.start, clause.stop - 1)
    return ""


def _clauses(reading: Reading, part: range) -> Iterator[range]:
    for clause in reading.clauses(part):
        inside = range(max(clause.start, part.start), min(clause.stop, part.stop))
        if inside:
            yield inside


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


def _turned_within(reading: Reading, clause: range, place: int) -> str:
    """The state that a clause comes to behind another one: "automl off or rather on"."""
    use, words = reading.grammar, [reading.tokens[n].word for n in range(place + 1, clause.stop)]
    turn = next((n for n, word in enumerate(words) if word in use["turns_over"]), None)
    if turn is None or not (use["switches_on"] | use["switches_off"]).intersection(words[:turn]):
        return ""
    behind = range(place + 1 + turn, clause.stop)
    return "" if has(reading, behind, "searches") else _state_of(reading, behind)

# SPDX-License-Identifier: Apache-2.0
"""A search of which the words leave open whether it is wanted, and one that a few words turn: "AutoML: yes / no".

"If AutoML takes too long, leave it out" makes it depend on what no plan knows, "AutoML not before Friday" on a time,
"automl: maybe" on nobody knows what: it is asked about. "… without AutoML. Oh wait, with." and "with AutoML. Actually
no." turn it, "AutoML is great but not today" declines it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import sentence_begin
from router.word_stems import has, is_of, places_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_SHORT, _NEAR, _OPENING, _FEW, _GAP = 5, 2, 3, 3, 14
_WITH, _WITH_IT = frozenset({"with", "mit"}), frozenset({"damit"})


def left_open(reading: Reading, part: range) -> dict[str, str]:
    """Both policies with the user's own words, where these leave open which one; nothing else."""
    for place in places_of(reading, part, "searches"):
        clause = range(*reading.clause(place))
        found = _is_on_condition(reading, clause, place) or _is_undecided(reading, clause, place)
        found = found or _is_both(reading, clause, place) or _waits(reading, clause, place)
        found = found or _has_condition(reading, clause, place)
        if found or _is_unheeded(reading, part, clause):
            words = quoted(reading, clause.start, clause.stop - 1)
            return {"on": words, "off": words}
    return {}


def turned_at_last(reading: Reading, part: range) -> dict[str, str]:
    """The policy that the words come to behind another one."""
    for place in places_of(reading, part, "searches"):
        clause = range(*reading.clause(place))
        if (end := _declined_for_now(reading, clause, place)) is not None:
            return {"off": quoted(reading, place, end)}
        for behind in _later(reading, part, clause.stop):
            words = quoted(reading, place, behind.stop - 1)
            if _ends_with(reading, behind):
                return {"on": words}
            if _says_no(reading, behind) or _is_scratched(reading, part, clause.stop):
                return {"on": words, "off": words}
    return {}


def with_it(reading: Reading, part: range) -> dict[str, str]:
    """A search that a part has by a pronoun alone: "… without automl and another time for 10 epochs with it"."""
    last = next((n for n in reversed(part) if reading.tokens[n].kind != "break"), part.start)
    if not 0 < part.start <= last < part.stop:
        return {}
    pronoun = is_of(reading, last, "its_own") and last > part.start and reading.tokens[last - 1].word in _WITH
    if not pronoun and reading.tokens[last].word not in _WITH_IT:
        return {}
    named = has(reading, range(part.start), "searches") and not has(reading, part, "searches")
    return {"on": quoted(reading, last - pronoun, last)} if named else {}


def _later(reading: Reading, part: range, stop: int) -> Iterator[range]:
    """The next few clauses of a part."""
    for number, clause in enumerate(reading.clauses(range(min(stop, part.stop), part.stop))):
        if number < _FEW:
            yield clause


def _is_on_condition(reading: Reading, clause: range, place: int) -> bool:
    """Whether a clause makes something depend on how a search goes: "if AutoML takes longer than 2 hours"."""
    opening = range(clause.start, min(clause.stop, clause.start + _NEAR))
    opens = next(places_of(reading, opening, "search_makes_depend"), None)
    if opens is None or not opens < place <= opens + _OPENING:
        return False
    return not has(reading, range(place + 1, clause.stop), "switches_on") and has(
        reading, range(place + 1, clause.stop), "search_goes_so"
    )


def _has_condition(reading: Reading, clause: range, place: int) -> bool:
    """Whether a condition follows at once: "with AutoML if there is time", "ohne Suche, falls keine GPU da ist"."""
    behind = place + 1
    while behind < clause.stop and is_of(reading, behind, "restricts_to"):
        behind += 1
    if behind == clause.stop and behind < len(reading.tokens) and reading.tokens[behind].text == ",":
        behind += 1
    if behind + 1 >= len(reading.tokens) or not is_of(reading, behind, "search_if"):
        return False
    first = reading.tokens[behind + 1].word
    second = reading.tokens[behind + 2].word if behind + 2 < len(reading.tokens) else ""
    polite = reading.grammar["search_politely"] if reading.tokens[behind].word != "unless" else frozenset[str]()
    return first not in polite and not (first in reading.grammar["expletives"] and second in polite)


def _is_undecided(reading: Reading, clause: range, place: int) -> bool:
    """Whether no more is said of it than that it may be: "automl: maybe", "AutoML optional"."""
    beside = [n for n in (place - 1, place + 1, place + 2) if n in clause]
    said = [n for n in beside if is_of(reading, n, "search_undecided")]
    asks = any(m.start in clause for kind in ("action", "noun") for m in reading.of(kind))
    return bool(said) and len(clause) <= _SHORT and not asks


def _is_both(reading: Reading, clause: range, place: int) -> bool:
    """Whether both answers stand behind it: "AutoML: yes / no", "AutoML an oder aus"."""
    words = [reading.tokens[n].word for n in range(place + 1, min(clause.stop, place + 2 + _NEAR))]
    behind = [word for word in words if word not in reading.grammar["choice"] | reading.grammar["or"]]
    if len(behind) < len(words) and behind[:1] and behind[0] in reading.grammar["not"] | {"without", "ohne"}:
        return place <= clause.start + 1 and clause.stop <= place + _OPENING  # "AutoML or not"
    yes, no = reading.grammar["search_says_yes"], reading.grammar["says_no"] | reading.grammar["switches_off"]
    first, second = [*behind, "", ""][:2]
    gap = reading.text[reading.tokens[place].end :]
    joined = "/" in gap[:_GAP] or len(behind) < len(words)
    return joined and ((first in yes and second in no) or (first in no and second in yes))


def _waits(reading: Reading, clause: range, place: int) -> bool:
    """Whether it is to be at another time: "AutoML not before Friday", "AutoML erst ab Montag"."""
    behind = range(place + 1, min(clause.stop, place + 1 + _OPENING))
    later = next((n for n in behind if is_of(reading, n, "search_not_until")), None)
    if later is None or not has(
        reading, range(later + 1, min(clause.stop, later + 1 + _OPENING)), "search_times_to_come"
    ):
        return False
    return has(reading, range(place + 1, later + 1), "denies_plainly") or is_of(reading, later - 1, "search_only_then")


def _is_unheeded(reading: Reading, part: range, clause: range) -> bool:
    """Whether one who is told of with a search is not to be heeded: "Tom says no AutoML. Ignore Tom."."""
    said = {reading.tokens[n].word for n in range(sentence_begin(reading.tokens, clause.start), clause.stop)}
    for behind in _later(reading, part, clause.stop):
        if len(behind) == _NEAR and is_of(reading, behind.start, "ignores"):
            whom = behind.start + 1
            return is_of(reading, whom, "search_persons") or reading.tokens[whom].word in said
    return False


def _declined_for_now(reading: Reading, clause: range, place: int) -> int | None:
    """The last word by which a clause likes a search, and not now: "AutoML is great but not today: train …"."""
    turn = next(places_of(reading, range(place + 1, clause.stop), "contrasts"), None)
    if turn is None or not has(reading, range(turn + 1, clause.stop), "denies_plainly"):
        return None
    rest = range(turn + 1, clause.stop)
    if all(is_of(reading, n, "declines") or is_of(reading, n, "search_for_now") for n in rest):
        return rest.stop - 1
    end = turn + 2
    while end < clause.stop and is_of(reading, end, "search_for_now"):
        end += 1
    if not is_of(reading, turn + 1, "denies_plainly"):
        return None
    stops = end == clause.stop or reading.text[reading.tokens[end - 1].end :][:1] == ":"
    return end - 1 if end > turn + 2 and stops else None


def _ends_with(reading: Reading, clause: range) -> bool:
    """Whether a clause says no more than that it is to be with it after all: "oh wait, with", "doch mit"."""
    last = clause.stop - 1
    if last > clause.start and is_of(reading, last, "its_own"):
        last -= 1
    small = all(is_of(reading, n, "search_turns_words") for n in range(clause.start, last))
    return reading.tokens[last].word in _WITH and small


def _is_scratched(reading: Reading, part: range, stop: int) -> bool:
    """Whether nothing follows but that it does not hold: "with AutoML - no, scratch that"."""
    words = [n for n in range(stop, part.stop) if reading.tokens[n].kind != "break"]
    small = all(is_of(reading, n, "search_turns_words") or is_of(reading, n, "denies_plainly") for n in words)
    return len(words) > 1 and small and has(reading, range(stop, part.stop), "denies_plainly")


def _says_no(reading: Reading, clause: range) -> bool:
    """Whether a sentence of its own takes back what was said before it: "Actually no.", "Lieber doch nicht."."""
    ends = clause.stop == len(reading.tokens) or reading.tokens[clause.stop].text in {".", "!", ";"}
    begins = clause.start > 0 and reading.tokens[clause.start - 1].text in {".", "!", ";"}
    words = range(clause.start, clause.stop)
    small = all(is_of(reading, n, "search_turns_words") or is_of(reading, n, "denies_plainly") for n in words)
    return ends and begins and small and len(clause) > 1 and has(reading, words, "denies_plainly")

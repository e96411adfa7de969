# SPDX-License-Identifier: Apache-2.0
"""One run by count, which leaves nothing to a search: "just the one training", "one pass and done", "genau einen"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.owners import is_of_others
from router.refused_trying import denials, is_conditional
from router.word_stems import has, is_of, quoted, uses_at

if TYPE_CHECKING:
    from router.reading import Reading

_ONE = frozenset({"one", "one_or_a", "once_over"})
_LETS_STAND = frozenset({"that_is_all", "limits_to", "small_words", "once_goes"})
_AHEAD, _BRIEF = 3, 5


def single_run(reading: Reading, part: range) -> str:
    """The user's own words for one run and no more; else nothing."""
    if any(m.group == "value:hours" for m in reading.of("value")) or _has_limit(reading, part):
        return ""  # a search is what has a limit: "one training, 45 minutes at most"
    whole = len(part) == len(reading.tokens)
    for place in (n for n in part if n not in reading.past and is_one(reading, n)):
        clause = range(*reading.clause(place))
        if not whole and has(reading, range(place, min(place + 2, clause.stop)), "in_one_go"):
            continue  # "in one go: training, then evaluation"
        found = _one_run(reading, place, clause) or _ends_with_it(reading, place, clause)
        if found and is_of_others(reading, found):
            continue
        if found and not (_is_denied(reading, place, clause) or is_conditional(reading, place)):
            return quoted(reading, *found)
    return ""


def _is_denied(reading: Reading, place: int, clause: range) -> bool:
    """Whether one is not enough, or comes on top: "not just one run", "one more training"."""
    before = range(max(clause.start, place - _AHEAD), place)
    colon = place > 0 and reading.text[reading.tokens[place - 1].end :][:1] == ":"
    if has(reading, clause, "once_again") or (has(reading, before, "denies_trying") and not colon):
        return True
    return any(True for use in ("denies_trying", "refuses_trying") for _ in denials(reading, place, use))


def _has_limit(reading: Reading, part: range) -> bool:
    """Whether a limit of time is said: "time maximum 45 minutes"."""
    return any(
        is_of(reading, n, "time_units") and has(reading, range(max(0, n - _AHEAD), n + 1), "limits") for n in part
    )


def is_one(reading: Reading, place: int) -> bool:
    """Whether a word counts one: "one", "a single", "einen einzigen", "once"."""
    token = reading.tokens[place]
    said = token.kind == "number" and token.value == 1 and token.text.isalpha()
    return said or not _ONE.isdisjoint(uses_at(reading, place))


def _one_run(reading: Reading, place: int, clause: range) -> tuple[int, ...]:
    """One, and a run within a few words, which another word restricts where "one" may be an article."""
    behind = range(place + 1, min(clause.stop, place + 1 + _AHEAD))
    if is_of(reading, place, "once_over"):
        return ()
    run = next((n for n in behind if is_of(reading, n, "runs_once") and not _is_verdict(reading, n)), None)
    if run is None or ":" in reading.text[reading.tokens[place].end : reading.tokens[run].start]:
        return ()
    if any(token.word in reading.grammar["of_each"] for token in reading.tokens[run + 1 : run + 3]):
        return ()
    article = is_of(reading, place, "one_or_a") or is_of(reading, run, "made")
    around = range(max(clause.start, place - 2), min(clause.stop, run + 3))
    limit = [n for n in around if is_of(reading, n, "limits_to")]
    if article and not limit and not _is_all(reading, place, run):
        return ()
    return (place, run, *limit[:1])


def _is_all(reading: Reading, place: int, run: int) -> bool:
    """Whether a run makes up a clause: "…: ein Training, 70 Epochen", other than "ein Training starten"."""
    start, stop = reading.clause(place)
    opens = place == start or reading.text[reading.tokens[place - 1].end :][:1] == ":"
    return opens and run == place + 1 and run + 1 == stop


def _ends_with_it(reading: Reading, place: int, clause: range) -> tuple[int, ...]:
    """One, and that this is all: "once and done", "einmal drueber und fertig", "exactly one"."""
    if is_of(reading, place, "one_or_a") and not has(reading, range(max(clause.start, place - 1), place), "limits_to"):
        return ()
    around = range(max(clause.start, place - 2), min(clause.stop, place + 5))
    behind = range(place + 1, min(clause.stop, place + 3))
    if not _is_alone(reading, place, behind):
        return ()
    done = [n for n in around if is_of(reading, n, "that_is_all")]
    asked = any(m.start in clause for kind in ("action", "noun") for m in reading.of(kind) if m.group.endswith("train"))
    return (place, done[0]) if done and (asked or len(clause) <= _BRIEF) else ()


def _is_verdict(reading: Reading, place: int) -> bool:
    """Whether `pass` is half of the verdicts that the model gives: PASS/NO_PASS."""
    behind = reading.tokens[place + 1 : place + 2]
    return reading.tokens[place].word == "pass" and any(token.word in {"no", "fail", "nopass"} for token in behind)


def _is_alone(reading: Reading, place: int, behind: range) -> bool:
    """Whether a count stands by itself, and counts no camera or class."""
    if behind and is_of(reading, place, "once_over") and is_of(reading, behind.start, "subjects_begin"):
        return False  # "once the copy is done"
    if not behind or not _LETS_STAND.isdisjoint(uses_at(reading, behind.start)):
        return True
    start, _ = reading.clause(place)
    return is_of(reading, place, "once_over") and (place > start or is_of(reading, behind.start, "once_goes"))

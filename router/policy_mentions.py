# SPDX-License-Identifier: Apache-2.0
"""What one phrase for the train policy asks for, where its clause turns it: "one run won't do"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.next_clause import affirming_clause, declining_clause
from router.owners import is_of_others
from router.refused_trying import is_limit
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_TURNED = {"on": "off", "off": "on", "named": "off"}
_AROUND = 3


def turned(state: str) -> str:
    """The other policy."""
    return _TURNED[state]


def state_of(reading: Reading, mention: Mention) -> str:
    """`on` or `off` as the clause of a phrase and the next one mean it; nothing where the phrase asks for neither."""
    state = mention.group.partition(":")[2]
    if state not in _TURNED or (state == "named" and not mention.negated):
        return ""
    if (state == "on" and (_is_known(reading, mention) or _is_done(reading, mention))) or _begins_condition(
        reading, mention
    ):
        return ""
    if (state == "off" or mention.negated) and _is_of_something_else(reading, mention):
        return ""
    if mention.negated and _is_not_meant(reading, mention):
        return "on"
    if mention.negated or (state == "off" and (_not_renounced(reading, mention) or _not_so(reading, mention))):
        state = turned(state)
    elif state == "on" and (_is_unwanted(reading, mention) or _denied_inside(reading, mention)):
        state = "off"
    elif state == "off" and (_falls_short(reading, mention) or _is_limited(reading, mention)):
        state = "on"
    declines = declining_clause(reading, mention.start)
    if state == "off" and declines and not has(reading, declines, "affirms"):
        declines = range(0)  # "no AutoML today, no time"
    if declines or (state == "off" and affirming_clause(reading, mention.start)):
        state = turned(state)
    return state


def _is_not_meant(reading: Reading, mention: Mention) -> bool:
    """Whether a denial stands in a question, or before a colon: "why wouldn't we tune?", "no more: find the best"."""
    start, _ = reading.clause(mention.start)
    if reading.tokens[start].word in reading.grammar["asks_why"]:
        return True
    denied = next((n for n in range(mention.start - 1, start - 1, -1) if is_of(reading, n, "denies_trying")), None)
    off = next((n for n in range(mention.start - 1, start - 1, -1) if reading.tokens[n].word == "off"), None)
    first = denied if denied is not None else off
    return first is not None and ":" in reading.text[reading.tokens[first].end : reading.tokens[mention.start].start]


def _begins_condition(reading: Reading, mention: Mention) -> bool:
    """Whether the last word of a phrase begins what is waited for: "train it once the copy is done"."""
    follows = mention.end < len(reading.tokens) and is_of(reading, mention.end, "subjects_begin")
    return follows and reading.tokens[mention.end - 1].word == "once"


def _is_of_something_else(reading: Reading, mention: Mention) -> bool:
    return is_of_others(reading, mention.places) or _is_of_steps(reading, mention)


def _is_of_steps(reading: Reading, mention: Mention) -> bool:
    """Whether it is several steps that are done in one go: "in einem Rutsch: trainieren, danach auswerten"."""
    goes = [n for n in mention.places if is_of(reading, n, "in_one_go")]
    if not any(reading.tokens[n].word == "in" for n in range(max(0, mention.start - 1), goes[0] if goes else 0)):
        return False  # "skip the sweep", "a single plain pass"
    kinds = (m.group.partition(":")[2] for kind in ("action", "noun", "verb") for m in reading.of(kind))
    return len(set(kinds)) > 1


def _is_known(reading: Reading, mention: Mention) -> bool:
    """Whether somebody found out what the phrase names: "Marisol found good values", "the search taught us all"."""
    start, _ = reading.clause(mention.start)
    if has(reading, range(mention.start, mention.end), "teaches"):
        return True
    return has(reading, range(max(start, mention.start - _AROUND), mention.start), "found_out")


def _is_done(reading: Reading, mention: Mention) -> bool:
    """Whether a clause opens with what has been done so often: "tuned it twice already, so no third search"."""
    start, stop = reading.clause(mention.start)
    opens = mention.start == start and is_of(reading, start, "tried_before")
    return opens and has(reading, range(mention.end, min(stop, mention.end + _AROUND)), "in_the_past")


def _not_so(reading: Reading, mention: Mention) -> bool:
    """Whether a clause opens with a training without a search and denies it: "ohne Tuning mache ich das nicht"."""
    start, stop = reading.clause(mention.start)
    if mention.start != start or reading.tokens[start].word not in reading.grammar["without"]:
        return False
    denied = (
        n
        for n in range(mention.end, stop)
        if is_of(reading, n, "turns_denied") and not is_of(reading, n, "turns_determines")
    )
    says_who = any(is_of(reading, n, "refers") for n in range(mention.end, min(stop, mention.end + _AROUND)))
    return says_who and any(not is_limit(reading, n) for n in denied)


def _is_unwanted(reading: Reading, mention: Mention) -> bool:
    """Whether a clause likes a search less than something else, or not: "I'd sooner have one now than a tuned one"."""
    start, stop = reading.clause(mention.start)
    before = [token.word for token in reading.tokens[start : mention.start]]
    behind = [token.word for token in reading.tokens[mention.end : stop]]
    use = reading.grammar
    if use["than"].intersection(before[-_AROUND:]) and use["prefers"].intersection(before):
        return True
    matters = next((n for n, word in enumerate(behind[: _AROUND + 1]) if word in use["matters"]), None)
    return matters is not None and bool(use["not"].intersection(behind[: matters + _AROUND]))


def _denied_inside(reading: Reading, mention: Mention) -> bool:
    """Whether a phrase reaches over a denial: "Parameter nicht suchen"."""
    if any(is_of(reading, n, use) for n in mention.places for use in ("refuses_trying", "denies_behind")):
        return False  # "die Suche darf auf keinen Fall entfallen"
    gaps = [n for n in range(mention.start, mention.end) if n not in mention.places]
    return any(is_of(reading, n, "denies_plainly") and reading.tokens[n + 1].word != "pass" for n in gaps)


def _falls_short(reading: Reading, mention: Mention) -> bool:
    """Whether a clause says that one run does not do: "ein Training reicht nicht", "don't leave it at one"."""
    start, stop = reading.clause(mention.start)
    behind = range(mention.end, stop)
    if has(reading, behind, "too_little") and not has(reading, range(start, stop), "denies_plainly"):
        return True
    for n in places_of(reading, range(mention.start, stop), "suffices"):
        near = range(max(mention.end, n - _AROUND), min(stop, n + 1 + _AROUND * 2))
        if has(reading, near, "denies_plainly"):
            return True
    before = range(start, mention.start)
    denied = next(places_of(reading, before, "denies_plainly"), mention.start)
    return any(is_of(reading, n, "leaves_it") for n in range(denied + 1, min(denied + 2, mention.start)))


def _is_limited(reading: Reading, mention: Mention) -> bool:
    """Whether a search is only limited: "länger als 6 Stunden soll die Suche nicht dauern"."""
    clause = range(*reading.clause(mention.start))
    hours = any(m.group == "value:hours" and m.start in clause for m in reading.of("value", negated=None))
    return hours and has(reading, clause, "lasts") and any(is_of(reading, n, "searches") for n in mention.places)


def _not_renounced(reading: Reading, mention: Mention) -> bool:
    """Whether a clause denies that a search is left out: "auf die Suche will ich keinesfalls verzichten"."""
    if not any(reading.tokens[n].word in reading.grammar["renounces"] for n in mention.places):
        return False
    start, _ = reading.clause(mention.start)
    words = {reading.tokens[n].word for n in range(start, mention.end) if n not in mention.places}
    return bool(words & reading.grammar["not"])

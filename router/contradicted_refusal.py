# SPDX-License-Identifier: Apache-2.0
"""A refusal of a search that the next words contradict: "AutoML off? No way!", "… That was a mistake", "sorry, on"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.lifted_rules import is_lifted
from router.tokens import sentence_begin
from router.turned_words import turns
from router.word_stems import has, is_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_BRIEF, _NEAR, _LONG = 5, 3, 10
_SMALL = ("search_turns_words", "as_of_now", "concludes")
_TURNS = ("turns_back", "overruled_them", "lifted", "holds")
_WITH = frozenset({"with", "mit"})


def contradicted_refusals(reading: Reading, part: range) -> Iterator[range]:
    """The clauses that refuse a search, with those that contradict them."""
    clauses = list(reading.clauses(part))
    for number, clause in enumerate(clauses[:-1]):
        behind = clauses[number + 1 :]
        rest = range(clause.stop, part.stop)
        if not any(has(reading, rest, use) for use in _TURNS) or not _refuses(reading, clause):
            continue
        at_once = _is_answered(reading, clause, behind[0]) or _is_untrue(reading, behind[0])
        at_once = at_once or is_lifted(reading, behind[0])
        if at_once or _is_regretted(reading, clause, behind[:2]) or _is_overruled(reading, clause, behind):
            yield range(clause.start, behind[0].stop)
        elif stop := _turns_on(reading, behind):
            yield range(clause.start, stop)


def _refuses(reading: Reading, clause: range) -> bool:
    """Whether a clause names a training without a search, or refuses one."""
    if any(m.start in clause and m.group == "policy:off" for m in reading.of("policy")):
        return True
    if any(m.start in clause and m.group == "policy:named" and m.negated for m in reading.of("policy", negated=True)):
        return True
    refused = any(one.kind in {"refuses", "bars"} for one in turns(reading, clause))
    return refused and has(reading, clause, "searches")


def _is_answered(reading: Reading, clause: range, behind: range) -> bool:
    """Whether a question is answered with no: "only one run? no no, many", "AutoML aus? Auf keinen Fall!"."""
    asks = reading.tokens[clause.stop].text == "?"
    if not asks or len(behind) > _BRIEF or has(reading, clause, "turns_denied") or has(reading, behind, "searches"):
        return False
    opening = behind[:_NEAR]
    return has(reading, opening, "says_no") or has(reading, opening, "turns_denied") or _is_sorry(reading, behind)


def _is_sorry(reading: Reading, behind: range) -> bool:
    return all(is_of(reading, n, "search_turns_words") for n in behind)


def _is_untrue(reading: Reading, behind: range) -> bool:
    """Whether a clause only says that it is not so: "It isn't", "das stimmt nicht"."""
    words = has(reading, behind[:2], "points_back") and has(reading, behind, "turns_denied")
    return words and all(is_of(reading, n, "turns_back") or is_of(reading, n, "turns_denied") for n in behind)


def _is_regretted(reading: Reading, clause: range, behind: list[range]) -> bool:
    """Whether what was done or said is regretted or taken back: "that was a mistake", "das nehme ich zurück"."""
    said = range(sentence_begin(reading.tokens, clause.start), clause.stop)
    dated = any(has(reading, said, use) for use in ("turns_said", "turns_formerly"))
    return dated and any(
        has(reading, one, "points_back")
        and len(one) <= _LONG
        and has(reading, one, "turns_regrets")
        and not has(reading, one, "searches")
        and not has(reading, range(one.stop + 1, min(one.stop + 2, len(reading.tokens))), "contrasts")
        for one in behind
    )


def _is_overruled(reading: Reading, clause: range, behind: list[range]) -> bool:
    """Whether others wished it, and the user did not let them: "my boss wanted it cut; I said no"."""
    wished = has(reading, clause, "others_wished") and not has(reading, clause, "first_person")
    after = behind[0]
    if not wished or len(after) > _LONG or not has(reading, after[:_NEAR], "first_person"):
        return False
    again = len(behind) > 1 and is_of(reading, behind[1].start, "contrasts")
    said_no = has(reading, after, "turns_said") and has(reading, after[-_NEAR:], "says_no")
    return not again and (has(reading, after, "overruled_them") or said_no)


def _turns_on(reading: Reading, behind: list[range]) -> int:
    """Where a clause ends that only says that it is on after all: "scratch that, with search", "sorry, I meant on"."""
    for number, clause in enumerate(behind[:_NEAR]):
        words = [n for n in clause if not any(is_of(reading, n, use) for use in _SMALL)]
        if not words:
            continue
        led = number > 0 or len(words) < len(clause)
        on = [n for n in words if is_of(reading, n, "search_says_yes") or reading.tokens[n].word in _WITH]
        rest = [n for n in words if n not in on and not is_of(reading, n, "searches")]
        denied = bool(on) and has(reading, range(on[0], clause.stop), "turns_denied")  # "once, with no tuning"
        return clause.stop if led and on and not rest and not denied else 0
    return 0

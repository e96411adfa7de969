# SPDX-License-Identifier: Apache-2.0
"""What the words of a request say of the train policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.allowed_trying import allowed_trying
from router.continued import stays_without
from router.denied_refusal import resolved
from router.indirect_refusal import indirect_refusal
from router.kept_search import kept_after_all
from router.next_clause import left_alone
from router.no_refusal import without_what_refuses_none
from router.other_matters import without_other_matters
from router.outweighed import without_outweighed
from router.plain_refusal import plain_refusal
from router.policy_left_open import left_open, turned_at_last, with_it
from router.policy_mentions import state_of, turned
from router.quoted_refusal import quoted_refusal
from router.refused_search import refused_search
from router.search_settings import without_settings
from router.set_apart import set_apart
from router.switched_by_slot import switched_by_slot
from router.switched_search import left_little, nothing_to_try, switched
from router.tokens import BREAK, folded, sentence_begin
from router.weighed_policy import weighed
from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.reading import Reading

_OPPOSITES = ({"with", "without"}, {"mit", "ohne"})


def policies(reading: Reading, part: range, *, weigh: bool = False) -> dict[str, str]:
    """Policy to the user's own words for it; a negated phrase asks for the other policy.

    `weigh` lets all words of the request speak against a phrase, as they may where they ask for one training alone.
    """
    said = _by_phrases(reading, part)
    return weighed(reading, said) if weigh and not switched_by_slot(reading, part) else said


def _by_phrases(reading: Reading, part: range) -> dict[str, str]:
    reading = without_settings(reading)
    if apart := set_apart(reading, part):
        return apart
    current, turned_by = resolved(reading, part)
    if "off" in turned_by:
        return turned_by
    if found := _said(without_other_matters(current), part) or turned_by:
        return found
    words = quoted_refusal(current, part)
    return {"off": words} if words else {}


def _said(reading: Reading, part: range) -> dict[str, str]:
    first = (left_open, turned_at_last, with_it, switched_by_slot)
    if said := next(filter(None, (one(reading, part) for one in first)), None):
        return said
    reading = without_what_refuses_none(reading, part)
    if kept := kept_after_all(reading, part):
        return {"on": kept}
    if turned_by := switched(reading, part) or left_little(reading, part):
        return turned_by
    if kept := stays_without(reading, part):
        return {"off": kept}
    current = without_outweighed(reading, part, "off", "on")
    found = _policies(current, part)
    if current is reading or "off" in found:
        return found
    return _policies(without_outweighed(reading, part, "off"), part)  # a search of last time may be what is refused


def _policies(reading: Reading, part: range) -> dict[str, str]:
    said = reading.of("policy", negated=None)
    trials = [m for m in reading.of("value") if m.group == "value:trials"]
    asking = [m for m in said if m.start in part and not _is_left(reading, m, [*said, *trials])]
    states = {mention: state for mention in asking if (state := state_of(reading, mention))}
    allowed = allowed_trying(reading, part)
    states = {
        m: s
        for m, s in states.items()
        if not (_continues(m, s, states) or _was_of_others(reading, m, part) or (s == "off" and m.start in allowed))
    }
    if plain := plain_refusal(reading, part):
        states = {m: s for m, s in states.items() if s == "on" and not _is_within(reading, m, plain)}
        words = quoted(reading, plain.start, plain.stop - 1)
        alone = not states or all(_is_dated(reading, m) for m in states)
        return {"off": words} if alone else _both(reading, states, words)
    if allowed and not states:
        return {"on": quoted(reading, allowed.start, allowed.stop - 1)}
    asked: dict[str, str] = {}
    for mention, state in states.items():
        start = _begin_of_negation(reading, mention.start) if mention.negated else mention.start
        if _is_open(reading, mention):
            asked.setdefault(turned(state), reading.said(mention))
        asked.setdefault(state, reading.text[reading.tokens[start].start : reading.tokens[mention.end - 1].end])
    current = {state for mention, state in states.items() if not _is_dated(reading, mention)}
    if len(asked) > 1 and len(current) == 1:
        asked = {state: words for state, words in asked.items() if state in current}
    if list(asked) == ["off"]:
        return asked
    wanting = [mention for mention, state in states.items() if state == "on"]
    words = _refused(reading, part, wanting) or ("" if trials else _refused_indirectly(reading, part, wanting))
    return {"off": asked.get("off") or words} if words else asked


def _is_within(reading: Reading, mention: Mention, plain: range) -> bool:
    """Whether a phrase belongs to the clauses of a plain refusal: "AutoML must rest" wants none."""
    return reading.clause(plain.start)[0] <= mention.start < reading.clause(plain.stop - 1)[1]


def _both(reading: Reading, states: Mapping[Mention, str], refused: str) -> dict[str, str]:
    """What phrases want beside a plain refusal in another clause."""
    return {"on": reading.said(next(iter(states))), "off": refused}


def _refused(reading: Reading, part: range, wanting: Sequence[Mention]) -> str:
    """The user's own words that refuse a search although phrases seem to want one, or none says anything of it."""
    if all(len(m.places) == 1 and not m.negated for m in wanting):
        found = [refused_search(reading, range(m.start, m.end)) for m in wanting] or [refused_search(reading, part)]
        if all(found):
            return found[0]
    return left_alone(reading, part)


def _refused_indirectly(reading: Reading, part: range, wanting: Sequence[Mention]) -> str:
    """The user's own words that leave nothing to search for, where phrases but tell of a search, or grant it."""
    weak = all(not m.negated and (_is_told(reading, m) or _is_conceded(reading, m)) for m in wanting)
    return (indirect_refusal(reading, part) or nothing_to_try(reading, part)) if weak else ""


def _continues(mention: Mention, state: str, states: Mapping[Mention, str]) -> bool:
    """Whether a phrase is but the object of what was refused right before it: "without trying different settings"."""
    return state == "on" and any(other == "off" and m.end == mention.start for m, other in states.items())


def _is_told(reading: Reading, mention: Mention) -> bool:
    """Whether a phrase only tells, other than "let the tool pick them"."""
    return mention.start in reading.told and folded(reading.tokens[mention.start].text) not in reading.grammar["bids"]


def _is_left(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether what was said first gives way to a later word for it: others think so, or it is corrected.

    A number of trials is such a word: "I wanted a single run, no, make it 20 trials".
    """
    later = [m for m in said if m.start >= mention.end]
    return any(_is_conceded(reading, mention) or _turns(reading, mention, m) for m in later)


def _turns(reading: Reading, before: Mention, behind: Mention) -> bool:
    """Whether something between two phrases takes back the first: "scrap that", "no, actually", "but"."""
    kinds = (m for kind in ("correction", "retraction", "instead") for m in reading.of(kind, negated=None))
    if any(before.end <= m.start < behind.start for m in kinds):
        return True
    words = [token.word for token in reading.tokens[before.end : behind.end]]
    place = next((n for n, word in enumerate(words) if word in reading.grammar["contrasts"]), len(words))
    # "no AutoML, but with tuning" says both.
    objects = reading.grammar["with_or_without"].isdisjoint(words[place + 1 : place + 3])
    return behind.group.startswith("policy") and place < len(words) and objects


def _is_conceded(reading: Reading, mention: Mention) -> bool:
    """Whether a clause only grants what others think, before another one objects: "I know you love tuning, but …"."""
    start, stop = reading.clause(mention.start)
    opening = [token.word for token in reading.tokens[start : start + 2]]  # "even though"
    if reading.grammar["although"].intersection(opening) or reading.grammar["ignores"].intersection(opening[:1]):
        return True
    if _is_disputed(reading, start, stop):
        return True
    grants = {token.word for token in reading.tokens[start : start + 3]} & reading.grammar["grants"]
    return bool(grants) and bool({t.word for t in reading.tokens[stop : stop + 2]} & reading.grammar["contrasts"])


def _is_disputed(reading: Reading, start: int, stop: int) -> bool:
    """Whether the next clause objects to what others think: "he finds one run enough, I disagree"."""
    if stop + 1 >= len(reading.tokens) or not has(
        reading, range(sentence_begin(reading.tokens, start), stop), "says_so"
    ):
        return False
    behind = range(stop + 1, reading.clause(stop + 1)[1])
    return reading.tokens[behind.start].word in reading.grammar["doers"] and has(reading, behind, "objects")


def _is_dated(reading: Reading, mention: Mention) -> bool:
    """Whether a clause says how it was: "last week I asked for no sweep"."""
    clause = range(*reading.clause(mention.start))
    return mention.start in reading.told or any(has(reading, clause, use) for use in ("in_the_past", "formerly"))


def _was_of_others(reading: Reading, mention: Mention, part: range) -> bool:
    """Whether a clause that asks for nothing says how one was trained: "Jens trained his without AutoML in spring"."""
    start, stop = reading.clause(mention.start)
    asked = [m.start for kind in ("action", "noun") for m in reading.of(kind) if m.group.endswith("train")]
    if not any(n in part and not start <= n < stop for n in asked) or any(start <= n < stop for n in asked):
        return False
    trained = any(is_of(reading, n, "been_trained") for n in range(start, mention.start))
    return trained and has(reading, range(start, stop), "in_the_past")


def _is_open(reading: Reading, mention: Mention) -> bool:
    """Whether the words go on with the other policy as a choice: "maybe with AutoML, maybe without"."""
    opposite = reading.grammar["with_or_without"]
    joins = {BREAK} | reading.grammar["choice"] | reading.grammar["joins_steps"] | reading.grammar["once"]
    before = [t.word for t in reading.tokens[max(0, mention.start - 4) : mention.start + 1] if t.word not in joins]
    if set(before[-2:]) in _OPPOSITES:
        return True
    behind = [token.word for token in reading.tokens[mention.end : mention.end + 4]]
    choice = next((n for n, word in enumerate(behind) if word in reading.grammar["choice"]), len(behind))
    return bool(set(behind[choice + 1 : choice + 2]) & opposite)


def _begin_of_negation(reading: Reading, place: int) -> int:
    words = {"not", "no", "never", "without", "nicht", "kein", "keine", "keinen", "ohne", "nie"}
    return next((n for n in range(place - 1, max(-1, place - 5), -1) if reading.tokens[n].word in words), place)

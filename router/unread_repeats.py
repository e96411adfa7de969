# SPDX-License-Identifier: Apache-2.0
"""What is to be done several times, or with several values, and was made one step with one value: it is asked about.

"train it twice", "threshold 0.5, then with 0.3", "10 epochs, then continue for 20 more", "batch size 8, 16 and 32".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.types import Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.asked_steps import Step
    from router.patterns import Mention
    from router.reading import Reading
    from router.spoken import Spoken

_NEAR = 3
_PARTS = frozenset({",", "/", ";"})


def about_repeats(reading: Reading, steps: Sequence[Step], spoken: Sequence[Spoken]) -> Iterator[Question]:
    """The question, where words say that a step is repeated and no step is."""
    verbs, places = [step.verb for step in steps], frozenset(step.place for step in steps)
    if len(set(verbs)) < len(verbs) or any(one.unclear for one in spoken):
        return
    found = next((n for n in _asking(reading) if _repeats(reading, n, places)), None)
    if found is None and "train" in verbs:
        found = next((n for n in _asking(reading) if _counts_models(reading, n)), None)
    if found is not None:
        said = _around(reading, found)
        text = f"Is '{said}' one more run, or another value? One step has one value: ask for each run in full."
        yield Question("request", text)


def says_again(reading: Reading) -> bool:
    """Whether "then again", "and once more" and the like go on with what another run is to have."""
    return any(_is_again(reading, n) for n in _asking(reading))


def _asking(reading: Reading) -> Iterator[int]:
    """The tokens that neither tell what is or was, nor what others do."""
    aside = reading.told | reading.narrated | reading.past | reading.theirs | reading.remarks
    return (n for n in range(len(reading.tokens)) if n not in aside)


def _repeats(reading: Reading, place: int, steps: frozenset[int]) -> bool:
    return (
        ((_is_many_times(reading, place) or _is_second_time(reading, place)) and _is_of_step(reading, place, steps))
        or (_is_regular(reading, place) and not steps.isdisjoint(range(*reading.clause(place))))
        or _is_again(reading, place)
        or _goes_on(reading, place)
        or _is_repeated(reading, place)
        or _leads_to_number(reading, place)
        or _is_listed(reading, place)
        or _is_listed_before(reading, place)
    )


def _is_of_step(reading: Reading, place: int, steps: frozenset[int]) -> bool:
    """Whether it is said of a step: in its clause, and not of what somebody "labelled twice", or in a clause alone."""
    use, tokens = reading.grammar, reading.tokens
    clause = range(*reading.clause(place))
    before = tokens[place - 1].word if place > clause.start else ""
    if not steps.isdisjoint(clause):
        return place - 1 in steps or not (before in use["past"] or before.endswith("ed"))
    small = use["many_times"] | use["times_said"] | use["elided"] | use["prepositions"] | use["articles"]
    small |= use["joins_steps"] | use["leads_on"] | use["pleases"]
    return all(tokens[n].kind == "number" or tokens[n].word in small for n in clause)


def _is_many_times(reading: Reading, place: int) -> bool:
    """Whether a word says how often: "twice", "three times", "3x", "zweimal"; and not "twice as many"."""
    use, tokens = reading.grammar, reading.tokens
    if place in _valued(reading):
        return False
    word, behind = tokens[place].word, _word(reading, place + 1)
    if word in use["many_times"] and behind not in use["no_times"]:
        return True
    counted = tokens[place].kind == "number" and tokens[place].value > 1
    often = behind in use["times_said"] and place + 1 not in _valued(reading)
    return counted and often and _word(reading, place + 2) not in use["no_times"]


def _is_second_time(reading: Reading, place: int) -> bool:
    """Whether it is to be done one more time: "a second time", "ein zweites Mal"."""
    use = reading.grammar
    counted = reading.tokens[place].word in use["second_time"] and _word(reading, place + 1) in use["one_time"]
    return counted and _word(reading, place - 1) in use["any_one"]


def _is_regular(reading: Reading, place: int) -> bool:
    """Whether it is to be done by the calendar, which no plan does: "every night", "jede Woche"."""
    use = reading.grammar
    return reading.tokens[place].word in use["every_one"] and _word(reading, place + 1) in use["calendar"]


def _is_again(reading: Reading, place: int) -> bool:
    """Whether "again" stands behind "then", or "and", and its words say no verb: "then again with batch size 4"."""
    use, tokens = reading.grammar, reading.tokens
    if tokens[place].word not in use["done_anew"] or any(
        place in m.places for m in reading.of("correction", negated=None)
    ):
        return False
    first = place
    while first and tokens[first - 1].word in use["counts_off"] | use["done_anew"] | use["elided"]:
        first -= 1
    led = _word(reading, first - 1) in use["leads_on"] | use["joins_steps"]
    start, stop = reading.clause(place)
    verbs = {m.start for kind in ("action", "verb", "noun") for m in reading.of(kind, negated=None)}
    return led and stop > place + 1 and verbs.isdisjoint(range(max(start, first - 1), stop))


def _is_repeated(reading: Reading, place: int) -> bool:
    """Whether what was said is to be repeated: "repeat with batch 4", "then the same with batch 4"."""
    use = reading.grammar
    verbs = {n for kind in ("action", "verb", "noun") for m in reading.of(kind, negated=None) for n in m.places}
    own = verbs.isdisjoint(range(*reading.clause(place)))
    if reading.tokens[place].word in use["repeats_it"]:
        opens = place == reading.clause(place)[0]
        return own and (opens or _word(reading, place - 1) in use["leads_on"] | use["joins_steps"] | use["pleases"])
    led = _word(reading, place - 1) in use["articles"] | use["leads_on"]
    return own and led and reading.tokens[place].word in use["the_same"] and _word(reading, place + 1) in use["having"]


def _counts_models(reading: Reading, place: int) -> bool:
    """Whether a number counts what is to be trained: "train five models", "zwei Modelle"."""
    counted = _is_unread(reading, place) and reading.tokens[place].value > 1
    return counted and _word(reading, place + 1) in reading.grammar["many_models"]


def _goes_on(reading: Reading, place: int) -> bool:
    """Whether a training is to go on behind what is asked for: "then continue for 20 more", "and 20 more"."""
    use, tokens = reading.grammar, reading.tokens
    valued = _valued(reading)
    beside = {_word(reading, place + 1), _word(reading, place - 1)}
    if tokens[place].kind == "number" and place not in valued and beside & use["more_of_it"]:
        return True
    resumes = any(m.start == place for m in reading.of("verb") if m.group == "verb:resume")
    behind = _word(reading, place + 1)
    led = _word(reading, place - 1) in use["leads_on"] | use["joins_steps"]
    return resumes and led and (not behind or behind in use["goes_on_for"])


def _leads_to_number(reading: Reading, place: int) -> bool:
    """Whether "then" leads to a number of which nothing is made: "then with 0.3", "dann 20"."""
    use, tokens = reading.grammar, reading.tokens
    led = tokens[place].word in use["leads_on"] | use["next_with"]
    joined = tokens[place].word in use["joins_steps"] and _word(reading, place + 1) in use["prepositions"]
    if not (led or joined) or not reading.of("value"):
        return False
    here = place + 1
    while here < min(len(tokens), place + _NEAR) and tokens[here].word in use["prepositions"] | use["elided"]:
        here += 1
    return _is_unread(reading, here) and _ends(reading, here)


def _is_listed(reading: Reading, place: int) -> bool:
    """Whether a number goes on with those of a value: "batch size 8, 16 and 32"."""
    if not (_is_unread(reading, place) and _ends(reading, place)) or _is_corrected(reading, place):
        return False
    before = place - 2
    return before >= 0 and _joins(reading, place - 1) and any(m.end == before + 1 for m in _values(reading, before))


def _is_listed_before(reading: Reading, place: int) -> bool:
    """Whether a number stands ahead of those of a value: "10, 20 and 30 epochs"."""
    ahead = place + 2
    if not (_is_unread(reading, place) and ahead < len(reading.tokens) and _joins(reading, place + 1)):
        return False
    if reading.tokens[ahead].kind != "number" or _is_corrected(reading, place):
        return False
    return _is_listed_before(reading, ahead) or any(m.start == ahead for m in _values(reading, ahead))


def _is_corrected(reading: Reading, place: int) -> bool:
    """Whether what stands behind a number takes it back: "14, sorry, 16 epochs"."""
    return any(place < m.start <= place + _NEAR for m in reading.of("correction", negated=None))


def _values(reading: Reading, place: int) -> Iterator[Mention]:
    """The values whose number stands at a token."""
    number = reading.tokens[place].kind == "number"
    return (m for m in reading.of("value") if number and place in m.places)


def _valued(reading: Reading) -> set[int]:
    return {n for m in reading.of("value", negated=None) for n in m.places}


def _is_unread(reading: Reading, place: int) -> bool:
    return place < len(reading.tokens) and reading.tokens[place].kind == "number" and place not in _valued(reading)


def _ends(reading: Reading, place: int) -> bool:
    """Whether nothing is counted by a number: a break stands behind it, or "and"."""
    behind = place + 1
    tokens = reading.tokens
    return (
        behind >= len(tokens) or tokens[behind].kind == "break" or tokens[behind].word in reading.grammar["joins_steps"]
    )


def _joins(reading: Reading, place: int) -> bool:
    token, use = reading.tokens[place], reading.grammar
    return token.text in _PARTS or token.word in use["joins_steps"] | use["or"]


def _word(reading: Reading, place: int) -> str:
    return (
        reading.tokens[place].word if 0 <= place < len(reading.tokens) and reading.tokens[place].kind == "word" else ""
    )


def _around(reading: Reading, place: int) -> str:
    """The words about a token, as they are written, to the end of its clause."""
    first, stop = max(reading.clause(place)[0], place - 2), max(reading.clause(place)[1], place + 1)
    return reading.text[reading.tokens[first].start : reading.tokens[min(stop, place + _NEAR) - 1].end]

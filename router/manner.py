# SPDX-License-Identifier: Apache-2.0
"""Unknown words that say how something is to be done, which is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.asides import asides, is_subject, is_told_elsewhere
from router.objects import OURS, phrases
from router.thing_names import is_code

if TYPE_CHECKING:
    from router.asked_steps import Step
    from router.intent import Intent
    from router.reading import Reading

_BESIDE = 2
_WRITES = frozenset({"export", "quantize", "gen_trt_engine"})
ADVERBS = ("ly", "wise", "ways")
_SHORT, _RESTRICTS = 4, 4


def of_manner(reading: Reading, intent: Intent, unknown: list[int]) -> tuple[str, ...]:
    """Unknown words that may say how it is done: beside the verb's object, or behind `with`, `in` and the like."""
    asked: set[int] = set()
    aside = asides(reading, intent.steps)
    unknown = [n for n in unknown if n not in aside]
    for step in (one for one in intent.steps if not one.command):
        start, stop = reading.clause(step.place)
        beside = (n for n in unknown if start <= n < stop and n not in reading.remarks)
        asked.update(n for n in beside if _how(reading, n, start, step) or _tells_purpose(reading, n, step.place))
    return phrases(reading, sorted(asked - _surely(reading, intent, unknown)))


def surely_of_manner(reading: Reading, intent: Intent, unknown: list[int]) -> tuple[str, ...]:
    """Words that say so by their form: "the magic way", ", but gently"."""
    return phrases(reading, sorted(_surely(reading, intent, unknown)))


def _surely(reading: Reading, intent: Intent, unknown: list[int]) -> set[int]:
    aside = asides(reading, intent.steps)
    unknown = [n for n in unknown if n not in aside and not is_told_elsewhere(reading, intent.steps, n)]
    found = {n for n in unknown if intent.steps and _restricts(reading, n) and n not in reading.remarks}
    stressed = (n for n in unknown if intent.steps and _is_stressed(reading, n) and n not in reading.remarks)
    stressed = (n for n in stressed if not is_subject(reading, n))
    modes = in_modes(reading, unknown) if intent.steps else []
    return found.union(stressed, modes, *(_ways(reading, step) for step in intent.steps))


def in_modes(reading: Reading, unknown: list[int]) -> list[int]:
    """Unknown words that name a mode of doing it."""
    return [n for n in unknown if _is_mode(reading, n)]


def _is_mode(reading: Reading, place: int) -> bool:
    """Whether a word names a mode of its own: "in lavender mode", "in turbo-search mode", "im lila Modus"."""
    tokens, modes = reading.tokens, reading.grammar["modes"]
    behind = tokens[place + 1 : place + 3]
    compound = len(behind) > 1 and tokens[place].end + 1 == behind[0].start and reading.text[tokens[place].end] == "-"
    named = {token.word for token in behind[: 1 + compound]} & modes or tokens[place].word.endswith(tuple(modes))
    before = {token.word for token in tokens[max(0, place - 2) : place]}
    return bool(named) and bool(before & reading.grammar["manner"])


def _is_stressed(reading: Reading, place: int) -> bool:
    """Whether a word is a colour, a code such as `int4` and not of a part (R114), or is stressed: "extra crispy"."""
    word, before = reading.tokens[place].word, reading.tokens[max(place - 1, 0)].word
    known = word in reading.grammar["colours"] or before in reading.grammar["stresses"]
    return known or is_code(reading, place)


def _ways(reading: Reading, step: Step) -> list[int]:
    """Words that name a way of doing it which is none of the usual ones: "the magic way"."""
    words, grammar = [token.word for token in reading.tokens], reading.grammar
    _, stop = reading.clause(step.place)
    ordinary = (
        grammar["usual"] | grammar["articles"] | grammar["pronouns"] | grammar["prepositions"] | grammar["relative"]
    )
    return [
        n - 1
        for n in range(step.place + 3, stop)
        if words[n] in grammar["ways"] and words[n - 2] in grammar["articles"] and words[n - 1] not in ordinary
    ]


def _restricts(reading: Reading, place: int) -> bool:
    """Whether a word restricts the request in a clause of its own: ", but gently", ", sort of sideways"."""
    start, stop = reading.clause(place)
    plain = all(token.kind == "word" for token in reading.tokens[start:stop]) and stop - start <= _RESTRICTS
    return _contrasted(reading, place) or (plain and bool(start) and _is_adverb(reading, place))


def _is_adverb(reading: Reading, place: int) -> bool:
    word = reading.tokens[place].word
    return word.endswith(ADVERBS) or word in reading.grammar["colours"]


def _contrasted(reading: Reading, place: int) -> bool:
    """Whether a word restricts the request, as in "train ChangeNet, but gently"."""
    start, stop = reading.clause(place)
    if reading.tokens[place].text[0].isupper() and stop - place > _RESTRICTS:
        return False  # ", but Ines asked me to …"
    if reading.tokens[place - 1].word in reading.grammar["titles"] | reading.grammar["ahead_of_time"]:
        return False  # ", but it would be nice before Whitsun"
    opening = {token.word for token in reading.tokens[start : start + 2]}
    before = {token.word for token in reading.tokens[max(0, place - 2) : place]}
    opens = opening & reading.grammar["contrasts"] and place - start <= _RESTRICTS and place not in reading.told
    return bool(before & reading.grammar["contrasts"] or opens)


def _how(reading: Reading, place: int, start: int, step: Step) -> bool:
    """Whether an unknown word in the clause of a step says how it is to be done, and not merely why or for whom."""
    grammar, verb = reading.grammar, step.place
    if place < verb:
        between = {token.word for token in reading.tokens[place:verb]}
        near = verb - place <= _BESIDE
        return near and not step.implied and not between & grammar["prepositions"]
    if _closes(reading, place):
        return False
    manner = grammar["manner"] | grammar["choice"] | (grammar["formats"] if step.verb in _WRITES else frozenset())
    for here in range(place - 1, start - 1, -1):
        token = reading.tokens[here]
        if token.kind in {"path", "job"} or token.word in grammar["choice"]:
            return True
        if token.word in manner:
            return not _describes_data(reading, place)
        if token.word in grammar["prepositions"]:
            return (token.word in grammar["joins_steps"] and here > verb) or _of_what(reading, here)
    return _qualifies(reading, place)


def _tells_purpose(reading: Reading, place: int, verb: int) -> bool:
    """Whether a word tells what a model does that nothing else names: "a model that predicts temperatures"."""
    named = any(reading.of(kind) for kind in ("model", "task", "parent"))
    return not named and any(token.word in reading.grammar["relative"] for token in reading.tokens[verb:place])


def _of_what(reading: Reading, place: int) -> bool:
    """Whether a preposition tells what a model is for that nothing else names: "a model for sales"."""
    tokens, grammar = reading.tokens, reading.grammar
    named = any(reading.of(kind) for kind in OURS)
    return (
        not named and tokens[place].word in grammar["meant_for"] and tokens[place - 1].word in grammar["holds_format"]
    )


def _qualifies(reading: Reading, place: int) -> bool:
    """Whether an unknown word behind what is asked for may say how: an adverb, or what stands where one would stand.

    A short word before a path or a number is a preposition of some dialect, a German word in -en a verb.
    """
    tokens, word = reading.tokens, reading.tokens[place].word
    if _is_adverb(reading, place):
        return True
    behind = tokens[place + 1] if place + 1 < len(tokens) else None
    if behind and behind.word in reading.grammar["ways"]:
        return True
    if behind and behind.kind in {"path", "job", "number"} and len(word) <= _SHORT:
        return False
    ends = behind is None or behind.kind == "break" or behind.word in reading.grammar["prepositions"]
    before = tokens[place - 1].word
    said = any(place - 1 in m.places for kind in (*OURS, "action", "noun") for m in reading.of(kind))
    return ends and (said or before in reading.grammar["pronouns"] | reading.grammar["stresses"])


def _closes(reading: Reading, place: int) -> bool:
    """Whether a word is a German infinitive that closes its clause, and so no manner: "auf 8 Bit runterbrechen"."""
    token, behind = reading.tokens[place], reading.tokens[place + 1 : place + 2]
    ends = not behind or behind[0].kind == "break"
    return ends and token.word.endswith("en") and token.text[0].islower() and len(token.word) > _SHORT


def _describes_data(reading: Reading, place: int) -> bool:
    """Whether a word belongs to what a path or a job behind it names: "in the hutch folder ./lot"."""
    behind = reading.tokens[place + 1 : place + 2]
    if behind and behind[0].word in reading.grammar["prepositions"]:
        return False
    return any(token.kind in {"path", "job"} for token in reading.tokens[place:][:6])

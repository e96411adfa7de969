# SPDX-License-Identifier: Apache-2.0
"""Every word is accounted for: what nothing knows either declines the request, is asked about, or is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.figures import is_name, is_told, open_figures

if TYPE_CHECKING:
    from router.asked_steps import Step
    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading
    from router.stated import Values
    from router.vocabulary import Vocabulary

_BESIDE = 2
_SENTENCE_ENDS = frozenset(".!?\n")
_WRITES = frozenset({"export", "quantize", "gen_trt_engine"})
_ADVERBS = ("ly", "wise", "ways")
_SHORT = 4
_OURS = ("model", "trade", "task", "parent")


@dataclass(frozen=True, slots=True)
class Account:
    """How the words that nothing knows are judged: `declined` is the reason where the request is not for this skill."""

    ours: bool
    unknown: tuple[str, ...]
    declined: str = ""
    of_pronoun: bool = False
    asked: tuple[str, ...] = ()


def account(reading: Reading, intent: Intent, values: Values, vocabulary: Vocabulary) -> Account:
    """Judge the request by what it names and by the words that nothing knows."""
    unknown = [n for n in _unknown(reading, vocabulary) if n not in reading.told]
    ours = _names_ours(reading)
    said = _phrases(reading, unknown)
    numbers = [n for n in sorted(values.unread) if not is_name(reading, n) and not is_told(reading, n)]
    told = (*said, *(reading.tokens[n].text for n in numbers))
    declined = _foreign(reading, intent) or _negated_model(reading)
    things = _things(reading, unknown, vocabulary)
    if declined:
        return Account(ours, told, declined)
    if intent.verb:
        return Account(ours, told, _declined_verb(reading, intent, things, ours=ours))
    if not intent.steps:
        return Account(ours, told, _declined_nothing(reading, things, said))
    beside = [n for n, token in enumerate(reading.tokens) if token.word in vocabulary.bystanders]
    declined = _declined_action(reading, intent, things, beside, ours=ours)
    asked = () if declined else (*_of_manner(reading, intent, unknown), *open_figures(reading, values))
    return Account(ours, told, declined, _of_pronoun(reading, intent), asked)


def _unknown(reading: Reading, vocabulary: Vocabulary) -> list[int]:
    claimed = {n for m in reading.mentions if m.group != "remark" for n in m.places}
    known = vocabulary.known | reading.grammar["prepositions"]
    return [
        n
        for n, token in enumerate(reading.tokens)
        if token.kind == "word" and n not in claimed and token.word not in known and token.word[0].isalnum()
    ]


def _things(reading: Reading, unknown: list[int], vocabulary: Vocabulary) -> list[int]:
    """Those of unknown words that may name a thing: where nouns begin with a capital, no others do."""
    shown = [token.word for token in reading.tokens if token.word in vocabulary.capitalising]
    capitals = len(shown) > 1 or len(shown) * 4 > len(reading.tokens)
    return [n for n in unknown if not (capitals and reading.tokens[n].text[0].islower())]


def _names_ours(reading: Reading) -> bool:
    if any(token.kind in {"path", "job", "override", "action"} for token in reading.tokens):
        return True
    return any(reading.of(kind) for kind in _OURS)


def _phrases(reading: Reading, places: list[int]) -> tuple[str, ...]:
    """Neighbouring words as one phrase, as the user wrote them."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return tuple(reading.text[reading.tokens[run[0]].start : reading.tokens[run[-1]].end] for run in runs)


def _foreign(reading: Reading, intent: Intent) -> str:
    for mention in reading.of("foreign"):
        kind = mention.group.partition(":")[2]
        named = reading.of("model") or reading.of("task")
        strong = any(t.kind == "job" or (named and t.kind == "path") for t in reading.tokens)
        if mention.start in reading.remarks - reading.told and intent.steps:
            continue
        elsewhere = _of_another_sentence(reading, intent, mention)
        if kind == "model" or (not strong and not elsewhere) or _object_of(reading, intent, mention):
            return reading.said(mention)
    return ""


def _of_another_sentence(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether every sentence that asks is another one than that of a mention, and names this model or a job."""
    if intent.mention:
        return not _same_sentence(reading, mention.start, intent.mention.start)
    places = [one.place for one in intent.steps if not one.implied]
    named = [m.start for kind in ("model", "task", "parent") for m in reading.of(kind)]
    named += [n for n, token in enumerate(reading.tokens) if token.kind == "job"]
    return bool(places) and all(
        not _same_sentence(reading, mention.start, place) and any(_same_sentence(reading, place, n) for n in named)
        for place in places
    )


def _same_sentence(reading: Reading, one: int, other: int) -> bool:
    between = reading.tokens[min(one, other) : max(one, other)]
    return not any(token.kind == "break" and token.text in _SENTENCE_ENDS for token in between)


def _object_of(reading: Reading, intent: Intent, mention: Mention) -> bool:
    return any(mention.start in _object(reading, step.place) for step in intent.steps)


def _negated_model(reading: Reading) -> str:
    models = reading.of("model", negated=None)
    negated = [m for m in models if m.negated and not reading.of("other")]
    return f"not {reading.said(negated[0])}" if negated and len(negated) == len(models) else ""


def _mention_at(reading: Reading, place: int) -> Mention | None:
    """The phrase that asks for something at a token."""
    asking = (m for kind in ("action", "named", "verb", "noun") for m in reading.of(kind))
    return next((m for m in asking if place == m.start), None)


def _object(reading: Reading, place: int) -> range:
    """The tokens of what a verb at a token acts on: behind it up to a preposition, or else before it."""
    mention = _mention_at(reading, place)
    if mention and mention.end - mention.start > len(mention.places):
        return range(mention.start + 1, mention.end - 1)
    start, stop = reading.clause(place)
    if mention and len(mention.places) > 1:
        place = mention.end - 1
    here = place + 1
    taken = set(mention.places) if mention else set()
    while here < stop and (here in taken or reading.tokens[here].word not in reading.grammar["prepositions"]):
        here += 1
    if here > place + 1:
        return range(place + 1, here)
    first = place
    while first > start and reading.tokens[first - 1].word not in reading.grammar["prepositions"]:
        first -= 1
    return range(first, place)


def _ours_in(reading: Reading, places: range) -> bool:
    if any(reading.tokens[n].kind in {"path", "job"} for n in places):
        return True
    return any(n in places for kind in _OURS for m in reading.of(kind) for n in m.places)


def _declined_action(reading: Reading, intent: Intent, unknown: list[int], beside: list[int], *, ours: bool) -> str:
    if unknown and not ours and not _of_pronoun(reading, intent):
        return ", ".join(_phrases(reading, unknown))
    for step in (one for one in intent.steps if not (one.implied or one.command)):
        places = _object(reading, step.place)
        strange = [n for n in sorted({*unknown, *beside}) if n in places and n not in reading.remarks]
        if (
            strange
            and not _ours_in(reading, places)
            and not _of_pronoun(reading, intent)
            and not _of_ours(reading, places)
        ):
            return ", ".join(_phrases(reading, strange))
    return ""


def _of_ours(reading: Reading, places: range) -> bool:
    """Whether it is said of something of ours: "the purple version of the AOI model"."""
    behind = reading.tokens[places.stop : places.stop + 1]
    rest = range(places.stop, min(places.stop + 5, len(reading.tokens)))
    return bool(behind) and behind[0].word in reading.grammar["of"] and _ours_in(reading, rest)


def _of_pronoun(reading: Reading, intent: Intent) -> bool:
    """Whether the verb's object is a word such as `it`, which says what was spoken of before."""
    return any(
        reading.tokens[n].word in reading.grammar["pronouns"]
        for step in intent.steps
        for n in list(_object(reading, step.place))[:1]
    )


def _of_manner(reading: Reading, intent: Intent, unknown: list[int]) -> tuple[str, ...]:
    """Unknown words that say how it is to be done: beside the verb's object, or behind `with`, `in` and the like."""
    asked: set[int] = set()
    for step in (one for one in intent.steps if not one.command):
        start, stop = reading.clause(step.place)
        beside = (n for n in unknown if start <= n < stop and n not in reading.remarks)
        asked.update(n for n in beside if _how(reading, n, start, step))
    asked.update(n for n in unknown if _contrasted(reading, n) and n not in reading.remarks)
    return _phrases(reading, sorted(asked))


def _contrasted(reading: Reading, place: int) -> bool:
    """Whether a word restricts the request, as in "train ChangeNet, but gently"."""
    before = {token.word for token in reading.tokens[max(0, place - 2) : place]}
    return bool(before & reading.grammar["contrasts"])


def _how(reading: Reading, place: int, start: int, step: Step) -> bool:
    """Whether an unknown word in the clause of a step says how it is to be done, and not merely why or for whom."""
    grammar, verb = reading.grammar, step.place
    if place < verb:
        between = {token.word for token in reading.tokens[place:verb]}
        near = verb - place <= _BESIDE
        return near and not step.implied and not between & grammar["prepositions"]
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


def _of_what(reading: Reading, place: int) -> bool:
    """Whether a preposition tells what a model is for that nothing else names: "a model for sales"."""
    tokens, grammar = reading.tokens, reading.grammar
    named = any(reading.of(kind) for kind in _OURS)
    return (
        not named and tokens[place].word in grammar["meant_for"] and tokens[place - 1].word in grammar["holds_format"]
    )


def _qualifies(reading: Reading, place: int) -> bool:
    """Whether an unknown word behind what is asked for may say how: an adverb, or what stands where one would stand.

    A short word before a path or a number is a preposition of some dialect, a German word in -en a verb.
    """
    tokens, word = reading.tokens, reading.tokens[place].word
    if word.endswith(_ADVERBS) or word in reading.grammar["colours"]:
        return True
    behind = tokens[place + 1] if place + 1 < len(tokens) else None
    if behind and behind.word in reading.grammar["ways"]:
        return True
    if behind and behind.kind in {"path", "job", "number"} and len(word) <= _SHORT:
        return False
    if word.endswith("en") and (behind is None or behind.kind == "break"):
        return False
    ends = behind is None or behind.kind == "break" or behind.word in reading.grammar["prepositions"]
    before = tokens[place - 1].word
    said = any(place - 1 in m.places for kind in (*_OURS, "action", "noun") for m in reading.of(kind))
    return ends and (said or before in reading.grammar["pronouns"] | reading.grammar["stresses"])


def _describes_data(reading: Reading, place: int) -> bool:
    """Whether a word belongs to what a path or a job behind it names: "in the hutch folder ./lot"."""
    behind = reading.tokens[place + 1 : place + 2]
    if behind and behind[0].word in reading.grammar["prepositions"]:
        return False
    return any(token.kind in {"path", "job"} for token in reading.tokens[place:][:6])


def _declined_verb(reading: Reading, intent: Intent, unknown: list[int], *, ours: bool) -> str:
    if not unknown or any(token.kind == "job" for token in reading.tokens):
        return ""
    outside = [n for n in unknown if n not in reading.remarks]
    if not ours and outside:
        return ", ".join(_phrases(reading, outside))
    mention = intent.mention
    places = _object(reading, mention.start) if mention else range(0)
    strange = [n for n in outside if n in places]
    named = reading.of("model") or any(token.kind == "path" for token in reading.tokens)
    if not named and (len(outside) > 1 or (strange and not reading.of("trade"))):
        return ", ".join(_phrases(reading, strange))
    return ""


def _declined_nothing(reading: Reading, unknown: list[int], said: tuple[str, ...]) -> str:
    if not unknown or any(token.kind in {"path", "job"} for token in reading.tokens):
        return ""
    return ", ".join(said)

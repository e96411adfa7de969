# SPDX-License-Identifier: Apache-2.0
"""Every word is accounted for: what nothing knows either declines the request, is asked about, or is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.figures import is_name, is_told, open_figures
from router.foreign import foreign, negated_model
from router.manner import in_modes, of_manner, surely_of_manner
from router.objects import OURS, object_of, of_ours, of_pronoun, ours_in, phrases
from router.plain_refusal import plain_refusal
from router.unread_values import unread_phrases, untaken_phrases

if TYPE_CHECKING:
    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading
    from router.stated import Values
    from router.vocabulary import Vocabulary

_LONG = 5


@dataclass(frozen=True, slots=True)
class Account:
    """How the words that nothing knows are judged: `declined` is the reason where the request is not for this skill.

    It is `certain` where another model is named, or this one is ruled out, and less so where another `craft` is. Asked
    about is what may say how (`manner`), what surely does, and numbers that may be values (`unclear`).
    """

    ours: bool
    unknown: tuple[str, ...]
    declined: str = ""
    of_pronoun: bool = False
    manner: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    certain: bool = False
    craft: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """All that is asked about."""
        return self.manner + self.unclear


def account(reading: Reading, intent: Intent, values: Values, vocabulary: Vocabulary) -> Account:
    """Judge the request by what it names and by the words that nothing knows."""
    ours = _names_ours(reading)
    doubted = set(_things(reading, _doubted(reading, vocabulary), vocabulary))
    unknown = [n for n in _unknown(reading, vocabulary) if n not in reading.told]
    if unknown:
        refusing = plain_refusal(reading, range(len(reading.tokens)))  # "bypassing the AutoML"
        unknown = [n for n in unknown if n not in refusing]
    unknown = unknown if ours else sorted({*unknown, *doubted} - reading.told)
    if not intent.steps:  # "what is the difference between Hyperband and ASHA?"
        unknown = sorted({*unknown, *(n for m in reading.of("setting", negated=None) for n in m.places)} - reading.told)
    said = phrases(reading, unknown)
    numbers = [n for n in sorted(values.unread) if not is_name(reading, n) and not is_told(reading, n)]
    told = (*said, *(reading.tokens[n].text for n in numbers), *untaken_phrases(reading))
    stopped = intent.verb == "cancel"  # "stop the ChangeNet training" rules out no model
    things = _things(reading, unknown, vocabulary)
    if other := foreign(reading, intent):
        return Account(ours, told, other.said, certain=not other.craft, craft=other.craft)
    if not stopped and (declined := negated_model(reading)):
        return Account(ours, told, declined, certain=True)
    if intent.verb:
        return Account(ours, told, _declined_verb(reading, intent, things, ours=ours))
    if not intent.steps:
        return Account(ours, told, _declined_nothing(reading, things, said))
    sure = reading.of("model") or any(token.kind == "job" for token in reading.tokens)
    beside = [n for n, token in enumerate(reading.tokens) if token.word in vocabulary.bystanders]
    beside += () if sure else doubted
    ways = in_modes(reading, unknown)
    declined = _declined_action(reading, intent, [n for n in things if n not in ways], beside, ours=ours)
    if declined:
        return Account(ours, told, declined, of_pronoun(reading, intent))
    unclear = (*surely_of_manner(reading, intent, unknown), *open_figures(reading, values))
    unclear += (*phrases(reading, _qualifiers(reading, things)), *unread_phrases(reading))
    return Account(ours, told, "", of_pronoun(reading, intent), of_manner(reading, intent, unknown), unclear)


def _unknown(reading: Reading, vocabulary: Vocabulary) -> list[int]:
    claimed = {n for m in reading.mentions if m.group != "remark" for n in m.places}
    known, prepositions = vocabulary.known, reading.grammar["prepositions"]
    words = ((n, token.word) for n, token in enumerate(reading.tokens) if token.kind == "word" and n not in claimed)
    return [n for n, word in words if word not in known and word not in prepositions and word[0].isalnum()]


def _doubted(reading: Reading, vocabulary: Vocabulary) -> list[int]:
    """Words that were read so freely as one which says nothing that they may name a thing: `welder` as `weder`."""
    claimed = {n for m in reading.mentions if m.group != "remark" for n in m.places}
    return [
        n
        for n, token in enumerate(reading.tokens)
        if (meant := reading.corrected.get(token.text))
        and (len(token.text) >= _LONG or (n and token.text[0].isupper()))
        and sorted(meant) != sorted(token.text.lower())
        and n not in claimed
        and meant not in vocabulary.nouns
        and (meant in vocabulary.plain or not vocabulary.patterns.knows(meant))
    ]


def _things(reading: Reading, unknown: list[int], vocabulary: Vocabulary) -> list[int]:
    """Those of unknown words that may name a thing: where nouns begin with a capital, no others do."""
    shown = [token.word for token in reading.tokens if token.word in vocabulary.capitalising]
    capitals = len(shown) > 1 or len(shown) * 4 > len(reading.tokens)
    known = reading.grammar["lets_depend"]
    unknown = [n for n in unknown if reading.tokens[n].word not in known]  # "export it unless recall is below 95 %"
    return [n for n in unknown if not (capitals and reading.tokens[n].text[0].islower())]


def _names_ours(reading: Reading) -> bool:
    if any(token.kind in {"path", "job", "override", "action"} for token in reading.tokens):
        return True
    return any(reading.of(kind) for kind in OURS)


def _declined_action(reading: Reading, intent: Intent, unknown: list[int], beside: list[int], *, ours: bool) -> str:
    if unknown and not ours and not of_pronoun(reading, intent):
        return ", ".join(phrases(reading, unknown))
    for step in (one for one in intent.steps if not (one.implied or one.command)):
        places = object_of(reading, step.place)
        strange = [n for n in sorted({*unknown, *beside}) if n in places and n not in reading.remarks]
        strange = [n for n in strange if n not in beside or not _wishes(reading, n)]
        if (
            strange
            and not ours_in(reading, places)
            and not of_pronoun(reading, intent)
            and not of_ours(reading, places)
        ):
            return ", ".join(phrases(reading, strange))
    return _task_of_others(reading, intent, unknown)


def _task_of_others(reading: Reading, intent: Intent, unknown: list[int]) -> str:
    """What a task is said to be done to, where nothing knows it: "a segmentation of blood vessels"."""
    objects = {n for step in intent.steps for n in object_of(reading, step.place)}
    for mention in (m for m in reading.of("task") if m.start in objects):
        behind = reading.tokens[mention.end : mention.end + 1]
        joins = reading.grammar["of"] | (reading.grammar["meant_for"] if _is_any(reading, mention) else frozenset())
        if not behind or behind[0].word not in joins or reading.of("model"):
            continue
        places = range(mention.end + 1, min(mention.end + 4, len(reading.tokens)))
        crafts = {n for one in reading.of("foreign") for n in one.places}
        strange = [n for n in sorted({*unknown, *crafts}) if n in places]
        if strange and not ours_in(reading, places):
            return ", ".join(phrases(reading, strange))
    return ""


def _qualifiers(reading: Reading, unknown: list[int]) -> list[int]:
    """What nothing knows and says what kind of classifier it is, where nothing names ours: "my flower classifier"."""
    if any(token.kind in {"path", "job", "action"} for token in reading.tokens):
        return []
    if any(reading.of(kind) for kind in ("model", "trade", "parent")):
        return []
    heads = [m.start for m in reading.of("task") if len(m.places) == 1]
    return [n - 1 for n in heads if n - 1 in unknown and reading.tokens[n - 1].text.islower()]


def _is_any(reading: Reading, mention: Mention) -> bool:
    """Whether any classifier will do, and not that of this skill: "a classifier for dog breeds"."""
    before = reading.tokens[max(0, mention.start - 1) : mention.start]
    return len(mention.places) == 1 and bool(before) and before[0].word in reading.grammar["any_one"]


def _wishes(reading: Reading, place: int) -> bool:
    """Whether it is somebody who wants it: "Kunde will ein ONNX"."""
    behind = reading.tokens[place + 1 : place + 2]
    return bool(behind) and behind[0].word in reading.grammar["wishes"] | reading.grammar["orders"]


def _declined_verb(reading: Reading, intent: Intent, unknown: list[int], *, ours: bool) -> str:
    if not unknown or any(token.kind == "job" for token in reading.tokens):
        return ""
    outside = [n for n in unknown if n not in reading.remarks]
    if not ours and outside:
        return ", ".join(phrases(reading, outside))
    mention = intent.mention
    places = object_of(reading, mention.start) if mention else range(0)
    strange = [n for n in outside if n in places]
    named = reading.of("model") or any(token.kind == "path" for token in reading.tokens)
    if not named and (len(outside) > 1 or (strange and not reading.of("trade"))):
        return ", ".join(phrases(reading, strange))
    return ""


def _declined_nothing(reading: Reading, unknown: list[int], said: tuple[str, ...]) -> str:
    if not unknown or any(token.kind in {"path", "job"} for token in reading.tokens):
        return ""
    return ", ".join(said)

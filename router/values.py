# SPDX-License-Identifier: Apache-2.0
"""The values that a request states: numbers with what they count, formats, limits; corrections and negations heeded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from router.patterns import Mention
from router.tokens import fold
from router.unknown_backbone import run_after, run_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from router.reading import Reading
    from router.vocabulary import Vocabulary

COUNTS = frozenset({"epochs", "trials", "batch_size", "lights", "classes", "gpus", "nodes", "seed", "parallel"})
_COUNTS = COUNTS | {"validation_interval", "checkpoint_interval"}
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3})+")
_BETWEEN = frozenset({"to", "or", "and", "bis", "oder", "und"})
_FORMATS = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "half": "fp16", "mixed": "fp16", "halbe": "fp16"}
_OF = frozenset({"of", "from", "out", "von", "aus"})
_REACH, _BEYOND = 4, 2
_TIMES = frozenset({"hours", "minutes", "days"})
_LENGTHS = frozenset(
    ["mm", "cm", "m", "um", "micron", "microns", "millimeter", "millimetre", "millimeters", "inch", "inches", "zoll"]
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A value, by its name, at a token: several `choices` where the words leave it open."""

    name: str
    value: Any
    place: int
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Values:
    """What is stated, in order, and the numbers of which nothing is made (token numbers)."""

    stated: list[Stated] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)
    negated: set[int] = field(default_factory=set)


def read_values(reading: Reading, vocabulary: Vocabulary) -> Values:
    """Every value of the request, corrections applied; a negated one is none."""
    values = Values()
    mentions = reading.of("value", negated=None)
    for mention in mentions:
        if mention.negated and not mention.group.endswith(("no_gpus", "recall")):
            values.negated.update(mention.places)
            continue
        limits = mention.group.partition(":")[2] not in _TIMES or not _is_no_limit(mention, reading)
        found = _stated(mention, reading, vocabulary) if limits else None
        if found:
            values.stated.append(found)
    _open_corrections(reading, values)
    _named_backbone(reading, vocabulary, values)
    _bare_numbers(reading, mentions, values)
    stated = _corrected(sorted(values.stated, key=lambda s: s.place), reading)
    asked = {one.name for one in stated if one.place not in reading.told}
    told = [one for one in stated if one.place in reading.told and (one.place in reading.past or one.name in asked)]
    values.stated = [one for one in stated if one not in told]
    return values


def _open_corrections(reading: Reading, values: Values) -> None:
    """A correction that gives no other value, as "make that all or half of them", leaves the one before it open."""
    words = [token.word for token in reading.tokens]
    for mention in reading.of("correction", negated=None):
        given = range(mention.start, mention.end + _REACH)
        before = [one for one in values.stated if one.place < mention.start]
        announced = {words[n] for n in mention.places} & reading.grammar["announces"]
        numbers = any(reading.tokens[n].kind in {"number", "path"} for n in given if n < len(words))
        if announced and before and not numbers and not any(one.place in given for one in values.stated):
            said = " ".join(token.text for token in reading.tokens[mention.end : mention.end + _REACH])
            place = values.stated.index(before[-1])
            values.stated[place] = replace(before[-1], value=None, choices=(str(before[-1].value), said))


def _stated(mention: Mention, reading: Reading, vocabulary: Vocabulary) -> Stated | None:
    name, place = mention.group.partition(":")[2], mention.start
    if name == "backbone":
        said = reading.said(mention)
        return Stated(name, said, place) if fold(said) in vocabulary.backbones else None
    if name == "image_size" and mention.end < len(reading.tokens) and reading.tokens[mention.end].word in _LENGTHS:
        return None
    tokens = [reading.tokens[n] for n in mention.places]
    numbers = [_figure(token.text, token.value, name) for token in tokens if token.kind == "number"]
    words = {token.word for token in tokens}
    bare = name in {"recall", "false_alarms"} and numbers and "percent" not in words
    if bare and 0 < numbers[0] < 1:
        numbers = [round(100 * numbers[0], 9), *numbers[1:]]
    if name == "recall" and words & reading.grammar["escapes"]:
        numbers = [100 - (numbers[0] if numbers else 0)]
    others = _alternatives(mention, reading)
    if bare and numbers[0] == 1:  # all of them as a share, and hardly any in percent
        numbers, others = [], ("1 %", "100 %")
    if name == "image_size" and words & reading.grammar["for_all"] and len(numbers) > 1:
        return Stated(name, None, place, tuple(f"{number:g}" for number in numbers))
    if others and (numbers or bare):
        return Stated(name, None, place, (*(f"{number:g}" for number in numbers), *others))
    if reader := _READERS.get(name):
        found = reader(numbers, words)
        return Stated(found[0], found[1], place) if found else None
    return _counted(name, numbers, mention, reading)


def _is_no_limit(mention: Mention, reading: Reading) -> bool:
    """Whether a duration limits nothing: that of each piece, or a deadline of somebody ("boss wants it in 10 min")."""
    tokens, start = reading.tokens, mention.start
    words = {token.word for token in tokens[max(0, start - 2) : mention.end]}
    if words & reading.grammar["limits"]:
        return False
    behind = {token.word for token in tokens[mention.end : mention.end + 2]}
    begin, _ = reading.clause(start)
    waits = {token.word for token in tokens[begin:start]} & (reading.grammar["wishes"] | reading.grammar["orders"])
    deadline = start > 0 and tokens[start - 1].word == "in" and bool(waits)
    return deadline or bool(behind & reading.grammar["of_each"])


def _counted(name: str, numbers: list[float], mention: Mention, reading: Reading) -> Stated:
    """One number; or the choices between which the words leave it open."""
    place, words = mention.start, {reading.tokens[n].word for n in mention.places}
    if place and reading.tokens[place - 1].word == "minus":
        return Stated(name, None, place, (f"-{numbers[0]}",))
    if not numbers:
        return Stated(name, None, place, (reading.said(mention),))
    if len(numbers) > 1 and not words & reading.grammar["not"]:
        return Stated(name, None, place, tuple(str(number) for number in numbers))
    return Stated(name, numbers[-1], place)


def _alternatives(mention: Mention, reading: Reading) -> tuple[str, ...]:
    """Numbers that `or`, `to` or `maybe` join to a value: "batch 16 or 32", "maybe four, maybe six lights"."""
    tokens, joins = reading.tokens, reading.grammar["choice"]
    claimed = {n for m in reading.of("value", negated=None) if m is not mention for n in m.places}
    found = []
    behind = mention.end
    place = behind
    while place < len(tokens) and tokens[place].word in joins | reading.grammar["ranges"] | reading.grammar["also"]:
        place += 1
    if behind < place < len(tokens) and tokens[place].kind == "number" and place not in claimed:
        found.append(tokens[place].text)
    before = mention.start - 1
    number = next((n for n in mention.places if tokens[n].kind == "number"), -1)
    if number > _BEYOND and _spans(reading, number):
        found.append(tokens[number - 2].text)
    elif before > 0 and tokens[before].word in joins:
        place = before - 1 - (tokens[before - 1].kind == "break")
        if place >= 0 and tokens[place].kind == "number" and place not in claimed:
            found.append(tokens[place].text)
    return tuple(found)


def _spans(reading: Reading, place: int) -> bool:
    """Whether a number ends a span: "anything from 300 to 600", "between 4 and 8"."""
    tokens = reading.tokens
    joined = tokens[place - 1].word in _BETWEEN and tokens[place - 2].kind == "number"
    return joined and tokens[place - 3].word in reading.grammar["spans"]


def _figure(text: str, value: float, name: str) -> float | int:
    if (name in _COUNTS or name == "image_size") and _THOUSANDS.fullmatch(text):
        return int(text.replace(".", ""))
    return int(value) if value == int(value) and (name in _COUNTS or abs(value) >= 1) else value


def _hours(factor: float) -> Callable[[list[float], set[str]], tuple[str, Any] | None]:
    def read(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
        half = 0.5 if words & {"half", "halbe", "halben"} else 0.0
        if not numbers:
            whole = 0.0 if half and not words & {"and"} else 1.0
            return "hours", _plain((whole + half) * factor)
        if len(numbers) > 1:
            return None
        return "hours", _plain((numbers[0] + half) * factor)

    return read


def _plain(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _image_size(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    del words
    sizes = [int(number) for number in numbers]
    return ("image_size", sizes if len(sizes) == 2 else sizes[0]) if sizes else None


def _format(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    """A number format; which key it is for depends on the action."""
    said = next((word for word in words if word in {"int8", "fp16", "fp32", "bf16", "fp8", *_FORMATS}), None)
    if said is None:
        bits = int(numbers[0]) if numbers else 8 if "eight" in words else 32
        said = {8: "int8", 16: "fp16", 32: "fp32"}.get(bits)
    return ("number_format", _FORMATS.get(said, said)) if said else None


def _false_alarms(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    del words
    return "target", {"false_alarms": _share(numbers[0] if numbers else 0.5)}


def _recall(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    if len(numbers) > 1 and words & _OF:
        found, of = sorted(numbers)[:2]
        return ("target", {"recall": round(found / of, 9)}) if 0 < found <= of else None
    return "target", {"recall": _share(numbers[0] if numbers else 100)}


def _share(percent: float) -> float:
    return round(percent / 100, 9)


_READERS: dict[str, Callable[[list[float], set[str]], tuple[str, Any] | None]] = {
    "hours": _hours(1),
    "minutes": _hours(1 / 60),
    "days": _hours(24),
    "image_size": _image_size,
    "precision": _format,
    "data_type": _format,
    "no_gpus": lambda _numbers, _words: ("gpus", 0),
    "one_gpu": lambda _numbers, _words: ("gpus", 1),
    "false_alarms": _false_alarms,
    "recall": _recall,
}


def _named_backbone(reading: Reading, vocabulary: Vocabulary, values: Values) -> None:
    """A backbone of a name that is not known: `with a ResNet-50 backbone`, `backbone: convnext_tiny`."""
    if any(one.name == "backbone" for one in values.stated):
        return
    for place, token in enumerate(reading.tokens):
        if token.word not in {"backbone", "encoder"}:
            continue
        for run in (run_before(reading, place), run_after(reading, place)):
            said = reading.text[reading.tokens[run[0]].start : reading.tokens[run[-1]].end] if run else ""
            words = {reading.tokens[n].word for n in run}
            foreign = any(set(m.places) & set(run) for m in reading.of("foreign"))
            known = foreign or words & vocabulary.known or any(reading.tokens[n].kind == "path" for n in run)
            if said and not known and any(letter.isalpha() for letter in said):
                values.stated.append(Stated("backbone", said, run[0]))
                reading.mentions = [m for m in reading.mentions if not set(m.places) & set(run)]
                reading.mentions.append(Mention("value:backbone", tuple(run)))
                return


def _bare_numbers(reading: Reading, mentions: Iterable[Mention], values: Values) -> None:
    """Numbers without a unit: after a correction, or beside a negated value, they are of the kind named before."""
    claimed = {place for mention in reading.mentions if mention.group != "correction" for place in mention.places}
    corrections = list(reading.of("correction", negated=None))
    for place, token in enumerate(reading.tokens):
        if token.kind != "number" or place in claimed:
            continue
        before = [m for m in mentions if m.start < place]
        after = [m for m in mentions if m.start > place and m.negated]
        corrects = _substitutes(reading, place) or _instead(reading, before, place)
        corrects = corrects or any(m.start < place <= m.end + 1 for m in corrections)
        model = (
            before[-1] if before and corrects else after[0] if after and not _negated_number(reading, place) else None
        )
        if model is None:
            values.unread.add(place)
            continue
        name = model.group.partition(":")[2]
        if reading.tokens[place - 1].word in reading.grammar["choice"]:
            values.stated.append(Stated(name, None, place, (reading.said(model), token.text)))
            continue
        number = _figure(token.text, token.value, name)
        reader = _READERS.get(name)
        found = reader([number], set()) if reader else (name, number)
        if found:
            values.stated.append(Stated(found[0], found[1], place))


def _instead(reading: Reading, before: Sequence[Mention], place: int) -> bool:
    """Whether a number is to be taken in place of the value before it: "ten epochs were too few, take twenty"."""
    said = {token.word for token in reading.tokens[max(0, place - 3) : place]}
    return bool(before) and before[-1].start in reading.past and bool(said & reading.grammar["bids"])


def _substitutes(reading: Reading, place: int) -> bool:
    return bool({token.word for token in reading.tokens[max(0, place - 2) : place]} & reading.grammar["substitutes"])


def _negated_number(reading: Reading, place: int) -> bool:
    return place > 0 and reading.tokens[place - 1].word in reading.grammar["not"]


def _replaces(reading: Reading, place: int) -> bool:
    """Whether a word puts another value in place of the one before it: "512 but 256", and not "512 but also 256"."""
    behind = {token.word for token in reading.tokens[place + 1 : place + 2]}
    return reading.tokens[place].word in reading.grammar["substitutes"] and not behind & reading.grammar["as_well"]


def _corrected(stated: list[Stated], reading: Reading) -> list[Stated]:
    """Where a correction stands between two values of one name, the one before it is dropped."""
    places = [m.start for m in reading.of("correction", negated=None)]
    places += [n for n in range(len(reading.tokens)) if _replaces(reading, n)]
    kept = []
    for index, one in enumerate(stated):
        later = [other for other in stated[index + 1 :] if other.name == one.name]
        if not any(one.place < place <= other.place for other in later for place in places):
            kept.append(one)
    return kept

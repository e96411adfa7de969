# SPDX-License-Identifier: Apache-2.0
"""Values that are a single word, such as ONNX and int8, and whether they are asked for or only what a model has."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.corrections import is_displaced, retracted
from router.past_figures import tells_of_past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading
    from router.spoken import Spoken


NUMBER_FORMATS = ("int8", "fp8", "fp16", "fp32", "bf16")
_BUILDS = frozenset({"quantize", "gen_trt_engine"})
_BLAME = 6
_NOT_OF_TRAINING = frozenset({"int8", "fp8"})
_OF_BITS = {8: "int8", 16: "fp16", 32: "fp32"}


def add_words(spoken: Spoken, reading: Reading, part: range, verbs: set[str]) -> None:
    """Values that are a single word, such as ONNX and int8, wherever it stands."""
    words = {reading.tokens[n].word for n in part if reading.tokens[n].kind == "word"}
    if "export" in verbs and "onnx" in words:
        spoken.values["format"] = "onnx"
    _add_format(spoken, reading, part, words, verbs)
    if "number_format" in spoken.values:
        value = spoken.values.pop("number_format")
        trains = any(verb.endswith("train") for verb in verbs) and value not in _NOT_OF_TRAINING
        if value == "fp8" and "gen_trt_engine" in verbs:
            spoken.unclear["data_type"] = (value,)  # no engine is built so
            return
        spoken.values["precision" if trains else "data_type"] = value


def _add_format(spoken: Spoken, reading: Reading, part: range, words: set[str], verbs: set[str]) -> None:
    """The number format that is wanted; the ones between which the words leave it open."""
    formats: list[str] = [word for word in NUMBER_FORMATS if word in words]
    formats = [one for one in formats if not _is_only_told(reading, part, one)] or formats
    present = [one for one in formats if not _is_of_the_past(reading, part, one)] or formats
    allowed = _uncorrected(reading, part, [one for one in present if not _ruled_out_format(reading, part, one)])
    if formats and not allowed:
        spoken.values.pop("number_format", None)
        spoken.unclear.pop("number_format", None)
        return
    formats = allowed if len(allowed) == 1 else formats
    if len(allowed) == 1 and spoken.values.get("number_format", allowed[0]) != allowed[0]:
        spoken.values["number_format"] = allowed[0]
    if len(allowed) == 1:
        spoken.unclear.pop("number_format", None)
    settled = words & (reading.grammar["not"] | reading.grammar["substitutes"]) or list(reading.of("correction"))
    wanted = [one for one in formats if not _of_a_model(reading, part, one)]
    open_ = len(wanted) > 1 and (not settled or "number_format" not in spoken.values)
    if len(formats) > 1 and (open_ or words & reading.grammar["choice"]):
        spoken.values.pop("number_format", None)
        spoken.unclear["data_type"] = tuple(formats)
        return
    if len(wanted) == 1 < len(formats) and not settled:
        spoken.unclear.pop("number_format", None)
        spoken.values["number_format"] = wanted[0]
    if len(formats) == 1 and "number_format" not in spoken.values and "number_format" not in spoken.unclear:
        spoken.values["number_format"] = formats[0]
    if not formats and verbs & _BUILDS and "number_format" not in spoken.unclear:
        bits = _bits(reading, part)
        spoken.values.update({} if bits is None else {"number_format": bits})


def _bits(reading: Reading, part: range) -> str | None:
    """The number format that so many bits stand for: "quantize it, 8 bit"."""
    for place in part:
        behind = reading.tokens[place + 1 : place + 2]
        if reading.tokens[place].kind == "number" and behind and behind[0].word in {"bit", "bits"}:
            return _OF_BITS.get(int(reading.tokens[place].value))
    return None


def _is_of_the_past(reading: Reading, part: range, number_format: str) -> bool:
    """Whether a format is only told of: "fp16 was what I asked for yesterday", "we saw odd results at fp16"."""
    places = [n for n in part if reading.tokens[n].word == number_format]
    return all(tells_of_past(reading, range(*reading.clause(n))) for n in places)


def _is_only_told(reading: Reading, part: range, number_format: str) -> bool:
    """Whether a format is told of before another one is asked for, or of a later time: "we may look at int8 later"."""
    use, places = reading.grammar, [n for n in part if reading.tokens[n].word in NUMBER_FORMATS]
    asked = [n for n in places if n not in reading.told]
    theirs = [n for n in places if reading.tokens[n].word == number_format]
    if not asked or not reading.told.issuperset(theirs):
        return False
    times = use["later_times"] | use["next"]
    later = any(times & {reading.tokens[m].word for m in range(*reading.clause(n))} for n in theirs)
    return later or max(theirs) < max(asked)


def _ruled_out_format(reading: Reading, part: range, number_format: str) -> bool:
    """Whether a number format is ruled out, as in "no int8, use fp32" or "bf16 won't fly"."""
    places = [n for n in part if reading.tokens[n].word == number_format]
    no = reading.grammar["not"] | reading.grammar["rules_out"]
    dropped = reading.past | retracted(reading)
    corrects = {n for m in reading.of("correction", negated=None) for n in m.places}  # "fp32, no, fp16"
    return bool(places) and all(
        n in dropped
        or is_displaced(reading, n)
        or ({reading.tokens[here].word for here in range(max(0, n - 2), n) if here not in corrects} & no)
        or _is_blamed(reading, n)
        or _is_denied(reading, n)
        or _is_unheeded(reading, n)
        for n in places
    )


def _is_unheeded(reading: Reading, place: int) -> bool:
    """Whether what was said of it is not to be heeded: "I take back what I said about fp32"."""
    start, _ = reading.clause(place)
    return any(start <= m.start < place for m in reading.of("unheeded", negated=None))


def _is_denied(reading: Reading, place: int) -> bool:
    """Whether its clause denies it: "fp8 isn't what the T4 knows", "I don't trust int8", "dem int8 traue ich nicht"."""
    start, stop = reading.clause(place)
    before = [token.word for token in reading.tokens[start:place]]
    behind = [token.word for token in reading.tokens[place + 1 : stop]]
    use = reading.grammar
    if any(one in use["not"] and other in use["trusts"] for one, other in pairwise(before)):
        return True
    german = bool(use["trusts"].intersection(behind)) and bool(use["not"].intersection(behind[-1:]))
    out = use["not"] | use["put_aside"]  # "int8 is out"
    finite = bool(use["finite"].intersection(behind[:1])) and bool(out.intersection(behind[1:2]))
    return (
        german or finite or (bool(use["than"].intersection(before[-1:])) and bool(use["prefers"].intersection(before)))
    )


def _is_blamed(reading: Reading, place: int) -> bool:
    """Whether it is said to be too much or too little: "fp32 would be too slow"."""
    _, stop = reading.clause(place)
    behind = [token.word for token in reading.tokens[place + 1 : min(stop, place + _BLAME)]]
    return bool(reading.grammar["finite"].intersection(behind[:1]) and reading.grammar["too"].intersection(behind))


def _uncorrected(reading: Reading, part: range, formats: Sequence[str]) -> list[str]:
    """Number formats without those that a correction behind them replaces: "int8, no, fp8", "fp32 - fp16, I mean"."""
    last = {reading.tokens[n].word: n for n in part if reading.tokens[n].word in formats}
    first = {reading.tokens[n].word: n for n in reversed(part) if reading.tokens[n].word in formats}
    choice = reading.grammar["choice"]
    said = reading.of("correction", negated=None)
    corrections = [m.start for m in said if reading.tokens[m.start].word not in choice]  # "int8 oder doch fp16"
    meant = [n for n in corrections if any(t.word in reading.grammar["meant"] for t in reading.tokens[n : n + 2])]
    return [
        one
        for one in formats
        if not any(
            any(last[one] < n <= first[other] for n in corrections)
            or any(last[one] < first[other] < n <= first[other] + 2 for n in meant)
            for other in formats
        )
    ]


def _of_a_model(reading: Reading, part: range, number_format: str) -> bool:
    """Whether a number format is what a model has, as in "the fp32 model to int8"."""
    places = [n for n in part if reading.tokens[n].word == number_format]
    behind = {reading.tokens[n + 1].word for n in places if n + 1 < len(reading.tokens)}
    return bool(behind & reading.grammar["holds_format"])

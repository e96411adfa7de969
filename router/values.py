# SPDX-License-Identifier: Apache-2.0
"""Reads plain values out of a request: overrides, parent job, paths and URIs, epochs, GPUs, nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.documents import parse_scalar
from core.dotted import parse_override
from router.phrases import BREAK, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

JOB_ID = re.compile(r"(?<![\w-])(?:automl-)?([a-z][a-z0-9_]*)-\d{8}-\d{6}-[0-9a-f]{6}(?![\w-])")
_OVERRIDE = re.compile(r"(?<!\S)([A-Za-z_][\w.]*)=(\"[^\"\n]*\"|'[^'\n]*'|\[[^\]\n]*\]|\{[^}\n]*\}|[^\s=][^\s]*)")
_URI = re.compile(r"(?<![\w/])(?:s3|gs|az|hf|https?|file)://[^\s,;'\"`)]+", re.IGNORECASE)
_QUOTED = re.compile(r"([\"'`])([^\"'`\n]*[./][^\"'`\n]*)\1")
_PATH = re.compile(
    r"(?<!\S)(?:\.{1,2}/|~/|/)[^\s,;]*"  # says itself that it is a path
    r"|(?<!\S)\.{1,2}(?=[\s,;]|$)"
    r"|(?<!\S)[\w.-]+/[^\s,;]*|(?<!\S)[\w-]+\.(?:csv|tar\.gz)\b"  # a path only if it is there
)
_AFTER = "|".join(rf"(?<=\b{word}\s)" for word in ("on", "from", "in", "using", "with"))
_BARE_NAME = re.compile(rf"(?:{_AFTER})[\w.-]*\w(?=[\s,.;]|$)")  # a path only if it is a folder of pairs
_SNAKE_CASE = re.compile(r"(?<!\w)[A-Za-z]+(?:_[A-Za-z]+)+(?!\w)")
_EXPLICIT_START = ("./", "../", "~/", "/", ".")
_MODEL_FILES = (".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".engine", ".trt", ".hdf5", ".yaml", ".yml")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPELLED = {word: number for number, word in enumerate(_WORDS)}
_NUMBERS = _SPELLED | {"a": 1, "single": 1}
_COUNT = rf"(?<![\w.])(\d+|{'|'.join(_NUMBERS)})"
_GPUS = re.compile(rf"{_COUNT}[\s-]?x?[\s-](?:\w+\s)?gpus?\b|{_COUNT}gpus?\b")
_NO_GPU = re.compile(r"\b(?:(?:no|without)(?: any| a)? gpus?|on (?:the |a )?cpu|cpu only)\b")
_NODES = re.compile(rf"{_COUNT}[\s-]nodes?\b")
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+|{'|'.join(_SPELLED)})"
# A number after one of these words is a rhythm or a limit, not the value itself; one of these parts, nothing we read.
_LIMIT = r"(?:(?P<limit>every|each|after|most|least|than|of|within) )?"
_LARGE = r"(?:\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen)"
_EPOCHS = re.compile(
    rf"(?<![\w.,]){_LIMIT}(?:(?P<low>{_NUMBER}) ?(?:to|or|and|-|\u2013) ?)?"
    rf"(?P<value>{_NUMBER}|(?:(?:{_NUMBER}|{_LARGE}|and)[\s-])*{_LARGE}(?:[\s-]{_NUMBER})?)[\s-]?epochs?\b"
)
_SPEC_VALUES = {
    "batch_size": re.compile(rf"\bbatch(?:es)?(?:[\s-]size)?\s(?:of\s|to\s)?({_NUMBER})(?![\w.]*\w)"),
    "learning_rate": re.compile(r"\blearning[\s-]rate\s(?:of\s|to\s)?(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?!\w)"),
}
_TIME = re.compile(
    rf"\b(?:(?:at most|no more than|less than|up to|within|under|for) )?(?:{_NUMBER}|\d+\.\d+|an?) ?"
    r"(?:hours?|minutes?|mins?|days?)\b"
)


class PathMention(NamedTuple):
    """A path or URI, and the words of its clause that stand before it."""

    path: str
    before: str


@dataclass(slots=True)
class Values:
    """What was read from the words; `rest` is the text without it.

    A count that was named with several values stands in `unclear` with these values. `no_data` holds model files, specs
    and web pages: none of them is taken for a data set. `unread` maps a number, with its words, of which nothing is
    made to how it is said instead.
    """

    rest: str
    overrides: dict[str, Any] = field(default_factory=dict)
    spec_values: dict[str, Any] = field(default_factory=dict)
    job_ids: list[str] = field(default_factory=list)
    paths: list[PathMention] = field(default_factory=list)
    no_data: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    gpus: int | None = None
    nodes: int | None = None
    unclear: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def read_values(
    text: str, is_action: Callable[[str], bool], is_data: Callable[[str], bool], policy_names: Sequence[str]
) -> Values:
    """Take every explicit value out of the text.

    `is_action` tells whether a word_like_this is the name of an action, `is_data` whether a bare word, after "on" or
    "from", is a folder of pairs.
    A `name=value` whose name is one of `policy_names` is left in the text: it is a phrase of the train policy.
    """
    values = Values(text)
    _take(values, _OVERRIDE, lambda match: _override(values, match, policy_names))
    _take(values, _URI, lambda match: _path(values, match.start(), match[0].rstrip(".:!?")))
    _take(values, _QUOTED, lambda match: _path(values, match.start(), match[2]))
    _take(values, JOB_ID, lambda match: _append(values.job_ids, match[0]))
    _take(values, _PATH, lambda match: _plain_path(values, match))
    _take(values, _BARE_NAME, lambda match: is_data(match[0]) and _path(values, match.start(), match[0]))
    _take(values, _SNAKE_CASE, lambda match: is_action(match[0].lower()) and _append(values.actions, match[0].lower()))
    _read_numbers(values)
    return values


def _take(values: Values, pattern: re.Pattern[str], use: Callable[[re.Match[str]], bool]) -> None:
    """Give each match to `use`; what it takes is blanked, so that positions stay."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match[0]) if use(match) else match[0]

    values.rest = pattern.sub(blank, values.rest)


def _append(found: list[str], value: str) -> bool:
    if value not in found:
        found.append(value)
    return True


def _override(values: Values, match: re.Match[str], policy_names: Sequence[str]) -> bool:
    name = " ".join(re.split(r"[_.\s]+", match[1].lower()))
    if name in policy_names:
        return False
    text = match[0].rstrip(",;")
    key, value = parse_override(text.removesuffix(".") if text.endswith(".") else text)
    values.overrides[key] = value
    return True


def _plain_path(values: Values, match: re.Match[str]) -> bool:
    path = match[0].rstrip(".,:;!?)") or match[0]
    explicit = path.startswith(_EXPLICIT_START) or Path(path).expanduser().exists()
    return explicit and _path(values, match.start(), path)


def _path(values: Values, start: int, path: str) -> bool:
    if path.lower().endswith(_MODEL_FILES) or path.lower().startswith("http"):
        return _append(values.no_data, path)
    before = normalise(values.rest[:start]).rpartition(BREAK)[2].strip()
    values.paths.append(PathMention(path, before))
    return True


def _read_numbers(values: Values) -> None:
    text = " ".join(values.rest.lower().split())
    _read_epochs(values, text)
    for name, pattern in _SPEC_VALUES.items():
        _settle(values, name, {match.replace(",", "") for match in pattern.findall(text)})
    values.unread |= dict.fromkeys((match[0] for match in _TIME.finditer(text)), "a search takes --wall-minutes M")
    text, without_gpu = _NO_GPU.subn(" ", text)
    counts = {_number(one or other) for one, other in _GPUS.findall(text)}
    values.gpus = _count(values, "gpus", counts | ({0} if without_gpu else set()))
    values.nodes = _count(values, "nodes", {_number(match) for match in _NODES.findall(text)})


def _read_epochs(values: Values, text: str) -> None:
    found: set[str] = set()
    for match in _EPOCHS.finditer(text):
        if match["limit"] or not re.fullmatch(_NUMBER, match["value"]):
            values.unread[match[0]] = "give num_epochs=N, validation_interval=N or checkpoint_interval=N"
        else:
            found |= {number.replace(",", "") for number in (match["low"], match["value"]) if number}
    _settle(values, "num_epochs", found)


def _settle(values: Values, name: str, found: set[str]) -> None:
    numbers = sorted({str(_SPELLED.get(number, number)) for number in found}, key=float)
    if len(numbers) == 1:
        values.spec_values[name] = parse_scalar(numbers[0])
    elif numbers:
        values.unclear[name] = numbers


def _number(word: str) -> int:
    return _NUMBERS[word] if word in _NUMBERS else int(word)


def _count(values: Values, name: str, found: set[int]) -> int | None:
    if len(found) > 1:
        values.unclear[name] = [str(n) for n in sorted(found)]
    return found.pop() if len(found) == 1 else None


def role_of(mention: PathMention, roles: Mapping[str, Iterable[str]]) -> str | None:
    """The slot that the words before a path name, the nearest one first; None where they name none."""
    tail = " ".join(mention.before.split()[-6:])
    places = [(f" {tail} ".rfind(f" {phrase} "), role) for role, phrases in roles.items() for phrase in phrases]
    position, role = max(places, default=(-1, None))
    return role if position >= 0 else None

# SPDX-License-Identifier: Apache-2.0
"""YAML 1.2 core documents from parser events, within budgets of depth and size; aliases become copies.

PyYAML composes by recursion in C and expands aliases as it likes: forty thousand brackets end the process, and 300
bytes can fill any memory. Events come one by one, so a document is refused as soon as it has used up its budget.
"""

from __future__ import annotations

import math
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

DEPTH = 64
INTEGER_BOUND = 2**64
_NODE_COST = 64
_BUDGET = 16 * 1024 * 1024  # characters, with _NODE_COST for each value, aliases counted as often as they stand

# YAML 1.1 as PyYAML reads it takes "1e-4" for text; the 1.2 core schema takes it for a number.
FLOAT = re.compile(
    r"[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)$"
    r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)
INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)$")
BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_FIRST = frozenset("~nNtTfF+-.0123456789")
_TAG = "tag:yaml.org,2002:"
_NO_KEY = object()


class YamlProblem(ValueError):  # noqa: N818 - it never leaves core.documents
    """What is wrong with a document, and in which line (from 1; None: not known)."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True, eq=False)
class _Frame:
    """A list or mapping that is being filled; `height` is how deep its values reach below it."""

    value: Any
    anchor: str | None
    cost_before: int
    key: Any = _NO_KEY
    height: int = 0


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    cost: int
    height: int


def build(text: str) -> Any:
    """The value of a document of one part; None for an empty one.

    Raises:
        YamlProblem: no YAML, a duplicate key, a tag or value without a counterpart in JSON, or over the budget.
    """
    import yaml

    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        raise YamlProblem(problem.problem or "it can't be parsed", mark.line + 1 if mark else None) from None
    except yaml.YAMLError as problem:
        reason = getattr(problem, "reason", None) or str(problem).partition("\n")[0]
        raise YamlProblem(str(reason)) from None
    return builder.result


class _Builder:
    def __init__(self) -> None:
        self.result: Any = None
        self._documents = 0
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None: still being filled
        self._cost = 0

    def take(self, event: yaml.Event) -> None:
        """Add what the event tells to the document."""
        step = getattr(self, f"_{type(event).__name__}", None)
        if step:
            step(event)

    def _DocumentStartEvent(self, event: yaml.DocumentStartEvent) -> None:  # noqa: N802 - named after the event
        self._documents += 1
        if self._documents > 1:
            raise _problem(event, "there is more than one document")

    def _ScalarEvent(self, event: yaml.ScalarEvent) -> None:  # noqa: N802
        before = self._cost
        self._spend(event, _NODE_COST + len(event.value))
        value = _scalar(event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, self._cost - before, 0)
        self._add(event, value, 0)

    def _AliasEvent(self, event: yaml.AliasEvent) -> None:  # noqa: N802
        if event.anchor not in self._anchors:
            raise _problem(event, f"there is no anchor '&{event.anchor}' above this alias")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise _problem(event, f"the alias '*{event.anchor}' stands inside what it stands for")
        self._spend(event, anchored.cost)
        self._check_depth(event, len(self._frames) + anchored.height)
        self._add(event, deepcopy(anchored.value), anchored.height)

    def _SequenceStartEvent(self, event: yaml.SequenceStartEvent) -> None:  # noqa: N802
        self._open(event, [], "seq")

    def _MappingStartEvent(self, event: yaml.MappingStartEvent) -> None:  # noqa: N802
        self._open(event, {}, "map")

    def _SequenceEndEvent(self, event: yaml.SequenceEndEvent) -> None:  # noqa: N802
        self._close(event)

    def _MappingEndEvent(self, event: yaml.MappingEndEvent) -> None:  # noqa: N802
        self._close(event)

    def _open(self, event: Any, value: Any, kind: str) -> None:
        if event.tag not in {None, "!", _TAG + kind}:
            raise _problem(event, f"the tag '{_shown(event.tag)}' is not taken here")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._frames.append(_Frame(value, event.anchor, self._cost))
        self._spend(event, _NODE_COST)
        self._check_depth(event, len(self._frames))

    def _close(self, event: Any) -> None:
        frame = self._frames.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(frame.value, self._cost - frame.cost_before, frame.height + 1)
        self._add(event, frame.value, frame.height + 1)

    def _add(self, event: Any, value: Any, height: int) -> None:
        if not self._frames:
            self.result = value
            return
        frame = self._frames[-1]
        frame.height = max(frame.height, height)
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is _NO_KEY:
            frame.key = _checked_key(event, frame.value, value)
        else:
            frame.value[frame.key] = value
            frame.key = _NO_KEY

    def _spend(self, event: Any, cost: int) -> None:
        self._cost += cost
        if self._cost > _BUDGET:
            raise _problem(event, "the document is too large, with its aliases written out")

    def _check_depth(self, event: Any, depth: int) -> None:
        if depth > DEPTH:
            raise _problem(event, f"it is nested more than {DEPTH} levels deep")


def _checked_key(event: Any, mapping: dict[Any, Any], key: Any) -> Any:
    if isinstance(key, list | dict):
        raise _problem(event, "a key must be a single value, not a list or a mapping")
    if key == "<<" and not _is_quoted(event):
        raise _problem(event, "'<<' does not merge mappings here; write the keys out")
    if key in mapping:
        raise _problem(event, f"the key '{key}' stands twice")
    return key


def _is_quoted(event: Any) -> bool:
    return getattr(event, "style", None) in {"'", '"'}


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    tag = event.tag
    if tag is None or tag == "!":
        plain = tag is None and event.implicit[0]
        return _resolved(event, text) if plain and (not text or text[0] in _FIRST) else text
    kind = tag.removeprefix(_TAG)
    if kind == "str":
        return text
    if kind == "float" and INTEGER.match(text):
        return float(_number(event, text))
    value = _resolved(event, text)
    if kind not in _TYPES:
        raise _problem(event, f"the tag '{_shown(tag)}' is not taken here")
    if type(value) is not _TYPES[kind]:
        raise _problem(event, f"'{text}' does not suit its tag '{_shown(tag)}'")
    return value


_TYPES = {"null": type(None), "bool": bool, "int": int, "float": float}


def _resolved(event: Any, text: str) -> Any:
    if text in _NULL:
        return None
    if BOOLEAN.match(text):
        return text[0] in "tT"
    return _number(event, text) if INTEGER.match(text) or FLOAT.match(text) else text


def _number(event: Any, text: str) -> int | float:
    try:
        return number(text, whole=bool(INTEGER.match(text)))
    except ValueError as problem:
        raise _problem(event, str(problem)) from None


def number(text: str, *, whole: bool) -> int | float:
    """The number that is written in a document.

    Raises:
        ValueError: no finite number, or an integer of more than 64 bits.
    """
    value: int | float
    if whole:
        # Python refuses thousands of digits in words of its own, and takes quadratic time below that.
        value = int(text) if len(text) <= 24 else INTEGER_BOUND
        if abs(value) >= INTEGER_BOUND:
            raise ValueError(f"the integer {_short(text)} is too large")
        return value
    value = math.inf if text[-1].isalpha() else float(text)  # .inf and .nan end in a letter
    if not math.isfinite(value):
        raise ValueError(f"{_short(text)} is not a finite number")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} characters)"


def _shown(tag: str) -> str:
    return tag.replace(_TAG, "!!", 1)


def _problem(event: Any, reason: str) -> YamlProblem:
    return YamlProblem(reason, event.start_mark.line + 1)

# SPDX-License-Identifier: Apache-2.0
"""The exceptions that a program names in its log: which came first, and which of them led to another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runners.diagnosis.evidence import TRACEBACK, Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runners.diagnosis.evidence import Line

_CHAIN = re.compile(r"above exception|During handling|Original Traceback|terminated with the following error")
_LAST_WORD = re.compile(r"Execution status: FAIL$")
_HEADER = re.compile(
    r"^(?P<kind>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Timeout|Failure)|(?:[a-z_]\w*\.)+[A-Z]\w+(?=:))\b:?"
)
_OF_PROGRAMS = frozenset(
    {
        *("ZeroDivisionError", "IndexError", "KeyError", "AttributeError", "TypeError", "NameError", "ValueError"),
        *("UnboundLocalError", "AssertionError", "NotImplementedError", "RecursionError", "StopIteration"),
        *("SyntaxError", "IndentationError", "UnicodeDecodeError"),
    }
)


def first_exception(lines: Iterable[Line]) -> tuple[int, bool] | None:
    """Index of the line that names the first exception of the end, and whether it is a program's own and unchained."""
    found: tuple[int, bool] | None = None
    for n, line in enumerate(lines):
        text = line.bare
        if found and _CHAIN.search(text):
            return found[0], False
        if found and TRACEBACK.search(text):
            return found
        if not found and line.weight is Weight.FINAL and (header := _HEADER.match(text)):
            found = n, header["kind"].rpartition(".")[2] in _OF_PROGRAMS
    return found


def is_header(line: Line) -> bool:
    """Whether the line names an exception, as the last line of a traceback does."""
    return bool(_HEADER.match(line.bare))


def own_failures(lines: Iterable[Line]) -> list[int]:
    """Indexes of the lines that end the program: exceptions but for those that led to another one; its last word."""
    found: list[int] = []
    for n, line in enumerate(lines):
        text = line.bare
        if _CHAIN.search(text):
            found = found[:-1]
        elif line.weight is Weight.FINAL and not line.warns and (_HEADER.match(text) or _LAST_WORD.match(text)):
            found.append(n)
    return found

# SPDX-License-Identifier: Apache-2.0
"""What is left to tell of a failure: bounded parts of the job's files, secrets masked, each line with its place.

Not every line weighs the same. What counts is what was said after the last progress: of that, once a traceback has
begun, everything but source code; without one, the last lines. A warning, or something that was tried again, has not
ended the job.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from core.errors import InputError
from core.files import open_ordinary
from core.redaction import Redactor
from runners.diagnosis.languages import in_english

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 256 * 1024
_COUNTED_BYTES = 512 * 1024 * 1024  # lines are numbered from the start of a log that is not longer
_PIECE = 1024 * 1024
_LINE = 2000
_LAST_LINES = 200
_LAST_WORDS = 20
_COLOUR = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
# Ranks, tasks and times that launchers and loggers put before a line.
_PREFIX = re.compile(
    r"^(?:\s*(?:\[?(?:rank|default)\s?\d+\]?:?|\[\d+\]:|\d+:(?=\s)|\(\w+ pid=\d+\)|\(\w+ \d+\)"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?\]?"
    r"|-?\s*(?:ERROR|INFO|CRITICAL)\s+-|\[stderr\]|E\s))+ ?",
    re.IGNORECASE,
)
TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
_HARMLESS = re.compile(
    r"(?<!NCCL )\bwarn(?:ing)?\b(?!\s{2,}(?-i:[A-Z]))|\w+Warning\b|\bretry|\bretries\b|\bretried|\bignor(?:e|ing)\b"
    r"|\bskip|\brecover(?:ed|ing)\b|\bfall(?:ing|s)? back|\bfallback|\bwill continue|\bcontinuing|\bnotice\b"
    r"|\bhandled\b|\bdeprecat|\bif you (?:see|get|run into)|\bin case of|\b(?-i:INFO|DEBUG)\b|\b200 OK\b|\brefresh"
    r"|\bsucce(?:ss|eded)|\.\.\. ?ok\b|^\[?W\]? |\b(?:previous|earlier|last) (?:attempt|run|job|state)\b"
    r"|\bresubmitted\b|\btrying again\b|\bharmless\b|\bhint:|\btip:|\bfrequent reason",
    re.IGNORECASE,
)
# What a program says right after a failure that it does without; it may stand some lines below.
_OVERCOME = re.compile(
    r"(?i)\b(?:going|carrying|carries) on\b|\bproceeding\b|\bcontinu(?:ing|es)\b"
    r"|\bfall(?:ing|s) back\b|\bwithout (?:it|them)\b"
    r"|\battempt \d+(?: of \d+)? (?:ok|worked|succeeded)|\b(?:starting|trying|begun) (?:it )?again\b"
)
_ANSWER = 2
_FINAL = re.compile(r"(?i)giving up|gave up|maximum retries|max retries|retries exceeded|after \d+ (?:tries|attempts)")
_PROGRESS = re.compile(
    r"\bepoch[ :=\[]+(\d+)|(\d+/\d+) \[\d+:\d+<|^\s*(?:train|validation|test)\w*:.*\b(?:loss|acc)\w*[ =:]+[\d.]+"
    r"|\b(?:step|iter|iteration|batch)[ :=\[]+(\d+)",
    re.IGNORECASE,
)
_LIBRARY_ERROR = re.compile(r"\[TRT\].*\[[EF]\]|\[E:onnxruntime|NCCL WARN")
_PROMPT = re.compile(r"(?:\(\w[\w.-]*\) )?(?:\[?[\w.-]+@[\w.-]+[: ][^$#]{0,80}[$#]|\$) \S")
_LOOKED = re.compile(r"(ls|cat|tail|head|stat|find|du|file|less|wc|grep|diff|readlink|cmp|md5sum|sha256sum): ")
_LOOK_LINES = 6
_YES = re.compile(r"(?i)(?!.*\b(?:false|no)\b)\W?(?:true|yes|[1-9]\d*)\b")
# A scheduler numbers its steps as well, and an exception names the step at which it came: neither is progress.
_NO_PROGRESS = re.compile(
    r"\b(?:slurmstepd|srun|sbatch|salloc|kubelet|systemd)\b|^(?:  |Traceback)|\w(?:Error|Exception)\b: "
)


class Weight(IntEnum):
    """How much a line says of why the job ended."""

    NONE = 0  # source code that a traceback quotes
    EARLIER = 1  # before the end, or passed over by the program itself
    NEAR = 2  # in the end, but not what the program ended with
    FINAL = 3  # the words that it ended with


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its file, its number there (from 1; None: not counted), its text with secrets masked, its weight."""

    source: str
    number: int | None
    text: str
    weight: Weight = Weight.FINAL

    @property
    def bare(self) -> str:
        """The text without what launchers and loggers put before it, its system errors in English."""
        return in_english(_PREFIX.sub("", self.text))

    @property
    def warns(self) -> bool:
        """Whether the program says that it passes over this, or tries it again."""
        return bool(_HARMLESS.search(self.text)) and not _FINAL.search(self.text)

    @property
    def typed(self) -> bool:
        """Whether it is a command at a prompt, as logs have it that somebody looked into afterwards."""
        return bool(_PROMPT.match(self.text))

    @property
    def says_yes(self) -> bool:
        """Whether it begins as the answer yes, or a count, of a command does."""
        return bool(_YES.match(self.text))

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.source}:{self.number}" if self.number else self.source


def of_log(path: Path, name: str) -> list[Line]:
    """The lines of a log with their weights; none where it can't be read. Memory is bounded by head and tail."""
    return list(weighed(_lines(path, name)))


def of_details(path: Path, name: str) -> list[Line]:
    """The lines of a traceback that a program wrote about its own failure."""
    lines = _lines(path, name)
    return [replace(line, weight=weight) for line, weight in zip(lines, _burst(lines), strict=True)]


def said(source: str, text: str) -> list[Line]:
    """What somebody else says of how the job ended."""
    return [Line(source, None, line) for line in _masked(text).splitlines() if line.strip()]


def _lines(path: Path, name: str) -> list[Line]:
    with suppress(OSError, InputError), open_ordinary(path) as handle:
        size = handle.seek(0, 2)
        if size <= HEAD_BYTES + TAIL_BYTES:
            return _numbered(_read(handle, 0, size), name, 1)
        begin = size - TAIL_BYTES
        head, tail = _read(handle, 0, HEAD_BYTES), _read(handle, begin, TAIL_BYTES)
        above = _breaks(handle, begin) if size <= _COUNTED_BYTES else None
        return _numbered(head, name, 1)[:-1] + _numbered(tail, name, None if above is None else above + 1)[1:]
    return []


def _read(handle: BinaryIO, begin: int, size: int) -> str:
    handle.seek(begin)
    return _masked(handle.read(size).decode("utf-8", errors="replace"))


def _breaks(handle: BinaryIO, end: int) -> int:
    handle.seek(0)
    count, left = 0, end
    while left > 0 and (piece := handle.read(min(_PIECE, left))):
        count, left = count + piece.count(b"\n"), left - len(piece)
    return count


def _masked(text: str) -> str:
    return Redactor().text(text)


def _numbered(text: str, name: str, first: int | None) -> list[Line]:
    """A bar that is drawn anew with carriage returns is one line of the file, and several here."""
    return [
        Line(name, None if first is None else first + n, _COLOUR.sub("", part[:_LINE]).rstrip())
        for n, line in enumerate(text.split("\n"))
        for part in (line.rstrip("\r").split("\r") if "\r" in line else [line])
    ]


def weighed(lines: list[Line]) -> Iterator[Line]:
    """The lines that say something, each with its weight."""
    lines = [line for line in lines if line.text.strip()]
    begin = _zone(lines)
    burst = _burst(lines[begin:])
    last = len(lines) - _LAST_WORDS
    for n, line in enumerate(lines):
        weight = Weight.EARLIER
        if n >= begin:
            weight = burst[n - begin] if any(burst) else Weight.FINAL if n >= last else Weight.NEAR
        if weight > Weight.EARLIER and any(_OVERCOME.search(after.text) for after in lines[n + 1 : n + 1 + _ANSWER]):
            weight = Weight.EARLIER
        yield replace(line, weight=weight)


def _zone(lines: list[Line]) -> int:
    """Where the end begins: at most some lines before the last, or at the last traceback; never before new progress."""
    tracebacks = [n for n, line in enumerate(lines) if TRACEBACK.search(line.text)]
    begin = max(0, min([len(lines) - _LAST_LINES, *tracebacks[-1:]]))
    seen: set[str] = set()
    for n, line in enumerate(lines):
        found = _PROGRESS.search(line.text)
        if found and not _NO_PROGRESS.search(line.text):
            key = next(filter(None, found.groups()), found.group())
            # A bar is drawn once more when the program ends: that is no progress.
            if key not in seen:
                seen.add(key)
                begin = max(begin, n + 1)
    return begin


def _burst(lines: list[Line]) -> list[Weight]:
    """From the first traceback on, all but the code that it quotes; lines above it are near. Empty without one."""
    weights: list[Weight] = []
    inside = found = False
    prefix = ""  # what stands before each line of a traceback: rank, host or logger
    for line in lines:
        if begin := TRACEBACK.search(line.text):
            weights = weights if found else _with_errors_above(lines, weights)
            inside = found = True
            prefix = line.text[: begin.start()]
            weights.append(Weight.NONE)
        elif inside and _is_code(line.text.removeprefix(prefix)):
            weights.append(Weight.NONE)
        else:
            inside = False
            weights.append(Weight.FINAL if found else Weight.NEAR)
    return weights if found else []


def _with_errors_above(lines: list[Line], weights: list[Weight]) -> list[Weight]:
    """The weights of what stands above a traceback: the errors of a library right above it say what it came from."""
    first = len(weights)
    while first and _LIBRARY_ERROR.search(lines[first - 1].text):
        first -= 1
    return weights[:first] + [Weight.FINAL] * (len(weights) - first)


def _is_code(text: str) -> bool:
    return text.startswith((" ", "\t", 'File "')) or _PREFIX.sub("", text).startswith((" ", "\t", 'File "'))


def answers_a_look(lines: Sequence[Line], n: int) -> bool:
    """Whether somebody looked for something at a prompt (`ls`, `cat`), and this is that command's complaint."""
    said = _LOOKED.match(lines[n].text)
    above = next((lines[m] for m in range(n - 1, max(-1, n - _LOOK_LINES), -1) if lines[m].typed), None)
    return bool(said and above and re.search(rf"[$#] (?:sudo )?{said[1]}\b", above.text))

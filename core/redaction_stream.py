# SPDX-License-Identifier: Apache-2.0
"""Text that comes in pieces, its secrets masked line by line in bounded memory and linear time."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from core.secret_hints import hints_in
from core.secret_names import kind_of
from core.secret_search import secret_spans
from core.secret_values import is_path, is_value

if TYPE_CHECKING:
    from core.secret_assignments import Span

MASK = "********"
_PIECE = 64 * 1024  # of a line that is longer than this, parts are masked and handed on
_HELD = 4 * 1024  # what is kept back of such a line, so that no secret is cut in two
_CONTEXT = 512  # how far before a secret its name may begin
_KNOWN_LENGTH = 8
_SHORT_WORD = re.compile(r"[\w./-]{0,15}")  # nothing beside it, and too short to be known by its form
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(
    r"\s*(?:\S{1,40}\s{1,4}){0,6}?(?P<secret>[A-Za-z0-9+/=\\]{40,})\s*|\s*(?P<last>[A-Za-z0-9+/=\\]+)\s*"
)
_PEM_HEAD = re.compile(r"\s*(?:[A-Z][A-Za-z-]{2,20}: .*)?")
_BLOCK_KEY = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)[\"']?:[ \t]{1,8}[|>][+-]?\d?\s*$", re.ASCII)
_NAMED = re.compile(r"[\s-]*[\"']?(?:name|key)[\"']?:\s{0,4}[\"']?(?P<name>[\w.-]{1,64})[\"']?,?\s*", re.IGNORECASE)
# What a line has where it may tell of the lines below it: a lookup of these takes less time than one of the patterns.
_NAMING = {word: tuple(f"{word}{quote}:" for quote in ("", '"', "'")) for word in ("name", "key")}
_NAMING_LINE = re.compile(r"^(?:[^\S\n]|-)*+[\"']?(?:name|key)[\"']?:", re.IGNORECASE | re.MULTILINE)
_BLOCK_BEGIN = re.compile(r":[ \t]{1,8}[|>][+-]?$", re.MULTILINE)
_VALUE = re.compile(r"\s*[\"']?value[\"']?:\s{0,4}(?P<secret>.+?),?\s*", re.IGNORECASE)
_NO_SECRET = re.compile(r"[\s\"',;&<>]")


def known_values() -> tuple[str, ...]:
    """The values of this process's own secret variables, longest first."""
    values = {os.environ[name] for name in os.environ if kind_of(name)}
    lines = {line for value in values for line in value.splitlines() if _is_known(line)}
    return tuple(sorted(lines, key=len, reverse=True))


def _is_known(value: str) -> bool:
    is_word = value.isalpha() and value.islower() and len(value) < 12
    return len(value) >= _KNOWN_LENGTH and is_value(value) and not is_word and not is_path(value)


class Redactor:
    """Masks secrets in text that comes in pieces.

    It knows the values of this process's own secret variables, as they are when it is made.
    """

    def __init__(self, known: tuple[str, ...] | None = None) -> None:
        self._known = known_values() if known is None else known
        self._rest = ""
        self._reset()

    def _reset(self) -> None:
        self._in_pem = False  # between the first and the last line of a private key
        self._block: int | None = None  # the indent of a key whose value stands in the lines below it
        self._is_named = False  # the line before named a secret whose value stands in this one
        self._inside = False  # a secret of a line that is handed on in parts has not ended yet

    def feed(self, text: str) -> str:
        """The lines that are whole by now, masked; the one that is still coming is kept back."""
        self._rest += text
        cut = self._rest.rfind("\n") + 1
        whole, self._rest = self._rest[:cut], self._rest[cut:]
        masked = self._lines(whole) if whole else ""
        while len(self._rest) > _PIECE:
            masked += self._part()
        return masked

    def flush(self) -> str:
        """What was kept back, masked; what comes next is another text."""
        rest, self._rest = self._rest, ""
        masked = self._lines(rest) if rest else ""
        self._reset()
        return masked

    def text(self, text: str) -> str:
        """A whole text, masked."""
        if not self._holds_known(text) and (_SHORT_WORD.fullmatch(text) or not hints_in(text)):
            return text
        return self.feed(text) + self.flush()

    def _lines(self, text: str) -> str:
        hints = hints_in(text)
        if self._goes_on() or (hints and _may_go_on(text)):
            *lines, last = text.split("\n")
            return "\n".join([self._line(line, hints) for line in lines] + [self._line(last, hints) if last else ""])
        return _masked(text, self._spans(text, hints), 0, len(text))

    def _goes_on(self) -> bool:
        """Whether what a line holds depends on the lines before it."""
        return self._in_pem or self._inside or self._is_named or self._block is not None

    def _line(self, line: str, hints: frozenset[str]) -> str:
        begin = self._end_of_secret(line) if self._inside else 0
        self._inside = False
        if self._block is not None and (masked := self._block_line(line)) is not None:
            return masked
        spans = self._pem_spans(line) if self._in_pem or "PRIVATE KEY" in line else []
        spans += self._spans(line, hints)
        if self._is_named and (value := _VALUE.fullmatch(line)):
            spans.append(value.span("secret"))
        named = _NAMED.fullmatch(line) if hints else None
        self._is_named = bool(named and kind_of(named["name"]))
        if line.endswith(("|", ">", "-", "+")) and (found := _BLOCK_KEY.search(line)) and kind_of(found["name"]):
            self._block = len(line) - len(line.lstrip())
        return _masked(line, spans, begin, len(line))

    def _spans(self, text: str, hints: frozenset[str]) -> list[Span]:
        """Where secrets stand that show in their own lines."""
        return (secret_spans(text, hints) if hints else []) + self._known_spans(text)

    def _block_line(self, line: str) -> str | None:
        content = line.lstrip()
        if content and len(line) - len(content) <= (self._block or 0):
            self._block = None
            return None
        return line[: len(line) - len(content)] + (MASK if content else "")

    def _pem_spans(self, line: str) -> list[Span]:
        begin = 0
        if not self._in_pem:
            found = _PEM_BEGIN.search(line)
            if not found:
                return []
            begin, self._in_pem = found.end(), True
        elif not (_PEM_END.search(line) or _PEM_HEAD.fullmatch(line) or _PEM_BODY.fullmatch(line)):
            self._in_pem = False
            return []
        end = _PEM_END.search(line, begin)
        self._in_pem = not end
        if begin or end:
            span = (begin, end.start() if end else len(line))
            return [span] if line[slice(*span)].strip() else []
        body = _PEM_BODY.fullmatch(line)
        return [body.span("secret" if body["secret"] else "last")] if body and not _PEM_HEAD.fullmatch(line) else []

    def _part(self) -> str:
        """The first part of a line that is too long to wait for its end, cut where no secret stands."""
        text = self._rest
        spans = sorted(self._spans(text, hints_in(text)))
        cut = len(text) - _HELD
        for begin, end in spans:
            if begin - _CONTEXT <= cut < end:
                cut = end
        first = self._end_of_secret(text) if self._inside else 0
        self._inside = cut == len(text) or first > cut
        self._rest = text[cut:]
        return _masked(text, [span for span in spans if span[0] < cut], first, cut)

    @staticmethod
    def _end_of_secret(text: str) -> int:
        found = _NO_SECRET.search(text)
        return found.start() if found else len(text)

    def _holds_known(self, text: str) -> bool:
        return bool(self._known) and any(value in text for value in self._known)

    def _known_spans(self, line: str) -> list[Span]:
        spans = []
        for value in self._known:
            begin = line.find(value)
            while begin >= 0:
                spans.append((begin, begin + len(value)))
                begin = line.find(value, begin + len(value))
        return spans


def _may_go_on(text: str) -> bool:
    """Whether a line of the text may tell what the lines below it hold."""
    low = text.lower()
    blocks = any(mark in text for mark in "|>") and _BLOCK_BEGIN.search(text)
    names = any(word in low and any(mark in low for mark in marks) for word, marks in _NAMING.items())
    names = names and bool(_NAMING_LINE.search(text))
    return bool(blocks or names) or "PRIVATE KEY" in text


def _masked(text: str, spans: list[Span], first: int, last: int) -> str:
    """The text from `first` to `last` with a mask for each run of spans that touch."""
    if not spans:
        return text[first:last]
    parts, done = [], first
    for begin, end in sorted(spans):
        if begin >= done or (begin == done == first):
            parts += [text[done:begin], MASK]
        done = max(done, end)
    return "".join([*parts, text[done:last]])

# SPDX-License-Identifier: Apache-2.0
"""The values that names of secrets have in a line: assignments, options, and what stands beside such a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.secret_names import kind_of
from core.secret_values import is_path, is_plain_word, is_prose, is_secret, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

Span = tuple[int, int]

# Asked for where the name of a secret stands, and nowhere else.
_OPTION = re.compile(
    r"(?i)(?<![\w-])--?(?P<name>[a-z][\w-]*+)(?:[\"'],\s{0,4}[\"']|[ \t]{1,4}[\"']?)"
    r"(?P<secret>(?<=[\"'])[^\"']+|[^\s\"'-][^\s\"',]*)"
)
_BESIDE = re.compile(  # ENV TOKEN …, "password is …"
    r"(?i)(?<![\w.-])(?P<name>[\w.-]++)[ \t]{1,4}(?:is |was )?[\"']?(?=(?P<secret>[^\s\"',;()]{10,}))"
)
_ASSIGNMENT = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)(?P<close>\\{0,3}[\"'`]?\]?)[ \t]{0,8}(?P<sep>:=|=>|=(?!=)|:(?!:)|,)"
    r"(?P<gap>[ \t]{0,8})(?P<open>\\{0,3}[\"'`])?"
)
_LOOKED_AT = 256  # characters before or after a name that may tell whether prose or a secret follows
_HEADERS = ("authorization", "cookie")  # their values have rules of their own
_BEFORE_FIRST = re.compile(
    r"[\s\"'#>$*+-]*(?:(?:export|set|setenv|env|declare -x|let|const|var)\s{1,4})?[\s\"'-]*", re.IGNORECASE
)
_IN_QUERY = re.compile(r"[^\s\"'<>&;,)]*")
_WORD = re.compile(r"[^\s\"'`<>]+?(?=[,;&)\]}|\\]*(?:[\s\"'`<>]|$)|[,;&][A-Za-z_][\w.-]{0,64}[=:]|\)[.\[])")
_IN_CONNECTION = re.compile(r"[^\s;\"'<>]*")  # Server=…;Password=…;
# NAME=value up to a space or in a query, a value in quotes, one that is the rest of its line, an option's.
_PLAIN = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,79}+)(?:=(?P<word>[\w+/=.:~-]{1,256}+)(?=[ \n]|\Z)"
    r"|[\"']?(?:: ?| ?= ?)\"(?P<quoted>[^\"\\\s]{1,256}+)\"|: (?P<line>[\w+/=.~-]{1,256}+)(?=\n|\Z)"
    r"|=(?P<query>[\w+/=.:~%-]{1,256}+)(?=[&\s]|\Z)|(?P<colon>: ))"
    r"|(?P<option>--?[A-Za-z][\w-]{0,79}+) (?P<given>[A-Za-z0-9+/=]{20,256}+)(?=[ \n]|\Z)"
)
# With a digit and without signs: neither a placeholder nor a word of a sentence, nor a path or a piece of code.
_SURE = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9][A-Za-z0-9+/=]*")


def plain_value(text: str, begin: int) -> Span | None:
    """Where the secret stands that the name at `begin` is given in one of the commonest shapes, if it is one.

    Behind the name of a header, whose value has rules of its own, the span is empty.
    """
    found = _PLAIN.match(text, begin)
    if not found:
        return None
    name, shape = found["name"] or found["option"], found.lastgroup or ""
    value, low = found[shape], name.lower()
    if low.endswith(_HEADERS):
        return (found.start(shape),) * 2 if shape in {"colon", "line"} else None
    if not _is_plain(shape, text[max(0, begin - 1) : begin], low, value):
        return None
    if _SURE.fullmatch(value) and kind_of(name) == "strong" and value.lower() not in low:
        return found.span(shape)
    if shape == "given" or (shape != "quoted" and is_prose(value)):
        return None
    return found.span(shape) if is_secret(name, value) else None


def _is_plain(shape: str, before: str, name: str, value: str) -> bool:
    """Whether what stands before the name, and how the value begins, leaves no doubt where it ends."""
    if before in {"?", "&"}:
        return shape in {"word", "query"} and not value.startswith("=")
    if shape == "word":
        return before not in {".", "-", ";"} and "pass" not in name
    if shape == "line":
        return before in {"", "\n"} and "." not in name
    if shape == "given":
        return before in {"", " ", "\n"}
    return shape == "quoted" and before not in {".", "-", ";"}


def named_values(line: str, names: list[Span]) -> list[Span]:
    """Begin and end of the secrets that these names in a line tell of; they may overlap."""
    spans = []
    if any("-" in line[begin:end] for begin, end in names):
        spans += [found.span("secret") for found in _OPTION.finditer(line) if _option(found)]
    beside = (found for begin, _ in names if (found := _BESIDE.match(line, begin)))
    spans += [found.span("secret") for found in beside if _beside(found)]
    return spans + list(_assigned(line, names))


def _option(found: re.Match[str]) -> bool:
    is_value = is_secret(found["name"], found["secret"]) and not is_prose(found["secret"])
    return is_value and not re.fullmatch(r"[A-Z_]+", found["secret"].strip("[](){}|."))


def _beside(found: re.Match[str]) -> bool:
    value = found["secret"]
    place = is_path(value) or "://" in value or (("/" in value or ":" in value) and "." in value)
    return kind_of(found["name"]) == "strong" and looks_random(value, 10) and not place


def _assigned(line: str, names: list[Span]) -> Iterator[Span]:
    covered = 0
    for begin, _ in names:
        found = _ASSIGNMENT.match(line, begin)
        # A name inside the secret before it is a part of that; asking for it again would take quadratic time.
        if found and begin >= covered and not found["name"].lower().endswith(_HEADERS):
            span = _value_of(line, found)
            if span and is_secret(found["name"], line[slice(*span)]):
                covered = span[1]
                yield span


def _value_of(line: str, found: re.Match[str]) -> Span | None:
    """Where the value of an assignment stands; None where it is prose about the name, or no assignment."""
    begin, quote = found.end(), found["open"]
    if found["sep"] == ",":
        is_pair = (
            quote in {"'", '"'} and found["close"] and line[max(0, found.start() - 2) : found.start()].startswith("(")
        )
        return _quoted(line, begin, quote) if is_pair else None
    if quote:
        return _quoted(line, begin, quote)
    before = line[max(0, found.start() - 1) : found.start()]
    if before in {"?", "&", ";"}:
        return begin, _match_end(_IN_CONNECTION if before == ";" else _IN_QUERY, line, begin)
    rest = line[begin : begin + _LOOKED_AT].rstrip()
    first = found.start() < _LOOKED_AT and bool(_BEFORE_FIRST.fullmatch(line, 0, found.start()))
    if is_prose(rest) or (found["sep"] == ":" and _is_told(line, found, rest, first)):
        return None
    if first and _is_whole_line(found, rest):
        return begin, len(line.rstrip())
    return begin, _match_end(_WORD, line, begin)


def _is_told(line: str, found: re.Match[str], rest: str, first: bool) -> bool:
    """Whether a colon introduces words about the name, as in "place: message"."""
    path = "/" in line[max(0, found.start() - 1) : found.start()]
    return path or (bool(rest) and is_plain_word(rest) and (not first or "." in found["name"]))


def _is_whole_line(found: re.Match[str], rest: str) -> bool:
    words = rest.count(" ")
    if not words or "=" in rest or " -" in rest:
        return False
    return found["sep"] == ":" or bool(found["gap"]) or "pass" in found["name"].lower()


def _quoted(line: str, begin: int, quote: str) -> Span:
    end = line.find(quote, begin)
    while len(quote) == 1 and end > 0 and line[end - 1] == "\\" and end > begin:
        end = line.find(quote, end + 1)
    return begin, end if end >= 0 else len(line.rstrip())


def _match_end(pattern: re.Pattern[str], line: str, begin: int) -> int:
    found = pattern.match(line, begin)
    return found.end() if found else begin

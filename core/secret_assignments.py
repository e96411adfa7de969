# SPDX-License-Identifier: Apache-2.0
"""The values that names of secrets have in a line: assignments, options, and what stands beside such a name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from core.secret_names import kind_of
from core.secret_values import is_path, is_plain_word, is_prose, is_secret, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.secret_names import Kind

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
    r"=(?P<word>[\w+/=.:~%-]{1,256}+)(?=[&\s]|\Z)|[\"']?(?:: ?| ?= ?)\"(?P<quoted>[^\"\\\s]{1,256}+)\""
    r"|: (?P<line>[\w+/=.~-]{1,256}+)(?=\n|\Z)|(?P<colon>: )| (?P<given>[A-Za-z0-9+/=]{20,256}+)(?=[ \n]|\Z)"
)
_PLAIN_NAME, _PLAIN_OPTION = re.compile(r"[A-Za-z_][\w.-]{0,79}"), re.compile(r"--?[A-Za-z][\w-]{0,79}")
_AFTER_WORD, _QUERY = ("", " ", "\n"), ("?", "&")
_SURE = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9][A-Za-z0-9+/=]*")


def plain_value(text: str, name: str, end: int) -> Span | None:
    """Where the secret stands that the name which ends there is given in one of the commonest shapes, if it is one.

    Behind the name of a header, whose value has rules of its own, the span is empty.
    """
    found = _PLAIN.match(text, end)
    if not found:
        return None
    shape, begin = found.lastgroup or "", end - len(name)
    value, span, before = found[shape], found.span(shape), text[begin - 1] if begin else ""
    if shape == "word" and (text[span[1] : span[1] + 1] not in _AFTER_WORD or "%" in value):
        shape = "query"
    kind = _told_by(name, shape, before)
    if kind == "header":
        return span[0], span[0]
    if not kind or (value[0] == "=" and before in _QUERY):
        return None
    is_name = len(value) <= len(name) and value.lower() in name.lower()
    if not is_name and _is_sure(value) and (kind == "strong" or looks_random(value)):
        return span
    if shape == "given" or (shape != "quoted" and is_prose(value)):
        return None
    return span if is_secret(name, value) else None


@lru_cache(maxsize=4096)
def _told_by(name: str, shape: str, before: str) -> Kind | Literal["header"]:
    """What a value of this shape is under this name, if what stands before it leaves no doubt where the value ends."""
    if not (_PLAIN_OPTION if shape == "given" else _PLAIN_NAME).fullmatch(name):
        return ""
    if name.lower().endswith(_HEADERS):
        return "header" if shape in {"colon", "line"} else ""
    if before in _QUERY:
        is_plain = shape in {"word", "query"}
    elif shape == "word":
        is_plain = before not in {".", "-", ";"} and "pass" not in name.lower()
    elif shape == "line":
        is_plain = before in {"", "\n"} and "." not in name
    elif shape == "given":
        is_plain = before in {"", " ", "\n"}
    else:
        is_plain = shape == "quoted" and before not in {".", "-", ";"}
    return kind_of(name) if is_plain else ""


def _is_sure(value: str) -> bool:
    """With a digit and without signs: neither a placeholder nor a word of a sentence, nor a path or a piece of code."""
    core = value if value.isalnum() or "_" in {value[0], value[-1]} else value.replace("_", "")
    if core.isalnum() and core.isascii():
        return not core.isalpha()
    return bool(_SURE.fullmatch(value))


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

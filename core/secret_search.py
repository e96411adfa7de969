# SPDX-License-Identifier: Apache-2.0
"""Where secrets stand in a text of many lines: each rule looks at the lines that hold one of its hints, and no more."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING

from core.secret_assignments import named_values, plain_value
from core.secret_hints import NAME_HINTS, RUN, RUN_HINT, letters
from core.secret_names import kind_of
from core.secret_rules import compiled, line_rules, tied_rules, token_patterns
from core.secret_tokens import VENDOR_RUNS
from core.secret_values import is_ngc_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.secret_assignments import Span
    from core.secret_rules import LineRule

_BEFORE_RUN = 96  # how far before such a run its token may begin
_TOKEN = re.compile(r"[\w.=/~+:-]*+")
_NGC_LENGTH = 84
# What stands behind a name that has a value; an option's may be any word.
_FOLLOWED = (
    r"\\{0,3}[\"'`]?\]?[ \t]{0,8}[:=,](?![ \t]?\"?\*{8}(?:[\s\"]|$))|[ \t]{1,4}(?:is |was )?[\"']?(?=[^\s\"',;()]{10})"
)
_OPTION = re.compile(r"-(?<![\w.-]-)-?[A-Za-z]")
_AROUND = frozenset(" \n\"'?&;")  # what usually stands before a name
_IN_NAMES = string.ascii_letters + string.digits + "_.-"
_USUAL_NAME = 32


def secret_spans(text: str, hints: frozenset[str]) -> list[Span]:
    """Begin and end of every secret that shows in its own line, in no order; they may overlap.

    `hints`: what `hints_in` told of this text, or of a longer one that it is a part of.
    """
    small = _small(text)
    spans = _of_names(text, small, hints)
    for hint in hints:
        for pattern in token_patterns(hint):
            spans += [found.span("secret") for found in pattern.finditer(text)]
        if rules := line_rules(hint):
            spans += _of_rules(hint, rules, text, small)
        if rules := tied_rules(hint):
            spans += _of_tied_rules(hint, rules, text, small)
    if RUN_HINT in hints:
        spans += _of_runs(text, sorted(spans))
    return spans


def _of_rules(hint: str, rules: tuple[LineRule, ...], text: str, small: str) -> Iterator[Span]:
    """What rules find in the lines that hold their hint."""
    place = small.find(hint)
    while place >= 0:
        begin, end = _line_around(text, place)
        for search, holds in rules:
            found = search(text, begin, end)
            while found:
                if holds(found):
                    yield found.span("secret")
                found = search(text, found.end(), end)
        place = small.find(hint, end)


def _of_tied_rules(hint: str, rules: tuple[LineRule, ...], text: str, small: str) -> list[Span]:
    """What rules find where their hint stands."""
    spans: list[Span] = []
    done: dict[object, int] = {}  # what a rule found is not looked at by it again
    place, end = small.find(hint), -1
    while place >= 0:
        if end < place:
            end = text.find("\n", place)
            end = end if end >= 0 else len(text)
        for match, holds in rules:
            if done and place < done.get(match, 0):
                continue
            if found := match(text, place, end):
                done[match] = found.end()
                if holds(found):
                    spans.append(found.span("secret"))
        place = small.find(hint, place + 1)
    return spans


def _of_runs(text: str, known: list[Span]) -> Iterator[Span]:
    """Tokens around long runs of letters and digits, but for those runs that are known for secrets."""
    kinds, done, passed = letters(text), 0, 0
    end = 0
    while (begin := kinds.find(RUN, end)) >= 0:
        end = kinds.find(b" ", begin)
        end = len(kinds) if end < 0 else end
        while passed < len(known) and known[passed][1] <= begin:
            passed += 1
        if passed < len(known) and known[passed][0] <= begin:
            continue
        if end - begin == _NGC_LENGTH and _is_ngc_key(text, begin, end):
            yield begin, end
        if begin < done:
            continue
        first = max(done, text.rfind(" ", max(done, begin - _BEFORE_RUN), begin) + 1, begin - _BEFORE_RUN)
        found = _TOKEN.match(text, end)
        done = found.end() if found else end
        for token in compiled(VENDOR_RUNS).finditer(text, first, done):
            yield token.span("secret")


def _is_ngc_key(text: str, begin: int, end: int) -> bool:
    is_whole = text[max(0, begin - 1) : begin] not in {"+", "/"} and text[end : end + 1] not in {*"+/=_-"}
    return is_whole and is_ngc_key(text[begin:end])


def _of_names(text: str, small: str, hints: frozenset[str]) -> list[Span]:
    """The values of names of secrets. A line whose first is in no common shape is looked at as a whole."""
    spans: list[Span] = []
    words = hints & NAME_HINTS
    if not words:
        return spans
    done, options = 0, _OPTION.search(text)
    for hint in _name_hint(words).finditer(small):
        place, is_followed = hint.start(), hint.lastgroup == "followed"
        if place < done or not (is_followed or options):
            continue
        begin, done = _begin_of_word(text, done, place), hint.end("name")
        name = text[begin:done]
        if not (is_followed or name[0] == "-") or not kind_of(name):
            continue
        if span := plain_value(text, name, done):
            spans += [span] if span[1] > span[0] else []
            done = span[1]
            continue
        first, done = _line_around(text, begin)
        line = text[first:done]
        spans += [(first + b, first + e) for b, e in named_values(line, list(_names_of(line)))]
    return spans


def _names_of(line: str) -> Iterator[Span]:
    """Begin and end of every word in a line that names a secret."""
    done = 0
    for hint in _name_hint(NAME_HINTS).finditer(_small(line)):
        if hint.start() >= done:
            begin, done = _begin_of_word(line, done, hint.start()), hint.end("name")
            if kind_of(line[begin:done]):
                yield begin, done


@lru_cache(maxsize=256)
def _name_hint(hints: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"(?P<name>(?:{'|'.join(sorted(hints))})[\\w.-]*+)(?P<followed>{_FOLLOWED})?+")


def _begin_of_word(text: str, least: int, place: int) -> int:
    """Where the name around a place begins, at `least` or behind it."""
    if place <= least or text[place - 1] in _AROUND:
        return place
    first = max(least, place - _USUAL_NAME)
    place = first + len(text[first:place].rstrip(_IN_NAMES))
    while place > least and (text[place - 1].isalnum() or text[place - 1] in "_.-"):
        place -= 1
    return place


def _line_around(text: str, place: int) -> Span:
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, end if end >= 0 else len(text)


def _small(text: str) -> str:
    """The text in small letters, each at its place."""
    low = text.casefold()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.casefold()) == 1 else letter for letter in text)

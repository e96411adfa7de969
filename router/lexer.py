# SPDX-License-Identifier: Apache-2.0
"""Cuts a request into tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from router.answers import with_answers
from router.quotations import handed_on, is_endorsed, names_bearer
from router.spoken_paths import EXTENSIONS, quotes_path, relative_path, whole_path
from router.tokens import ACTION, BREAK, JOB, JOB_ID, JOINED, NUMBER, OVERRIDE, PATH, QUOTE, Token, figure, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_SCAN = re.compile(
    r"(?P<override>(?<![^\s(,;])[A-Za-z_][\w.]*=(?:\"[^\"\n]*\"|'[^'\n]*'|\[[^\]\n]*\]|\{[^}\n]*\}|[^\s=<>][^\s]*))"
    r"|(?P<uri>(?<![\w/])[a-z][a-z0-9+]*://[^\s,;'\"`)]+)"
    r"|(?P<quoted>(?<!\w)(?P<mark>[\"'`])(?=[^\s\"'`])[^\"'`\n]*(?P=mark)(?!\w))"
    r"|(?P<job>(?<![\w/-])(?:automl-)?[a-z][a-z0-9_]*-\d{8}-\d{6}-[0-9a-f]{6}(?![\w-]))"
    r"|(?P<path>(?<![^\s(\"'`:=])(?:\.{1,2}/|~/|/(?=[^\s/])|(?<![\w])[A-Za-z]:[\\/](?!/)|\\\\(?=\w)|\$\w+/)[^\s,;]*)"
    r"|(?P<here>(?<!\S)\.{1,2}(?=[\s,;]|$))"
    rf"|(?P<file>(?<![\w./-])[\w./-]*[\w]\.(?:{EXTENSIONS})(?![\w]))"
    r"|(?P<relative>(?<![\w./-])[\w.-]*\w/[\w./-]*)"
    r"|(?P<number>(?:(?<![\w.])|(?<=\d[x\u00d7]))"
    r"(?:\.\d+|\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?:[.,]\d+)*(?:e[+-]?\d+)?)(?=$|[^\w.]|[.](?!\w)|[a-z]))"
    r"|(?P<snake>(?<!\w)[A-Za-z]+(?:_[A-Za-z]+)+(?!\w))"
    r"|(?P<times>(?<=\d)\s?[x\u00d7*]\s?(?=\d))"
    r"|(?P<range>(?<=\d)\s?[-\u2013]\s?(?=\d))"
    r"|(?P<minus>(?<!\S)-(?=\d))"
    r"|(?P<sign><=|>=|[\u2264\u2265<>%\u2030&\u00d7]|(?<=\s)\+(?=\s))"
    r"|(?P<word>[^\W_]+)"
    r"|(?P<end>[,;!?()|\n\u2026\u2014\u2192\u21d2]|->|=>|\.(?!\w)|\s[-\u2013](?=\s))",
    re.IGNORECASE,
)
_FORMAT = re.compile(r"(?:int8|fp8|fp16|fp32|bf16)\b", re.IGNORECASE)  # as people write it: no key of the spec takes it
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_SIGNS = {"\u2264": "<=", "\u2265": ">=", "\u00d7": "x", "%": "percent", "\u2030": "permille", "&": "and", "+": "and"}
_FEW = 3
_PAUSES = frozenset({"um", "uh", "uhm", "erm"})
_QUOTES = str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\u2019\u2018\u02bc", '"""""\'\'\'')
_WITH, _ARROW = re.compile(r"(?<!\S)w/(?=\s)"), re.compile(r"(?<=\s)[-=]>(?=\s+(?:int8|fp8)\s*(?:[.,;!?]|please|$))")
_BEFORE_T = {
    f"{word}n": word
    for word in ("do", "does", "did", "is", "are", "was", "were", "should", "would", "could", "need", "must", "have",
                 "has", "had")
} | {"can": "can", "won": "will"}  # fmt: skip
_NOT = {f"{word}t": right for word, right in _BEFORE_T.items() if word != "won"} | {"cannot": "can"}


class Hooks(NamedTuple):
    """What cutting a request needs to know of the skill and of the languages.

    `is_action` tells whether a word_like_this names an action, `is_data` whether a bare word is a folder of pairs,
    `is_slot` whether `name=value` is said of the request: its parts are words then, and no key of the spec. `grammar`
    holds the words of the language files by their use.
    """

    is_action: Callable[[str], bool]
    is_data: Callable[[str], bool]
    is_slot: Callable[[str], bool]
    grammar: Mapping[str, frozenset[str]]


class _Found(NamedTuple):
    """A match, the whole text, and the word before it."""

    said: str
    start: int
    end: int
    text: str
    before: str
    hooks: Hooks

    def follows(self, use: str) -> bool:
        return self.before in self.hooks.grammar[use]


def tokenize(text: str, hooks: Hooks) -> list[Token]:
    """The tokens of a request, in order."""
    text = handed_on(_ARROW.sub("to", _WITH.sub("w ", text.translate(_QUOTES))), hooks.grammar)
    tokens: list[Token] = []
    place = 0
    while match := _SCAN.search(text, place):
        kind = next(name for name, value in match.groupdict().items() if value is not None and name != "mark")
        before = tokens[-1].word if tokens else ""
        found = list(_KINDS[kind](_Found(match[0], match.start(), match.end(), text, before, hooks)))
        tokens += found
        place = found[-1].end if found else match.start() + 1
    return _with_bare_folders(_with_not(with_answers(_without_pauses(tokens))), hooks)


def _override(found: _Found) -> Iterator[Token]:
    name, _, value = found.said.partition("=")
    if found.hooks.is_slot(name) or _FORMAT.match(value) or found.hooks.is_action(value.lower().rstrip(",;)")):
        yield from _words(found._replace(said=name))
        if value.startswith("["):  # "640,480" is no thousand there
            begin = found.start + len(name) + 1
            for one in _FIGURE.finditer(value):
                yield Token("number", NUMBER, one[0], begin + one.start(), begin + one.end(), figure(one[0]))
        return
    said = found.said.rstrip(",;)").removesuffix(".")
    yield Token("override", OVERRIDE, said, found.start, found.start + len(said))


def _quoted(found: _Found) -> Iterator[Token]:
    """A path in quotation marks; else several words that are only cited; else nothing, and its word is read."""
    inside = found.said[1:-1]
    if JOB_ID.fullmatch(inside):
        yield Token("job", JOB, inside, found.start, found.end)
    elif found.follows("cites") or _is_message(found) or is_endorsed(found.text[found.end :], found.hooks.grammar):
        return
    elif quotes_path(inside, expected=found.follows("before_quoted")):
        yield Token("path", PATH, inside, found.start, found.end)
    elif found.follows("naming") or (
        " " in inside.strip() and len(found.said) < len(found.text.strip()) and "{" not in found.text
    ):
        yield Token("quote", QUOTE, found.said, found.start, found.end)


def _is_message(found: _Found) -> bool:
    """Whether somebody's words are handed on whole: "my user says: '…'"; what a cell or a name says is none."""
    words = [folded(one) for one in JOINED.findall(found.text[: found.start])[-2:]]
    if not (words and words[0] in found.hooks.grammar["wishing"] and found.follows("orders")):
        return False
    return len(found.said.split()) > _FEW and not names_bearer(found.text[: found.start], found.hooks.grammar)


def _here(found: _Found) -> Iterator[Token]:
    """`.` is this folder where data is expected, else the end of a sentence."""
    is_path = found.said == ".." or found.follows("before_data")
    yield _token(found, "path", PATH) if is_path else _token(found, "break", BREAK)


def _file(found: _Found) -> Iterator[Token]:
    """A file name; an ending alone, as in "into .onnx", is a word."""
    if found.said.startswith(".") and found.said.count(".") == 1:
        yield from _words(found)
    else:
        yield _token(found, "path", PATH)


def _relative(found: _Found) -> Iterator[Token]:
    plain = relative_path(found.said, found.hooks.grammar["no_path"], expected=found.follows("before_data"))
    if plain:
        yield Token("path", PATH, plain, found.start, found.start + len(plain))
    else:
        yield from _words(found)


def _snake(found: _Found) -> Iterator[Token]:
    if found.follows("naming"):
        yield _token(found, "quote", QUOTE)
    elif found.hooks.is_action(found.said.lower()):
        yield Token("action", ACTION, found.said.lower(), found.start, found.end)
    else:
        yield from _words(found)


def _path(found: _Found) -> Iterator[Token]:
    said = whole_path(found.said, found.text, found.start)
    yield Token("path", PATH, said, found.start, found.start + len(said))


def _uri(found: _Found) -> Iterator[Token]:
    said = found.said.rstrip(".:!?")
    yield Token("path", PATH, said, found.start, found.start + len(said))


def _number(found: _Found) -> Iterator[Token]:
    yield Token("number", NUMBER, found.said, found.start, found.end, figure(found.said))


def _words(found: _Found) -> Iterator[Token]:
    for part in JOINED.finditer(found.said):
        yield Token("word", folded(part[0]), part[0], found.start + part.start(), found.start + part.end())


def _token(found: _Found, kind: str, word: str) -> Token:
    return Token(kind, word, found.said, found.start, found.end)  # type: ignore[arg-type]


def _shortens(found: _Found) -> bool:
    """Whether a full stop only ends a shortened word: "bzw. 16", "max. 10"."""
    return found.said == "." and found.follows("shortened") and found.text[found.start - 1 : found.start].isalpha()


def _as(kind: str, word: str) -> Callable[[_Found], Iterable[Token]]:
    return lambda found: [_token(found, kind, word)]


_KINDS: dict[str, Callable[[_Found], Iterable[Token]]] = {
    "override": _override,
    "uri": _uri,
    "quoted": _quoted,
    "job": _as("job", JOB),
    "path": _path,
    "here": _here,
    "file": _file,
    "relative": _relative,
    "number": _number,
    "snake": _snake,
    "times": _as("word", "x"),
    "range": _as("word", "to"),
    "minus": _as("word", "minus"),
    "sign": lambda found: [_token(found, "word", _SIGNS.get(found.said, found.said))],
    "word": _words,
    "end": lambda found: [] if _shortens(found) else [_token(found, "break", BREAK)],
}


def _without_pauses(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without the sounds of whoever dictates, and the commas around them: "the, um, board classifier"."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        if tokens[place].word in _PAUSES and place + 1 < len(tokens) and tokens[place + 1].text == ",":
            if found and found[-1].text == ",":
                found.pop()
            place += 2
            continue
        found.append(tokens[place])
        place += 1
    return found


def _with_not(tokens: Iterable[Token]) -> list[Token]:
    """`don't` and `cannot` as two words, however they are written."""
    found: list[Token] = []
    for token in tokens:
        head = found[-1] if found else None
        if token.word == "t" and head and head.word in _BEFORE_T and head.end >= token.start - 1:
            found[-1] = head._replace(word=_BEFORE_T[head.word])
            found.append(token._replace(word="not"))
        elif token.word in _NOT:
            found += [token._replace(word=word) for word in (_NOT[token.word], "not")]
        else:
            found.append(token)
    return found


def _with_bare_folders(tokens: list[Token], hooks: Hooks) -> list[Token]:
    """A bare word behind `on` or the like is a path where it is a folder of pairs."""
    found = list(tokens)
    for place in range(1, len(found)):
        token = found[place]
        expected = token.kind == "word" and found[place - 1].word in hooks.grammar["before_data"]
        if expected and hooks.is_data(token.text):
            found[place] = token._replace(kind="path", word=PATH)
    return found

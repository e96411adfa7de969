# SPDX-License-Identifier: Apache-2.0
"""Number words that count nothing: "the pass/no pass one", and those said again to be taken back: "did I say eight"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import BREAK, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Grammar = Mapping[str, frozenset[str]]

_BACK, _ECHO = 6, 3
_PAIRS = frozenset({("sagte", "ich"), ("sag", "ich"), ("sagt", "ich")})
_TRIPLES = frozenset({("did", "i", "say"), ("have", "i", "said"), ("hab", "ich", "gesagt"), ("habe", "ich", "gesagt")})


def without_uncounted(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "one" as a word where it stands for a thing, and without numbers said again."""
    found = []
    for place, token in enumerate(tokens):
        if token.kind != "number" or not _is_echo(tokens, place):
            stands = token.spelled and _stands_for_a_thing(tokens, place, grammar)
            found.append(token._replace(kind="word", word=token.spelled, value=0) if stands else token)
    return found


def with_corrections_apart(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with a pause behind the "no" that a correction begins with: "thirty no make that forty epochs"."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        found.append(token)
        behind = [one.word for one in tokens[place + 1 : place + 3]]
        corrects = len(behind) > 1 and behind[0] in grammar["announces"] and behind[1] in grammar["points_at"]
        if token.word in grammar["says_no"] and corrects:
            found.append(Token("break", BREAK, ",", token.end, token.end))
    return found


def without_echoes(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without a number that brackets say again: "5 (five) epochs", "for five (5) epochs"."""
    if not any(token.text == "(" for token in tokens):
        return list(tokens)
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        found.append(tokens[place])
        said, echo = tokens[place], tokens[place + 1 : place + 4]
        again = [one.text for one in echo[::2]] == ["(", ")"] and echo[1].kind == said.kind == "number"
        place += 4 if again and echo[1].value == said.value else 1
    return found


def _stands_for_a_thing(tokens: Sequence[Token], place: int, grammar: Grammar) -> bool:
    """Whether "one" stands for a thing that is named before it: "the pass/no pass one", "the red one"."""
    behind = tokens[place + 1 : place + 2]
    if tokens[place].spelled not in grammar["stands_for"]:
        return False
    if behind and behind[0].kind == "word" and behind[0].word not in grammar["behind_one"]:
        return False
    for here in range(place - 1, max(-1, place - _BACK), -1):
        if tokens[here].word in grammar["definite"]:
            return here < place - 1
        if tokens[here].kind != "word" or tokens[here].word in grammar["takes_figure"]:
            return False
    return False


def _is_echo(tokens: Sequence[Token], place: int) -> bool:
    """Whether a number is only said again: "on eight GPUs, did I say eight, …"."""
    words = tuple(token.word for token in tokens[max(0, place - _ECHO) : place])
    says = words[-2:] in _PAIRS or words in _TRIPLES
    ends = place + 1 == len(tokens) or tokens[place + 1].kind == "break"
    value = tokens[place].value
    said = any(token.kind == "number" and token.value == value for token in tokens[:place])
    return says and said and ends

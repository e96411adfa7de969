# SPDX-License-Identifier: Apache-2.0
"""Numbers said in pieces: "two two four" and "five twelve" as the size of a picture, "seed one two three"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Grammar = Mapping[str, frozenset[str]]

_TEN, _TENS, _MOST = 10, 20, 100
_BACK = 5


def with_digit_strings(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with each number that is said in pieces as one, where what it counts leaves no other reading."""
    found: list[Token] = []
    place, named = 0, False
    while place < len(tokens):
        end = place
        while end < len(tokens) and _is_piece(tokens[end]):
            end += 1
        if end - place > 1:
            named = _is_named(found, tokens, end, grammar) or (named and _goes_on(found, grammar))
            end = _without_unit(tokens, end, grammar) if named else end
            run = tokens[place:end]
            before = found[-1].word if found else ""
            whole = _whole(run) if named else _alone(run, tokens, end, before, grammar)
            found += [_joined(run, whole)] if whole else run
        else:
            found += tokens[place : place + 1]
            end = place + 1
        place = end
    return found


def _is_piece(token: Token) -> bool:
    return token.kind == "number" and bool(token.spelled) and 0 <= token.value < _MOST and token.value % 1 == 0


def _joined(run: Sequence[Token], whole: str) -> Token:
    text = " ".join(token.text for token in run)
    spelled = " ".join(token.spelled for token in run)
    return Token("number", NUMBER, text, run[0].start, run[-1].end, float(whole), spelled)


def _whole(run: Sequence[Token]) -> str:
    """The digits of all pieces, where they are said one by one, or in pairs; else nothing."""
    sizes = [len(f"{token.value:g}") for token in run]
    pairs = sizes in ([1, 2], [2, 2], [2, 1, 1])
    zero = len(run) == 3 and sizes[0] == 2 and run[1].value
    return "".join(f"{token.value:g}" for token in run) if (set(sizes) == {1} or (pairs and not zero)) else ""


def _alone(run: Sequence[Token], tokens: Sequence[Token], end: int, before: str, grammar: Grammar) -> str:
    """Three digits and more are one number anywhere; so are "one twenty epochs", behind no name of another value."""
    behind = tokens[end].word if end < len(tokens) else ""
    named = before in grammar["named_figures"]
    if len(run) > 2 and all(token.value < _TEN for token in run):
        return "" if named and behind in grammar["counted_units"] else _whole(run)
    hundreds = len(run) == 2 and 0 < run[0].value < _TEN and run[1].value >= _TENS
    return _whole(run) if hundreds and behind in grammar["said_by_hundreds"] and not named else ""


def _is_named(found: Sequence[Token], tokens: Sequence[Token], end: int, grammar: Grammar) -> bool:
    """Whether a picture's size or a seed is spoken of directly before, or pixels directly behind."""
    if end < len(tokens) and tokens[end].word in grammar["picture_units"]:
        return True
    for place in range(len(found) - 1, max(-1, len(found) - _BACK), -1):
        word = found[place].word
        if word in grammar["said_in_digits"]:
            return not (place and found[place - 1].word in grammar["not_in_digits"])
        if word not in grammar["gives_digits"]:
            return False
    return False


def _goes_on(found: Sequence[Token], grammar: Grammar) -> bool:
    """Whether the other side of a picture follows: "by seven twenty"."""
    return len(found) > 1 and found[-1].word in grammar["by"] and found[-2].kind == "number"


def _without_unit(tokens: Sequence[Token], end: int, grammar: Grammar) -> int:
    """Where the pieces end without the last one that counts what stands behind it: "seed seven, twelve epochs"."""
    if end >= len(tokens) or tokens[end].word not in grammar["counted_units"]:
        return end
    behind = tokens[end + 1 : end + 2]
    figure_of_it = bool(behind) and behind[0].kind == "number"
    return end if figure_of_it else end - 1

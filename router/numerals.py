# SPDX-License-Identifier: Apache-2.0
"""Numbers in words, by the numerals that the language files give: `twenty-five`, `fuenfundzwanzig`, `a dozen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LARGE = 100
_MINUS = frozenset({"minus", "negative"})


def with_numerals(tokens: Sequence[Token], numerals: Mapping[str, float], joiners: frozenset[str]) -> list[Token]:
    """The tokens with each run of numerals as one number token."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        end = _end_of_run(tokens, place, numerals, joiners)
        if end > place:
            run = tokens[place:end]
            words = [token.word for token in run if token.word in numerals]
            text = " ".join(token.text for token in run)
            spelled = run[0].word if len(run) == 1 else " ".join(words)
            value = _value([numerals[word] for word in words])
            if (power := _power(tokens, end, numerals)) is not None:
                end += 3
                run = tokens[place:end]
                text, spelled, value = " ".join(token.text for token in run), "", float(f"{value:g}e-{power}")
            found.append(Token("number", NUMBER, text, run[0].start, run[-1].end, value, spelled))
        else:
            found.append(tokens[place])
        place = max(end, place + 1)
    return found


def _power(tokens: Sequence[Token], place: int, numerals: Mapping[str, float]) -> int | None:
    """The power of ten below one that words give: `e minus four`."""
    said = tokens[place : place + 3]
    scientific = len(said) == 3 and said[0].word == "e" and said[1].word in _MINUS and said[2].word in numerals
    return int(numerals[said[2].word]) if scientific else None


def _end_of_run(tokens: Sequence[Token], start: int, numerals: Mapping[str, float], joiners: frozenset[str]) -> int:
    """Where a run of numerals ends; two that do not add up, as in `five ten`, are two runs."""
    end, last = start, 0.0
    while end < len(tokens):
        word = tokens[end].word
        joined = word in joiners and last >= _LARGE and end + 1 < len(tokens) and tokens[end + 1].word in numerals
        if joined and numerals[tokens[end + 1].word] < last:
            end += 1
            continue
        if word not in numerals or tokens[end].kind != "word" or not _goes_on(last, numerals[word]):
            break
        end, last = end + 1, numerals[word]
    return end


def _goes_on(last: float, value: float) -> bool:
    if not last:
        return True
    tens = last in range(20, _LARGE, 10)
    return value in (_LARGE, 1000) or (tens and 0 < value < 10) or (last in (_LARGE, 1000) and value < last)


def _value(parts: Sequence[float]) -> float:
    total, part = 0.0, 0.0
    for value in parts:
        if value in (_LARGE, 1000):
            part = max(part, 1) * value
            if value == 1000:
                total, part = total + part, 0.0
        else:
            part += value
    return total + part

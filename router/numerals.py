# SPDX-License-Identifier: Apache-2.0
"""Numbers in words, by the numerals that the language files give: `twenty-five`, `fuenfundzwanzig`, `a dozen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LARGE, _TEN = 100, 10
_HALF, _DOZEN = frozenset({"half", "halbes"}), frozenset({"dozen", "dutzend"})
_MINUS = frozenset({"minus", "negative"})
_POINTS = frozenset({"point", "komma"})
_TIMES, _TENS, _TO, _THE = ("times", "mal", "x"), ("ten", "zehn", "10"), ("to", "hoch"), ("the", "power", "of")


def with_numerals(tokens: Sequence[Token], numerals: Mapping[str, float], joiners: frozenset[str]) -> list[Token]:
    """The tokens with each run of numerals as one number token."""
    found: list[Token] = []
    place = 0
    tokens = _with_half_dozens(tokens)
    while place < len(tokens):
        end = _end_of_run(tokens, place, numerals, joiners)
        if end > place:
            run = tokens[place:end]
            words = [token.word for token in run if token.word in numerals]
            spelled = run[0].word if len(run) == 1 else " ".join(words)
            value = _value([numerals[word] for word in words])
            digits, end = _decimals(tokens, end, numerals)
            power, end = _power(tokens, end, numerals)
            if digits or power:
                spelled, value = "", float(f"{value:g}{digits}e-{power or 0}")
            run = tokens[place:end]
            text = " ".join(token.text for token in run)
            found.append(Token("number", NUMBER, text, run[0].start, run[-1].end, value, spelled))
        elif tokens[place].kind == "number" and (raised := _power(tokens, place + 1, numerals))[0]:
            run, end = tokens[place : raised[1]], raised[1]
            value = float(f"{tokens[place].value:g}e-{raised[0]}")
            text = " ".join(token.text for token in run)
            found.append(Token("number", NUMBER, text, run[0].start, run[-1].end, value))
        else:
            found.append(tokens[place])
        place = max(end, place + 1)
    return found


def _with_half_dozens(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with "half a dozen" as six."""
    found: list[Token] = []
    for token in tokens:
        half = 2 if [one.word for one in found[-2:]] == ["half", "a"] else 1
        if token.word in _DOZEN and found and found[-half].word in _HALF:
            first = found[-half]
            del found[-half:]
            token = Token("number", NUMBER, f"{first.text} {token.text}", first.start, token.end, 6)  # noqa: PLW2901
        found.append(token)
    return found


def with_ordinals(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens with the ordinal of "every fifth epoch" as its number."""
    found = list(tokens)
    for place in range(1, len(found) - 1):
        token, before, behind = found[place], found[place - 1].word, found[place + 1].word
        ordinal = next((n for n in range(2, _TEN + 1) if token.word in grammar[f"ordinal_{n}"]), 0)
        if ordinal and before in grammar["of_each"] and behind in grammar["one_epoch"]:
            found[place] = token._replace(kind="number", word=NUMBER, value=float(ordinal), spelled=token.word)
    return found


def _decimals(tokens: Sequence[Token], place: int, numerals: Mapping[str, float]) -> tuple[str, int]:
    """The digits behind a point that is said, with it, and where they end: `point zero five`, `Komma null fuenf`."""
    if place >= len(tokens) or tokens[place].word not in _POINTS:
        return "", place
    end, digits = place + 1, ""
    while end < len(tokens) and tokens[end].kind == "word" and numerals.get(tokens[end].word, _TEN) < _TEN:
        digits += f"{numerals[tokens[end].word]:g}"
        end += 1
    return (f".{digits}", end) if digits.isdigit() else ("", place)


def _power(tokens: Sequence[Token], place: int, numerals: Mapping[str, float]) -> tuple[int, int]:
    """The power of ten below one that words give, and where they end: `e minus four`, `times ten to the minus four`."""
    words = [token.word if token.kind == "word" else token.text for token in tokens[place : place + 9]]
    if words[:1] == ["e"]:
        here = 1
    elif len(words) > 2 and words[0] in _TIMES and words[1] in _TENS and words[2] in _TO:
        here = next((n for n in range(3, len(words)) if words[n] not in _THE), len(words))
    else:
        return 0, place
    exponent = tokens[place + here + 1 : place + here + 2]
    if words[here : here + 1] and words[here] in _MINUS and exponent:
        value = numerals.get(exponent[0].word, exponent[0].value)
        return int(value), place + here + 2 if value else place
    return 0, place


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

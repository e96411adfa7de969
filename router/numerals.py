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
_AND_HALF = ("and", "a", "half")
_POINTS = frozenset({"point", "komma"})
_ZERO = "zero"
_BEFORE_FIGURES = frozenset(["of", "is", "be", "to", "at", "rate", "lr", "margin", "threshold", "about", "around"])
_TIMES, _TENS, _TO, _THE = ("times", "mal", "x"), ("ten", "zehn", "10"), ("to", "hoch"), ("the", "power", "of")


def with_numerals(tokens: Sequence[Token], numerals: Mapping[str, float], joiners: frozenset[str]) -> list[Token]:
    """The tokens with each run of numerals as one number token."""
    found: list[Token] = []
    place = 0
    tokens = _with_leading_points(_with_zeros(_with_half_dozens(tokens), numerals), numerals)
    while place < len(tokens):
        end = _end_of_run(tokens, place, numerals, joiners)
        if end > place:
            run = tokens[place:end]
            words = [token.word for token in run if token.word in numerals]
            spelled = run[0].word if len(run) == 1 else " ".join(words)
            value = _value([numerals[word] for word in words])
            digits, end = _decimals(tokens, end, numerals)
            alone = value == _TEN and not digits and _power_of_ten(tokens, end, numerals)
            power, end = alone or _power(tokens, end, numerals)
            half, end = _half(tokens, end)
            if half:
                spelled, value = "", value + half
            if digits or power:
                figure = f"{1 if alone else value:g}{digits}e-{power or 0}"
                spelled, value = "", float(figure)
            run = tokens[place:end]
            text = figure if power else " ".join(token.text for token in run)
            found.append(Token("number", NUMBER, text, run[0].start, run[-1].end, value, spelled))
        elif tokens[place].text == "10" and (raised := _power_of_ten(tokens, place + 1, numerals)):
            end = raised[1]
            text = f"1e-{raised[0]}"
            found.append(Token("number", NUMBER, text, tokens[place].start, tokens[end - 1].end, float(text)))
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
        whole = [one.word for one in found[-half - 2 : -half]] == ["and", "a"]  # "one and a half dozen"
        if token.word in _DOZEN and found and found[-half].word in _HALF and not whole:
            first = found[-half]
            del found[-half:]
            token = Token("number", NUMBER, f"{first.text} {token.text}", first.start, token.end, 6)  # noqa: PLW2901
        found.append(token)
    return found


def _with_zeros(tokens: Sequence[Token], numerals: Mapping[str, float]) -> list[Token]:
    """The tokens with "oh" as zero where it is said among digits: "one oh seven", "oh point oh one"."""
    found = list(tokens)
    for place, token in enumerate(found):
        if token.word != "oh":
            continue
        before = found[place - 1].word if place else ""
        behind = tokens[place + 1].word if place + 1 < len(tokens) else ""
        digit = (numerals.get(before, _TEN) < _TEN or before in _POINTS) and (
            numerals.get(behind, _TEN) < _TEN or behind == "oh"
        )
        if digit or behind in _POINTS:
            found[place] = token._replace(word=_ZERO)
    return found


def _with_leading_points(tokens: Sequence[Token], numerals: Mapping[str, float]) -> list[Token]:
    """The tokens with a zero before a point that begins a figure: "a learning rate of point zero three"."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        begins = token.word in _POINTS and place and tokens[place - 1].word in _BEFORE_FIGURES
        if begins and _decimals(tokens, place, numerals)[0]:
            found.append(Token("word", _ZERO, "", token.start, token.start))
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
    if not digits and end < len(tokens) and numerals.get(tokens[end].word, 0) in range(_TEN, _LARGE):
        stop = _end_of_run(tokens, end, numerals, frozenset())
        digits = f"{_value([numerals[token.word] for token in tokens[end:stop]]):g}"  # "point thirty-five"
        return (f".{digits}", stop) if len(digits) == 2 else ("", place)
    return (f".{digits}", end) if digits.isdigit() else ("", place)


def _half(tokens: Sequence[Token], place: int) -> tuple[float, int]:
    """A half on top of a number, and where it ends: `one and a half`."""
    words = tuple(token.word for token in tokens[place : place + len(_AND_HALF)])
    return (0.5, place + len(_AND_HALF)) if words == _AND_HALF else (0.0, place)


def _power_of_ten(tokens: Sequence[Token], place: int, numerals: Mapping[str, float]) -> tuple[int, int] | None:
    """The power behind a ten, and where it ends: `to the minus four`, `hoch minus vier`."""
    if place >= len(tokens) or tokens[place].word not in _TO:
        return None
    here = next((n for n in range(place + 1, len(tokens)) if tokens[n].word not in _THE), len(tokens))
    exponent = tokens[here + 1 : here + 2]
    if here >= len(tokens) or tokens[here].word not in _MINUS or not exponent:
        return None
    value = int(numerals.get(exponent[0].word, exponent[0].value))
    return (value, here + 2) if value else None


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
    while end < len(tokens) and (last or end == start):
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

# SPDX-License-Identifier: Apache-2.0
"""Halves, quarters and other parts as they are spoken: "half a day", "an hour and a quarter", "two ten-thousandths"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import NUMBER, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Grammar = Mapping[str, frozenset[str]]

_PARTS = {"halves": 0.5, "quarter": 0.25, "three_quarters": 0.75}
_MINUTES = 60
_LONGEST = 6
_GOES_ON = frozenset({"<break>", ""})


def with_fractions(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with each part that is spoken, and each duration of several units, as one number."""
    found = _with_split_units(tokens, grammar)
    words = {token.word for token in found}
    if words.isdisjoint(grammar["halved"]) and words.isdisjoint(grammar["denominators"] | grammar["hour_units"]):
        return found if words.isdisjoint(grammar["adds"]) else _with_added_parts(found, grammar)
    for rewrite in (_with_denominators, _with_added_parts, _with_parts_of_units, _with_parts_behind, _with_one_unit):
        found = rewrite(found, grammar)
    return _with_sums(found, grammar)


def _part(token: Token, grammar: Grammar) -> float:
    return next((value for use, value in _PARTS.items() if token.kind == "word" and token.word in grammar[use]), 0)


def _is_unit(token: Token, grammar: Grammar) -> bool:
    return token.kind == "word" and token.word in grammar["halved"]


def _number(run: Sequence[Token], value: float) -> Token:
    text = " ".join(token.text for token in run)
    return Token("number", NUMBER, text, run[0].start, run[-1].end, value)


def _with_split_units(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "Viertelstunde" as two."""
    found: list[Token] = []
    heads = tuple(grammar["hour_heads"])
    for token in tokens:
        if not token.word.endswith(heads):
            found.append(token)
            continue
        unit = next((one for one in grammar["hour_heads"] if token.word.endswith(one) and token.word != one), "")
        first = token.word.removesuffix(unit) if unit else ""
        if first and token.kind == "word" and any(first in grammar[use] for use in _PARTS):
            cut = token.end - len(unit)
            found.append(token._replace(word=first, text=token.text[: -len(unit)], end=cut))
            found.append(token._replace(word=unit, text=token.text[-len(unit) :], start=cut))
        else:
            found.append(token)
    return found


def _with_denominators(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "three ten-thousandths" as 0.0003, and "ein Tausendstel" as 0.001."""
    found: list[Token] = []
    for token in tokens:
        size = next((10**n for n in range(2, 7) if token.word in grammar.get(f"fraction_{n}", ())), 0)
        if not size or token.kind != "word" or not found:
            found.append(token)
            continue
        run = [token]
        if found[-1].value in (10, 100) and size == 1000:  # "ten thousandths"
            size *= int(found[-1].value)
            run.insert(0, found.pop())
        before = found[-1] if found else token
        counted = before.kind == "number" and (size > 1000 or before.value < 100)  # not "five hundred thousandths"
        if counted or before.word in grammar["one_or_a"]:
            run.insert(0, found.pop())
        else:
            found += run
            continue
        found.append(_number(run, float(f"{(run[0].value or 1) / size:.9g}")))
    return found


def _with_added_parts(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "two and a half" and "drei und eine viertel" as one number."""
    found, place = [], 0
    while place < len(tokens):
        end, value = _added(tokens, place + 1, grammar) if tokens[place].kind == "number" else (0, 0.0)
        if end and tokens[place].value == int(tokens[place].value):
            found.append(_number(tokens[place:end], tokens[place].value + value))
            place = end
        else:
            found.append(tokens[place])
            place += 1
    return found


def _added(tokens: Sequence[Token], place: int, grammar: Grammar) -> tuple[int, float]:
    """Where "and a half" ends, and what it adds; 0 where it does not stand."""
    words = [token.word for token in tokens[place : place + _LONGEST]]
    if words[:1] == [] or words[0] not in grammar["adds"]:
        return 0, 0.0
    here = place + 1 + (len(words) > 1 and words[1] in grammar["one_or_a"])
    many = tokens[here].value if here < len(tokens) and tokens[here].kind == "number" else 1
    here += many != 1 or (here < len(tokens) and tokens[here].kind == "number")
    part = _part(tokens[here], grammar) if here < len(tokens) else 0
    behind = [token.word for token in tokens[here + 1 : here + 3]]
    of = len(behind) > 1 and behind[0] in grammar["of"] and behind[1] in grammar["articles"]
    return (here + 1, part * many) if part and many * part < 1 and not of else (0, 0.0)


def _with_parts_of_units(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "half a day", "three quarters of an hour" and "einen halben Tag" as number and unit."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        part, end = _part(tokens[place], grammar), place + 1
        while part and end < min(len(tokens), place + 3) and tokens[end].word in grammar["of"] | grammar["one_or_a"]:
            end += 1
        if not part or end >= len(tokens) or not _is_unit(tokens[end], grammar):
            found.append(tokens[place])
            place += 1
            continue
        run = list(tokens[place:end])
        if found and found[-1].kind == "number" and part < 0.5 and found[-1].value in (1, 2, 3):
            part *= found[-1].value
            run.insert(0, found.pop())
        elif found and found[-1].word in grammar["one_or_a"]:
            run.insert(0, found.pop())
        found.append(_number(run, part))
        place = end
    return found


def _with_parts_behind(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "an hour and a half" as 1.5 hours."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        many = _many(found, grammar) if _is_unit(tokens[place], grammar) else 0
        end, value = _added(tokens, place + 1, grammar) if many else (0, 0.0)
        if end and not (end < len(tokens) and _is_unit(tokens[end], grammar)):
            first, unit = found.pop(), tokens[place]
            found.append(_number([first], many + value))
            found.append(unit._replace(end=tokens[end - 1].end))
            place = end
        else:
            found.append(tokens[place])
            place += 1
    return found


def _many(found: Sequence[Token], grammar: Grammar) -> float:
    """How many of a unit the token before it says: "an hour", "two hours"."""
    if not found:
        return 0
    return found[-1].value if found[-1].kind == "number" else float(found[-1].word in grammar["one_or_a"])


def _with_one_unit(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "a percent" and "einem Prozent" as 1 %."""
    found = list(tokens)
    for place in range(1, len(found)):
        one = found[place - 1].kind == "word" and found[place - 1].word in grammar["one_or_a"]
        if one and found[place].word in grammar["percents"]:
            found[place - 1] = _number([found[place - 1]], 1)
    return found


def _with_sums(tokens: Sequence[Token], grammar: Grammar) -> list[Token]:
    """The tokens with "an hour and twenty minutes" and "zwei Stunden fuenfzehn" as so many hours."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        many = _many(found, grammar) if tokens[place].word in grammar["hour_units"] else 0
        end = _end_of_minutes(tokens, place + 1, grammar) if many else 0
        if end:
            minutes = next(token.value for token in tokens[place + 1 : end] if token.kind == "number")
            found.append(_number([found.pop()], round(many + minutes / _MINUTES, 6)))
            found.append(tokens[place]._replace(end=tokens[end - 1].end))
        else:
            found.append(tokens[place])
        place = end or place + 1
    return found


def _end_of_minutes(tokens: Sequence[Token], place: int, grammar: Grammar) -> int:
    """Where the minutes beside an hour end; 0 where there are none. Without their name, nothing stands behind them."""
    here = place + (place < len(tokens) and tokens[place].word in grammar["adds"])
    if here >= len(tokens) or tokens[here].kind != "number" or not 0 < tokens[here].value < _MINUTES:
        return 0
    behind = tokens[here + 1].word if here + 1 < len(tokens) else ""
    if behind in grammar["minute_units"]:
        return here + 2
    return here + 1 if here == place and behind in _GOES_ON and tokens[here].spelled else 0

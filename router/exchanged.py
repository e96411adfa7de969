# SPDX-License-Identifier: Apache-2.0
"""Numbers beside that of a value: taken in its place ("rather 20 than 10 epochs"), better, or no use ("10 ± 2")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from router.changed_figures import moved_to

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_FAR, _NEAR, _FEW = 8, 4, 2
_MUCH = 0.2
_TOLERANCE = re.compile(r"\s*(±|\+\s*/?\s*[-\u2212]|plus\s*/?\s*(or|oder)?\s*minus)\s*", re.IGNORECASE)


def exchanged(reading: Reading, mention: Mention) -> int | None:
    """The number that a value has in place of its own, with which it is only compared; None where it has its own."""
    use, tokens = reading.grammar, reading.tokens
    numbers = [n for n in mention.places if tokens[n].kind == "number"]
    if len(numbers) != 1:
        return None
    number = numbers[0]
    if (moved := moved_to(reading, number, mention.end)) is not None:
        return moved
    passed = use["prepositions"] | use["articles"] | use["usual"] | use["than"] | use["in_place"] | use["of"]
    other = next((n for n in range(number - 1, max(-1, number - _FAR), -1) if tokens[n].kind == "number"), None)
    if other is None or (other and tokens[other - 1].word in use["not"]):
        return None
    between = [token.word for token in tokens[other + 1 : number]]
    before = {token.word for token in tokens[max(0, other - _FEW) : other]}
    if not between or not passed.issuperset(between):
        return None
    in_place = between[0] in use["in_place"]
    rather = between[0] in use["than"] and before & (use["prefers"] | use["in_place"])
    return other if in_place or rather else None


def sets_right(reading: Reading, place: int) -> bool:
    """Whether a number stands behind one that is denied, in its place: "ten epochs, wait, not ten, twelve"."""
    use, tokens = reading.grammar, reading.tokens
    joined = place > _FEW and (tokens[place - 1].kind == "break" or tokens[place - 1].word in use["substitutes"])
    denied = joined and tokens[place - 2].kind == "number" and tokens[place - 3].word in use["not"]
    behind = tokens[place + 1 : place + 2]
    return denied and (not behind or behind[0].kind == "break") and tokens[place - 1].text not in {".", "!", "?"}


def is_percent(reading: Reading, mention: Mention) -> bool:
    """Whether the number of a value is one of percent: "learning rate 0.1 %"."""
    numbers = [n for n in mention.places if reading.tokens[n].kind == "number"]
    behind = reading.tokens[numbers[-1] + 1 : numbers[-1] + 2] if numbers else []
    return bool(behind) and behind[0].word in reading.grammar["percents"]


def digits_apart(reading: Reading, mention: Mention) -> tuple[str, ...]:
    """A number that a blank cuts in two, as it may be meant: "epochs: 1 0", or one with a tolerance; else nothing."""
    if about := _with_tolerance(reading, mention):
        return (about,)
    tokens, number = reading.tokens, mention.end - 1
    if tokens[number].kind != "number" or tokens[number].spelled or mention.end >= len(tokens):
        return ()
    other = tokens[mention.end]
    claimed = any(mention.end in m.places for m in reading.mentions if m is not mention)
    plain = tokens[number].text.isdigit() and other.text.isdigit()
    apart = reading.text[tokens[number].end : other.start] == " "
    return () if claimed or not (plain and apart) else (tokens[number].text, tokens[number].text + other.text)


def _with_tolerance(reading: Reading, mention: Mention) -> str:
    """The user's own words of a number that a tolerance goes with: "10 ± 2 epochs", "epochs 10 +/- 2"; else nothing."""
    tokens = reading.tokens
    number = next((n for n in mention.places if tokens[n].kind == "number"), -1)
    near = range(max(0, number - _FEW - 2), min(len(tokens), number + _FEW + 3)) if number >= 0 else range(0)
    for other in (n for n in near if tokens[n].kind == "number" and n != number):
        first, second = sorted((number, other))
        if _TOLERANCE.fullmatch(reading.text[tokens[first].end : tokens[second].start]):
            return reading.text[tokens[first].start : tokens[second].end]
    return ""


def is_preferred(reading: Reading, place: int) -> bool:
    """Whether a number is said to be the better one: "12 would be better", "besser wären 16"."""
    start, stop = reading.clause(place)
    use, words = reading.grammar, [token.word for token in reading.tokens[start:stop]]
    here = place - start
    passed = use["openers"] | use["although"] | use["persons"] | use["would_be"]
    front = [word for word in words[:here] if word not in passed]
    opens = len(front) <= 1 and use["opines"].issuperset(front)  # "I think 12 would be better"
    opens = opens and not use["would_be"].isdisjoint(words[max(0, here - 1) : here + _FEW])
    if use["prefers"].intersection(words[max(0, here - 1) : here]):
        return here == len(words) - 1  # "I'd prefer 12"
    ends = here == len(words) - 1 and use["would_be"].intersection(words[max(0, here - _FEW) : here])
    said = words[here + 1 : here + _NEAR + 1] if opens else words[max(0, here - _NEAR) : here]
    return bool(opens or ends) and not use["preferred"].isdisjoint(said) and use["not"].isdisjoint(words)


def share_or_percent(name: str, number: float) -> tuple[str, ...]:
    """What a bare number may be: 1 is all of them as a share, and no false alarm rate is meant to be a half."""
    much = number == 1 or (name == "false_alarms" and _MUCH <= number < 1)
    return (f"{number:g} %", f"{100 * number:g} %") if much else ()

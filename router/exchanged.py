# SPDX-License-Identifier: Apache-2.0
"""Numbers that are taken in place of that of a value: "rather 20 than 10 epochs", "20 instead of the usual 10"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading

_FAR, _FEW = 8, 2


def exchanged(reading: Reading, mention: Mention) -> int | None:
    """The number that a value has in place of its own, with which it is only compared; None where it has its own."""
    use, tokens = reading.grammar, reading.tokens
    numbers = [n for n in mention.places if tokens[n].kind == "number"]
    if len(numbers) != 1:
        return None
    number = numbers[0]
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
    """A number that a blank cuts in two, as it may be meant: "epochs: 1 0"; nothing where none does."""
    tokens, number = reading.tokens, mention.end - 1
    if tokens[number].kind != "number" or tokens[number].spelled or mention.end >= len(tokens):
        return ()
    other = tokens[mention.end]
    claimed = any(mention.end in m.places for m in reading.mentions if m is not mention)
    plain = tokens[number].text.isdigit() and other.text.isdigit()
    apart = reading.text[tokens[number].end : other.start] == " "
    return () if claimed or not (plain and apart) else (tokens[number].text, tokens[number].text + other.text)

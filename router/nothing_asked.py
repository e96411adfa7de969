# SPDX-License-Identifier: Apache-2.0
"""Requests that ask for nothing: they only tell what was done, or rule something out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.words import Words


def asks_for_nothing(words: Words) -> bool:
    """Whether the words only tell of something, say that there is nothing to do, or forbid it, and no phrase asks."""
    if words.intent.likely and (words.reading.of("idle", negated=None) or _is_of_others(words)):
        return True
    if not (words.reading.only_told or _forbids(words)):
        return False
    told = words.reading.only_told and [step.verb for step in words.intent.steps] == ["train"]
    return not _is_asked(words) or (words.intent.likely and (told or not _bids(words)))


def _is_of_others(words: Words) -> bool:
    """Whether all jobs and data that are named are those of what others do: "Mehmet cancels train-… tonight"."""
    reading = words.reading
    carried = [n for n, token in enumerate(reading.tokens) if token.kind in {"path", "job"}]
    return bool(reading.theirs) and reading.theirs.issuperset(carried)


def _is_asked(words: Words) -> bool:
    return bool(words.intent.steps or words.intent.verb)


def _forbids(words: Words) -> bool:
    """Whether something is ruled out as a whole, and nothing asked, pointed at or chosen."""
    reading = words.reading
    ruled_out = reading.of("action", negated=True)
    put_off = reading.of("unheeded") or (reading.of("put_off") and reading.of("noun", negated=True))
    if not (ruled_out or reading.of("verb", negated=True) or put_off):
        return False
    kinds = ("action", "noun", "verb", "other", "pointer", "policy", "value")
    if words.intent.question or any(reading.of(kind) for kind in kinds) or _goes_on(words):
        return False
    use, said = reading.grammar, {token.word for token in reading.tokens}
    whole = bool(said & (use["nothing"] | use["anything"] | use["at_all"] | use["rules_out"]))  # "don't train anything"
    return words.account.ours or bool(whole and ruled_out)


def _goes_on(words: Words) -> bool:
    """Whether another clause names data: "haven't trained it yet, do it now on ./lot"."""
    reading = words.reading
    ruled_out = [m.start for kind in ("action", "verb") for m in reading.of(kind, negated=True)]
    clauses = {reading.clause(place) for place in ruled_out}
    return any(token.kind == "path" and reading.clause(n) not in clauses for n, token in enumerate(reading.tokens))


def _bids(words: Words) -> bool:
    """Whether a word that no phrase has wishes or bids for something: "don't let it go on", "I want to know …"."""
    reading = words.reading
    said = {n for kind in ("action", "verb") for m in reading.of(kind, negated=True) for n in m.places}
    said |= {n for m in reading.of("withdrawal", negated=None) for n in m.places}
    asks = reading.grammar["wishes"] | reading.grammar["bids"]
    others = {token.word for n, token in enumerate(reading.tokens) if n not in said | reading.narrated}
    return any(token.kind == "path" for token in reading.tokens) or not asks.isdisjoint(others)

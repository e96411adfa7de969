# SPDX-License-Identifier: Apache-2.0
"""What speech makes of numbers beyond numerals: ordinals, parts, scales, digits, and words that count nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.digit_strings import with_digit_strings
from router.numerals import with_ordinals
from router.scaled_numbers import with_scales
from router.spoken_fractions import with_fractions
from router.uncounted import with_corrections_apart, without_echoes, without_uncounted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.tokens import Token


def with_spoken_numbers(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens of a request with its numbers as they are meant; those that are written in figures stay."""
    tokens = with_ordinals(with_scales(without_echoes(tokens), grammar), grammar)
    if not grammar["says_no"].isdisjoint(token.word for token in tokens):
        tokens = with_corrections_apart(tokens, grammar)
    if any(token.spelled for token in tokens):
        tokens = with_digit_strings(without_uncounted(tokens, grammar), grammar)
    return with_fractions(tokens, grammar)

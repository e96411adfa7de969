# SPDX-License-Identifier: Apache-2.0
"""Which word of the vocabulary a misspelt one means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from router.vocabulary import SHORTEST_KNOWN, letters_of

if TYPE_CHECKING:
    from router.vocabulary import Vocabulary

_SHORTEST_CORRECTED, _SHORTEST_EXCHANGED = 4, 6
_FORMATS = ("int8", "fp16", "fp32", "bf16")


def nearest(word: str, vocabulary: Vocabulary) -> str | None:
    """The word of the vocabulary that a misspelt one means; None where none is near.

    Misspellings that the language files name go first. One edit (a letter more, fewer, other, or two exchanged) in
    words of up to seven letters, two in longer ones. The first letter is taken as right, unless it was exchanged
    with the second. Of several words that are as near, one of the same letters goes first, then one that means
    something here.
    """
    if word in vocabulary.misspelt or len(word) < SHORTEST_KNOWN:
        return vocabulary.misspelt.get(word)
    drawled = _drawled(word)
    return drawled if drawled != word and drawled in vocabulary.known else _near(drawled, vocabulary)


def _near(word: str, vocabulary: Vocabulary) -> str | None:
    """The word of the vocabulary with the fewest edits, if so few."""
    if word.endswith("ly") and vocabulary.patterns.knows(word[:-2]):
        return None
    if any(letter.isdigit() for letter in word):
        return next((one for one in _FORMATS if sorted(one) == sorted(word)), None)
    most = 1 if len(word) < 8 else 2
    found: dict[str, int] = {}
    letters = letters_of(word)
    for first in {word[0], word[1]}:
        for length in range(len(word) - most, len(word) + most + 1):
            for known, theirs in vocabulary.by_shape.get((first, length), ()):
                if (letters ^ theirs).bit_count() > 2 * most:
                    continue
                distance = _distance(word, known, most)
                if _too_short(word, known) or (known.endswith("ly") and word == f"{known[:-1]}e"):
                    continue  # "gentle" is no "gently"
                if distance <= most and (known[0] == word[0] or known[:2] == word[1::-1]):
                    found[known] = distance
    return min(
        found,
        key=lambda known: (
            found[known],
            sorted(known) != sorted(word),
            known[0] != word[0],
            not vocabulary.patterns.knows(known),
            known in vocabulary.plain,
            known,
        ),
        default=None,
    )


def _drawled(word: str) -> str:
    """A word with a letter that is drawn out written once: `suche` for `sucheee`."""
    return re.sub(r"([a-z])\1{2,}", r"\1", word)


def _too_short(word: str, known: str) -> bool:
    """Whether words are so short that the difference makes another word: `blue` is no misspelt `glue`."""
    if sorted(word) == sorted(known):
        return False
    if len(known) <= _SHORTEST_CORRECTED < len(word) and len(set(word)) > len(set(known)):
        return True  # `tesst` is a misspelt `test`, `brake` no `bake`
    return len(word) < _SHORTEST_CORRECTED or (len(word) == len(known) and len(word) < _SHORTEST_EXCHANGED)


def _distance(one: str, other: str, most: int) -> int:
    """Edits between two words, exchanged neighbours counted as one; more than `most` is only said to be more."""
    before, last = list(range(len(other) + 1)), list[int]()
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = row, before
    return before[-1]

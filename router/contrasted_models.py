# SPDX-License-Identifier: Apache-2.0
"""A model that needs no search, beside ours that does: "the relay detector needs none. The classifier does"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.segments import denied, denies_search, same_sentence
from router.word_stems import has, is_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_NEXT, _LAST, _BRIEF, _OURS = 4, 2, 5, frozenset({"model", "task", "trade"})


def contrasted_models(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The numbers of the stretches about a model of which the next words say that ours is otherwise."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        if number in found or not _names_model(reading, places):
            continue
        end = number + 1
        while end < len(parts) and same_sentence(reading, parts[end - 1], parts[end]):
            end += 1
        for behind in range(number + 1, min(end + _NEXT, len(parts))):
            if _is_otherwise(reading, parts[behind]):
                said = range(number, min(end, behind))
                if any(denies_search(reading, parts[n]) for n in said):
                    found.update(said)
                break
    return found


def _names_model(reading: Reading, places: range) -> bool:
    """Whether a stretch names a model, by a compound too, and no data: "der Relaisdetektor"."""
    if any(reading.tokens[n].kind in {"path", "job"} for n in places):
        return False
    heads = tuple(word for word in reading.grammar["kept_apart"] if len(word) > _BRIEF)
    return has(reading, places, "kept_apart") or any(reading.tokens[n].word.endswith(heads) for n in places)


def _is_otherwise(reading: Reading, places: range) -> bool:
    """Whether our model is said to do what was denied of another: "the classifier does", "I want the opposite"."""
    if any(True for _ in denied(reading, places)):
        return False
    if has(reading, places, "opposite_of_it"):
        return True
    ours = any(m.start in places for kind in _OURS for m in reading.of(kind, negated=None))
    return ours and any(is_of(reading, n, "does_so") for n in places[-_LAST:])

# SPDX-License-Identifier: Apache-2.0
"""Numbers that state nothing: "one" for what is named before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.reading import Reading


def stands_for(reading: Reading, place: int) -> bool:
    """Whether "one" stands for what is named before it: "the PASS/NO_PASS one"."""
    if reading.tokens[place].text.lower() != "one" or not place:
        return False
    named = {m.places[-1] for kind in ("task", "model", "trade") for m in reading.of(kind)}
    return place - 1 in named or reading.tokens[place - 1].word in reading.grammar["describes_one"]

# SPDX-License-Identifier: Apache-2.0
"""What stands in a comment, and may be meant, or not: "train on ./lot  # epochs=99", "<!-- AutoML off -->"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.reading import Reading

_COMMENT = re.compile(r"<!--.*?-->|(?<=\S)[ \t]+#[ \t]+[^\n]+", re.DOTALL)


def commented(reading: Reading) -> dict[int, tuple[int, int]]:
    """The first token, and the one behind the last, of each comment that says how something is to be."""
    if "#" not in reading.text and "<!--" not in reading.text:
        return {}
    given = {n for kind in ("value", "policy", "runner") for m in reading.of(kind, negated=None) for n in m.places}
    given |= {n for n, token in enumerate(reading.tokens) if token.kind == "override"}
    found = {}
    for comment in _COMMENT.finditer(reading.text):
        here = [n for n, t in enumerate(reading.tokens) if comment.start() <= t.start and t.end <= comment.end()]
        if given.intersection(here):
            found[here[0]] = (here[0], here[-1] + 1)
    return found

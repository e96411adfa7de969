# SPDX-License-Identifier: Apache-2.0
"""Documents cut to what fits an agent's context; what was left out is counted where it stood."""

from __future__ import annotations

import json
from typing import Any

MOST_CHARACTERS = 6_000
# (entries of a list, members of an object, characters of a text), from generous to strict: the entries of a list are
# alike, so that a few stand for all, and the last member of an object may be the one that was asked for.
_STEPS = (
    (60, 60, 1_500),
    (25, 60, 500),
    (10, 60, 240),
    (5, 40, 240),
    (2, 40, 240),
    (2, 40, 80),
    (5, 5, 120),
    (2, 2, 80),
)


def bounded(document: Any, most: int = MOST_CHARACTERS) -> tuple[Any, bool]:
    """The document within `most` characters of JSON, and whether anything was left out."""
    if _size(document) <= most:
        return document, False
    cut: Any = document
    for entries, members, characters in _STEPS:
        cut = _cut(document, entries, members, characters)
        if _size(cut) <= most:
            break
    return cut, True


def bounded_text(text: str, most: int = MOST_CHARACTERS // 2) -> tuple[str, bool]:
    """The first lines of a text that fit, and whether any were left out."""
    if len(text) <= most:
        return text, False
    head = text[:most].rpartition("\n")[0] or text[:most]
    return f"{head}\n… {len(text) - len(head):,} characters more", True


def _size(document: Any) -> int:
    return len(json.dumps(document, ensure_ascii=False, default=str))


def _cut(value: Any, entries: int, members: int, characters: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= characters else f"{value[:characters]}… ({len(value):,} characters)"
    if isinstance(value, list | tuple):
        kept = [_cut(one, entries, members, characters) for one in value[:entries]]
        return kept + ([f"… {len(value) - entries:,} more"] if len(value) > entries else [])
    if isinstance(value, dict):
        shown = dict(list(value.items())[:members])
        kept_members = {name: _cut(one, entries, members, characters) for name, one in shown.items()}
        return kept_members | ({"…": f"{len(value) - members:,} more"} if len(value) > members else {})
    return value

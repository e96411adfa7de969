# SPDX-License-Identifier: Apache-2.0
"""The words beside "backbone" that may be the name of one which is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.reading import Reading


def run_before(reading: Reading, place: int) -> list[int]:
    """The tokens of the name that stands before a token: `ResNet-50` of "ResNet-50 backbone"."""
    run: list[int] = []
    here = place - 1
    while here >= 0 and reading.tokens[here].kind in {"word", "number"}:
        if run and reading.tokens[here].end == reading.tokens[run[0]].start:
            run.insert(0, here)
        elif run and not _glued(reading, here, run[0]):
            break
        else:
            run.insert(0, here)
        here -= 1
    return run


def run_after(reading: Reading, place: int) -> list[int]:
    """The tokens of the name that stands behind a token: `convnext_tiny` of "backbone: convnext_tiny"."""
    here = place + 1
    while here < len(reading.tokens) and reading.tokens[here].word in {"of", "is", "to", "as"}:
        here += 1
    run: list[int] = []
    while here < len(reading.tokens) and reading.tokens[here].kind in {"word", "number"}:
        if run and not _glued(reading, run[-1], here):
            break
        run.append(here)
        here += 1
    return run


def _glued(reading: Reading, one: int, other: int) -> bool:
    between = reading.text[reading.tokens[one].end : reading.tokens[other].start]
    return between in {"", "-", "_", "/", "."}

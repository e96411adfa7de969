# SPDX-License-Identifier: Apache-2.0
"""Pairs on their way to a scorer and judgements on their way back, in both processes; see `core.frames`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import ChangenetError


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was sent: the bytes of a file, or 8-bit pixels of `shape` (height, width, 3)."""

    data: bytes
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Golden:
    """Golden pictures under a name that tells them from all others: the lightings of one image after the other."""

    name: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair to judge: the lightings of the test picture, and its golden pictures; `overlay` asks for evidence."""

    test: tuple[Picture, ...]
    golden: Golden
    overlay: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """How a pair was judged.

    `size` is the width and height of the test picture as it was sent, and `regions` are boxes on it that differ.
    `overlay` is a PNG of the test picture with the evidence laid on it; empty where none was asked for, or there is
    none. `warnings` make the verdict doubtful, in words.
    """

    verdict: str
    score: float
    threshold: float
    size: tuple[int, int]
    regions: list[dict[str, Any]] = field(default_factory=list)
    overlay: bytes = b""
    warnings: list[str] = field(default_factory=list)


Answer = Judged | ChangenetError
"""What comes back for a pair: how it was judged, or why it was not."""

# SPDX-License-Identifier: Apache-2.0
"""Pairs on their way to a scorer, in the process that asks and in the one that answers; see `core.frames`."""

from __future__ import annotations

from dataclasses import dataclass


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

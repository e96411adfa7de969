# SPDX-License-Identifier: Apache-2.0
"""What is drawn into good pairs: kinds and sizes of flaws, copies, crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InputError, did_you_mean
from pairs.flaws.drawing import KINDS, LARGEST, SMALLEST


@dataclass(frozen=True, slots=True)
class DrawnSettings:
    """What is drawn into good pairs.

    Raises:
        InputError: a value is outside its bounds, or no such kind of flaw is known.
    """

    task: Literal["classify", "segment"] = "segment"
    sizes: tuple[float, float] = (6.0, 60.0)  # pixels along a flaw's longer side, smallest and largest
    kinds: tuple[str, ...] = KINDS
    copies: int = 4  # pictures with flaws of each pair
    flaws: int = 6  # most in one picture
    crop: int = 128  # pixels of a crop's side
    seed: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        """Refuse what can't be drawn."""
        low, high = self.sizes
        if not SMALLEST <= low <= high <= LARGEST:
            raise _wrong(
                "sizes", f"{low:g}..{high:g} is no range of sizes", f"{SMALLEST:g} to {LARGEST:g} pixels: 6..60"
            )
        for kind in self.kinds:
            if kind not in KINDS:
                remedy = f"{did_you_mean(kind, KINDS)} Choose from {', '.join(KINDS)}.".strip()
                raise _wrong("defects", f"{kind!r} is not known", remedy)
        for key, value, most in (("units", self.copies, 100), ("flaws", self.flaws, 50)):
            if not 1 <= value <= most:
                raise _wrong(key, f"{value} is out of range", f"1 to {most}")
        if not 64 <= self.crop <= 512:
            raise _wrong("size", f"{self.crop} is out of range", "64 to 512")


def _wrong(key: str, what: str, remedy: str) -> InputError:
    return InputError(what, code="data.synthesis", where=key, remedy=remedy)

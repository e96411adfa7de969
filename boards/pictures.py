# SPDX-License-Identifier: Apache-2.0
"""What every style of board offers to the data set writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

Box = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels, the last ones outside
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """A place that is inspected: its name, what is there, and the defects that it can have."""

    name: str
    component: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shot:
    """The test pictures of one site, one per light; which defect shows in them, where, and how severe it is."""

    images: tuple[Image.Image, ...]
    defect: str | None = None
    box: Box | None = None
    severity: float | None = None


@dataclass(frozen=True, slots=True)
class BoardShot:
    """The test picture of a whole board, where it is defective (H,W), and the defect of every defective site."""

    image: Image.Image
    mask: Mask
    defects: Mapping[int, str]


class Board(Protocol):
    """One board design of a style, with its units."""

    def sites(self) -> tuple[SiteInfo, ...]:
        """The places to inspect, always the same ones."""

    def golden(self, site: int) -> tuple[Image.Image, ...]:
        """The golden pictures of one site, one per light."""

    def test(self, unit: int, site: int, defect: str | None) -> Shot:
        """The pictures of the same site on a unit, good or with one defect."""

    def golden_board(self) -> Image.Image:
        """The golden picture of the whole board."""

    def test_board(self, unit: int, defects: Mapping[int, str]) -> BoardShot:
        """The picture of a unit; `defects` gives the defect that a site shall have."""


def box_of(mask: Mask) -> Box | None:
    """The smallest box around all that is set in a mask (H,W)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

# SPDX-License-Identifier: Apache-2.0
"""How the lightings of one object stand in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tiling(NamedTuple):
    """Lightings in rows from the top left, as `engine.classify.network_input.Layout` puts them."""

    rows: int
    columns: int

    def combine(self, lights: NDArray[Any]) -> NDArray[Any]:
        """Lightings (M, L, 3, H, W) in one picture (M, 3, rows * H, columns * W)."""
        count, _, channels, height, width = lights.shape
        if self.rows == self.columns == 1:
            return lights[:, 0]
        grid = lights.reshape(count, self.rows, self.columns, channels, height, width)
        return grid.transpose(0, 3, 1, 4, 2, 5).reshape(count, channels, self.rows * height, self.columns * width)

    def split(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """The lightings (M, L, C, H, W) of pictures (M, C, rows * H, columns * W)."""
        count, channels, height, width = pictures.shape
        size = (height // self.rows, width // self.columns)
        grid = pictures.reshape(count, channels, self.rows, size[0], self.columns, size[1])
        return grid.transpose(0, 2, 4, 1, 3, 5).reshape(count, self.rows * self.columns, channels, *size)

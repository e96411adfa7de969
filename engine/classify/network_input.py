# SPDX-License-Identifier: Apache-2.0
"""What the network sees: pictures with their lightings side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from spec.experiment import Experiment


class NetworkInput(NamedTuple):
    """B test pictures and U sets of N golden pictures, normalised, lightings side by side: H and W of the whole."""

    tests: Tensor  # (B, 3, H, W)
    goldens: Tensor  # (U, N, 3, H, W)
    golden_of: Tensor  # (B,) int64, the set of each test picture
    golden_names: tuple[str, ...]  # (U,), empty where sets are not told apart
    shifts: Tensor | None = None  # (B, 2) int64, how far (dy, dx) each test picture was moved; None: not at all


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lightings of one object stand in one picture, in rows from the top left."""

    rows: int
    columns: int

    def combine(self, lights: Tensor) -> Tensor:
        """Put lightings (..., L, 3, H, W) into one picture (..., 3, rows * H, columns * W)."""
        *front, _, channels, height, width = lights.shape
        grid = lights.reshape(*front, self.rows, self.columns, channels, height, width)
        order = (*range(len(front)), -3, -5, -2, -4, -1)
        return grid.permute(*(i % grid.dim() for i in order)).reshape(
            *front, channels, self.rows * height, self.columns * width
        )

    def split(self, pictures: Tensor) -> Tensor:
        """The lightings (..., L, C, H, W) of pictures (..., C, rows * H, columns * W)."""
        *front, channels, height, width = pictures.shape
        size = (self.rows, height // self.rows, self.columns, width // self.columns)
        order = (*range(len(front)), -4, -2, -5, -3, -1)
        grid = pictures.reshape(*front, channels, *size)
        return grid.permute(*(i % grid.dim() for i in order)).flatten(len(front), len(front) + 1)


def layout_of(experiment: Experiment) -> Layout:
    """A grid when the spec asks for one and the number of lightings is even, else all of them stacked vertically."""
    data = experiment.dataset.classify
    if data.concat_type == "grid" and data.grid_map and data.num_input % 2 == 0:
        return Layout(data.grid_map.y, data.grid_map.x)
    return Layout(data.num_input, 1)

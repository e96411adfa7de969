# SPDX-License-Identifier: Apache-2.0
"""Where an exported model sees what speaks for a defect, as `engine.classify.evidence` tells it, without PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from deployed.layout import Tiling

    Levels = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
    Scores = NDArray[np.float64]


def on_test_pictures(
    levels: Sequence[Levels],
    size: tuple[int, int],
    tiling: Tiling,
    off_centre: Mapping[tuple[int, int], tuple[float, float]],
) -> Levels:
    """Evidence (B, H, W) of one lighting's size, 0 or more, from maps (B, h, w) of any sizes.

    Args:
        levels: what each place adds to the margin, level by level; what speaks against a defect is left out.
        size: height and width of the picture with all lightings.
        tiling: of the lightings, of which the one with most evidence counts.
        off_centre: how far down and right the cells of a level look past their middle, by its size.
    """
    total = sum(_scaled(np.maximum(level, 0), size, off_centre) for level in levels)
    return np.asarray(tiling.split(np.asarray(total)[:, None]).max(axis=(1, 2)), np.float32)


def moved_back(evidence: Levels, shift: tuple[int, int]) -> Levels:
    """The evidence (H, W) of a moved picture, laid on the picture as it was; 0 where that had been moved out."""
    if shift == (0, 0):
        return evidence
    down, right = shift
    height, width = evidence.shape
    found = np.zeros_like(evidence)
    rows, columns = (slice(max(0, -d), n - max(0, d)) for d, n in ((down, height), (right, width)))
    from_rows, from_columns = (slice(max(0, d), n - max(0, -d)) for d, n in ((down, height), (right, width)))
    found[rows, columns] = evidence[from_rows, from_columns]
    return found


def to_grey(evidence: Levels, scores: Scores, threshold: float) -> Bytes:
    """Evidence (B, H, W) as grey pictures, as `engine.classify.evidence.to_grey` says."""
    peak = np.maximum(evidence.max(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    over = np.clip(scores / threshold, 0, 1) if threshold > 0 else (scores > threshold).astype(np.float64)
    return np.asarray(np.nan_to_num(evidence / peak * over[:, None, None]) * 255).round().astype(np.uint8)


def _scaled(level: Levels, size: tuple[int, int], off_centre: Mapping[tuple[int, int], tuple[float, float]]) -> Levels:
    height, width = size
    whole = [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)) for one in level]
    down, right = map(round, off_centre.get((level.shape[-2], level.shape[-1]), (0.0, 0.0)))
    rows = (np.arange(height) - down).clip(0, height - 1)
    columns = (np.arange(width) - right).clip(0, width - 1)
    return np.stack(whole)[:, rows[:, None], columns]

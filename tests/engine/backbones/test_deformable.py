# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from engine.backbones.deformable import DeformableAttention, pixel_centres, sample_levels

SHAPES = ((4, 6), (2, 3), (1, 2))


def _pixel(picture: torch.Tensor, row: int, column: int) -> torch.Tensor:
    height, width = picture.shape[:2]
    inside = 0 <= row < height and 0 <= column < width
    return picture[row, column] if inside else torch.zeros_like(picture[0, 0])


def _bilinear(picture: torch.Tensor, x: float, y: float) -> torch.Tensor:
    """The value at x, y (0 to 1 from edge to edge) of a picture (H, W, D), zero outside."""
    column, row = x * picture.shape[1] - 0.5, y * picture.shape[0] - 0.5
    left, top = math.floor(column), math.floor(row)
    dx, dy = column - left, row - top
    upper = (1 - dx) * _pixel(picture, top, left) + dx * _pixel(picture, top, left + 1)
    lower = (1 - dx) * _pixel(picture, top + 1, left) + dx * _pixel(picture, top + 1, left + 1)
    return (1 - dy) * upper + dy * lower


def _by_loops(values: torch.Tensor, locations: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    batch, queries, heads, levels, points = weights.shape
    result = torch.zeros(batch, queries, heads, values.shape[-1], dtype=values.dtype)
    starts = [0, 24, 30]
    for b, q, h, level, p in torch.cartesian_prod(*(torch.arange(n) for n in (batch, queries, heads, levels, points))):
        height, width = SHAPES[level]
        picture = values[b, starts[level] : starts[level] + height * width, h].reshape(height, width, -1)
        x, y = locations[b, q, h, level, p].tolist()
        result[b, q, h] += weights[b, q, h, level, p] * _bilinear(picture, x, y)
    return result.flatten(2)


def test_sampling_equals_loops_over_pixels() -> None:
    torch.manual_seed(0)
    values = torch.rand(2, 32, 3, 5, dtype=torch.float64)
    locations = torch.rand(2, 7, 3, 3, 4, 2, dtype=torch.float64) * 1.6 - 0.3  # some points lie outside
    weights = torch.rand(2, 7, 3, 3, 4, dtype=torch.float64)
    assert torch.allclose(sample_levels(values, SHAPES, locations, weights), _by_loops(values, locations, weights))


def test_gradients_of_sampling_are_right() -> None:
    torch.manual_seed(0)
    values = torch.rand(1, 6, 1, 2, dtype=torch.float64, requires_grad=True)
    locations = (torch.rand(1, 2, 1, 1, 2, 2, dtype=torch.float64) * 0.2 + 0.41).requires_grad_()
    weights = torch.rand(1, 2, 1, 1, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *given: sample_levels(given[0], ((2, 3),), *given[1:]), (values, locations, weights)
    )


def test_centres_are_in_the_order_of_flattened_maps() -> None:
    centres = pixel_centres(((1, 2), (2, 2)), torch.zeros(1))
    assert centres.tolist() == [[0.25, 0.5], [0.75, 0.5], [0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]


def test_a_fresh_attention_looks_along_rays_with_equal_weights() -> None:
    attention = DeformableAttention(32, levels=2).requires_grad_(requires_grad=False)
    offsets = attention.sampling_offsets(torch.rand(1, 32)).reshape(16, 2, 4, 2)
    assert offsets[0, 0].tolist() == [[1, 0], [2, 0], [3, 0], [4, 0]]
    assert torch.equal(offsets[:, 0], offsets[:, 1])
    assert torch.allclose(offsets.abs().amax(-1), torch.arange(1.0, 5).expand(16, 2, 4))
    assert float(attention.attention_weights(torch.rand(1, 32)).abs().max()) == 0


@pytest.mark.parametrize("levels", [1, 3])
def test_every_parameter_of_the_attention_learns(levels: int) -> None:
    torch.manual_seed(0)
    attention = DeformableAttention(32, levels=levels)
    shapes = SHAPES[:levels]
    pixels = sum(height * width for height, width in shapes)
    query = torch.rand(2, 6, 32)
    centres = pixel_centres(((2, 3),), query)
    attended = attention(query, centres, torch.rand(2, pixels, 32), shapes)
    assert attended.shape == (2, 6, 32)
    attended.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in attention.parameters())

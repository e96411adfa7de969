# SPDX-License-Identifier: Apache-2.0
"""Multi-scale deformable attention (Zhu et al., "Deformable DETR", arXiv 2010.04159) in plain PyTorch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    Shapes = Sequence[tuple[int, int]]


def sample_levels(values: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Return, for every query and head, the weighted sum of values sampled bilinearly; outside the maps is zero.

    Args:
        values: (B, N, heads, D), the maps of all levels flattened one after the other, N = sum of their pixels.
        shapes: (height, width) of each of the L levels.
        locations: (B, Q, heads, L, P, 2), x and y of P points, 0 to 1 from edge to edge of the map.
        weights: (B, Q, heads, L, P).

    Returns:
        (B, Q, heads * D).
    """
    heads = values.shape[2]
    # No size of the batch stands in a shape: an exported graph takes any.
    grids = (2 * locations - 1).transpose(1, 2).flatten(0, 1)  # (B*heads, Q, L, P, 2), -1 to 1
    shares = weights.transpose(1, 2).flatten(0, 1).unsqueeze(1)  # (B*heads, 1, Q, L, P)
    parts = []
    for level, (part, size) in enumerate(zip(_split(values, shapes), shapes, strict=True)):
        picture = _unflattened(part.permute(0, 2, 3, 1).flatten(0, 1), -1, size)  # (B*heads, D, height, width)
        sampled = grid_sample(picture, grids[:, :, level], padding_mode="zeros", align_corners=False)
        parts.append((sampled * shares[:, :, :, level]).sum(-1))
    total = torch.stack(parts).sum(0)  # (B*heads, D, Q)
    return _unflattened(total, 0, (-1, heads)).flatten(1, 2).transpose(1, 2)


def _unflattened(values: Tensor, axis: int, sizes: tuple[int, int]) -> Tensor:
    found: Tensor = values.unflatten(axis, sizes)  # type: ignore[no-untyped-call]
    return found


def _split(values: Tensor, shapes: Shapes) -> tuple[Tensor, ...]:
    return torch.split(values, [height * width for height, width in shapes], dim=1)


def pixel_centres(shapes: Shapes, like: Tensor) -> Tensor:
    """Return x and y of the centre of every pixel of every level, (N, 2), 0 to 1 from edge to edge."""
    return torch.cat([_centres(height, width, like) for height, width in shapes])


def _centres(height: int, width: int, like: Tensor) -> Tensor:
    y = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height
    x = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width
    return torch.stack((x.repeat(height), y.repeat_interleave(width)), dim=-1)


class DeformableAttention(nn.Module):
    """Each query looks at a few points around its own place, whose offsets and weights it predicts itself."""

    def __init__(self, width: int, *, levels: int, heads: int = 16, points: int = 4, value_ratio: float = 0.5) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        inner = int(width * value_ratio)
        self.sampling_offsets = nn.Linear(width, heads * levels * points * 2)
        self.attention_weights = nn.Linear(width, heads * levels * points)
        self.value_proj = nn.Linear(width, inner)
        self.output_proj = nn.Linear(inner, width)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start with equal weights on points that lie on rays, one direction per head, farther with each point."""
        for layer in (self.sampling_offsets, self.attention_weights):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        angles = torch.arange(self.heads) * (2 * math.pi / self.heads)
        rays = torch.stack((angles.cos(), angles.sin()), dim=-1)
        rays = rays / rays.abs().amax(dim=-1, keepdim=True)
        steps = torch.arange(1, self.points + 1)
        offsets = rays[:, None, None, :] * steps[None, None, :, None]
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets.expand(-1, self.levels, -1, -1).reshape(-1))

    def forward(self, query: Tensor, centres: Tensor, tokens: Tensor, shapes: Shapes) -> Tensor:
        """Attend from `query` (B, Q, C) at `centres` (Q, 2) to `tokens` (B, N, C) of `shapes`; return (B, Q, C)."""
        layout = (self.heads, self.levels, self.points)
        values = self.value_proj(tokens).unflatten(-1, (self.heads, -1))
        weights = self.attention_weights(query).unflatten(-1, (self.heads, -1)).softmax(-1)
        weights = weights.unflatten(-1, layout[1:])  # (B, Q, heads, L, P)
        pixels = query.new_tensor([[width, height] for height, width in shapes])  # offsets are in pixels of each level
        offsets = self.sampling_offsets(query).unflatten(-1, (*layout, 2)) / pixels[:, None, :]
        locations = centres[None, :, None, None, None, :] + offsets
        attended: Tensor = self.output_proj(sample_levels(values, shapes, locations, weights))
        return attended

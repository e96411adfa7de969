# SPDX-License-Identifier: Apache-2.0
"""What cameras and conveyors do to a test image alone: the golden image stays, so a pair learns to look past it.

Batched, because it runs in every training step: one resampling for shift and rotation, one separable blur.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spec.augmentation_section import Nuisance

_SALT = 0x6E756973  # draws apart from those of the change that both images share
_NO_BLUR = 0.01  # pixels; the kernel is one point


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one test image.

    `right` and `down` are in pixels, `angle` in degrees counter-clockwise, `blur` is a Gaussian sigma in pixels, `gain`
    a factor of brightness, `noise` a standard deviation in intensities of 0..1.
    """

    right: float = 0.0
    down: float = 0.0
    angle: float = 0.0
    blur: float = 0.0
    gain: float = 1.0
    noise: float = 0.0
    noise_seed: int = 0


def draw_disturbance(settings: Nuisance, seed: int) -> Disturbance:
    """Draw what happens to one test image; the same seed gives the same."""
    chance = random.Random(seed ^ _SALT)  # noqa: S311 - repeatable, no secret
    if chance.random() >= settings.probability:
        return Disturbance()
    shift, rotation, gain = settings.shift_pixels, settings.rotation_degrees, settings.gain
    return Disturbance(
        right=chance.uniform(-shift, shift),
        down=chance.uniform(-shift, shift),
        angle=chance.uniform(-rotation, rotation),
        blur=chance.uniform(0.0, settings.blur_sigma),
        gain=chance.uniform(1.0 - gain, 1.0 + gain),
        noise=chance.uniform(0.0, settings.noise_sigma),
        noise_seed=chance.getrandbits(62),
    )


def disturb(tests: Tensor, settings: Nuisance, seeds: Sequence[int | None]) -> Tensor:
    """Disturb test images (B, L, 3, H, W) of 0..1, each by the draw of its seed; those without a seed stay as they are.

    All lightings of an object move alike. Edges are repeated into what opens up.
    """
    drawn = {place: draw_disturbance(settings, seed) for place, seed in enumerate(seeds) if seed is not None}
    chosen = {place: one for place, one in drawn.items() if one != Disturbance()}
    if not chosen:
        return tests
    places = torch.tensor(list(chosen), device=tests.device)
    several = list(chosen.values())
    images = tests[places].flatten(1, 2)  # (K, L * 3, H, W)
    images = _blurred(_moved(images, several), [one.blur for one in several], settings.blur_sigma)
    images = images * _column([one.gain for one in several], images) + _noise(images, several)
    return tests.index_copy(0, places, images.clamp(0.0, 1.0).view(-1, *tests.shape[1:]))


def _moved(images: Tensor, drawn: Sequence[Disturbance]) -> Tensor:
    """Turned about the middle, then moved, with one bilinear resampling."""
    height, width = images.shape[-2:]
    rows = [_sampling(one, height, width) for one in drawn]
    grid = functional.affine_grid(images.new_tensor(rows), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _sampling(one: Disturbance, height: int, width: int) -> list[list[float]]:
    """Where each pixel comes from, as affine_grid's 2 x 3 matrix in coordinates of -1..1 over the image."""
    cos, sin = math.cos(math.radians(one.angle)), math.sin(math.radians(one.angle))
    right, down = 2.0 * one.right / width, 2.0 * one.down / height
    ratio = height / width
    across, along = [cos, -sin * ratio], [sin / ratio, cos]
    return [
        [*across, -(across[0] * right + across[1] * down)],
        [*along, -(along[0] * right + along[1] * down)],
    ]


def _blurred(images: Tensor, sigmas: Sequence[float], most: float) -> Tensor:
    """Gaussian blur (K, C, H, W), each image with its own sigma, cut off at three of `most` whatever the others are."""
    reach = math.ceil(3.0 * most)
    if reach == 0:
        return images
    steps = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    sigma = images.new_tensor(sigmas).clamp_min(_NO_BLUR).view(-1, 1)
    kernels = torch.exp(-(steps.square() / (2.0 * sigma.square())))
    kernels = kernels / kernels.sum(dim=1, keepdim=True)  # (K, 2 * reach + 1)
    count, channels, height, width = images.shape
    # Images take the place of channels, so that each group of the convolution has a kernel of its own.
    lines = functional.pad(images.transpose(0, 1), (reach, reach, reach, reach), "replicate")
    lines = functional.conv2d(lines, kernels[:, None, None], groups=count)
    lines = functional.conv2d(lines, kernels[:, None, :, None], groups=count)
    return lines.transpose(0, 1).reshape(count, channels, height, width)


def _noise(images: Tensor, drawn: Sequence[Disturbance]) -> Tensor:
    """Gaussian noise like (K, C, H, W), each image's from a generator of its own."""
    each = [
        torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(one.noise_seed)) * one.noise
        for one in drawn
    ]
    return torch.stack(each).to(images)


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return like.new_tensor(values).view(-1, 1, 1, 1)

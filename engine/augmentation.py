# SPDX-License-Identifier: Apache-2.0
"""Random changes to a training pair: one draw, applied alike to test picture, golden images and all lightings."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from torch import Tensor

    from spec.augmentation_section import RandomChanges, RandomColor

_CROP_SCALE = (0.8, 1.2)
_CROP_ATTEMPTS = 10  # as torchvision's RandomResizedCrop, before it takes the whole picture


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class ColourChange:
    """Factors of brightness, contrast and saturation, the shift of hue, and the order in which they are applied."""

    brightness: float
    contrast: float
    saturation: float
    hue: float
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one pair. `angle` is in degrees counter-clockwise, `blur` is a Gaussian's sigma in pixels."""

    flip_left_right: bool = False
    flip_up_down: bool = False
    angle: float = 0.0
    crop: Window | None = None
    blur: float = 0.0
    colour: ColourChange | None = None
    zoom: Window | None = None


def draw_change(settings: RandomChanges, seed: int, height: int, width: int) -> Change:
    """Draw the change of one pair of `height` x `width` pictures; the same seed gives the same change."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    flip, rotate = settings.random_flip, settings.random_rotate
    zoom = settings.with_scale_random_crop
    return Change(
        flip_left_right=flip.enable and chance.random() < flip.hflip_probability,
        flip_up_down=flip.enable and chance.random() < flip.vflip_probability,
        angle=_draw_angle(rotate.angle_list, rotate.rotate_probability, chance) if rotate.enable else 0.0,
        crop=_draw_crop(chance, height, width) if settings.with_random_crop else None,
        blur=chance.random() if settings.with_random_blur else 0.0,
        colour=_draw_colour(settings.random_color, chance) if settings.random_color.enable else None,
        zoom=_draw_zoom(zoom.scale_range, chance, height, width) if zoom.enable else None,
    )


def _draw_angle(angles: list[float], probability: float, chance: random.Random) -> float:
    return chance.choice(angles) if chance.random() < probability else 0.0


def _draw_crop(chance: random.Random, height: int, width: int) -> Window | None:
    """A square part with 0.8 to 1.2 of the area; parts that don't fit are drawn anew, in the end nothing is cut."""
    for _ in range(_CROP_ATTEMPTS):
        side = round(math.sqrt(height * width * chance.uniform(*_CROP_SCALE)))
        if side <= min(height, width):
            return Window(chance.randint(0, height - side), chance.randint(0, width - side), side, side)
    return None


def _draw_zoom(scales: list[float], chance: random.Random, height: int, width: int) -> Window | None:
    scale = chance.uniform(*sorted(scales))
    part_height, part_width = min(height, round(height / scale)), min(width, round(width / scale))
    top, left = chance.randint(0, height - part_height), chance.randint(0, width - part_width)
    return Window(top, left, part_height, part_width)


def _draw_colour(settings: RandomColor, chance: random.Random) -> ColourChange | None:
    if chance.random() >= settings.color_probability:
        return None
    return ColourChange(
        brightness=_draw_factor(settings.brightness, chance),
        contrast=_draw_factor(settings.contrast, chance),
        saturation=_draw_factor(settings.saturation, chance),
        hue=chance.uniform(-settings.hue, settings.hue),
        order=tuple(chance.sample(range(4), 4)),
    )


def _draw_factor(strength: float, chance: random.Random) -> float:
    return chance.uniform(max(0.0, 1.0 - strength), 1.0 + strength)


def apply_change(pictures: Tensor, change: Change) -> Tensor:
    """Change pictures (K, 3, H, W) of floats 0..1, all alike; what turns in from outside is black."""
    if change.flip_left_right:
        pictures = pictures.flip(-1)
    if change.flip_up_down:
        pictures = pictures.flip(-2)
    pictures = _rotate(pictures, change.angle)
    pictures = _cut(pictures, change.crop)
    pictures = _blur(pictures, change.blur)
    if change.colour:
        pictures = _recolour(pictures, change.colour)
    return _cut(pictures, change.zoom)


def apply_change_to_labels(labels: Tensor, change: Change, outside: int) -> Tensor:
    """The same for labels (K, H, W) of class ids, which no interpolation mixes; `outside` is what turns in."""
    if change.flip_left_right:
        labels = labels.flip(-1)
    if change.flip_up_down:
        labels = labels.flip(-2)
    labels = _rotate(labels, change.angle, interpolation="nearest", outside=outside)
    for window in (change.crop, change.zoom):
        labels = _cut_labels(labels, window)
    return labels


def _cut_labels(labels: Tensor, window: Window | None) -> Tensor:
    height, width = labels.shape[-2:]
    if window is None or (window.height, window.width) == (height, width):
        return labels
    part = labels[:, None, window.top : window.top + window.height, window.left : window.left + window.width]
    enlarged = torch.nn.functional.interpolate(part.float(), (height, width), mode="nearest-exact")
    return enlarged[:, 0].to(labels.dtype)


def _rotate(pictures: Tensor, angle: float, interpolation: str = "bilinear", outside: int = 0) -> Tensor:
    quarters, rest = divmod(angle % 360.0, 90.0)
    square = pictures.shape[-1] == pictures.shape[-2]
    if rest == 0.0 and (square or quarters % 2 == 0):
        return torch.rot90(pictures, int(quarters), (-2, -1)) if quarters else pictures
    fill = outside or None
    turned: Tensor = _transforms().rotate(pictures, angle, interpolation=_interpolation(interpolation), fill=fill)
    return turned


def _cut(pictures: Tensor, window: Window | None) -> Tensor:
    height, width = pictures.shape[-2:]
    if window is None or (window.height, window.width) == (height, width):
        return pictures
    part = pictures[..., window.top : window.top + window.height, window.left : window.left + window.width]
    return torch.nn.functional.interpolate(part, (height, width), mode="bilinear", antialias=True)


def _blur(pictures: Tensor, sigma: float) -> Tensor:
    if sigma < 0.1:  # below a tenth of a pixel the kernel is one point
        return pictures
    size = 2 * math.ceil(3.0 * sigma) + 1
    blurred: Tensor = _transforms().gaussian_blur(pictures, [size, size], [sigma, sigma])
    return blurred


def _recolour(pictures: Tensor, colour: ColourChange) -> Tensor:
    functional = _transforms()
    steps = (
        (functional.adjust_brightness, colour.brightness),
        (functional.adjust_contrast, colour.contrast),
        (functional.adjust_saturation, colour.saturation),
        (functional.adjust_hue, colour.hue),
    )
    for number in colour.order:
        step, amount = steps[number]
        pictures = step(pictures, amount)
    return pictures


def _interpolation(name: str) -> Any:
    prepare_torch()
    from torchvision.transforms import InterpolationMode

    return InterpolationMode(name)


def _transforms() -> Any:
    prepare_torch()
    from torchvision.transforms.v2 import functional

    return functional

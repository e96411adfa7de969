# SPDX-License-Identifier: Apache-2.0
"""How two pictures are compared, from the four maps of a shared backbone to predictions of five sizes.

Both decoders return logits (B, classes, h, w) of the levels, coarsest first, and last those of the input's size.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backbones.base import Backbone
    from spec.model_section import Model

Maps = list[Tensor]  # of B pictures, finest first
_WIDTH = 32
_DETAIL = 16
_RESIDUAL = 0.1


class Decoder(nn.Module, ABC):
    """What both decoders offer."""

    @abstractmethod
    def forward(self, goldens: Maps, tests: Maps, pictures: tuple[Tensor, Tensor]) -> list[Tensor]:
        """The five predictions; `pictures` are both of the pair, (B, 3, H, W), as the backbone saw them."""


class FullDecoder(Decoder):
    """The container's decoder: difference modules, five predictions, and two stages of transposed convolution.

    After ChangeFormer (Bandara and Patel, "A transformer-based siamese network for change detection", arXiv
    2201.01293), whose decoder Visual ChangeNet took over.
    """

    def __init__(self, channels: Sequence[int], finest_stride: int, model: Model, classes: int) -> None:
        super().__init__()
        width = model.decode_head.decoder_params.embed_dim
        self._selected = list(model.decode_head.in_index)
        self._align_corners = model.decode_head.align_corners
        self.project = nn.ModuleList(nn.Linear(channels[i], width) for i in self._selected)
        self.difference = nn.ModuleList(_difference(width) for _ in self._selected)
        self.predict = nn.ModuleList(_prediction(width, classes) for _ in self._selected)
        self.fuse = nn.Sequential(nn.Conv2d(width * len(self._selected), width, 1), nn.BatchNorm2d(width))
        self.enlarge = nn.ModuleList(_Enlargement(width) for _ in range(round(math.log2(finest_stride))))
        self.final = nn.Conv2d(width, classes, 3, padding=1)

    @override
    def forward(self, goldens: Maps, tests: Maps, pictures: tuple[Tensor, Tensor]) -> list[Tensor]:
        """See `Decoder`."""
        above: Tensor | None = None
        levels: list[Tensor] = []
        predictions: list[Tensor] = []
        for place in reversed(range(len(self._selected))):
            pair = torch.cat([self._projected(place, goldens), self._projected(place, tests)], dim=1)
            here: Tensor = self.difference[place](pair)
            above = here if above is None else here + self._resized(above, here)
            levels.append(above)
            predictions.append(self.predict[place](above))
        fused: Tensor = self.fuse(torch.cat([self._resized(level, levels[-1]) for level in levels], dim=1))
        for stage in self.enlarge:
            fused = stage(fused)
        return [*predictions, self.final(fused)]

    def _projected(self, place: int, maps: Maps) -> Tensor:
        level = maps[self._selected[place]]
        projected: Tensor = self.project[place](level.movedim(1, -1))
        return projected.movedim(-1, 1)

    def _resized(self, level: Tensor, like: Tensor) -> Tensor:
        return _resized(level, like, align_corners=self._align_corners)


def _difference(width: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(2 * width, width, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(width)),
        *(nn.Conv2d(width, width, 3, padding=1), nn.ReLU()),
    )


def _prediction(width: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(width)),
        nn.Conv2d(width, classes, 3, padding=1),
    )


class _Enlargement(nn.Module):
    """Twice the size, and a residual block whose part is a tenth."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.doubling = nn.ConvTranspose2d(width, width, 4, stride=2, padding=1)
        self.residual = nn.Sequential(
            *(nn.Conv2d(width, width, 3, padding=1), nn.ReLU()), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, maps: Tensor) -> Tensor:
        doubled: Tensor = self.doubling(maps)
        changed: Tensor = self.residual(doubled)
        return doubled + _RESIDUAL * changed


class LightDecoder(Decoder):
    """A decoder for small backbones, a twentieth of the other's work.

    Each level is compared with its absolute difference beside both pictures' features, through separable convolutions;
    the last stage sees the pixels of both pictures, so that outlines are those of the picture, not of a coarse map.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.compare = nn.ModuleList(_pointwise(3 * count, _WIDTH) for count in channels)
        self.refine = nn.ModuleList(_separable(_WIDTH) for _ in channels)
        self.predict = nn.ModuleList(nn.Conv2d(_WIDTH, classes, 1) for _ in channels)
        self.narrow = _pointwise(_WIDTH, _DETAIL)
        self.detail = nn.Sequential(*_convolution(9, _DETAIL))
        self.final = nn.Sequential(*_convolution(2 * _DETAIL, _DETAIL), nn.Conv2d(_DETAIL, classes, 1))

    @override
    def forward(self, goldens: Maps, tests: Maps, pictures: tuple[Tensor, Tensor]) -> list[Tensor]:
        """See `Decoder`."""
        above: Tensor | None = None
        predictions: list[Tensor] = []
        for place in reversed(range(len(goldens))):
            here: Tensor = self.compare[place](_with_difference(goldens[place], tests[place]))
            joined = here if above is None else here + _resized(above, here)
            above = self.refine[place](joined)
            predictions.append(self.predict[place](above))
        detail: Tensor = self.detail(_with_difference(*pictures))
        coarse = _resized(self.narrow(above), detail)
        return [*predictions, self.final(torch.cat([coarse, detail], dim=1))]


def _with_difference(golden: Tensor, test: Tensor) -> Tensor:
    return torch.cat([golden, test, (test - golden).abs()], dim=1)


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def _separable(width: int) -> nn.Sequential:
    depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
    return nn.Sequential(depthwise, nn.BatchNorm2d(width), nn.ReLU(inplace=True), *_pointwise(width, width))


def _resized(level: Tensor, like: Tensor, *, align_corners: bool = False) -> Tensor:
    if level.shape[2:] == like.shape[2:]:
        return level
    has, wanted = ([int(length) for length in maps.shape[2:]] for maps in (level, like))
    # By factors where these are whole: an exported graph holds them, so that its runtime keeps its layout of the maps.
    whole = all(new % old == 0 for new, old in zip(wanted, has, strict=True))
    factors = [new / old for new, old in zip(wanted, has, strict=True)] if whole else None
    size = None if whole else wanted
    return functional.interpolate(level, size, factors, mode="bilinear", align_corners=align_corners)


def build_decoder(model: Model, backbone: Backbone, classes: int) -> Decoder:
    """The decoder that the spec names."""
    if model.segment.decoder == "light":
        return LightDecoder(backbone.channels, classes)
    return FullDecoder(backbone.channels, backbone.strides[model.decode_head.in_index[0]], model, classes)

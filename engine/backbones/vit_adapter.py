# SPDX-License-Identifier: Apache-2.0
"""ViT adapter (Chen et al., "Vision transformer adapter for dense predictions", arXiv 2205.08534).

A small convolutional stem sees the image at strides 8, 16 and 32. At four places in the transformer its features are
injected into the patches, and the patches' features extracted back into it. The parts are named as in the container's
checkpoints, so that those can be read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate

from engine.backbones.deformable import DeformableAttention, pixel_centres
from engine.backbones.vit_trunk import PATCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.backbones.vit_trunk import VitTrunk

_INTERACTIONS = 4
_STEM_CHANNELS = 56
_HIDDEN_RATIO = 0.25
_INJECTION_SCALE = 1e-5  # the adapter starts by leaving the transformer almost as it was pretrained
Shapes = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class SpatialPrior(nn.Module):
    """Convolutional stem: (B, 3, H, W) to four maps of `width` channels at strides 4, 8, 16, 32."""

    def __init__(self, width: int, channels: int = _STEM_CHANNELS) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *_convolution(3, channels, stride=2),
            *_convolution(channels, channels, stride=1),
            *_convolution(channels, channels, stride=1),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.conv2 = nn.Sequential(*_convolution(channels, 2 * channels, stride=2))
        self.conv3 = nn.Sequential(*_convolution(2 * channels, 4 * channels, stride=2))
        self.conv4 = nn.Sequential(*_convolution(4 * channels, 4 * channels, stride=2))
        self.fc1 = nn.Conv2d(channels, width, 1)
        self.fc2 = nn.Conv2d(2 * channels, width, 1)
        self.fc3 = nn.Conv2d(4 * channels, width, 1)
        self.fc4 = nn.Conv2d(4 * channels, width, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the four maps, finest first."""
        c1 = self.stem(images)
        c2 = self.conv2(c1)
        c3 = self.conv3(c2)
        c4 = self.conv4(c3)
        return self.fc1(c1), self.fc2(c2), self.fc3(c3), self.fc4(c4)


def _convolution(inputs: int, outputs: int, *, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class Injector(nn.Module):
    """Adds to the patches (B, N, C) what they attend to in the stem's three levels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(width, eps=1e-6)
        self.feat_norm = nn.LayerNorm(width, eps=1e-6)
        self.attn = DeformableAttention(width, levels=3)
        self.ls = _Scale(width)

    def forward(self, patches: Tensor, prior: Tensor, shapes: Shapes) -> Tensor:
        """Return the patches, changed."""
        centres = pixel_centres(shapes[1:2], patches)
        seen = self.attn(self.query_norm(patches), centres, self.feat_norm(prior), shapes)
        return patches + self.ls(seen)  # type: ignore[no-any-return]


class _Scale(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), _INJECTION_SCALE))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens * self.gamma


class LevelConvolution(nn.Module):
    """A depthwise 3x3 convolution over each of the three levels of a token sequence."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, prior: Tensor, shapes: Shapes) -> Tensor:
        """Return tokens of the same shape (B, N, C)."""
        return _flatten([self.dwconv(level) for level in unflatten_levels(prior, shapes)])


class LevelMlp(nn.Module):
    """Two linear layers with the convolution between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = int(width * _HIDDEN_RATIO)
        self.fc1 = nn.Linear(width, hidden)
        self.dwconv = LevelConvolution(hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, prior: Tensor, shapes: Shapes) -> Tensor:
        """Return tokens of the same shape (B, N, C)."""
        mixed: Tensor = self.fc2(gelu(self.dwconv(self.fc1(prior), shapes)))
        return mixed


class Extractor(nn.Module):
    """Adds to the stem's three levels (B, N, C) what they attend to among the patches."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(width, eps=1e-6)
        self.feat_norm = nn.LayerNorm(width, eps=1e-6)
        self.attn = DeformableAttention(width, levels=1)
        self.ffn_norm = nn.LayerNorm(width, eps=1e-6)
        self.ffn = LevelMlp(width)

    def forward(self, prior: Tensor, patches: Tensor, shapes: Shapes) -> Tensor:
        """Return the levels, changed."""
        centres = pixel_centres(shapes, prior)
        prior = prior + self.attn(self.query_norm(prior), centres, self.feat_norm(patches), shapes[1:2])
        return prior + self.ffn(self.ffn_norm(prior), shapes)  # type: ignore[no-any-return]


class Interaction(nn.Module):
    """Inject, run a quarter of the transformer, extract; the last one extracts twice more."""

    def __init__(self, width: int, *, last: bool) -> None:
        super().__init__()
        self.injector = Injector(width)
        self.extractor = Extractor(width)
        self.extra_extractors = nn.ModuleList([Extractor(width), Extractor(width)] if last else [])

    def forward(
        self, tokens: Tensor, prior: Tensor, shapes: Shapes, prefix: int, run: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return the tokens (with their first `prefix` ones, which see no image pixels of their own) and the levels."""
        patches = self.injector(tokens[:, prefix:], prior, shapes)
        tokens = run(torch.cat((tokens[:, :prefix], patches), dim=1))
        for extractor in (self.extractor, *self.extra_extractors):
            prior = extractor(prior, tokens[:, prefix:], shapes)
        return tokens, prior


class VitAdapter(nn.Module):
    """Turns a plain vision transformer into four maps of its width at strides 4, 8, 16, 32."""

    def __init__(self, trunk: VitTrunk, *, use_summary_token: bool) -> None:
        super().__init__()
        width = trunk.width
        self.level_embed = nn.Parameter(torch.zeros(3, width))
        self.spm = SpatialPrior(width)
        self.interactions = nn.ModuleList(
            [Interaction(width, last=index == _INTERACTIONS - 1) for index in range(_INTERACTIONS)]
        )
        self.up = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.summary_tokens = trunk.summary_tokens if use_summary_token else 0
        if self.summary_tokens:
            self.fc_summary = nn.Linear(self.summary_tokens * width, width)
            self.conv1, self.conv2 = nn.Conv2d(2 * width, width, 1), nn.Conv2d(2 * width, width, 1)
            self.conv3, self.conv4 = nn.Conv2d(2 * width, width, 1), nn.Conv2d(2 * width, width, 1)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.norm3, self.norm4 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self._start()

    def forward(self, images: Tensor, trunk: VitTrunk) -> list[Tensor]:
        """Return the four maps of the images (B, 3, H, W); H and W are multiples of 32."""
        height, width = images.shape[-2] // PATCH, images.shape[-1] // PATCH
        shapes = ((2 * height, 2 * width), (height, width), (height // 2, width // 2))
        finest, *levels = self.spm(images)
        prior = _flatten(
            [level + offset[:, None, None] for level, offset in zip(levels, self.level_embed.unbind(0), strict=True)]
        )
        tokens, prior, stages = self._interact(images, prior, shapes, trunk)
        maps = self._add_stages(finest, unflatten_levels(prior, shapes), stages)
        if self.summary_tokens:
            maps = self._mix_summary(maps, tokens)
        norms = (self.norm1, self.norm2, self.norm3, self.norm4)
        return [norm(level) for norm, level in zip(norms, maps, strict=True)]

    def _interact(
        self, images: Tensor, prior: Tensor, shapes: Shapes, trunk: VitTrunk
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the transformer with the four interactions; also return the patches' map after each."""
        tokens, context = trunk.embed(images)
        stages = []
        for index, interaction in enumerate(self.interactions):
            first, last = (trunk.depth * i // _INTERACTIONS for i in (index, index + 1))
            tokens, prior = interaction(
                tokens,
                prior,
                shapes,
                trunk.prefix_tokens,
                lambda inner, first=first, last=last: trunk.run(inner, context, first, last),
            )
            patches = tokens[:, trunk.prefix_tokens :]
            stages.append(patches.transpose(1, 2).unflatten(2, shapes[1]))
        return tokens, prior, stages

    def _add_stages(self, finest: Tensor, levels: list[Tensor], stages: list[Tensor]) -> list[Tensor]:
        maps = [finest + self.up(levels[0]), *levels]
        return [
            level + (stage if scale == 1 else interpolate(stage, scale_factor=scale, mode="bilinear"))
            for level, stage, scale in zip(maps, stages, (4, 2, 1, 0.5), strict=True)
        ]

    def _mix_summary(self, maps: list[Tensor], tokens: Tensor) -> list[Tensor]:
        summary = self.fc_summary(tokens[:, : self.summary_tokens].flatten(1))[:, :, None, None]
        mixers = (self.conv1, self.conv2, self.conv3, self.conv4)
        return [
            mix(torch.cat((summary.expand(-1, -1, *level.shape[-2:]), level), dim=1))
            for mix, level in zip(mixers, maps, strict=True)
        ]

    def _start(self) -> None:
        for module in self.modules():
            _start_weights(module)
        for module in self.modules():
            if isinstance(module, DeformableAttention):
                module.reset_parameters()
        nn.init.normal_(self.level_embed)


def _start_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        outputs = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / outputs))
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def _flatten(levels: list[Tensor]) -> Tensor:
    """Maps (B, C, h, w) of all levels as one sequence (B, N, C)."""
    return torch.cat([level.flatten(2) for level in levels], dim=2).transpose(1, 2)


def unflatten_levels(prior: Tensor, shapes: Shapes) -> list[Tensor]:
    """Split a sequence (B, N, C) into its three maps (B, C, h, w)."""
    parts = torch.split(prior.transpose(1, 2), [height * width for height, width in shapes], dim=2)
    return [part.reshape(*part.shape[:2], *shape) for part, shape in zip(parts, shapes, strict=True)]

# SPDX-License-Identifier: Apache-2.0
"""FAN hybrid (Zhou et al., "Understanding the robustness in vision transformers", arXiv 2204.12451).

Two ConvNeXt stages (strides 4 and 8), then blocks at stride 16 that attend over tokens and, in place of the usual MLP,
over channels. Parameters are named as in the published files. Of the closing class attention only what changes the
patch tokens is kept: the class token itself reaches none of the four maps.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from engine.backbones.base import Backbone
from engine.backbones.timm_parts import convnext, layers, xcit

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEM_CHANNELS = (128, 256)
_STRIDES = (4, 8, 16, 16)
_CLASS_BLOCKS = 2
_LAYER_NORM = partial(nn.LayerNorm, eps=1e-6)
_NOT_NEEDED = re.compile(r"^(cls_token$|norm\.|head\.|cls_attn_blocks\.\d+\.(attn|mlp|gamma2))")


@dataclass(frozen=True, slots=True)
class FanSize:
    """Shape of one published FAN hybrid. `tap` is the block whose output is c3; c4 comes after the last block."""

    width: int
    depth: int
    heads: int
    tap: int
    stem_depths: tuple[int, int] = (3, 3)


SIZES = {
    "fan_tiny_8_p4_hybrid": FanSize(192, 8, 8, tap=7),
    "fan_small_12_p4_hybrid": FanSize(384, 10, 8, tap=9),
    "fan_base_16_p4_hybrid": FanSize(448, 16, 8, tap=15),
    "fan_large_16_p4_hybrid": FanSize(480, 22, 10, tap=18, stem_depths=(3, 5)),
}


class ConvStem(nn.Module):
    """The first two stages of a ConvNeXt: (B, 3, H, W) to maps at strides 4 and 8."""

    def __init__(self, depths: tuple[int, int]) -> None:
        super().__init__()
        first, second = _STEM_CHANNELS
        norm = layers.LayerNorm2d
        stage = partial(convnext.ConvNeXtStage, conv_mlp=True, ls_init_value=1e-6, norm_layer=norm)
        self.stem = nn.Sequential(nn.Conv2d(3, first, 4, stride=4), norm(first))
        self.stages = nn.Sequential(
            stage(first, first, stride=1, depth=depths[0]), stage(first, second, stride=2, depth=depths[1])
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two maps."""
        c1 = self.stages[0](self.stem(images))
        return c1, self.stages[1](c1)


class HybridEmbedding(nn.Module):
    """The stem, and its last map turned into tokens at stride 16."""

    def __init__(self, size: FanSize) -> None:
        super().__init__()
        self.backbone = ConvStem(size.stem_depths)
        self.proj = nn.Conv2d(_STEM_CHANNELS[1], size.width, 2, stride=2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return c1, c2 and the embedded map (B, width, H/16, W/16)."""
        c1, c2 = self.backbone(images)
        return c1, c2, self.proj(c2)


class TokenAttention(nn.Module):
    """Self-attention over the tokens (B, N, C), with queries apart from keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape."""
        batch, count, width = tokens.shape
        query = self.q(tokens).reshape(batch, count, self.heads, -1).transpose(1, 2)
        key, value = self.kv(tokens).reshape(batch, count, 2, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = scaled_dot_product_attention(query, key, value)
        projected: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, count, width))
        return projected


class LocalConvolution(nn.Module):
    """Two depthwise 3x3 convolutions over the token map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.act = nn.GELU()
        self.bn = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return tokens (B, N, C) of the same shape; `grid` is the map's height and width."""
        picture = tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid)
        return self.conv2(self.bn(self.act(self.conv1(picture)))).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class LocalMlp(nn.Module):
    """An MLP whose non-linearity is the local convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.fc1 = nn.Linear(width, hidden)
        self.dwconv = LocalConvolution(hidden)
        self.gamma = nn.Parameter(torch.ones(hidden))
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return tokens (B, N, C) of the same shape."""
        hidden = self.fc1(tokens)
        mixed: Tensor = self.fc2(self.gamma * self.dwconv(hidden, grid) + hidden)
        return mixed


class ChannelAttention(nn.Module):
    """Weighs every channel by how well its query over all tokens agrees with the head's average token."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.mlp_v = LocalMlp(width)
        self.norm_v = nn.LayerNorm(width)
        self.q = nn.Linear(width, width)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return tokens (B, N, C) of the same shape."""
        query = self._by_head(self.q(tokens)).softmax(-1)  # (B, heads, C/heads, N)
        key = self._by_head(tokens).softmax(-1).mean(dim=2, keepdim=True)  # (B, heads, 1, N)
        agreement = (query * key).sum(-1, keepdim=True).sigmoid() * self.temperature  # (B, heads, C/heads, 1)
        value = self.norm_v(self.mlp_v(tokens, grid))
        weighed: Tensor = value * agreement.reshape(tokens.shape[0], 1, -1)
        return weighed

    def _by_head(self, tokens: Tensor) -> Tensor:
        return tokens.transpose(1, 2).reshape(tokens.shape[0], self.heads, -1, tokens.shape[1])


class FanBlock(nn.Module):
    """Token attention, then channel attention, each on a scaled residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _LAYER_NORM(width), _LAYER_NORM(width)
        self.attn = TokenAttention(width, heads)
        self.mlp = ChannelAttention(width, heads)
        self.gamma1, self.gamma2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return tokens (B, N, C) of the same shape."""
        tokens = tokens + self.gamma1 * self.attn(self.norm1(tokens))
        return tokens + self.gamma2 * self.mlp(self.norm2(tokens), grid)  # type: ignore[no-any-return]


class ClosingBlock(nn.Module):
    """What a class-attention block with token norm does to patch tokens: norm, scale, and a residual onto itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _LAYER_NORM(width), _LAYER_NORM(width)
        self.gamma1 = nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (B, N, C) of the same shape."""
        return 2 * self.norm2(tokens + self.gamma1 * self.norm1(tokens))  # type: ignore[no-any-return]


class FanBackbone(Backbone):
    """FAN hybrid; final features are the last map, flattened."""

    family: ClassVar[str] = "fan"

    def __init__(self, name: str, size: FanSize, image_height: int, image_width: int) -> None:
        pixels = (image_height // _STRIDES[-1]) * (image_width // _STRIDES[-1])
        channels = (*_STEM_CHANNELS, size.width, size.width)
        super().__init__(name, channels=channels, strides=_STRIDES, embed_dim=size.width * pixels)
        self.tap = size.tap
        self.patch_embed = HybridEmbedding(size)
        self.pos_embed = xcit.PositionalEncodingFourier(dim=size.width)
        self.blocks = nn.ModuleList([FanBlock(size.width, size.heads) for _ in range(size.depth)])
        self.cls_attn_blocks = nn.ModuleList([ClosingBlock(size.width) for _ in range(_CLASS_BLOCKS)])
        self.apply(_start_weights)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the four maps c1..c4."""
        c1, c2, embedded = self.patch_embed(images)
        grid = (embedded.shape[-2], embedded.shape[-1])
        tokens = (embedded + self.pos_embed(1, *grid)).flatten(2).transpose(1, 2)
        c3 = tokens
        for index, block in enumerate(self.blocks):
            tokens = block(tokens, grid)
            c3 = tokens if index == self.tap else c3
        for closing in self.cls_attn_blocks:
            tokens = closing(tokens)
        return [c1, c2, _as_map(c3, grid), _as_map(tokens, grid)]

    def final_features(self, images: Tensor) -> Tensor:
        """Return the last map as one vector per image."""
        return self.forward(images)[-1].flatten(1)

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the first release's position key; mark the head and the class token's own parts as left out."""
        renamed = {key.replace("pos_embeder.", "pos_embed."): value for key, value in weights.items()}
        return {f"skip:{key}" if _NOT_NEEDED.match(key) else key: value for key, value in renamed.items()}


def _as_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid)


def _start_weights(module: nn.Module) -> None:
    """Random start as published: small everywhere, but the local convolutions by their fan-out."""
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, LocalConvolution):
        for convolution in (module.conv1, module.conv2):
            nn.init.normal_(convolution.weight, std=math.sqrt(2 / 9))

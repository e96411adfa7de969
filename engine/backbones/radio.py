# SPDX-License-Identifier: Apache-2.0
"""C-RADIO v1 and v2 (Ranzinger et al., AM-RADIO, arXiv 2312.06709; RADIOv2.5, arXiv 2412.07679).

A plain vision transformer without a final norm. One position grid of 128x128 serves every image size; in front of the
patches stand one summary token per teacher and registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate

from engine.backbones.timm_parts import vision_transformer
from engine.backbones.vit_backbone import VitBackbone
from engine.backbones.vit_trunk import PATCH, VitTrunk

if TYPE_CHECKING:
    from collections.abc import Mapping

_GRID = 128
_PREFIXES = ("radio_model.", "model.", "base_model.")
# Mean and std, which teachers the summary is made of, and the teachers' heads: nothing a backbone uses.
_NOT_NEEDED = ("input_conditioner.", "summary_idxs", "adaptors.", "feature_normalizer.", "head.")


@dataclass(frozen=True, slots=True)
class RadioSize:
    """Shape of one published C-RADIO. `summaries` are the teachers whose tokens make up the final features."""

    width: int
    depth: int
    heads: int
    tokens: int = 8
    summaries: tuple[int, ...] = (0, 1, 2)
    mlp_norm: bool = False


_V1 = partial(RadioSize, 1280, 32, 16, tokens=16, mlp_norm=True)
SIZES = {
    "c_radio_v2_vit_base_patch16_224": RadioSize(768, 12, 12),
    "c_radio_v2_vit_large_patch16_224": RadioSize(1024, 24, 16),
    "c_radio_v2_vit_huge_patch16_224": RadioSize(1280, 32, 16),
    "c_radio_p1_vit_huge_patch16_224_mlpnorm": _V1(),
    "c_radio_p2_vit_huge_patch16_224_mlpnorm": _V1(summaries=(0, 1, 2, 3)),
    "c_radio_p3_vit_huge_patch16_224_mlpnorm": _V1(),
}


class SummaryTokens(nn.Module):
    """The summary tokens and registers, (tokens, width)."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(tokens, width) * width**-0.5)


class PatchGenerator(nn.Module):
    """Images to tokens: a linear map of each patch, its place in the position grid, and the summary tokens in front."""

    def __init__(self, size: RadioSize) -> None:
        super().__init__()
        self.embedder = nn.Linear(3 * PATCH**2, size.width, bias=False)
        self.pos_embed = nn.Parameter(torch.randn(1, _GRID**2, size.width) * size.width**-0.5)
        self.cls_token = SummaryTokens(size.tokens, size.width)

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, tokens + patches, width)."""
        kernel = self.embedder.weight.reshape(-1, 3, PATCH, PATCH)
        patches = conv2d(images, kernel, stride=PATCH)
        patches = (patches + self.positions(*patches.shape[-2:])).flatten(2).transpose(1, 2)
        return torch.cat((self.cls_token.token.expand(images.shape[0], -1, -1), patches), dim=1)

    def positions(self, rows: int, columns: int) -> Tensor:
        """Return the position map (1, width, rows, columns).

        The grid is shrunk to a square of the longer side, then cropped: patches keep their aspect, as in pretraining.
        """
        grid = self.pos_embed.transpose(1, 2).reshape(1, -1, _GRID, _GRID)
        side = max(rows, columns)
        square = interpolate(grid, size=(side, side), mode="bilinear", align_corners=True)
        return square[:, :, :rows, :columns]


class RadioTrunk(VitTrunk):
    """The transformer of C-RADIO with the parameter names of its published files."""

    def __init__(self, size: RadioSize) -> None:
        super().__init__()
        self.width, self.depth = size.width, size.depth
        self.prefix_tokens = self.summary_tokens = size.tokens
        self.summaries = size.summaries
        self.vector_length = size.width * len(size.summaries)
        self.patch_generator = PatchGenerator(size)
        self.blocks = nn.ModuleList([_block(size) for _ in range(size.depth)])

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the tokens before the first block; blocks need nothing beside them."""
        return self.patch_generator(images), None

    def run(self, tokens: Tensor, context: Tensor | None, first: int, last: int) -> Tensor:  # noqa: ARG002 - interface
        """Pass the tokens through blocks `first` to `last` - 1."""
        for block in self.blocks[first:last]:
            tokens = block(tokens)
        return tokens

    def vector(self, tokens: Tensor) -> Tensor:
        """Return the summary tokens of the teachers that count, side by side."""
        return tokens[:, list(self.summaries)].flatten(1)

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take off the wrappers' names and mark the input conditioner and the like as left out."""
        return {_published_key(key): value for key, value in weights.items()}


class RadioBackbone(VitBackbone):
    """C-RADIO; a file without position grid or patch embedding is refused."""

    family: ClassVar[str] = "c_radio"
    required_keys: ClassVar[tuple[str, ...]] = (
        "trunk.patch_generator.pos_embed",
        "trunk.patch_generator.embedder.weight",
    )


def _block(size: RadioSize) -> nn.Module:
    norm = partial(nn.LayerNorm, eps=1e-6)
    block = vision_transformer.Block(size.width, size.heads, qkv_bias=True, norm_layer=norm)
    if size.mlp_norm:
        block.mlp.norm = nn.LayerNorm(4 * size.width)
    built: nn.Module = block
    return built


def _published_key(key: str) -> str:
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return f"skip:{key}" if key.startswith(_NOT_NEEDED) else key

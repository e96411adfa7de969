# SPDX-License-Identifier: Apache-2.0
"""NVDINOv2 ViT-L: DINOv2 (Oquab et al., arXiv 2304.07193) with a SwiGLU MLP, brought from 14- to 16-pixel patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from engine.backbones.timm_parts import layers, vision_transformer
from engine.backbones.vit_backbone import VitBackbone
from engine.backbones.vit_trunk import PATCH, TimmTrunk

if TYPE_CHECKING:
    from collections.abc import Mapping

# Original names of the SwiGLU layers, and timm's.
_RENAMED = ((".mlp.w12.", ".mlp.fc1."), (".mlp.w3.", ".mlp.fc2."))
_NOT_NEEDED = ("mask_token", "head.", "dino_head.", "ibot_head.")


@dataclass(frozen=True, slots=True)
class DinoV2Size:
    """Shape of a DINOv2 transformer; `hidden` is the width of the two SwiGLU halves together."""

    width: int
    depth: int
    heads: int
    hidden: int


VIT_LARGE = DinoV2Size(1024, 24, 16, 5472)


class DinoV2Trunk(TimmTrunk):
    """timm's vision transformer in the shape of NVDINOv2, for one image size."""

    def __init__(self, size: DinoV2Size, image_height: int, image_width: int) -> None:
        super().__init__()
        self.width, self.depth = size.width, size.depth
        self.prefix_tokens = self.summary_tokens = 1
        self.vector_length = size.width
        self.vit = vision_transformer.VisionTransformer(
            img_size=(image_height, image_width),
            patch_size=PATCH,
            embed_dim=size.width,
            depth=size.depth,
            num_heads=size.heads,
            mlp_ratio=size.hidden / size.width,
            mlp_layer=layers.SwiGLUPacked,
            act_layer=nn.SiLU,
            init_values=1e-5,
            num_classes=0,
            dynamic_img_size=True,
        )

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the tokens before the first block; blocks need nothing beside them."""
        return self.vit._pos_embed(self.vit.patch_embed(images)), None  # noqa: SLF001 - timm has no public step for it

    def run(self, tokens: Tensor, context: Tensor | None, first: int, last: int) -> Tensor:  # noqa: ARG002 - interface
        """Pass the tokens through blocks `first` to `last` - 1."""
        for block in self.vit.blocks[first:last]:
            tokens = block(tokens)
        return tokens

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename, and resample the position grid and the patch kernel to this size (518 and 14 as published)."""
        return {_own_key(key): self._resampled(key.removeprefix("vit."), value) for key, value in weights.items()}

    def _resampled(self, key: str, value: Tensor) -> Tensor:
        if key == "patch_embed.proj.weight" and value.ndim == 4 and value.shape[-1] != PATCH:
            # By pseudo-inverse (FlexiViT, arXiv 2212.08013), so that a patch embeds as before, whatever its size.
            kernel: Tensor = layers.resample_patch_embed(value, [PATCH, PATCH])
            return kernel
        if key == "pos_embed" and value.ndim == 3 and value.shape[1] != self.vit.pos_embed.shape[1]:
            grid = list(self.vit.patch_embed.grid_size)
            positions: Tensor = layers.resample_abs_pos_embed(value, grid, interpolation="bicubic", antialias=False)
            return positions
        return value


class DinoV2Backbone(VitBackbone):
    """NVDINOv2 with the adapter."""

    family: ClassVar[str] = "nvdinov2"


def _own_key(key: str) -> str:
    if key.startswith(_NOT_NEEDED):
        return f"skip:{key}"
    for theirs, ours in _RENAMED:
        key = key.replace(theirs, ours)
    return f"vit.{key.removeprefix('vit.')}"

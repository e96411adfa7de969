# SPDX-License-Identifier: Apache-2.0
"""DINOv3 (Siméoni et al., arXiv 2508.10104), always frozen, from timm's, Meta's or Hugging Face's weight files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from engine.backbones.timm_parts import timm
from engine.backbones.vit_backbone import VitBackbone
from engine.backbones.vit_trunk import TimmTrunk

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORKS = {
    "vit_small_dinov3": "vit_small_patch16_dinov3",
    "vit_small_plus_dinov3": "vit_small_plus_patch16_dinov3",
    "vit_base_dinov3": "vit_base_patch16_dinov3",
    "vit_large_dinov3": "vit_large_patch16_dinov3",
    "vit_huge_plus_dinov3": "vit_huge_plus_patch16_dinov3",
    "vit_7b_dinov3": "vit_7b_patch16_dinov3",
}
# Used in pretraining only, or computed anew: masks, the rotary frequencies, the norm of small crops.
_NOT_NEEDED = re.compile(r"(^|\.)(mask_token|bias_mask|periods|inv_freq|local_cls_norm\.\w+)$|^head\.")
_META_NAMES = (
    (r"^storage_tokens$", "reg_token"),
    (r"\.ls1\.gamma$", ".gamma_1"),
    (r"\.ls2\.gamma$", ".gamma_2"),
    (r"\.mlp\.w1\.", ".mlp.fc1_g."),
    (r"\.mlp\.w2\.", ".mlp.fc1_x."),
    (r"\.mlp\.w3\.", ".mlp.fc2."),
)
_HUGGING_FACE_NAMES = (
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.register_tokens$", "reg_token"),
    (r"^embeddings\.patch_embeddings\.", "patch_embed.proj."),
    (r"^layer\.(\d+)\.", r"blocks.\1."),
    (r"\.layer_scale([12])\.lambda1$", r".gamma_\1"),
    (r"\.attention\.o_proj\.", ".attn.proj."),
    (r"\.mlp\.down_proj\.", ".mlp.fc2."),
    (r"\.mlp\.gate_proj\.", ".mlp.fc1_g."),
)


class DinoV3Trunk(TimmTrunk):
    """A DINOv3 network of timm, with rotary positions, for any image size."""

    def __init__(self, network: str, **shape: int) -> None:
        super().__init__()
        self.vit = timm.create_model(network, pretrained=False, num_classes=0, **shape)
        self.width, self.depth = int(self.vit.embed_dim), len(self.vit.blocks)
        self.prefix_tokens = int(self.vit.num_prefix_tokens)
        self.summary_tokens = 1
        self.vector_length = self.width

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the tokens before the first block, and the rotary position embedding that every block needs."""
        tokens, rotary = self.vit._pos_embed(self.vit.patch_embed(images))  # noqa: SLF001 - timm has no public step
        return self.vit.norm_pre(tokens), rotary

    def run(self, tokens: Tensor, context: Tensor | None, first: int, last: int) -> Tensor:
        """Pass the tokens through blocks `first` to `last` - 1."""
        for block in self.vit.blocks[first:last]:
            tokens = block(tokens, rope=context)
        return tokens

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename Meta's and Hugging Face's tensors to timm's, joining separate queries, keys and values."""
        plain = {key.removeprefix("vit."): value for key, value in weights.items()}
        hugging_face = any(key.startswith("embeddings.") for key in plain)
        renamed = _from_hugging_face(plain) if hugging_face else _renamed(plain, _META_NAMES)
        return {_marked(key, value): value for key, value in renamed.items()}


class DinoV3Backbone(VitBackbone):
    """DINOv3 with the adapter; frozen from the start."""

    family: ClassVar[str] = "dinov3"

    def __init__(self, name: str, trunk: DinoV3Trunk, *, pyramid: bool, use_summary_token: bool) -> None:
        super().__init__(name, trunk, pyramid=pyramid, use_summary_token=use_summary_token)
        self.freeze()


def _renamed(weights: Mapping[str, Tensor], names: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    renamed = {}
    for key, value in weights.items():
        name = key
        for pattern, replacement in names:
            name = re.sub(pattern, replacement, name)
        renamed[name] = value
    return renamed


def _from_hugging_face(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    gated = any(".mlp.gate_proj." in key for key in weights)
    up = ((r"\.mlp\.up_proj\.", ".mlp.fc1_x." if gated else ".mlp.fc1."),)
    renamed = _renamed(weights, _HUGGING_FACE_NAMES + up)
    for key in [key for key in renamed if key.endswith(".attention.q_proj.weight")]:
        block = key.removesuffix("attention.q_proj.weight")
        parts = [f"{block}attention.{part}_proj.weight" for part in "qkv"]
        if all(part in renamed for part in parts):
            renamed[f"{block}attn.qkv.weight"] = torch.cat([renamed.pop(part) for part in parts])
    return renamed


def _marked(key: str, value: Tensor) -> str:
    """Mark what is left out. The published attention biases are all zero, and timm's networks have none."""
    zero_bias = re.search(r"\.(qkv|[qkv]_proj)\.bias$", key) is not None and not bool(value.any())
    return f"skip:{key}" if zero_bias or _NOT_NEEDED.search(key) else f"vit.{key}"

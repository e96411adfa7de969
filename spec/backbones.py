# SPDX-License-Identifier: Apache-2.0
"""The backbones that `model.backbone.type` names, as plain facts. No heavy import: the launch path reads this too.

Channels and strides are those of the four feature maps that the decoder gets. FAN strides and channels: Zhou et al.,
"Understanding the robustness in vision transformers", arXiv 2204.12451; the ViTs go through the adapter of Chen et al.,
"Vision transformer adapter for dense predictions", arXiv 2205.08534.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Family = Literal["fan", "nvdinov2", "c_radio", "dinov3", "timm"]
TIMM_PATTERN = r"^timm/[A-Za-z0-9_.]+$"
PACKAGED_WEIGHTS = {"package:efficientnet-lite0": "timm/tf_efficientnet_lite0"}


@dataclass(frozen=True, slots=True)
class BackboneFacts:
    """Family, width of the last features, channels and strides of the four maps, divisor of the image's sides."""

    family: Family
    embed_dim: int
    channels: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]
    input_multiple: int
    frozen: bool = False


def _fan(embed_dim: int) -> BackboneFacts:
    return BackboneFacts("fan", embed_dim, (128, 256, embed_dim, embed_dim), (4, 8, 16, 16), 16)


def _vit(family: Family, width: int) -> BackboneFacts:
    return BackboneFacts(family, width, (width, width, width, width), (4, 8, 16, 32), 32, frozen=family == "dinov3")


BACKBONES: dict[str, BackboneFacts] = {
    "c_radio_v2_vit_base_patch16_224": _vit("c_radio", 768),
    "c_radio_v2_vit_large_patch16_224": _vit("c_radio", 1024),
    "c_radio_v2_vit_huge_patch16_224": _vit("c_radio", 1280),
    "c_radio_p1_vit_huge_patch16_224_mlpnorm": _vit("c_radio", 1280),
    "c_radio_p2_vit_huge_patch16_224_mlpnorm": _vit("c_radio", 1280),
    "c_radio_p3_vit_huge_patch16_224_mlpnorm": _vit("c_radio", 1280),
    "vit_large_nvdinov2": _vit("nvdinov2", 1024),
    "fan_tiny_8_p4_hybrid": _fan(192),
    "fan_small_12_p4_hybrid": _fan(384),
    "fan_base_16_p4_hybrid": _fan(448),
    "fan_large_16_p4_hybrid": _fan(480),
    "vit_small_dinov3": _vit("dinov3", 384),
    "vit_small_plus_dinov3": _vit("dinov3", 384),
    "vit_base_dinov3": _vit("dinov3", 768),
    "vit_large_dinov3": _vit("dinov3", 1024),
    "vit_huge_plus_dinov3": _vit("dinov3", 1280),
    "vit_7b_dinov3": _vit("dinov3", 4096),
    "timm/tf_efficientnet_lite0": BackboneFacts("timm", 1280, (24, 40, 112, 320), (4, 8, 16, 32), 32),
}

# With model.backbone.finest_stride 2: one finer level instead of the deepest.
FINE: dict[str, BackboneFacts] = {
    "timm/tf_efficientnet_lite0": BackboneFacts("timm", 112, (16, 24, 40, 112), (2, 4, 8, 16), 16),
}

NAMED = tuple(name for name in BACKBONES if not name.startswith("timm/"))


def backbone_facts(name: str, finest_stride: int = 4) -> BackboneFacts | None:
    """The facts of a backbone; None for a timm backbone of which only timm itself knows them, and for unknown names."""
    return FINE.get(name) if finest_stride == 2 and name not in NAMED else BACKBONES.get(name)


def backbone_family(name: str) -> Family | None:
    """The family of a backbone, or None for a name that is none."""
    facts = BACKBONES.get(name)
    if facts:
        return facts.family
    return "timm" if re.match(TIMM_PATTERN, name) else None


# What published weight files are called. The first pattern that fits tells the family and, where it says so, the types
# the weights fit; what fits none is judged by its tensors when it is loaded.
_FILE_NAMES: tuple[tuple[str, Family, tuple[str, ...]], ...] = (
    (r"nv_?dino_?v2", "nvdinov2", ("vit_large_nvdinov2",)),
    (r"c[-_]?radio[-_]?v2[-_]?b", "c_radio", ("c_radio_v2_vit_base_patch16_224",)),
    (r"c[-_]?radio[-_]?v2[-_]?l", "c_radio", ("c_radio_v2_vit_large_patch16_224",)),
    (r"c[-_]?radio[-_]?v2[-_]?h", "c_radio", ("c_radio_v2_vit_huge_patch16_224",)),
    (r"c[-_]?radio", "c_radio", ()),
    (r"dinov3[-_]vits16[-_]?plus", "dinov3", ("vit_small_plus_dinov3",)),
    (r"dinov3[-_]vits16", "dinov3", ("vit_small_dinov3",)),
    (r"dinov3[-_]vitb16", "dinov3", ("vit_base_dinov3",)),
    (r"dinov3[-_]vitl16", "dinov3", ("vit_large_dinov3",)),
    (r"dinov3[-_]vith16[-_]?plus", "dinov3", ("vit_huge_plus_dinov3",)),
    (r"dinov3[-_]vit7b16", "dinov3", ("vit_7b_dinov3",)),
    (r"dinov3", "dinov3", ()),
    (r"fan[-_](?:hybrid[-_])?tiny", "fan", ("fan_tiny_8_p4_hybrid",)),
    (r"fan[-_](?:hybrid[-_])?small", "fan", ("fan_small_12_p4_hybrid",)),
    (r"fan[-_](?:hybrid[-_])?base", "fan", ("fan_base_16_p4_hybrid",)),
    (r"fan[-_](?:hybrid[-_])?large", "fan", ("fan_large_16_p4_hybrid",)),
    (r"efficientnet[-_]?lite0", "timm", ("timm/tf_efficientnet_lite0",)),
)


def fitting_types(file_name: str) -> tuple[str, ...]:
    """The backbone types that a weight file of this name fits; empty where the name tells nothing."""
    for pattern, family, types in _FILE_NAMES:
        if re.search(pattern, file_name, re.IGNORECASE):
            return types or tuple(name for name, facts in BACKBONES.items() if facts.family == family)
    return ()

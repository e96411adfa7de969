# SPDX-License-Identifier: Apache-2.0
"""Builds a backbone of each family. Loads torch and timm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backbones.dinov3 import NETWORKS, DinoV3Backbone, DinoV3Trunk
from engine.backbones.fan import SIZES as FAN_SIZES
from engine.backbones.fan import FanBackbone
from engine.backbones.nvdinov2 import VIT_LARGE, DinoV2Backbone, DinoV2Trunk
from engine.backbones.radio import SIZES as RADIO_SIZES
from engine.backbones.radio import RadioBackbone, RadioTrunk
from engine.backbones.timm_pyramid import TimmPyramid

if TYPE_CHECKING:
    from engine.backbones.base import Backbone
    from engine.backbones.info import BackboneInfo


def build_family(  # noqa: PLR0913 - the choices of model.backbone
    info: BackboneInfo,
    image_height: int,
    image_width: int,
    *,
    pyramid: bool,
    use_summary_token: bool,
    finest_stride: int,
) -> Backbone:
    """Build the backbone that `info` describes; see `registry.build_backbone`."""
    name = info.name
    if info.family == "timm":
        return TimmPyramid(name, image_height, image_width, finest_stride)
    if info.family == "fan":
        return FanBackbone(name, FAN_SIZES[name], image_height, image_width)
    if info.family == "c_radio":
        return RadioBackbone(name, RadioTrunk(RADIO_SIZES[name]), pyramid=pyramid, use_summary_token=use_summary_token)
    if info.family == "dinov3":
        trunk = DinoV3Trunk(NETWORKS[name])
        return DinoV3Backbone(name, trunk, pyramid=pyramid, use_summary_token=use_summary_token)
    nvdinov2 = DinoV2Trunk(VIT_LARGE, image_height, image_width)
    return DinoV2Backbone(name, nvdinov2, pyramid=pyramid, use_summary_token=use_summary_token)

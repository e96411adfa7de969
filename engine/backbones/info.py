# SPDX-License-Identifier: Apache-2.0
"""What a backbone looks like from outside. Importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spec.backbones import BACKBONES, backbone_family

if TYPE_CHECKING:
    from collections.abc import Sequence

Triple = tuple[float, float, float]
MeanStd = tuple[Triple, Triple]

IMAGENET: MeanStd = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP: MeanStd = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
TIMM_PREFIX = "timm/"
GOOD_TIMM_NAMES = ("timm/tf_efficientnet_lite0", "timm/mobilenetv3_small_100", "timm/resnet18", "timm/convnext_tiny")
BACKBONE_KEY = "model.backbone.type"


@dataclass(frozen=True, slots=True)
class BackboneInfo:
    """A backbone as the spec and the decoder see it.

    `embed_dim` is the width of the last block; the vector that `Backbone.final_features` returns may be longer, its
    length is `Backbone.embed_dim`.
    """

    name: str
    family: str
    embed_dim: int
    decoder_channels: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]
    frozen: bool
    input_multiple: int


def named_info(name: str) -> BackboneInfo:
    """Describe one of the named backbone types."""
    facts = BACKBONES[name]
    return BackboneInfo(
        name,
        family=facts.family,
        embed_dim=facts.embed_dim,
        decoder_channels=facts.channels,
        strides=facts.strides,
        frozen=facts.frozen,
        input_multiple=facts.input_multiple,
    )


def effective_mean_std(backbone_name: str, mean: Sequence[float], std: Sequence[float]) -> MeanStd:
    """Return the mean and std to normalise with, given those of the spec.

    C-RADIO was trained with CLIP's; a spec that holds ImageNet's, the default of the other backbones, gets CLIP's.
    """
    given = (_triple(mean), _triple(std))
    return CLIP if backbone_family(backbone_name) == "c_radio" and given == IMAGENET else given


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue

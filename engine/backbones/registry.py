# SPDX-License-Identifier: Apache-2.0
"""Backbone types by name: what each looks like from outside, and how it is built. Importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from core.errors import SpecError, did_you_mean
from spec.backbones import BACKBONES, NAMED, backbone_family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backbones.base import Backbone

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
    length is `Backbone.embed_dim`. `mean_std` are those its published weights were trained with, for images in 0..1.
    """

    name: str
    family: str
    embed_dim: int
    decoder_channels: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]
    frozen: bool
    input_multiple: int
    mean_std: MeanStd


def backbone_names() -> tuple[str, ...]:
    """The named backbone types; any `timm/<name>` is valid beside them."""
    return NAMED


@cache
def backbone_info(name: str, finest_stride: int = 4) -> BackboneInfo:
    """Describe a backbone type; `finest_stride` is for those of timm.

    For `timm/<name>` the network is laid out without memory for its weights, which takes some 0.1 s.

    Raises:
        SpecError: no such backbone, or a timm network that gives fewer than four maps.
    """
    if name in NAMED:
        return _named_info(name)
    if name.startswith(TIMM_PREFIX):
        from engine.backbones.timm_pyramid import describe

        return describe(name, finest_stride)
    raise _unknown(name)


def build_backbone(  # noqa: PLR0913 - the choices of model.backbone
    name: str,
    *,
    image_height: int,
    image_width: int,
    pyramid: bool = True,
    use_summary_token: bool = True,
    finest_stride: int = 4,
) -> Backbone:
    """Build a backbone with fresh weights; nothing is downloaded, ever. DINOv3 comes frozen.

    Args:
        name: a name of `backbone_names()` or `timm/<name>`.
        image_height: pixels of the picture that goes in, all lightings stitched.
        image_width: the same.
        pyramid: False leaves out the adapter of a vision transformer: for the euclidean difference module, which needs
            `final_features` alone.
        use_summary_token: whether that adapter mixes the summary tokens into all four maps.
        finest_stride: of the finest of the four maps of a timm network.

    Raises:
        SpecError: no such backbone, or it can't take images of that size.
    """
    info = backbone_info(name, finest_stride)
    _check_size(info, image_height, image_width)
    from engine.backbones.families import build_family

    return build_family(
        info,
        image_height,
        image_width,
        pyramid=pyramid,
        use_summary_token=use_summary_token,
        finest_stride=finest_stride,
    )


def effective_mean_std(backbone_name: str, mean: Sequence[float], std: Sequence[float]) -> MeanStd:
    """Return the mean and std to normalise with, given those of the spec.

    C-RADIO was trained with CLIP's; a spec that holds ImageNet's, the default of the other backbones, gets CLIP's.
    """
    given = (_triple(mean), _triple(std))
    return CLIP if backbone_family(backbone_name) == "c_radio" and given == IMAGENET else given


def check_freeze(name: str, *, freeze_backbone: bool, pretrained_backbone_path: str | None) -> None:
    """Refuse to freeze random weights; DINOv3 is always frozen.

    Raises:
        SpecError: the backbone would be frozen, but no weights are given.
    """
    frozen = freeze_backbone or backbone_info(name).frozen
    if frozen and not pretrained_backbone_path:
        reason = "model.backbone.freeze_backbone is true" if freeze_backbone else "it is only used frozen"
        raise SpecError(
            f"backbone {name} has no pretrained weights, but {reason}: random features would never learn",
            code="spec.freeze_without_weights",
            where="model.backbone.pretrained_backbone_path",
            remedy="Give the path of the weight file"
            + (", or set model.backbone.freeze_backbone=false." if freeze_backbone else "."),
        )


def _named_info(name: str) -> BackboneInfo:
    facts = BACKBONES[name]
    return BackboneInfo(
        name,
        family=facts.family,
        embed_dim=facts.embed_dim,
        decoder_channels=facts.channels,
        strides=facts.strides,
        frozen=facts.frozen,
        input_multiple=facts.input_multiple,
        mean_std=CLIP if facts.family == "c_radio" else IMAGENET,
    )


def _check_size(info: BackboneInfo, height: int, width: int) -> None:
    multiple = info.input_multiple
    if min(height, width) >= multiple and height % multiple == 0 and width % multiple == 0:
        return
    below = [max(multiple, size // multiple * multiple) for size in (height, width)]
    raise SpecError(
        f"backbone {info.name} needs images whose sides are multiples of {multiple} pixels, not {height}x{width}",
        code="spec.image_size",
        where="dataset.classify.image_height, dataset.classify.image_width",
        remedy=f"The next smaller size (height x width, all lightings stitched) is {below[0]}x{below[1]}.",
    )


def _unknown(name: str) -> SpecError:
    hint = did_you_mean(name, [*NAMED, *GOOD_TIMM_NAMES])
    return SpecError(
        f"no backbone is called {name!r}",
        code="spec.backbone",
        where=BACKBONE_KEY,
        remedy=hint or f"Use one of {', '.join(NAMED)}, or timm/<name>, such as {GOOD_TIMM_NAMES[0]}.",
    )


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue

# SPDX-License-Identifier: Apache-2.0
"""Backbones by name: how each is described and built. Importing this loads no torch."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from core.errors import SpecError, did_you_mean
from engine.backbones.info import BACKBONE_KEY, GOOD_TIMM_NAMES, TIMM_PREFIX, BackboneInfo, named_info
from spec.backbones import NAMED

if TYPE_CHECKING:
    from engine.backbones.base import Backbone


@cache
def backbone_info(name: str, finest_stride: int = 4) -> BackboneInfo:
    """Describe a backbone type; `finest_stride` is for those of timm.

    For `timm/<name>` the network is laid out without memory for its weights, which takes some 0.1 s.

    Raises:
        SpecError: no such backbone, or a timm network that gives fewer than four maps.
    """
    if name in NAMED:
        return named_info(name)
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
        name: one of `spec.backbones.NAMED`, or `timm/<name>`.
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

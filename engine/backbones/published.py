# SPDX-License-Identifier: Apache-2.0
"""Recognises which published model a weight file holds, by the names and shapes of its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from engine.backbones.base import Backbone

    Weights = Mapping[str, Tensor]

_RADIO = "radio_model.model."


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """What a file holds: its family, a name people know it by, and the backbone types that can read it."""

    family: str
    label: str
    backbone_types: tuple[str, ...]


def identify(weights: Weights) -> PublishedModel | None:
    """Return the published model that these tensors belong to, or None if they look like none of the known ones."""
    for recognise in (_c_radio, _fan, _dinov3, _dinov2, _timm):
        found = recognise(weights)
        if found is not None:
            return found
    return None


def check_family(backbone: Backbone, weights: Weights, where: str) -> None:
    """Refuse a file of another family or size.

    Raises:
        CheckpointError: naming what the file holds and the backbone types that it fits.
    """
    found = identify(weights)
    if found is None or _fits(found, backbone):
        return
    types = " or ".join(found.backbone_types)
    raise CheckpointError(
        f"the file holds {found.label}, which does not fit backbone {backbone.name}",
        code="checkpoint.family",
        where=where,
        remedy=f"Set model.backbone.type={types}, or give weights of {backbone.name}."
        if types
        else f"Give weights of {backbone.name}; no backbone here reads this file.",
    )


def _fits(found: PublishedModel, backbone: Backbone) -> bool:
    if backbone.family == "timm":
        # timm's own networks translate DINOv2 and DINOv3 files themselves; how many keys match decides.
        return found.family in {"timm", "nvdinov2", "dinov3"}
    if found.family != backbone.family:
        return False
    return backbone.name in found.backbone_types or not found.backbone_types


def _c_radio(weights: Weights) -> PublishedModel | None:
    embedder = _first(weights, lambda key: key.endswith("patch_generator.embedder.weight"))
    position = _first(weights, lambda key: key.endswith("patch_generator.pos_embed"))
    if embedder is None and position is None and not any(key.startswith(_RADIO) for key in weights):
        return None
    if any(".ls1." in key for key in weights):
        return PublishedModel("c_radio_v3", "C-RADIO v3 or later", ())
    width = _width(embedder, 0) or _width(position, -1)
    if any(key.endswith("mlp.norm.weight") for key in weights):
        types = tuple(f"c_radio_p{phase}_vit_huge_patch16_224_mlpnorm" for phase in (1, 2, 3))
        return PublishedModel("c_radio", f"C-RADIO v1 of width {width}", types if width == 1280 else ())
    size = {768: "base", 1024: "large", 1280: "huge"}.get(width or 0)
    if size is None:
        return PublishedModel("c_radio", f"C-RADIO of width {width}", ())
    return PublishedModel("c_radio", f"C-RADIO v2 {size}", (f"c_radio_v2_vit_{size}_patch16_224",))


def _fan(weights: Weights) -> PublishedModel | None:
    projection = weights.get("patch_embed.proj.weight")
    if "patch_embed.backbone.stem.0.weight" not in weights or projection is None:
        return None
    sizes = {192: "tiny_8", 384: "small_12", 448: "base_16", 480: "large_16"}
    width = int(projection.shape[0])
    types = (f"fan_{sizes[width]}_p4_hybrid",) if width in sizes else ()
    return PublishedModel("fan", f"FAN hybrid of width {width}", types)


def _dinov3(weights: Weights) -> PublishedModel | None:
    registers = _first(weights, lambda key: key in {"storage_tokens", "reg_token", "embeddings.register_tokens"})
    scaled = any("gamma_1" in key or "ls1.gamma" in key or "layer_scale1" in key for key in weights)
    if registers is None or not scaled or any(key == "pos_embed" for key in weights):
        return None
    width = int(registers.shape[-1])
    gated = any(part in key for key in weights for part in ("mlp.w1.", "mlp.fc1_g.", "mlp.gate_proj."))
    size = {384: "small_plus" if gated else "small", 768: "base", 1024: "large", 1280: "huge_plus", 4096: "7b"}
    types = (f"vit_{size[width]}_dinov3",) if width in size else ()
    return PublishedModel("dinov3", f"DINOv3 of width {width}", types)


def _dinov2(weights: Weights) -> PublishedModel | None:
    position = weights.get("pos_embed")
    if position is None or not any(key.endswith("ls1.gamma") for key in weights):
        return None
    width = int(position.shape[-1])
    first_layer = _first(weights, lambda key: key.endswith(("0.mlp.w12.weight", "0.mlp.fc1.weight")))
    # NVDINOv2 has a SwiGLU MLP of 2 x 2736 where the public ViT-L has a plain one of 4096.
    gated = first_layer is not None and first_layer.shape[0] != 4 * width
    if not gated:
        return PublishedModel("timm", f"DINOv2 of width {width}", _dinov2_types(width))
    types = ("vit_large_nvdinov2",) if width == 1024 else ()
    return PublishedModel("nvdinov2", f"NVDINOv2 of width {width}", types)


def _dinov2_types(width: int) -> tuple[str, ...]:
    size = {384: "small", 768: "base", 1024: "large"}.get(width)
    return (f"timm/vit_{size}_patch14_dinov2",) if size else ()


def _timm(weights: Weights) -> PublishedModel | None:
    signs = (
        ("blocks.0.attn.qkv.weight", "a plain vision transformer", "timm/vit_base_patch16_224"),
        ("conv_stem.weight", "an EfficientNet or MobileNet", "timm/tf_efficientnet_lite0"),
        ("_conv_stem.weight", "an EfficientNet", "timm/tf_efficientnet_lite0"),
        ("layer1.0.conv1.weight", "a ResNet", "timm/resnet18"),
        ("stages.0.blocks.0.conv_dw.weight", "a ConvNeXt", "timm/convnext_tiny"),
    )
    for key, label, example in signs:
        if key in weights:
            return PublishedModel("timm", f"{label} (such as {example})", (example,))
    return None


def _first(weights: Weights, matches: Callable[[str], bool]) -> Tensor | None:
    return next((tensor for key, tensor in weights.items() if matches(key)), None)


def _width(tensor: Tensor | None, dimension: int) -> int | None:
    return None if tensor is None else int(tensor.shape[dimension])

# SPDX-License-Identifier: Apache-2.0
"""A plain vision transformer as a backbone: four maps through the adapter, or one vector from its summary tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.backbones.base import Backbone
from engine.backbones.vit_adapter import VitAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from engine.backbones.vit_trunk import VitTrunk

_STRIDES = (4, 8, 16, 32)
# A checkpoint of the container has the adapter's parts beside the transformer, and C-RADIO under this name.
_CONTAINER_TRUNK = "radio.radio.radio.model."
_LEVEL_PARTS = tuple(f"{part}{level}." for part in ("conv", "norm") for level in (1, 2, 3, 4))
_ADAPTER_PARTS = ("adapter.", "level_embed", "spm.", "interactions.", "up.", "fc_summary.", *_LEVEL_PARTS)


class VitBackbone(Backbone):
    """A transformer trunk, and the adapter unless only vectors are wanted; it keeps training beside a frozen trunk."""

    pretrained_prefix: ClassVar[str] = "trunk."

    def __init__(self, name: str, trunk: VitTrunk, *, pyramid: bool, use_summary_token: bool) -> None:
        width = trunk.width
        super().__init__(name, channels=(width, width, width, width), strides=_STRIDES, embed_dim=trunk.vector_length)
        self.trunk = trunk
        self.adapter = VitAdapter(trunk, use_summary_token=use_summary_token) if pyramid else None
        norm = trunk.final_norm()
        if pyramid and norm is not None:
            # The maps don't pass the final norm; a parameter that never gets a gradient stops distributed training.
            norm.requires_grad_(requires_grad=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the four maps c1..c4."""
        if self.adapter is None:
            raise RuntimeError(f"{self.name} was built without its adapter (pyramid=False): it gives vectors only")
        maps: list[Tensor] = self.adapter(images, self.trunk)
        return maps

    def final_features(self, images: Tensor) -> Tensor:
        """Return the class or summary tokens after the last block; the adapter has no part in it."""
        tokens, context = self.trunk.embed(images)
        return self.trunk.vector(self.trunk.run(tokens, context, 0, self.trunk.depth))

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename published tensors; a trained checkpoint's adapter is taken over with the trunk."""
        plain = {key.removeprefix(_CONTAINER_TRUNK).removeprefix("trunk."): value for key, value in weights.items()}
        adapter = {key: value for key, value in plain.items() if key.startswith(_ADAPTER_PARTS)}
        published = {key: value for key, value in plain.items() if key not in adapter}
        converted = {f"adapter.{key.removeprefix('adapter.')}": value for key, value in adapter.items()}
        for key, value in self.trunk.convert_weights(published).items():
            converted[key if key.startswith("skip:") else f"trunk.{key}"] = value
        return converted

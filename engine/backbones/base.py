# SPDX-License-Identifier: Apache-2.0
"""What every backbone offers to the difference modules and to the weight loader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from core.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

Levels = tuple[int, int, int, int]


class Backbone(nn.Module, ABC):
    """A feature extractor shared by the test and the golden image.

    Attributes:
        name: the backbone type of the spec.
        family: `timm`, `fan`, `c_radio`, `nvdinov2` or `dinov3`.
        channels: channels of the four maps, finest first.
        strides: pixels of the image per pixel of each map.
        embed_dim: length of the vector that `final_features` returns.
        is_frozen: whether `freeze` was called.
    """

    family: ClassVar[str]
    # Where the parameters that published weights fill begin; everything else is trained from scratch.
    pretrained_prefix: ClassVar[str] = ""
    # Keys without which a file is of no use, as `load_weights` meets them after conversion.
    required_keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, *, channels: Levels, strides: Levels, embed_dim: int) -> None:
        super().__init__()
        self.name = name
        self.channels = channels
        self.strides = strides
        self.embed_dim = embed_dim
        self.is_frozen = False

    @abstractmethod
    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the four maps c1..c4, map i of shape (B, channels[i], H/strides[i], W/strides[i])."""

    @abstractmethod
    def final_features(self, images: Tensor) -> Tensor:
        """Return one vector per image, (B, embed_dim), for the euclidean difference module."""

    @abstractmethod
    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename (and resample) the tensors of a published file to this module's own keys.

        Tensors that have no counterpart keep their name; a name beginning with `skip:` marks one that is left out on
        purpose, such as a classification head.
        """

    def freeze(self) -> None:
        """Stop training what published weights fill: no gradients, running statistics held. Adapters keep training."""
        self._pretrained_part().requires_grad_(requires_grad=False)
        self.is_frozen = True
        self.train(self.training)

    def freeze_levels(self, count: int) -> None:
        """Stop training the first `count` of the four levels and what comes before them.

        Raises:
            SpecError: the levels of this backbone can't be told apart.
        """
        if count:
            raise SpecError(
                f"backbone {self.name} has no levels that can be frozen one by one",
                code="spec.frozen_levels",
                where="model.backbone.frozen_levels",
                remedy="set it to 0, or freeze the whole with model.backbone.freeze_backbone=true",
            )

    def train(self, mode: bool = True) -> Backbone:
        """As `nn.Module.train`, but a frozen part stays in evaluation mode."""
        super().train(mode)
        if self.is_frozen:
            # Not through .eval(): where the whole backbone is frozen, that would come back here.
            for module in self._pretrained_part().modules():
                module.training = False
        return self

    def _pretrained_part(self) -> nn.Module:
        return self.get_submodule(self.pretrained_prefix.rstrip("."))

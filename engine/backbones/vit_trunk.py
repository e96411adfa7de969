# SPDX-License-Identifier: Apache-2.0
"""What the adapter needs of a plain vision transformer with 16-pixel patches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

PATCH = 16


class VitTrunk(nn.Module, ABC):
    """A plain vision transformer that can be run a few blocks at a time.

    Attributes:
        width: channels of a token.
        depth: number of blocks.
        prefix_tokens: tokens in front of the patches: class or summary tokens, then registers.
        summary_tokens: how many of them the adapter mixes into its maps.
        vector_length: length of the vector that `vector` returns.
    """

    width: int
    depth: int
    prefix_tokens: int
    summary_tokens: int
    vector_length: int

    @abstractmethod
    def embed(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the tokens (B, prefix + patches, width) before the first block, and what blocks need beside them."""

    @abstractmethod
    def run(self, tokens: Tensor, context: Tensor | None, first: int, last: int) -> Tensor:
        """Pass the tokens through blocks `first` to `last` - 1."""

    @abstractmethod
    def vector(self, tokens: Tensor) -> Tensor:
        """Return one vector per image, (B, vector_length), from the tokens after the last block."""

    def final_norm(self) -> nn.Module | None:
        """The norm after the last block, which only `vector` uses; None if there is none."""
        return None

    @abstractmethod
    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename and resample published tensors to this trunk's keys (`skip:` marks what is left out on purpose)."""


class TimmTrunk(VitTrunk):
    """A vision transformer of timm, `vit`, whose vector is its class token."""

    vit: Any

    def vector(self, tokens: Tensor) -> Tensor:
        """Return the class token after the final norm."""
        vector: Tensor = self.vit.norm(tokens)[:, 0]
        return vector

    def final_norm(self) -> nn.Module:
        """The norm after the last block."""
        norm: nn.Module = self.vit.norm
        return norm

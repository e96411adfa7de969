# SPDX-License-Identifier: Apache-2.0
"""A segment network that is an engine on a GPU, for the same scoring loop that runs one of PyTorch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployed.mask_model import GOLDEN, TEST
from engine.segment.network import MaskNetwork

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.export.tensorrt_session import EngineSession


class EngineMaskNetwork(MaskNetwork):
    """An engine in use."""

    def __init__(self, session: EngineSession, *, all_scales: bool) -> None:
        super().__init__(all_scales=all_scales)
        self._session = session

    @property
    def device(self) -> torch.device:
        """The GPU."""
        return self._session.device

    def forward(self, goldens: Tensor, tests: Tensor) -> list[Tensor]:
        """Logits, those of the input's size last."""
        given = {GOLDEN: goldens, TEST: tests}
        return self._session.run(*(given[name] for name in self._session.inputs))

# SPDX-License-Identifier: Apache-2.0
"""A network that is an engine on a GPU, for the same scoring loop that runs one of PyTorch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.classify.head_kinds import ClassifierHead, DistanceHead
from engine.classify.network import PairNetwork
from engine.export.engine_judging import CLASSIFY_NAMES

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.backbones.base import Backbone
    from engine.classify.cell_centres import Shift, Size
    from engine.classify.head_kinds import Features
    from engine.export.tensorrt_session import EngineSession


class _Whole:
    """An engine takes both pictures: what describes one leaves it as it is."""

    def __init__(self, session: EngineSession) -> None:
        super().__init__()
        self._session = session

    def describe(self, backbone: Backbone | None, images: Tensor) -> Features:
        """The pictures themselves."""
        del backbone
        return [images]

    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """The output for B pairs."""
        golden = goldens[0] if count == 1 else goldens[0].reshape(-1, count, *goldens[0].shape[1:])
        given = dict(zip(CLASSIFY_NAMES, (tests[0], golden), strict=True))
        return self._session.run(*(given[name] for name in self._session.inputs))[-1]


class _Logits(_Whole, ClassifierHead):
    pass


class _Distances(_Whole, DistanceHead):
    pass


class EngineNetwork(PairNetwork):
    """An engine.

    Args:
        session: in use.
        distances: whether its output is a distance, and no logits.
    """

    can_explain = False

    def __init__(self, session: EngineSession, *, distances: bool) -> None:
        super().__init__()
        self._session = session
        self.head = _Distances(session) if distances else _Logits(session)

    @property
    def device(self) -> torch.device:
        """The GPU."""
        return self._session.device

    def describe(self, images: Tensor) -> Features:
        """The pictures themselves."""
        return [images]

    def off_centre(self, height: int, width: int) -> dict[Size, Shift]:
        """An engine has no maps."""
        del height, width
        return {}

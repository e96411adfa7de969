# SPDX-License-Identifier: Apache-2.0
"""A network that ONNX Runtime runs, for the same scoring loop that runs one of PyTorch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from core.errors import CheckpointError
from deployed.sessions import Session
from engine.classify.head_kinds import ClassifierHead, DistanceHead
from engine.classify.network import PairNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from deployed.siamese_graph import Parts
    from engine.backbones.base import Backbone
    from engine.classify.cell_centres import Shift, Size
    from engine.classify.head_kinds import Features

_CPU = torch.device("cpu")
OFF_CENTRE = "off_centre"


class _Comparison:
    """Both halves of a head, each in a session; `explain` where the file holds that."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._describe = Session(parts.describe)
        self._compare = Session(parts.compare)
        self._explain = Session(parts.explain) if parts.explain else None

    def describe(self, backbone: Backbone | None, images: Tensor) -> Features:
        """Features of images (M, 3, H, W), each by itself."""
        del backbone  # stands in the graph
        return _run(self._describe, [images])

    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """The output for B pairs."""
        del count  # stands in the graph
        return _run(self._compare, [*tests, *goldens])[0]

    def explain(self, tests: Features, goldens: Features, count: int) -> tuple[Tensor, list[Tensor]]:
        """The output, and what each place adds to the margin.

        Raises:
            CheckpointError: the file does not hold that; the network's `can_explain` says so.
        """
        del count
        if self._explain is None:
            message, remedy = "the file does not tell where it sees a difference", "export the model again"
            raise CheckpointError(message, code="model.evidence", where="model", remedy=remedy)
        output, *maps = _run(self._explain, [*tests, *goldens])
        return output, maps


class _Logits(_Comparison, ClassifierHead):
    pass


class _Distances(_Comparison, DistanceHead):
    pass


class OnnxNetwork(PairNetwork):
    """The parts of an exported network in sessions.

    Args:
        parts: as `siamese_graph.take_apart` gives them.
        off_centre: where the cells of its maps look, as `off_centre_to_json` writes it.
        distances: whether the output is a distance, and no logits.
    """

    def __init__(self, parts: Parts, off_centre: Any, *, distances: bool) -> None:
        super().__init__()
        self._off_centre = {(int(h), int(w)): (float(d), float(r)) for h, w, d, r in off_centre or ()}
        self.head = _Distances(parts) if distances else _Logits(parts)
        self.can_explain = parts.explain is not None

    @property
    def device(self) -> torch.device:
        """The processor."""
        return _CPU

    def describe(self, images: Tensor) -> Features:
        """Features of images (M, 3, H, W), each by itself."""
        return cast("_Comparison", self.head).describe(None, images)

    def off_centre(self, height: int, width: int) -> dict[Size, Shift]:
        """As it was found when the network was exported; it has this one size."""
        del height, width
        return self._off_centre


def off_centre_to_json(shifts: Mapping[Size, Shift]) -> list[list[float]]:
    """Rows of height, width, down and right."""
    return [[*size, *shift] for size, shift in shifts.items()]


def _run(session: Session, tensors: list[Tensor]) -> list[Tensor]:
    arrays = [tensor.float().contiguous().numpy() for tensor in tensors]
    return [torch.from_numpy(array) for array in session.run(dict(zip(session.inputs, arrays, strict=True)))]

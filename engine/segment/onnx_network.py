# SPDX-License-Identifier: Apache-2.0
"""A segment network as an ONNX graph, and in a session for the same scoring loop that runs one of PyTorch modules."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from torch import nn

from core.errors import JobFailedError
from deployed.mask_model import FINAL, GOLDEN, TEST
from deployed.sessions import Session
from deployed.siamese_graph import BATCH, leading_to
from engine.export.static_padding import fix_padding
from engine.export.tracing import trace
from engine.segment.network import MaskNetwork

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import Tensor

_PAIRS = 2  # in the batch that is traced; any number fits the graph
_TOLERANCE = 1e-3  # of logits, between the graph and the network that it was traced from
_CPU = torch.device("cpu")


class _Whole(nn.Module):
    """Both pictures through the backbone in one pass, whatever their number."""

    def __init__(self, network: MaskNetwork) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, goldens: Tensor, tests: Tensor) -> tuple[Tensor, ...]:
        """All predictions."""
        maps = self.network.backbone(torch.cat([goldens, tests]))
        sides = [level.reshape(2, -1, *(int(size) for size in level.shape[1:])) for level in maps]
        halves = ([side[0] for side in sides], [side[1] for side in sides])
        return tuple(self.network.head(*halves, (goldens, tests)))


def graph_of(network: MaskNetwork, side: int, opset: int, batch: int) -> ModelProto:
    """The graph of a network for squares of `side` pixels; `batch` pairs at a time, -1 leaves that open.

    Raises:
        JobFailedError: it can't be written, or does not give what the network gives.
    """
    plain = deepcopy(network).cpu().float().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    random = torch.Generator().manual_seed(0)
    squares = torch.randn(2, _PAIRS, 3, side, side, generator=random)
    fix_padding(plain, lambda: plain(*squares))
    with torch.no_grad():
        count = len(plain(*squares))
    names = [*(f"output{i}" for i in range(count - 1)), FINAL]
    whole = trace(_Whole(plain), list(squares), {GOLDEN: BATCH, TEST: BATCH}, names, opset)
    if batch > 0:
        for entry in (*whole.graph.input, *whole.graph.output):
            entry.type.tensor_type.shape.dim[0].dim_value = batch
    _check(whole, plain, torch.randn(2, batch if batch > 0 else _PAIRS + 1, 3, side, side, generator=random))
    return whole


def _check(whole: ModelProto, network: MaskNetwork, squares: Tensor) -> None:
    onnx.checker.check_model(whole, full_check=True)
    with torch.no_grad():
        expected = network(*squares)
    found = Session(whole).run({GOLDEN: squares[0].numpy(), TEST: squares[1].numpy()})
    for ours, theirs in zip(found, expected, strict=True):
        if ours.shape != theirs.shape or not np.allclose(ours, theirs.numpy(), rtol=_TOLERANCE, atol=_TOLERANCE):
            message = "the exported graph does not give what the network gives"
            raise JobFailedError(message, code="export.graph", remedy="export with another export.opset_version")


class OnnxMaskNetwork(MaskNetwork):
    """An exported network in a session; only what is asked for is computed."""

    def __init__(self, whole: ModelProto, *, all_scales: bool) -> None:
        super().__init__(all_scales=all_scales)
        outputs = [entry.name for entry in whole.graph.output] if all_scales else [FINAL]
        self._session = Session(leading_to(whole, outputs))

    @property
    def device(self) -> torch.device:
        """The processor."""
        return _CPU

    def forward(self, goldens: Tensor, tests: Tensor) -> list[Tensor]:
        """Logits, those of the input's size last."""
        feeds = {GOLDEN: goldens.float().contiguous().numpy(), TEST: tests.float().contiguous().numpy()}
        return [torch.from_numpy(array) for array in self._session.run(feeds)]

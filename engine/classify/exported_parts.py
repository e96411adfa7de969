# SPDX-License-Identifier: Apache-2.0
"""The two parts of a classify network as ONNX graphs: what describes a picture, and what compares two descriptions."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from torch import nn

from core.errors import JobFailedError
from deployed.sessions import Session
from deployed.siamese_graph import BATCH, GOLDEN_BATCH, Names, Parts, without_evidence
from engine.export.static_padding import fix_padding
from engine.export.tracing import trace

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import Tensor

    from engine.classify.cell_centres import Size
    from engine.classify.network import PairNetwork
    from engine.classify.onnx_network import OnnxNetwork

NAMES = Names("input_1", "input_2", "output")
_PAIRS = 2  # in the batch that is traced; any number fits the graph
_TOLERANCE = 1e-4  # between the graph as one and its parts, which compute the same


class _Describe(nn.Module):
    def __init__(self, network: PairNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.describe(pictures))


class _Compare(nn.Module):
    """Features of test pictures, then of golden ones, to an output, and to maps of evidence where the head can."""

    def __init__(self, network: PairNetwork, goldens: int) -> None:
        super().__init__()
        self.head = network.head
        self._goldens = goldens

    def forward(self, *features: Tensor) -> Any:
        half = len(features) // 2
        arguments = (list(features[:half]), list(features[half:]), self._goldens)
        if not self.head.explains_forward:
            return self.head.compare(*arguments)
        output, maps = self.head.explain(*arguments)
        return output, *maps


def parts_of(network: PairNetwork, size: Size, goldens: int, opset: int) -> Parts:
    """The parts of a network, for pictures of `size` and pairs with `goldens` golden ones each; it stays as it is.

    Raises:
        JobFailedError: they can't be written.
    """
    pictures = torch.zeros(_PAIRS, 3, *size)
    plain = deepcopy(network).cpu().float().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    fix_padding(plain, lambda: plain.describe(pictures))
    with torch.no_grad():
        features = [level.contiguous() for level in plain.describe(pictures)]
    several = [level.repeat_interleave(goldens, 0) for level in features]
    levels = [f"level_{i}" for i in range(len(features))]
    sides = (("test", BATCH), ("golden", GOLDEN_BATCH if goldens > 1 else BATCH))
    inputs = {f"{side}_{name}": rows for side, rows in sides for name in levels}
    explained = plain.head.explains_forward
    outputs = [NAMES.output, *(f"evidence_{i}" for i in range(len(features)) if explained)]
    describe = trace(_Describe(plain), [pictures], {"pictures": BATCH}, levels, opset)
    compare = trace(_Compare(plain, goldens), [*features, *several], inputs, outputs, opset)
    if not explained:
        return Parts(describe, compare, None, goldens)
    return Parts(describe, without_evidence(compare), compare, goldens)


def check_whole(
    whole: ModelProto, exported: OnnxNetwork, goldens: int, size: Size, tolerance: float = _TOLERANCE
) -> None:
    """The graph is valid, and as others run it gives what its parts give, for another number of pairs than was traced.

    Raises:
        JobFailedError: it does not.
    """
    onnx.checker.check_model(whole, full_check=True)
    count = batch if (batch := _fixed_batch(whole)) else _PAIRS + 1
    shape = (3, *size)
    random = torch.Generator().manual_seed(0)
    tests, each = torch.randn(count, *shape, generator=random), torch.randn(count, goldens, *shape, generator=random)
    expected = exported(tests, each).numpy()
    golden = each[:, 0] if goldens == 1 else each
    feeds = {NAMES.test: tests.numpy(), NAMES.golden: golden.contiguous().numpy()}
    found = Session(whole).run(feeds)[0]
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=tolerance, atol=tolerance):
        message = "the exported graph does not give what its parts give"
        raise JobFailedError(message, code="export.graph", remedy="export with another export.opset_version")


def _fixed_batch(whole: ModelProto) -> int:
    return int(whole.graph.input[0].type.tensor_type.shape.dim[0].dim_value)

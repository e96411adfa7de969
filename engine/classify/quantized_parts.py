# SPDX-License-Identifier: Apache-2.0
"""Quantises both parts of a network, and gives layers back their float numbers until its verdicts are right again.

Which layers go first is measured: each layer (or run of neighbouring layers) is quantised alone, and the one that moves
the outputs farthest is the worst.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch

from deployed.siamese_graph import Parts, without_evidence
from engine.classify.head_kinds import DistanceHead
from engine.classify.onnx_network import OnnxNetwork
from engine.classify.parity import prepared
from engine.console import say
from engine.export.layers import layers_of
from engine.export.quantization import StaticQuantizer, with_small_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from engine.classify.network_input import NetworkInput
    from engine.classify.parity import ParityPairs
    from engine.classify.preparation import Preparation
    from engine.export.layers import Layer
    from engine.export.parity import Parity

    Judge = Callable[[Parts], Parity]

_MOST_GROUPS = 24
_BACKBONE, _HEAD = "backbone.", "head."


class Selection(NamedTuple):
    """Which layers are quantised: those that match a pattern and are not skipped."""

    patterns: tuple[str, ...]
    skipped: tuple[str, ...]

    def takes(self, layer: Layer) -> bool:
        """Whether a layer is quantised."""
        return layer.matches(self.patterns) and not layer.matches(self.skipped)


class Calibration(NamedTuple):
    """Pairs, how they are prepared, and how ranges are found on them: a key of `quantization.METHODS`."""

    pairs: ParityPairs
    preparation: Preparation
    method: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A quantised network: how far it agrees, the modules that stayed in float, and how many layers there are."""

    parts: Parts
    parity: Parity
    float_layers: tuple[str, ...]
    layers: int


class PartsQuantizer:
    """Quantises a network whole or in part; a context manager.

    Args:
        parts: of the network.
        network: the same in sessions.
        calibration: on what ranges are measured, and how.
        selection: which layers are quantised.
    """

    def __init__(self, parts: Parts, network: OnnxNetwork, calibration: Calibration, selection: Selection) -> None:
        self._parts = parts
        self._network = network
        self._pairs = calibration.pairs
        self._preparation = calibration.preparation
        self._comparing = parts.explain or parts.compare
        self.layers = network_layers(parts)
        self._never = [layer for layer in self.layers if not selection.takes(layer)]
        self._chosen = [layer for layer in self.layers if selection.takes(layer)]
        judging = {node.name for node in parts.compare.graph.node}
        self._evidence = {node.name for node in self._comparing.graph.node} - judging  # not worth 8 bits, nor judged
        self._stack = ExitStack()
        self._describe = StaticQuantizer(parts.describe, self._pictures, calibration.method)
        self._compare = StaticQuantizer(self._comparing, self._features, calibration.method)

    def __enter__(self) -> Self:
        self._stack.enter_context(self._describe)
        self._stack.enter_context(self._compare)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def within(self, judge: Judge, most_flips: int, *, static: bool) -> Attempt:
        """The network with as many layers quantised as `judge` finds no more than `most_flips` verdicts changed with.

        Where even a network with no quantised layer flips more, that is handed back.
        """
        attempt = self._attempt([], judge, static=static)
        if attempt.parity.flipped <= most_flips:
            return attempt
        say(f"{attempt.parity.flipped} verdicts differ: looking for the layers that do it")
        worst = self._worst_first(static=static)
        low, high, found = 0, len(worst), attempt  # the first `low` are too few, the first `high` are enough
        while high - low > 1 or found is attempt:
            middle = (low + high + 1) // 2
            tried = self._attempt([layer for group in worst[:middle] for layer in group], judge, static=static)
            say(f"with {len(tried.float_layers)} layers in float {tried.parity.flipped} verdicts differ")
            if tried.parity.flipped <= most_flips:
                high, found = middle, tried
            elif middle == len(worst):
                return tried
            else:
                low = middle
        return found

    def _attempt(self, floats: list[Layer], judge: Judge, *, static: bool) -> Attempt:
        parts = self._quantized([*self._never, *floats], static=static)
        names = tuple(layer.module for layer in self.layers if layer in self._never or layer in floats)
        return Attempt(parts, judge(parts), names, len(self.layers))

    def _quantized(self, left_out: list[Layer], *, static: bool) -> Parts:
        nodes = {name for layer in left_out for name in layer.nodes} | self._evidence
        describe = self._describe.quantized(nodes) if static else with_small_weights(self._parts.describe, nodes)
        compare = self._compare.quantized(nodes) if static else with_small_weights(self._comparing, nodes)
        if not self._parts.explain:
            return Parts(describe, compare, None, self._parts.goldens)
        return Parts(describe, without_evidence(compare), compare, self._parts.goldens)

    def _sessions(self, parts: Parts) -> OnnxNetwork:
        return OnnxNetwork(parts, [], distances=isinstance(self._network.head, DistanceHead))

    def _worst_first(self, *, static: bool) -> list[list[Layer]]:
        """The chosen layers in groups of neighbours, those first that move outputs farthest when quantised alone."""
        size = -(-len(self._chosen) // _MOST_GROUPS)
        groups = [self._chosen[start : start + size] for start in range(0, len(self._chosen), size)]
        inputs = next(prepared(self._pairs, self._preparation))
        harm = []
        for group in groups:
            others = [layer for layer in self.layers if layer not in group]
            harm.append(_moved(self._network, self._sessions(self._quantized(others, static=static)), inputs))
        return [group for _, group in sorted(zip(harm, groups, strict=True), key=lambda entry: -entry[0])]

    def _pictures(self) -> Iterator[dict[str, NDArray[np.float32]]]:
        name = self._parts.describe.graph.input[0].name
        for inputs in prepared(self._pairs, self._preparation):
            yield {name: inputs.tests.numpy()}
            yield {name: inputs.goldens.flatten(0, 1).contiguous().numpy()}

    def _features(self) -> Iterator[dict[str, NDArray[np.float32]]]:
        names = [entry.name for entry in self._comparing.graph.input]
        for inputs in prepared(self._pairs, self._preparation):
            tests = self._network.describe(inputs.tests)
            goldens = self._network.describe(inputs.goldens[inputs.golden_of].flatten(0, 1))
            yield {name: level.numpy() for name, level in zip(names, [*tests, *goldens], strict=True)}


def network_layers(parts: Parts) -> list[Layer]:
    """The layers of both parts, named as the network's modules are: `backbone.…` and `head.…`."""
    found = [*layers_of(parts.describe), *layers_of(parts.compare)]
    return [
        layer if layer.module.startswith(_BACKBONE) else replace(layer, module=f"{_HEAD}{layer.module}")
        for layer in found
    ]


@torch.inference_mode()
def _moved(before: OnnxNetwork, after: OnnxNetwork, inputs: NetworkInput) -> float:
    goldens = inputs.goldens[inputs.golden_of]
    outputs = [network.head.margin(network(inputs.tests, goldens)) for network in (before, after)]
    return float((outputs[0] - outputs[1]).abs().max())

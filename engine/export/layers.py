# SPDX-License-Identifier: Apache-2.0
"""The layers of a traced graph: nodes with weights, each with the small operations that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deployed.siamese_graph import bare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto, NodeProto

# Operators with weights, and the class of module that each comes from.
WEIGHTED = {"Conv": "Conv2d", "Gemm": "Linear", "MatMul": "Linear"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A node with weights: the module it comes from, that module's class, and the names of all nodes of the layer."""

    module: str
    kind: str
    nodes: tuple[str, ...]

    def matches(self, patterns: Iterable[str]) -> bool:
        """Whether a pattern (fnmatch) is one of the module's name, or of its class."""
        return any(fnmatchcase(self.module, pattern) or fnmatchcase(self.kind, pattern) for pattern in patterns)


def layers_of(model: ModelProto) -> list[Layer]:
    """The layers of a graph in their order.

    A node without weights belongs to the layer whose output it works on, or else to the first that takes its output.
    """
    weights = {weight.name for weight in model.graph.initializer}
    owner: dict[str, str] = {}  # by the name of a tensor, the node with weights of its layer
    members: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    waiting: list[NodeProto] = []
    for node in model.graph.node:
        weighted = node.op_type in WEIGHTED and any(name in weights for name in node.input)
        if weighted:
            kinds[node.name] = WEIGHTED[node.op_type]
            members[node.name] = [*(early.name for early in waiting), node.name]
            waiting = []
        above = node.name if weighted else next((owner[name] for name in node.input if name in owner), "")
        if above and not weighted:
            members[above].append(node.name)
        elif not above:
            waiting.append(node)
            continue
        owner.update(dict.fromkeys(node.output, above))
    return [Layer(module_of(name), kinds[name], tuple(nodes)) for name, nodes in members.items()]


def module_of(node: str) -> str:
    """The module of a traced node, as in `/trunk/blocks.1/blocks.1.0/conv_pw/Conv` for `trunk.blocks.1.0.conv_pw`."""
    parts = bare(node).strip("/").split("/")[:-1]
    found, above = "", ""
    for part in parts:
        within = part.removeprefix(f"{above}.") if above else part
        found, above = f"{found}.{within}" if found else within, part
    return found

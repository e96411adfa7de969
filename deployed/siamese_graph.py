# SPDX-License-Identifier: Apache-2.0
"""One graph of two pictures, made of the part that describes a picture and the part that compares two descriptions.

In the file the describing part stands twice, over one set of weights: as `test/` and as `golden/`. `compare/` follows,
and `join/` lays several golden images of a pair in a row. By these names the file is taken apart again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import onnx
from onnx import helper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from onnx import ModelProto, NodeProto, ValueInfoProto

BATCH = "batch"
GOLDEN_BATCH = f"golden_{BATCH}"  # golden images: several of them for each pair
TEST, GOLDEN, COMPARE, JOIN = "test/", "golden/", "compare/", "join/"
_WEIGHTS = "describe/"
_DESCRIBING, _COMPARING = (TEST, _WEIGHTS), (COMPARE,)  # marks of a part that was taken out of a whole
_FLOAT = onnx.TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a network.

    `describe` takes pictures (M, 3, H, W) and gives features; `compare` takes the features of B test pictures, then
    those of B * `goldens` golden ones, each in the order in which `describe` gives them. `explain`, where there is one,
    does the same and gives maps of evidence besides.
    """

    describe: ModelProto
    compare: ModelProto
    explain: ModelProto | None = None
    goldens: int = 1


@dataclass(frozen=True, slots=True)
class Names:
    """Inputs and output of the whole, as the container names them."""

    test: str
    golden: str
    output: str


def join(parts: Parts, names: Names, batch: int) -> ModelProto:
    """The whole graph; `batch` pairs at a time, -1 leaves that open.

    Evidence is worked out in the graph but is none of its outputs: what runs it leaves that out.
    """
    describe, compare = parts.describe.graph, (parts.explain or parts.compare).graph
    picture = _dimensions(describe.input[0])[1:]
    size: int | str = BATCH if batch < 1 else batch
    several = parts.goldens > 1
    features = [bare(output.name, _DESCRIBING) for output in describe.output]
    sides = [f"{side}{name}" for side in (TEST, GOLDEN) for name in features]
    inner = dict(zip([entry.name for entry in compare.input], sides, strict=True))
    inner[compare.output[0].name] = names.output
    golden_input = f"{JOIN}{names.golden}" if several else names.golden
    weights = frozenset(weight.name for weight in describe.initializer)
    sides_named = [_Naming(side, _WEIGHTS, weights, _DESCRIBING) for side in (TEST, GOLDEN)]
    own = frozenset(weight.name for weight in compare.initializer)
    nodes = [
        *(_laid_in_a_row(names.golden, golden_input, picture) if several else []),
        *_renamed(describe.node, sides_named[0], {describe.input[0].name: names.test}),
        *_renamed(describe.node, sides_named[1], {describe.input[0].name: golden_input}),
        *_renamed(compare.node, _Naming(COMPARE, COMPARE, own, _COMPARING), inner),
    ]
    golden_shape = [size, parts.goldens, *picture] if several else [size, *picture]
    graph = helper.make_graph(
        nodes,
        "changenet",
        [
            helper.make_tensor_value_info(names.test, _FLOAT, [size, *picture]),
            helper.make_tensor_value_info(names.golden, _FLOAT, golden_shape),
        ],
        [_value(compare.output[0], names.output, size)],
        initializer=[*_initializers(describe, _WEIGHTS, _DESCRIBING), *_initializers(compare, COMPARE, _COMPARING)],
    )
    # What the parts hand to each other is described, so that the whole can be taken apart.
    graph.value_info.extend(
        _value(output, f"{side}{bare(output.name, _DESCRIBING)}", rows)
        for side, rows in ((TEST, BATCH), (GOLDEN, GOLDEN_BATCH if several else BATCH))
        for output in describe.output
    )
    graph.value_info.extend(
        _value(output, f"{COMPARE}{bare(output.name, _COMPARING)}") for output in compare.output[1:]
    )
    return _model(graph, parts.describe)


def take_apart(whole: ModelProto) -> Parts:
    """The parts of a graph that `join` made, whatever its batch; ValueError where it has none."""
    graph = whole.graph
    tests, goldens, evidence = (
        [value for value in graph.value_info if value.name.startswith(side)] for side in (TEST, GOLDEN, COMPARE)
    )
    if not tests or len(tests) != len(goldens) or len(graph.input) != 2:
        raise ValueError("the graph does not have the two parts that were joined")
    test_input, golden_input = graph.input
    shape = _dimensions(golden_input)
    image = [_value(test_input, test_input.name)]
    handed = [
        *(_value(value, value.name) for value in tests),
        *(_value(value, value.name, GOLDEN_BATCH) for value in goldens),
    ]
    output = [_value(entry, entry.name) for entry in graph.output]
    maps = [_value(value, value.name) for value in evidence]
    return Parts(
        describe=_model(_between(graph, image, handed[: len(tests)]), whole),
        compare=_model(_between(graph, handed, output), whole),
        explain=_model(_between(graph, handed, output + maps), whole) if maps else None,
        goldens=int(shape[1]) if len(shape) == 5 else 1,
    )


def without_evidence(explain: ModelProto) -> ModelProto:
    """What of a comparing part leads to its output."""
    graph = explain.graph
    return _model(_between(graph, graph.input, graph.output[:1]), explain)


def with_features_of_golden(parts: Parts) -> ModelProto:
    """Both parts as one graph for golden images that are described already: test pictures, then those features."""
    whole = join(replace(parts, explain=None), Names("test_picture", "golden_picture", "result"), -1)
    graph = whole.graph
    pictures = _value(graph.input[0], graph.input[0].name)
    rows = GOLDEN_BATCH if parts.goldens > 1 else BATCH
    features = [_value(value, value.name, rows) for value in graph.value_info if value.name.startswith(GOLDEN)]
    return _model(_between(graph, [pictures, *features], graph.output), whole)


def leading_to(whole: ModelProto, outputs: Sequence[str]) -> ModelProto:
    """What of a graph leads to some of its outputs, for any number of pairs at a time."""
    graph = whole.graph
    inputs = [_value(entry, entry.name) for entry in graph.input]
    wanted = [_value(entry, entry.name) for entry in graph.output if entry.name in outputs]
    return _model(_between(graph, inputs, wanted), whole)


def with_one_golden(judge: ModelProto) -> ModelProto:
    """Such a graph for pairs that have one golden image in common: what belongs to it is given once."""
    alike = onnx.ModelProto()
    alike.CopyFrom(judge)
    for entry in alike.graph.input[1:]:
        entry.type.tensor_type.shape.dim[0].dim_value = 1
    return alike


def drop_unused(graph: onnx.GraphProto) -> None:
    """Leave out weights that no node takes any more."""
    used = {name for node in graph.node for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _between(
    graph: onnx.GraphProto, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
) -> onnx.GraphProto:
    """What leads from the inputs to the outputs."""
    needed, nodes = {value.name for value in outputs}, []
    given = {value.name for value in inputs}
    for node in reversed(graph.node):
        if needed.intersection(node.output) and not given.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    weights = [weight for weight in graph.initializer if weight.name in needed]
    return helper.make_graph(nodes[::-1], "changenet", inputs, outputs, initializer=weights)


def _model(graph: onnx.GraphProto, like: ModelProto) -> ModelProto:
    return helper.make_model(graph, opset_imports=list(like.opset_import), ir_version=like.ir_version)


def _laid_in_a_row(source: str, target: str, picture: Sequence[int | str]) -> list[NodeProto]:
    """(B, N, 3, H, W) as (B * N, 3, H, W)."""
    sides = [int(side) for side in picture]
    shape = helper.make_tensor("shape", onnx.TensorProto.INT64, [1 + len(sides)], [-1, *sides])
    return [
        helper.make_node("Constant", [], [f"{JOIN}shape"], name=f"{JOIN}shape", value=shape),
        helper.make_node("Reshape", [source, f"{JOIN}shape"], [target], name=f"{JOIN}reshape"),
    ]


def _renamed(nodes: Iterable[NodeProto], naming: _Naming, given: dict[str, str]) -> list[NodeProto]:
    """Copies of nodes with new names for them and their tensors, but for the tensors whose names are `given`."""

    def renamed(name: str) -> str:
        return given.get(name, name) if not name or name in given else naming.tensor(name)

    return [_copy(node, naming.node(node.name or str(index)), renamed) for index, node in enumerate(nodes)]


class _Naming(NamedTuple):
    """New names in a whole for what a part holds: marks of an earlier whole make room for its own."""

    mark: str
    mark_of_weights: str
    weights: frozenset[str]
    earlier: tuple[str, ...]

    def node(self, name: str) -> str:
        return f"{self.mark}{bare(name, self.earlier)}"

    def tensor(self, name: str) -> str:
        return f"{self.mark_of_weights if name in self.weights else self.mark}{bare(name, self.earlier)}"


def bare(name: str, marks: Sequence[str] = (*_DESCRIBING, *_COMPARING)) -> str:
    """The name that a tensor or node of a part had before it was joined."""
    return next((name.removeprefix(mark) for mark in marks if name.startswith(mark)), name)


def _copy(node: NodeProto, name: str, renamed: Callable[[str], str]) -> NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = name
    copy.input[:] = [renamed(entry) for entry in node.input]
    copy.output[:] = [renamed(entry) for entry in node.output]
    return copy


def _initializers(graph: onnx.GraphProto, mark: str, earlier: Sequence[str]) -> list[onnx.TensorProto]:
    copies = []
    for weight in graph.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(weight)
        copy.name = f"{mark}{bare(weight.name, earlier)}"
        copies.append(copy)
    return copies


def _value(value: ValueInfoProto, name: str, batch: int | str = BATCH) -> ValueInfoProto:
    kind = value.type.tensor_type.elem_type
    return helper.make_tensor_value_info(name, kind, [batch, *_dimensions(value)[1:]])


def _dimensions(value: ValueInfoProto) -> list[int | str]:
    return [entry.dim_param or entry.dim_value for entry in value.type.tensor_type.shape.dim]

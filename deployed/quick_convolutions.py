# SPDX-License-Identifier: Apache-2.0
"""Convolutions of 3 x 3 with half of their products: what a comparing part spends most of its time on.

Four rows of the result are worked out together, of six rows of the input: Winograd's F(4, 3), along the height alone
(Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). Six sums of those rows each meet a
kernel of one row, and sums of the six results are the four rows. All of it is written as convolutions and additions,
so that ONNX Runtime keeps the layout in which it convolves. Results differ from the plain ones by rounding alone.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from deployed.siamese_graph import drop_unused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

_TOGETHER = 4  # rows
_FEWEST_PLACES = 1024  # with fewer, the additions take what the products save
# Where ONNX Runtime convolves in blocks of channels, and this was measured to be quicker.
_PROCESSORS = frozenset({"x86_64", "amd64"})
# By what six rows are multiplied for each of the six sums.
_SUMS = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
# By what the three rows of a kernel are multiplied for each of the sums, in 24ths.
_KERNELS = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_PLAIN = {"kernel_shape": [3, 3], "strides": [1, 1], "dilations": [1, 1], "group": 1, "auto_pad": b"NOTSET"}
_PADS = [1, 1, 1, 1]


class _Pooled(NamedTuple):
    """Whatever takes the result: a rectifier, of which the greatest and the mean of all places are taken."""

    nodes: frozenset[str]
    greatest: str
    mean: str


class _Place(NamedTuple):
    """A convolution that is done so, its weights (O, C, 3, 3), and the size of its input."""

    node: NodeProto
    weights: NDArray[np.float32]
    height: int
    width: int
    pooled: _Pooled | None


def with_quick_convolutions(model: ModelProto) -> ModelProto:
    """The same network, its large convolutions of 3 x 3 done so where that is known to be quicker."""
    if platform.machine().lower() not in _PROCESSORS:
        return model
    quick = onnx.ModelProto()
    quick.CopyFrom(model)
    places = {place.node.name: place for place in _places(model)}
    dropped = {name for place in places.values() if place.pooled for name in place.pooled.nodes}
    del quick.graph.node[:]
    for node in model.graph.node:
        if node.name in places:
            quick.graph.node.extend(_Writer(quick.graph, places[node.name]).nodes())
        elif node.name not in dropped:
            quick.graph.node.append(node)
    drop_unused(quick.graph)
    return quick


def _places(model: ModelProto) -> list[_Place]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    weights = {weight.name: weight for weight in graph.initializer}
    shapes = {
        value.name: [entry.dim_value for entry in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.input)
    }
    found = []
    for node in model.graph.node:
        weight = weights.get(node.input[1]) if node.op_type == "Conv" else None
        shape = shapes.get(node.input[0], [])
        if weight is not None and len(shape) == 4 and _fits(node, weight, shape[2], shape[3]):
            found.append(_Place(node, numpy_helper.to_array(weight), shape[2], shape[3], _pooled(model.graph, node)))
    return found


def _fits(node: NodeProto, weight: TensorProto, height: int, width: int) -> bool:
    told = _attributes(node)
    plain = all(told.get(name, value) == value for name, value in _PLAIN.items()) and told.get("pads") == _PADS
    in_numbers = weight.data_type == onnx.TensorProto.FLOAT and list(weight.dims[2:]) == _PLAIN["kernel_shape"]
    return plain and in_numbers and height % _TOGETHER == 0 and height * width >= _FEWEST_PLACES


def _pooled(graph: onnx.GraphProto, node: NodeProto) -> _Pooled | None:
    rectifiers = _takers(graph, node.output[0])
    if [taker.op_type for taker in rectifiers] != ["Relu"]:
        return None
    pools = {taker.op_type: taker for taker in _takers(graph, rectifiers[0].output[0])}
    over_places = all(_attributes(pool) == {"axes": [2, 3], "keepdims": 0} for pool in pools.values())
    if set(pools) != {"ReduceMax", "ReduceMean"} or not over_places:
        return None
    names = frozenset(taker.name for taker in (*rectifiers, *pools.values()))
    return _Pooled(names, pools["ReduceMax"].output[0], pools["ReduceMean"].output[0])


def _takers(graph: onnx.GraphProto, name: str) -> list[NodeProto]:
    return [node for node in graph.node if name in node.input]


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


class _Writer:
    """Writes what stands for one convolution; the weights go into `graph`."""

    def __init__(self, graph: onnx.GraphProto, place: _Place) -> None:
        self._graph, self._place, self._name = graph, place, f"{place.node.name}/quick"
        self._outputs, self._inputs = place.weights.shape[:2]
        self._bias = list(place.node.input[2:])
        self._nodes: list[NodeProto] = []

    def nodes(self) -> list[NodeProto]:
        """In their order."""
        rows = self._rows()
        if self._place.pooled:
            self._pool([self._node("Relu", [row]) for row in rows], self._place.pooled)
        else:
            self._in_turn(rows)
        return self._nodes

    def _rows(self) -> list[str]:
        """Four maps (B, O, H / 4, W): every fourth row from the first on, from the second on, and so on."""
        first, one, two, three, four, last = (self._product(number) for number in range(len(_SUMS)))
        near, far = self._added(one, two), self._added(three, four)
        near_less, far_less = self._added(self._times(two, -1), one), self._added(self._times(four, -1), three)
        return [
            self._added(first, self._added(near, far)),
            self._added(self._times(far_less, 2, self._bias), near_less),
            self._added(self._times(far, 4, self._bias), near),
            self._added(last, self._added(self._times(far_less, 8), near_less)),
        ]

    def _product(self, number: int) -> str:
        """One of the six sums with its kernel. The first and the last belong to one row each, and bring it the bias."""
        factors = _SUMS[number]
        taken = np.flatnonzero(factors)
        first, last, apart = int(taken[0]), int(taken[-1]), int(np.diff(taken).min())
        weight = np.tile(factors[first : last + 1 : apart, None], (self._inputs, 1, 1, 1))
        # Rows -1 to 4 of the first four.
        below = max(0, last - 1 - (_TOGETHER - 1))
        summed = self._convolved(
            [self._place.node.input[0], self._constant(weight)],
            {
                "group": self._inputs,
                "strides": [_TOGETHER, 1],
                "dilations": [apart, 1],
                "pads": [1 - first, 0, below, 0],
            },
        )
        kernel = np.einsum("k,ockx->ocx", _KERNELS[number], self._place.weights.astype(np.float64))[:, :, None]
        bias = self._bias if number in {0, len(_SUMS) - 1} else []
        return self._convolved([summed, self._constant(kernel), *bias], {"pads": [0, 1, 0, 1]})

    def _times(self, name: str, factor: int, bias: Sequence[str] = ()) -> str:
        """As a convolution, to which ONNX Runtime joins what is added."""
        weight = self._constant(np.full((self._outputs, 1, 1, 1), factor))
        return self._convolved([name, weight, *bias], {"group": self._outputs})

    def _added(self, first: str, second: str) -> str:
        return self._node("Add", [first, second])

    def _in_turn(self, rows: Sequence[str]) -> None:
        """The rows below each other, which is how four lie in memory that stand side by side."""
        beside = self._node("Concat", rows, {"axis": 3})
        shape = self._constant(np.array([0, 0, self._place.height, self._place.width]), np.int64)
        self._node("Reshape", [beside, shape], result=self._place.node.output[0])

    def _pool(self, rows: Sequence[str], pooled: _Pooled) -> None:
        """Over all places, in whatever order these come."""
        for kind, joined, result in (
            ("GlobalMaxPool", "Max", pooled.greatest),
            ("GlobalAveragePool", "Mean", pooled.mean),
        ):
            found = self._node(joined, [self._node(kind, [row]) for row in rows])
            self._node("Flatten", [found], result=result)

    def _convolved(self, inputs: Sequence[str], how: Mapping[str, Any]) -> str:
        return self._node("Conv", inputs, how)

    def _node(self, kind: str, inputs: Sequence[str], how: Mapping[str, Any] | None = None, result: str = "") -> str:
        name = f"{self._name}/{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [result or name], name=name, **(how or {})))
        return result or name

    def _constant(self, values: NDArray[Any], kind: type[np.generic] = np.float32) -> str:
        name = f"{self._name}/constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(values.astype(kind), name))
        return name

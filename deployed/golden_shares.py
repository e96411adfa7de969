# SPDX-License-Identifier: Apache-2.0
"""What of a comparison depends on the golden image alone, worked out once for each golden image.

A comparing part lays the features of the test picture, those of the golden one and their difference in one row of maps
and convolves them. A convolution is a sum over its maps, so what the golden ones add to it is a sum of its own: their
share, which every pair of that golden image has in common. The describing part of the test picture and the comparing
one become one graph besides, so that features stay in the layout in which they are computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from deployed.quick_convolutions import with_quick_convolutions
from deployed.siamese_graph import drop_unused, with_features_of_golden, with_one_golden

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

    from deployed.siamese_graph import Parts

_SHARE = "share/"
_ONE_GROUP = 1
_FLOAT = onnx.TensorProto.FLOAT


class Halves(NamedTuple):
    """A network in two steps.

    `golden` takes golden pictures (M, 3, H, W) and gives all that `judge` needs of them: the features first, in the
    order in which `Parts.describe` gives them, then the shares. `judge` takes B test pictures, then all of that for
    B * `Parts.goldens` golden ones, and gives the output. `judge_alike` takes it for the one golden image of all B
    pairs; there is none where that does not work out. `explain` is that of `Parts`, which takes features alone.
    """

    golden: ModelProto
    judge: ModelProto
    judge_alike: ModelProto | None = None
    explain: ModelProto | None = None


class _Split(NamedTuple):
    """A convolution over a row of maps that has golden ones, and where these stand in its weights."""

    row: NodeProto
    convolution: NodeProto
    feature: str
    first: int
    last: int


def halves_of(parts: Parts) -> Halves:
    """The two steps.

    Where no convolution has a golden share there are features alone: in quantised graphs, and where the numbers of maps
    are not known, as with several golden images.
    """
    judge = with_features_of_golden(parts)
    described = [entry.name for entry in judge.graph.input][1:]
    golden = onnx.ModelProto()
    golden.CopyFrom(parts.describe)
    own = dict(zip(described, (entry.name for entry in golden.graph.output), strict=True))
    for split in _splits(judge, set(described)):
        _move_share(split, judge.graph, golden.graph, own[split.feature])
    drop_unused(judge.graph)
    alike = with_one_golden(judge) if parts.goldens == 1 and _spreads(judge.graph) else None
    quick = with_quick_convolutions(alike) if alike else None
    return Halves(golden, with_quick_convolutions(judge), quick, parts.explain)


def _spreads(judge: onnx.GraphProto) -> bool:
    """Whether all that golden images bring is added or subtracted, which ONNX does for one and many as for as many."""
    brought = {entry.name for entry in judge.input[1:]}
    return all(node.op_type in {"Add", "Sub"} for node in judge.node if brought.intersection(node.input))


def _splits(judge: ModelProto, described: set[str]) -> list[_Split]:
    weights = {weight.name for weight in judge.graph.initializer}
    takers: dict[str, list[NodeProto]] = {}
    for node in judge.graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    rows = [
        (node, taker)
        for node in judge.graph.node
        if node.op_type == "Concat" and len(taken := takers.get(node.output[0], [])) == 1
        for taker in taken
        if taker.op_type == "Conv" and taker.input[1] in weights and _groups(taker) == _ONE_GROUP
    ]
    if not rows:
        return []
    maps = _numbers_of_maps(judge)
    return [split for row, taker in rows if (split := _split(row, taker, described, maps))]


def _split(row: NodeProto, convolution: NodeProto, described: set[str], maps: dict[str, int]) -> _Split | None:
    golden = [place for place, name in enumerate(row.input) if name in described]
    if len(golden) != 1 or not all(name in maps for name in row.input):
        return None
    before = sum(maps[name] for name in row.input[: golden[0]])
    feature = row.input[golden[0]]
    return _Split(row, convolution, feature, before, before + maps[feature])


def _numbers_of_maps(model: ModelProto) -> dict[str, int]:
    """By the names of tensors (B, C, ...) their C, where it is known."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {value.name: value.type.tensor_type.shape.dim for value in (*graph.value_info, *graph.input)}
    return {name: shape[1].dim_value for name, shape in shapes.items() if len(shape) > 1 and shape[1].dim_value}


def _groups(convolution: NodeProto) -> int:
    return next((entry.i for entry in convolution.attribute if entry.name == "group"), _ONE_GROUP)


def _move_share(split: _Split, judge: onnx.GraphProto, golden: onnx.GraphProto, feature: str) -> None:
    """Let `golden` work the share out, of its own `feature`, and `judge` add it."""
    row, convolution = split.row, split.convolution
    name, result = f"{_SHARE}{convolution.name}", convolution.output[0]
    whole = next(weight for weight in judge.initializer if weight.name == convolution.input[1])
    values = numpy_helper.to_array(whole)
    share, rest = f"{name}/weight", f"{name}/rest"
    golden.initializer.append(_tensor(values[:, split.first : split.last], share))
    judge.initializer.append(_tensor(np.delete(values, np.s_[split.first : split.last], axis=1), rest))

    sharing = onnx.NodeProto()
    sharing.CopyFrom(convolution)
    sharing.name, sharing.input[:], sharing.output[:] = name, [feature, share], [name]
    golden.node.append(sharing)
    shape = [len(values), None, None]
    golden.output.append(helper.make_tensor_value_info(name, _FLOAT, [None, *shape]))
    judge.input.append(helper.make_tensor_value_info(name, _FLOAT, [_batch_of(judge.input[1]), *shape]))

    row.input[:] = [entry for entry in row.input if entry != split.feature]
    convolution.input[1], convolution.output[0] = rest, f"{name}/without"
    place = next(i for i, node in enumerate(judge.node) if node.name == convolution.name)
    judge.node.insert(place + 1, helper.make_node("Add", [f"{name}/without", name], [result], name=f"{name}/add"))


def _batch_of(value: ValueInfoProto) -> str:
    return str(value.type.tensor_type.shape.dim[0].dim_param)


def _tensor(values: np.ndarray, name: str) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(values), name)

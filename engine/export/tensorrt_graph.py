# SPDX-License-Identifier: Apache-2.0
"""The graph that an engine is built of: with the number format that is asked for, which no flag of a builder gives it.

Half precision is written by ONNX Runtime's converter, inputs and outputs stay in float. 8 bits are measured by the
quantiser of `quantize`, in the form that TensorRT takes.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from core.errors import SpecError
from core.files import write_json
from core.problem import refuse
from deployed.fitness import STATIC, numbers_of_engine
from deployed.siamese_graph import drop_unused
from engine.console import say
from engine.export.layers import layers_of
from engine.export.quantization import Form, StaticQuantizer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onnx import ModelProto

    from engine.export.quantization import Feeds

_QUANTISED = frozenset({"QuantizeLinear", "DequantizeLinear"})
_METHOD = "minmax"
_LAYERS = "gen_trt_engine.tensorrt.layers_precision"
_PICTURES = "gen_trt_engine.tensorrt.calibration.cal_image_dir"
_CACHE = "gen_trt_engine.tensorrt.calibration.cal_cache_file"


@dataclass(frozen=True, slots=True)
class Ranges:
    """What ranges of 8 bits are measured on (nothing, where no pictures are named), and the file that keeps them.

    `source` is the SHA-256 of the model's file: ranges of one model are of no use for another.
    """

    feeds: Feeds | None
    cache: Path | None
    source: str


def is_quantised(model: ModelProto) -> bool:
    """Whether numbers of the file have 8 bits already."""
    return any(node.op_type in _QUANTISED for node in model.graph.node)


def check_takes(model: ModelProto, asked: str, path: Path) -> None:
    """The 8 bits of a file, if it has any, are such as TensorRT takes.

    Raises:
        SpecError: they are not.
    """
    if not is_quantised(model):
        return
    known = {weight.name: weight for weight in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type in _QUANTISED]
    zeros = [known[node.input[2]] for node in nodes if len(node.input) > 2 and node.input[2] in known]
    kinds = {known[node.input[0]].data_type for node in nodes if node.input[0] in known}
    uneven = any(np.asarray(numpy_helper.to_array(zero), np.float32).any() for zero in zeros)
    if uneven or TensorProto.UINT8 in {zero.data_type for zero in zeros} or TensorProto.INT32 in kinds:
        refuse(numbers_of_engine(str(path), STATIC))
    if asked == "fp32":
        say("NOTICE the file has 8-bit numbers already, which stay: gen_trt_engine.tensorrt.data_type=fp32 is the rest")


def graph_for(model: ModelProto, asked: str, entries: list[str], ranges: Ranges) -> ModelProto:
    """What of a graph leads to its outputs, with numbers as `asked` (fp32, fp16 or int8).

    Args:
        model: the graph of an exported file.
        asked: its number format.
        entries: layers that stay in float, each as pattern:fp32.
        ranges: for int8, where the file does not have 8 bits already.

    Raises:
        SpecError: there are neither pictures nor ranges of this model, or an entry can't be followed.
    """
    graph = _leading_to_outputs(model)
    floats = _stay_in_float(graph, entries)
    if asked == "fp16":
        return _in_half(graph, floats)
    if asked == "int8" and not is_quantised(graph):
        return _in_8_bits(graph, floats, ranges)
    return graph


def has_ranges(ranges: Ranges) -> bool:
    """Whether the file that keeps ranges has those of this model."""
    return _kept(ranges) is not None


def _leading_to_outputs(model: ModelProto) -> ModelProto:
    """Without what an exported file holds besides, as what works evidence out."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.metadata_props[:]
    needed, nodes = {entry.name for entry in made.graph.output}, []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    del made.graph.node[:], made.graph.value_info[:]
    made.graph.node.extend(nodes[::-1])
    drop_unused(made.graph)
    return made


def _stay_in_float(graph: ModelProto, entries: list[str]) -> list[str]:
    """The nodes of the layers that stay as they are."""
    pairs = [entry.rpartition(":") for entry in entries]
    wrong = [entry for entry, pair in zip(entries, pairs, strict=True) if not pair[0] or pair[2].lower() != "fp32"]
    if wrong:
        message = f"{', '.join(wrong)} can't be followed: single layers stay in float or take the format of all"
        raise SpecError(message, code="spec.engine", where=_LAYERS, remedy="write each as PATTERN:fp32")
    layers = layers_of(graph)
    idle = [pair[0] for pair in pairs if not any(layer.matches([pair[0]]) for layer in layers)]
    if idle:
        message = f"no layer of the model is called {', '.join(idle)}"
        names = ", ".join(layer.module for layer in layers[:4])
        raise SpecError(message, code="spec.engine", where=_LAYERS, remedy=f"write names or patterns of {names}, …")
    return [node for layer in layers if layer.matches(pair[0] for pair in pairs) for node in layer.nodes]


def _in_half(graph: ModelProto, floats: list[str]) -> ModelProto:
    from onnxruntime.quantization.onnx_model import ONNXModel
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    # Scales of 8-bit numbers are float in the operator sets that are written here.
    blocked = [*DEFAULT_OP_BLOCK_LIST, *_QUANTISED]
    with _quiet():
        half = convert_float_to_float16(graph, keep_io_types=True, op_block_list=blocked, node_block_list=floats)
    ordered = ONNXModel(half)
    ordered.topological_sort()
    made: ModelProto = ordered.model
    onnx.checker.check_model(made, full_check=True)
    return made


def _in_8_bits(graph: ModelProto, floats: list[str], ranges: Ranges) -> ModelProto:
    kept = _kept(ranges)
    if kept is None and ranges.feeds is None:
        there = ranges.cache and ranges.cache.is_file()
        message = "cal_cache_file holds no ranges of this model" if there else "int8 needs calibration"
        remedy = "name folders of pictures, or a cal_cache_file of this model"
        raise SpecError(message, code="spec.calibration", where=_CACHE if there else _PICTURES, remedy=remedy)
    with (
        _quiet(),
        StaticQuantizer(graph, ranges.feeds or (lambda: iter(())), _METHOD, Form.for_tensorrt()) as quantizer,
    ):
        if kept is not None:
            quantizer.ranges.write_text(json.dumps(kept), encoding="utf-8")
        made = quantizer.quantized(floats)
        if kept is None and ranges.cache:
            found = json.loads(quantizer.ranges.read_text(encoding="utf-8"))
            write_json(ranges.cache, {"source_sha256": ranges.source, "ranges": found})
    return made


def _kept(ranges: Ranges) -> Any:
    """The ranges in the file, None where there are none of this model."""
    if not ranges.cache or not ranges.cache.is_file():
        return None
    try:
        told = json.loads(ranges.cache.read_text(encoding="utf-8"))
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("source_sha256") == ranges.source:
        return told.get("ranges")
    if ranges.feeds:
        say(f"NOTICE {ranges.cache} holds no ranges of this model: they are measured anew")
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice that ONNX Runtime's tools give to whoever calls them."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)

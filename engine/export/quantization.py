# SPDX-License-Identifier: Apache-2.0
"""Numbers of 8 bits: graphs whose weights, or weights and activations, are quantised by ONNX Runtime's own rules.

Static quantisation takes signed weights with one scale per channel, and activations as those have them who compute: see
`Form`.
"""

from __future__ import annotations

import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from engine.export.layers import WEIGHTED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray
    from onnx import ModelProto

    Feeds = Callable[[], Iterator[dict[str, NDArray[np.float32]]]]

METHODS = {"minmax": "MinMax", "max": "MinMax", "entropy": "Entropy"}
_LARGEST = 127


def reduces_range() -> bool:
    """Whether weights take 7 bits: on x86 processors without VNNI, whose 16-bit sums would overflow."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return True
    return "vnni" not in flags


@dataclass(frozen=True, slots=True)
class Form:
    """How 8 bits stand for numbers.

    ONNX Runtime on a processor is quickest with unsigned activations, whose range need not lie evenly around zero; the
    kernels of processors without VNNI instructions can overflow then unless weights take 7 bits. TensorRT takes signed
    activations around zero alone, and biases in float.
    """

    signed: bool
    small_weights: bool

    @classmethod
    def for_this_processor(cls) -> Form:
        """For ONNX Runtime here."""
        return cls(signed=False, small_weights=reduces_range())

    @classmethod
    def for_tensorrt(cls) -> Form:
        """For TensorRT."""
        return cls(signed=True, small_weights=False)

    @property
    def options(self) -> dict[str, bool]:
        """What ONNX Runtime calls the rest of it."""
        if not self.signed:
            return {}
        return {"ActivationSymmetric": True, "QuantizeBias": False, "QDQDisableWeightAdjustForInt32Bias": True}


class StaticQuantizer:
    """Quantises one graph, as often as asked, with ranges that are measured once; a context manager.

    Args:
        model: the graph.
        feeds: gives its inputs on calibration data, batch by batch, each time from the start.
        method: a key of `METHODS`.
        form: how 8 bits stand for numbers.
    """

    def __init__(self, model: ModelProto, feeds: Feeds, method: str, form: Form | None = None) -> None:
        from onnxruntime.quantization.quant_utils import add_pre_process_metadata

        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        add_pre_process_metadata(self._model)  # it was simplified when it was traced
        self._feeds = feeds
        self._method = METHODS[method]
        self._form = form or Form.for_this_processor()
        self._folder = tempfile.TemporaryDirectory()
        self.ranges = Path(self._folder.name) / "ranges.json"
        """Where ranges stand once they were measured; those that stand there before are taken."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def quantized(self, left_out: Collection[str]) -> ModelProto:
        """The graph in QDQ form; nodes that are `left_out` stay as they are."""
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        source, target = (Path(self._folder.name) / name for name in ("in.onnx", "out.onnx"))
        onnx.save(self._model, source)
        quantize_static(
            source,
            target,
            _Reader(self._feeds),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=self._form.small_weights,
            activation_type=QuantType.QInt8 if self._form.signed else QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(left_out),
            calibrate_method=CalibrationMethod[self._method],
            calibration_cache_path=self.ranges,
            extra_options=self._form.options,
        )
        made = onnx.load(target)
        del made.metadata_props[:]
        return made


class _Reader:
    """Calibration data as ONNX Runtime asks for it."""

    def __init__(self, feeds: Feeds) -> None:
        self._iterator = feeds()

    def get_next(self) -> dict[str, Any] | None:
        return next(self._iterator, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._iterator)


def with_small_weights(model: ModelProto, left_out: Collection[str]) -> ModelProto:
    """A copy whose weights are kept in 8 bits with one scale per output channel, and widened when it is loaded."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {weight.name: weight for weight in made.graph.initializer}
    axes: dict[str, int] = {}
    for node in made.graph.node:
        if node.op_type in WEIGHTED and node.name not in left_out and node.input[1] in weights:
            axes.setdefault(node.input[1], _channel_axis(node, len(weights[node.input[1]].dims)))
    kept = [weight for weight in made.graph.initializer if weight.name not in axes]
    widened = []
    for name, axis in axes.items():
        small, scale, zero = _in_8_bits(weights[name], axis)
        kept += [small, scale, zero]
        inputs = [small.name, scale.name, zero.name]
        widened.append(helper.make_node("DequantizeLinear", inputs, [name], name=f"{name}/widened", axis=axis))
    nodes = [*widened, *made.graph.node]
    del made.graph.initializer[:], made.graph.node[:]
    made.graph.initializer.extend(kept)
    made.graph.node.extend(nodes)
    return made


def _channel_axis(node: onnx.NodeProto, dimensions: int) -> int:
    """Where the output channels of a node's weights lie."""
    if node.op_type == "MatMul":
        return dimensions - 1
    turned = any(entry.name == "transB" and entry.i for entry in node.attribute)
    return 1 if node.op_type == "Gemm" and not turned else 0


def _in_8_bits(weight: onnx.TensorProto, axis: int) -> tuple[onnx.TensorProto, onnx.TensorProto, onnx.TensorProto]:
    values = numpy_helper.to_array(weight)
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(axis=others), np.finfo(np.float32).tiny) / _LARGEST
    wide = scale.reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    small = np.clip(np.rint(values / wide), -_LARGEST, _LARGEST).astype(np.int8)
    return (
        numpy_helper.from_array(small, f"{weight.name}/int8"),
        numpy_helper.from_array(scale.astype(np.float32), f"{weight.name}/scale"),
        numpy_helper.from_array(np.zeros(len(scale), np.int8), f"{weight.name}/zero"),
    )

# SPDX-License-Identifier: Apache-2.0
"""A TensorRT engine of an exported file, where TensorRT and a GPU are: what `gen_trt_engine` builds in the container.

A file whose numbers are quantised already (QDQ), and every file with TensorRT 11 or later, is built strongly typed: the
engine takes the number formats of the file. Else TensorRT up to 10 chooses them itself, within fp16 or int8 if asked.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, PlatformError, SpecError
from core.files import write_bytes
from engine.console import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    from spec.deploy_sections import GenTrtEngine

    Batch = Mapping[str, NDArray[np.float32]]

SUFFIXES = (".engine", ".trt")
_LIBRARY = "tensorrt"
_QUANTISED = frozenset({"QuantizeLinear", "DequantizeLinear"})
_MEBIBYTE = 1 << 20


def has_tensorrt() -> bool:
    """Whether TensorRT is installed."""
    return importlib.util.find_spec(_LIBRARY) is not None


@dataclass(frozen=True, slots=True)
class CalibrationData:
    """What ranges of an int8 engine are measured on: batches by the names of inputs, and how one gets to the GPU.

    `to_device` returns what holds the memory, and its address.
    """

    batches: Iterator[Batch]
    to_device: Callable[[NDArray[np.float32]], tuple[object, int]]
    batch_size: int


def build_engine(model: ModelProto, section: GenTrtEngine, calibration: CalibrationData | None) -> bytes:
    """A serialised engine.

    Args:
        model: the exported graph.
        section: how it is built.
        calibration: for int8, unless a cache of measured ranges exists or the file is quantised already.

    Raises:
        PlatformError: TensorRT can't be loaded.
        SpecError: it can't build the number format that is asked for.
        JobFailedError: TensorRT does not take the file, or builds nothing.
    """
    trt, how = _loaded(), section.tensorrt
    logger = trt.Logger(trt.Logger.VERBOSE if section.verbose else trt.Logger.WARNING)
    builder = trt.Builder(logger)
    typed = is_quantised(model) or not hasattr(trt.BuilderFlag, "FP16")
    network = builder.create_network(_network_flags(trt, typed=typed))
    _parse(trt, network, logger, model)
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, how.workspace_size * _MEBIBYTE)
    config.add_optimization_profile(_profile(builder, network, how))
    _choose_numbers(trt, config, section, calibration, typed=typed)
    cache = _with_timing_cache(config, section.timing_cache)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        remedy = "set gen_trt_engine.verbose=true and read what TensorRT says, or raise tensorrt.workspace_size"
        raise JobFailedError("TensorRT built no engine", code="deploy.tensorrt", remedy=remedy)
    if cache and section.timing_cache:
        write_bytes(Path(section.timing_cache), bytes(config.get_timing_cache().serialize()))
    return bytes(engine)


def _loaded() -> Any:
    try:
        return importlib.import_module(_LIBRARY)
    except ImportError as problem:
        message = f"TensorRT can't be loaded ({problem})"
        remedy = "install TensorRT with its libraries and a GPU's driver, or leave gen_trt_engine.trt_engine out"
        raise PlatformError(message, code="deploy.tensorrt", where=_LIBRARY, remedy=remedy) from None


def is_quantised(model: ModelProto) -> bool:
    """Whether the numbers of the file are quantised already (QDQ)."""
    return any(node.op_type in _QUANTISED for node in model.graph.node)


def _network_flags(trt: Any, *, typed: bool) -> int:
    kinds = trt.NetworkDefinitionCreationFlag
    # Batches were always explicit from TensorRT 10 on, which no longer has to be told.
    wanted = [getattr(kinds, "EXPLICIT_BATCH", None), kinds.STRONGLY_TYPED if typed else None]
    return sum(1 << int(flag) for flag in wanted if flag is not None)


def _parse(trt: Any, network: Any, logger: Any, model: ModelProto) -> None:
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model.SerializeToString()):
        reasons = "; ".join(str(parser.get_error(number)) for number in range(parser.num_errors))
        message = f"TensorRT does not take the file: {reasons or 'it gives no reason'}"
        raise JobFailedError(
            message, code="deploy.tensorrt", remedy="export it again with another export.opset_version"
        )


def _profile(builder: Any, network: Any, how: Any) -> Any:
    """Smallest, best and largest batch of every input."""
    profile = builder.create_optimization_profile()
    sizes = (how.min_batch_size, how.opt_batch_size, how.max_batch_size)
    if list(sizes) != sorted(sizes):
        key = "gen_trt_engine.tensorrt.opt_batch_size"
        message = f"smallest, best and largest batch are {', '.join(map(str, sizes))}"
        raise SpecError(message, code="spec.batch", where=key, remedy="let none be smaller than the one before it")
    for number in range(network.num_inputs):
        entry = network.get_input(number)
        fixed = tuple(entry.shape)
        profile.set_shape(entry.name, *((size if fixed[0] < 0 else fixed[0], *fixed[1:]) for size in sizes))
    return profile


def _choose_numbers(
    trt: Any, config: Any, section: GenTrtEngine, calibration: CalibrationData | None, *, typed: bool
) -> None:
    asked = section.tensorrt.data_type.lower()
    if typed:
        say(f"NOTICE the engine takes the number formats of the file, and tensorrt.data_type={asked} has no effect")
        return
    if asked == "fp32":
        return
    config.set_flag(trt.BuilderFlag.FP16)
    if asked != "int8":
        return
    config.set_flag(trt.BuilderFlag.INT8)
    cache = section.tensorrt.calibration.cal_cache_file
    if not (calibration or (cache and Path(cache).is_file())):
        key = "gen_trt_engine.tensorrt.calibration.cal_image_dir"
        remedy = "name folders of pictures, or a cal_cache_file that exists, or build from a quantised file"
        raise SpecError("int8 needs calibration", code="spec.calibration", where=key, remedy=remedy)
    config.int8_calibrator = _calibrator(trt, calibration, Path(cache) if cache else None)


def _calibrator(trt: Any, data: CalibrationData | None, cache: Path | None) -> Any:
    class Calibrator(trt.IInt8EntropyCalibrator2):  # type: ignore[misc]  # a class of TensorRT
        """Hands out the batches; remembers the ranges in the cache."""

        def __init__(self) -> None:
            super().__init__()
            self._held: list[object] = []

        def get_batch_size(self) -> int:
            return data.batch_size if data else 1

        def get_batch(self, names: list[str]) -> list[int] | None:
            batch = next(data.batches, None) if data else None
            if batch is None or data is None:
                return None
            placed = [data.to_device(batch[name]) for name in names]
            self._held = [memory for memory, _ in placed]  # until the next one is asked for
            return [address for _, address in placed]

        def read_calibration_cache(self) -> bytes | None:
            return cache.read_bytes() if cache and cache.is_file() else None

        def write_calibration_cache(self, ranges: bytes) -> None:
            if cache:
                write_bytes(cache, bytes(ranges))

    return Calibrator()


def _with_timing_cache(config: Any, path: str | None) -> bool:
    if not path:
        return False
    known = Path(path).read_bytes() if Path(path).is_file() else b""
    return bool(config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False))

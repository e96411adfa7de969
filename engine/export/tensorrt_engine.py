# SPDX-License-Identifier: Apache-2.0
"""A TensorRT engine of a graph: what `gen_trt_engine` builds in the container.

It is built strongly typed, so that it takes the number formats of the graph, which `tensorrt_graph` writes as they are
asked for: releases from 11 on and TensorRT for RTX know no other way, and what was checked of the graph holds.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, PlatformError, SpecError
from core.files import write_bytes
from engine.console import say

if TYPE_CHECKING:
    from onnx import ModelProto

    from engine.export.tensorrt_library import Library
    from spec.deploy_sections import GenTrtEngine

_MEBIBYTE = 1 << 20
_CACHE = "gen_trt_engine.timing_cache"


def check_sizes(section: GenTrtEngine) -> None:
    """Smallest, best and largest batch stand in order.

    Raises:
        SpecError: they do not.
    """
    how = section.tensorrt
    sizes = (how.min_batch_size, how.opt_batch_size, how.max_batch_size)
    if list(sizes) != sorted(sizes):
        key = "gen_trt_engine.tensorrt.opt_batch_size"
        message = f"smallest, best and largest batch are {', '.join(map(str, sizes))}"
        raise SpecError(message, code="spec.batch", where=key, remedy="let none be smaller than the one before it")


def check_starts(library: Library) -> None:
    """The library can build here.

    Raises:
        PlatformError: it can't.
    """
    _builder(library, library.module.Logger(library.module.Logger.WARNING))


def build_engine(library: Library, graph: ModelProto, section: GenTrtEngine) -> bytes:
    """A serialised engine of a graph as it stands.

    Raises:
        PlatformError: the library does not start here.
        JobFailedError: it does not take the graph, or builds nothing.
    """
    trt, how = library.module, section.tensorrt
    logger = trt.Logger(trt.Logger.VERBOSE if section.verbose else trt.Logger.WARNING)
    builder = _builder(library, logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    _parse(library, network, logger, graph)
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, how.workspace_size * _MEBIBYTE)
    config.add_optimization_profile(_profile(builder, network, how))
    cached = _with_timing_cache(library, config, section.timing_cache)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        remedy = "set gen_trt_engine.verbose=true and read what it says, or raise tensorrt.workspace_size"
        raise JobFailedError(f"{library.name} built no engine", code="deploy.tensorrt", remedy=remedy)
    if cached and section.timing_cache:
        write_bytes(Path(section.timing_cache), bytes(config.get_timing_cache().serialize()))
    return bytes(engine)


def _builder(library: Library, logger: Any) -> Any:
    with suppress(TypeError, RuntimeError):  # what its binding raises where the library starts nothing
        if builder := library.module.Builder(logger):
            return builder
    message = f"{library.told} does not start here: it builds for the GPU that it finds"
    remedy = "run it where a GPU and its driver are, or install TensorRT for RTX in its place, which builds without"
    raise PlatformError(message, code="deploy.tensorrt", where="tensorrt", remedy=remedy)


def _parse(library: Library, network: Any, logger: Any, graph: ModelProto) -> None:
    parser = library.module.OnnxParser(network, logger)
    if parser.parse(graph.SerializeToString()):
        return
    errors = [parser.get_error(number) for number in range(parser.num_errors)]
    told = [f"{error.node_operator()} {error.node_name()}: {_first_line(error.desc())}" for error in errors]
    message = f"{library.told} does not take the file: {'; '.join(told) or 'it gives no reason'}"
    raise JobFailedError(message, code="deploy.tensorrt", remedy="export it again with another export.opset_version")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _profile(builder: Any, network: Any, how: Any) -> Any:
    """Smallest, best and largest batch of every input."""
    profile = builder.create_optimization_profile()
    sizes = (how.min_batch_size, how.opt_batch_size, how.max_batch_size)
    for number in range(network.num_inputs):
        entry = network.get_input(number)
        fixed = tuple(entry.shape)
        profile.set_shape(entry.name, *((size if fixed[0] < 0 else fixed[0], *fixed[1:]) for size in sizes))
    return profile


def _with_timing_cache(library: Library, config: Any, path: str | None) -> bool:
    if not path:
        return False
    if library.for_rtx:
        say(f"NOTICE {_CACHE} has no effect: {library.name} measures nothing while it builds")
        return False
    known = Path(path).read_bytes() if Path(path).is_file() else b""
    if config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False):
        return True
    say(f"NOTICE {_CACHE}: {path} was not taken, for another release or GPU measured it; the build measures anew")
    return False

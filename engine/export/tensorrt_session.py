# SPDX-License-Identifier: Apache-2.0
"""An engine in use: pictures go to the GPU, and what the engine makes of them comes back, whatever their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from core.errors import CheckpointError, JobFailedError, PlatformError, SpecError
from deployed.self_test import SELF_TEST
from engine.console import say
from engine.devices import scoring_device
from engine.export.engine_judging import furthest, stored_feeds
from engine.export.tensorrt_library import load_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from engine.export.deployment_files import Deployment, EngineFile
    from engine.export.tensorrt_library import Library
    from engine.settings import Run


def require_gpu(run: Run, engine: EngineFile) -> Library:
    """The library that built an engine, where a GPU is that can run it.

    Raises:
        PlatformError: there is none.
        SpecError: the spec asks for the processor.
    """
    section, key = getattr(run.experiment, run.command), f"{run.command}.num_gpus"
    if section.num_gpus == 0:
        message = f"{key} is 0, and an engine runs on a GPU alone"
        remedy = f"set {key}=1, or build a deployment for ONNX Runtime (gen_trt_engine without a name for an engine)"
        raise SpecError(message, code="spec.engine", where=key, remedy=remedy)
    library = load_library(engine.library)
    if library.version != engine.version and not library.for_rtx:
        message = f"{engine.library} {engine.version} built the engine, and {library.version} is installed"
        remedy = "build it again here (gen_trt_engine), or install the release that built it"
        raise CheckpointError(message, code="checkpoint.engine", where=str(engine.path), remedy=remedy)
    if not torch.cuda.is_available():
        remedy = "run it where an NVIDIA GPU and its driver are and PyTorch was built for CUDA, or build a deployment "
        remedy += "for ONNX Runtime on the processor (gen_trt_engine without a name for an engine)"
        message = "an engine runs on a GPU, and PyTorch reaches none here"
        raise PlatformError(message, code="deploy.gpu", where=str(engine.path), remedy=remedy)
    return library


def open_engine(run: Run, deployment: Deployment, engine: EngineFile) -> EngineSession:
    """An engine on the GPU that the spec names, once it gave what its graph gave for the pairs that are stored with it.

    Raises:
        PlatformError, SpecError: see `require_gpu`.
        CheckpointError: the library does not take it, or it judges otherwise.
    """
    library = require_gpu(run, engine)
    trt, device = library.module, scoring_device(getattr(run.experiment, run.command), run.command)
    with torch.cuda.device(device):
        made = trt.Runtime(trt.Logger(trt.Logger.WARNING)).deserialize_cuda_engine(engine.path.read_bytes())
        context = made.create_execution_context() if made else None
        if context is None:
            message = f"{library.told} does not take the engine: it is for another GPU or another release"
            remedy = "build it again on this machine (gen_trt_engine)"
            raise CheckpointError(message, code="checkpoint.engine", where=str(engine.path), remedy=remedy)
        stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # PyTorch has no types for it

    def execute() -> bool:
        stream.wait_stream(torch.cuda.current_stream(device))
        done = context.execute_async_v3(stream.cuda_stream)
        stream.synchronize()
        return bool(done)

    session = EngineSession(library, made, context, execute, device, (deployment.smallest, deployment.largest))
    _check(session, deployment, engine)
    return session


class EngineSession:
    """Runs an engine.

    Args:
        library: that it belongs to.
        engine: as the library deserialised it.
        context: one of its execution contexts.
        execute: runs the context, and returns whether it could once all is done.
        device: where tensors lie.
        bounds: of a batch.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a library gives in parts
        self,
        library: Library,
        engine: Any,
        context: Any,
        execute: Callable[[], bool],
        device: torch.device,
        bounds: tuple[int, int],
    ) -> None:
        self._context, self._execute, self.device = context, execute, device
        self._smallest, self._largest = bounds
        trt = library.module
        names = [engine.get_tensor_name(number) for number in range(engine.num_io_tensors)]
        taken = {name: engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT for name in names}
        if any(engine.get_tensor_dtype(name) != trt.float32 for name in names):
            raise ValueError("inputs and outputs of an engine are float")
        self.inputs = [name for name in names if taken[name]]
        self.outputs = [name for name in names if not taken[name]]

    def run(self, *tensors: Tensor) -> list[Tensor]:
        """All outputs for as many pairs as there are, in the order of the inputs.

        Raises:
            JobFailedError: the engine does not run.
        """
        parts = zip(*(torch.split(tensor.to(self.device), self._largest) for tensor in tensors), strict=True)
        found = [self._part(part) for part in parts]
        return [torch.cat(levels) for levels in zip(*found, strict=True)]

    def _part(self, tensors: tuple[Tensor, ...]) -> list[Tensor]:
        count = len(tensors[0])
        held = [self._filled(tensor).float().contiguous() for tensor in tensors]
        for name, tensor in zip(self.inputs, held, strict=True):
            self._context.set_input_shape(name, tuple(tensor.shape))
            self._context.set_tensor_address(name, tensor.data_ptr())
        made = [torch.empty(tuple(self._context.get_tensor_shape(name)), device=self.device) for name in self.outputs]
        for name, tensor in zip(self.outputs, made, strict=True):
            self._context.set_tensor_address(name, tensor.data_ptr())
        if not self._execute():
            remedy = "read what the library says above; smaller batches take less memory"
            raise JobFailedError("the engine does not run", code="deploy.tensorrt", remedy=remedy)
        return [tensor[:count] for tensor in made]

    def _filled(self, tensor: Tensor) -> Tensor:
        """A last batch that is smaller than the engine takes, with its last row again."""
        lack = self._smallest - len(tensor)
        return tensor if lack <= 0 else torch.cat([tensor, tensor[-1:].expand(lack, *tensor.shape[1:])])


def _check(session: EngineSession, deployment: Deployment, engine: EngineFile) -> None:
    settings = deployment.settings
    feeds = stored_feeds(settings)
    if feeds is None or "judged" not in settings[SELF_TEST]:
        return
    outputs = session.run(*(torch.from_numpy(feeds[name]) for name in session.inputs))
    difference = furthest(settings, [tensor.cpu().numpy() for tensor in outputs])
    told = f"{len(settings[SELF_TEST]['pairs'])} stored pairs, scores differ by {difference:.2g} at most"
    if difference > float(settings[SELF_TEST]["tolerance"]):
        message, remedy = f"self-test of the engine FAILED: {told}", "do not use it here: build it again, with fp32"
        raise CheckpointError(message, code="checkpoint.self_test", where=str(engine.path), remedy=remedy)
    say(f"self-test of the engine passed: {told}")

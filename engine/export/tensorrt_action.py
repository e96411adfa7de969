# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet gen_trt_engine` where TensorRT is installed and an engine file is named."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import SpecError
from core.files import sha256_file, write_bytes
from engine.console import say
from engine.export.tensorrt_engine import SUFFIXES, CalibrationData, build_engine, has_tensorrt, is_quantised
from pairs.rgb_pixels import read_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray
    from onnx import ModelProto

    from engine.export.tensorrt_engine import Batch
    from engine.settings import Run
    from engine.status import StatusFile

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})


def wants_engine(run: Run) -> bool:
    """Whether an engine is named, and TensorRT is there to build it."""
    named = run.experiment.gen_trt_engine.trt_engine
    return bool(named) and Path(named or "").suffix in SUFFIXES and has_tensorrt()


def build(run: Run, status: StatusFile, model: ModelProto, settings: dict[str, Any]) -> None:
    """Write the engine file.

    Raises:
        ChangenetError: see `build_engine`.
    """
    section = run.experiment.gen_trt_engine
    path = Path(section.trt_engine or "")
    with _gpu(section.gpu_id):
        write_bytes(path, build_engine(model, section, _calibration(run, model, settings)))
    size = path.stat().st_size / 1e6
    status.write("RUNNING", f"TensorRT engine written to {path.name}.", kpi={"file_megabytes": size})
    say(f"TensorRT engine, {size:.1f} MB, for this GPU and this release of TensorRT: {path} ({sha256_file(path)})")


def _gpu(number: int) -> AbstractContextManager[Any]:
    """Makes this GPU the one that TensorRT builds on, where PyTorch reaches one."""
    import torch

    return torch.cuda.device(number) if torch.cuda.is_available() else nullcontext()


def _calibration(run: Run, model: ModelProto, settings: dict[str, Any]) -> CalibrationData | None:
    """Pictures of the folders named: each beside itself, and beside the next one, as good and as bad pairs are.

    None where nothing is left to measure: the cache holds the ranges, or the file is quantised.
    """
    section = run.experiment.gen_trt_engine
    how = section.tensorrt.calibration
    measured = bool(how.cal_cache_file) and Path(how.cal_cache_file).is_file()
    if section.tensorrt.data_type.lower() != "int8" or not how.cal_image_dir or measured or is_quantised(model):
        return None
    folders = [Path(name) for name in how.cal_image_dir]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
    wanted = how.cal_batch_size * how.cal_batches
    if len(files) < wanted:
        key = "gen_trt_engine.tensorrt.calibration.cal_image_dir"
        message = f"{len(files)} pictures are there, and {how.cal_batches} steps of {how.cal_batch_size} are asked for"
        raise SpecError(message, code="spec.calibration", where=key, remedy="name more folders, or ask for fewer steps")
    batches = _batches(files[:wanted], model, settings, how.cal_batch_size)
    return CalibrationData(batches, _on_gpu(section.gpu_id), how.cal_batch_size)


def _batches(files: Sequence[Path], model: ModelProto, settings: dict[str, Any], size: int) -> Iterator[Batch]:
    first, second = model.graph.input
    height, width = (entry.dim_value for entry in first.type.tensor_type.shape.dim[2:])
    std, mean = (np.asarray(settings["input"][name], np.float32)[:, None, None] for name in ("std", "mean"))
    pixels = ((read_rgb(file, height, width, white=settings["white_level"]) / 255 - mean) / std for file in files)
    while some := list(islice(pixels, size)):
        ours = np.stack(some).astype(np.float32)
        theirs = ours.copy()
        theirs[1::2] = np.roll(ours, 1, axis=0)[1::2]
        yield {first.name: theirs, second.name: ours}


def _on_gpu(number: int) -> Any:
    import torch

    def place(pixels: NDArray[np.float32]) -> tuple[object, int]:
        held = torch.from_numpy(np.ascontiguousarray(pixels)).to(f"cuda:{number}")
        return held, held.data_ptr()

    return place

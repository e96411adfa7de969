# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet gen_trt_engine` where an engine file is named: the engine, and beside it how it is used."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import SpecError
from core.file_names import described, is_engine
from core.files import sha256_file, write_bytes, write_json
from deployed.layout import Tiling
from deployed.self_test import SELF_TEST
from engine.console import say
from engine.export.deployment_files import ENGINE_KIND
from engine.export.engine_judging import agreement, in_batches, self_test_of, stored_feeds
from engine.export.tensorrt_engine import build_engine, check_sizes, check_starts
from engine.export.tensorrt_graph import Ranges, check_takes, graph_for, has_ranges, is_quantised
from engine.export.tensorrt_library import load_library
from pairs.rgb_pixels import read_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray
    from onnx import ModelProto

    from engine.export.engine_judging import Feeds
    from engine.export.parity import Parity
    from engine.export.tensorrt_library import Library
    from engine.settings import Run
    from engine.status import StatusFile

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
_COMPARED = 64  # calibration pairs at most that the graph is compared on


def wants_engine(run: Run) -> bool:
    """Whether an engine is named."""
    return is_engine(run.experiment.gen_trt_engine.trt_engine or "")


def library_for(run: Run) -> Library:
    """The library that builds it, once all is checked that needs no model.

    Raises:
        PlatformError: there is none, or it does not start here.
        SpecError: the spec asks for what can't be built.
    """
    section = run.experiment.gen_trt_engine
    check_sizes(section)
    library = load_library()
    check_starts(library)
    return library


@dataclass(frozen=True, slots=True)
class _Subject:
    """A model's file that an engine is built of."""

    path: Path
    model: ModelProto
    settings: dict[str, Any]

    @property
    def batch(self) -> int:
        """The batch that the file fixes, 0 where it is open."""
        return int(self.model.graph.input[0].type.tensor_type.shape.dim[0].dim_value)


def build(run: Run, status: StatusFile, model: ModelProto, settings: dict[str, Any], library: Library) -> None:
    """Write the engine file and its description.

    Raises:
        ChangenetError: see `graph_for` and `build_engine`.
    """
    section = run.experiment.gen_trt_engine
    path, subject = Path(section.trt_engine or ""), _Subject(Path(section.onnx_file), model, settings)
    asked = section.tensorrt.data_type.lower()
    check_takes(model, asked, subject.path)
    ranges = _ranges(run, subject)
    graph = graph_for(model, asked, section.tensorrt.layers_precision, ranges)
    parity = _compared(subject, graph, ranges)
    with _gpu(section.gpu_id):
        write_bytes(path, build_engine(library, graph, section))
    write_json(path.with_name(described(path.name)), _description(run, subject, library, path, graph, parity))
    size = path.stat().st_size / 1e6
    kpi = {"file_megabytes": size, "parity_pairs": parity.pairs, "parity_flipped": parity.flipped}
    kpi |= {"parity_largest_difference": parity.largest_difference}
    status.write("RUNNING", f"Engine of {library.told} written to {path.name}.", kpi=kpi)
    where = "GPUs of compute capability 8.0 and above" if library.for_rtx else "this kind of GPU"
    say(f"engine of {library.told} for {where}, {size:.1f} MB: {path} ({sha256_file(path)})")


def _ranges(run: Run, subject: _Subject) -> Ranges:
    """Pictures of the folders named: each beside itself, and beside the next one, as good and as bad pairs are.

    Without any where nothing is left to measure: the cache holds the ranges, or the file is quantised.
    """
    section = run.experiment.gen_trt_engine
    how = section.tensorrt.calibration
    cache = Path(how.cal_cache_file) if how.cal_cache_file else None
    known = Ranges(None, cache, sha256_file(subject.path))
    wanted = section.tensorrt.data_type.lower() == "int8" and not is_quantised(subject.model)
    if not wanted or not how.cal_image_dir or has_ranges(known):
        return known
    folders = [Path(name) for name in how.cal_image_dir]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
    lights = len(subject.settings.get("lights") or (None,))
    count = how.cal_batch_size * how.cal_batches * lights
    if len(files) < count:
        key = "gen_trt_engine.tensorrt.calibration.cal_image_dir"
        steps = f"{how.cal_batches} steps of {how.cal_batch_size}" + (f" with {lights} lightings" if lights > 1 else "")
        message = f"{len(files)} pictures are there, and {steps} are asked for"
        raise SpecError(message, code="spec.calibration", where=key, remedy="name more folders, or ask for fewer steps")
    feeds = partial(calibration_feeds, files[:count], subject.model, subject.settings, how.cal_batch_size)
    return Ranges(feeds, cache, known.source)


def calibration_feeds(
    files: Sequence[Path], model: ModelProto, settings: dict[str, Any], size: int
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Inputs of a graph in batches of `size`, or of its own: every second picture beside another one.

    Where a model takes several lightings, as many files in a row are those of one part.
    """
    first, second = model.graph.input
    tiling = Tiling(*settings["input"].get("layout", (1, 1)))
    lights = tiling.rows * tiling.columns
    height, width = (entry.dim_value for entry in first.type.tensor_type.shape.dim[2:])
    height, width = height // tiling.rows, width // tiling.columns
    std, mean = (np.asarray(settings["input"][name], np.float32)[:, None, None] for name in ("std", "mean"))
    pixels = ((read_rgb(file, height, width, white=settings["white_level"]) / 255 - mean) / std for file in files)
    goldens = second.type.tensor_type.shape.dim
    size = int(first.type.tensor_type.shape.dim[0].dim_value) or size
    while len(some := list(islice(pixels, size * lights))) == size * lights:
        ours = np.ascontiguousarray(tiling.combine(np.stack(some).reshape(size, lights, 3, height, width)), np.float32)
        theirs = ours.copy()
        theirs[1::2] = np.roll(ours, 1, axis=0)[1::2]
        if len(goldens) == 5:
            theirs = np.repeat(theirs[:, None], goldens[1].dim_value, axis=1)
        yield {first.name: ours, second.name: theirs}


def _compared(subject: _Subject, graph: ModelProto, ranges: Ranges) -> Parity:
    """How the graph that the engine is built of judges beside the file's, by ONNX Runtime on the processor."""
    batches: list[Feeds] = []
    if stored := stored_feeds(subject.settings):
        batches += in_batches(stored, subject.batch)
    for batch in ranges.feeds() if ranges.feeds else ():
        if sum(len(next(iter(one.values()))) for one in batches) >= _COMPARED:
            break
        batches.append(batch)
    found = agreement(subject.settings, subject.model, graph, batches)
    if not found.pairs:
        say("NOTICE the file holds no pairs to compare on: how the engine's numbers judge is not known")
        return found
    say(f"the engine's graph beside the file's, on the processor: {found.sentence()}")
    if found.flipped:
        say("WARNING evaluate the engine before it judges: with these numbers verdicts change")
    return found


def _description(  # noqa: PLR0913, PLR0917 - all that stands in it
    run: Run, subject: _Subject, library: Library, path: Path, graph: ModelProto, parity: Parity
) -> dict[str, Any]:
    how = run.experiment.gen_trt_engine.tensorrt
    asked = how.data_type.lower()
    sizes = (how.min_batch_size, how.opt_batch_size, how.max_batch_size)
    sizes = (subject.batch,) * 3 if subject.batch else sizes
    settings = {name: value for name, value in subject.settings.items() if name != SELF_TEST}
    return {
        "kind": ENGINE_KIND,
        "task": settings["task"],
        "library": library.to_json(),
        "engine": {"file": path.name, "sha256": sha256_file(path), "bytes": path.stat().st_size},
        "source": {"file": subject.path.name, "sha256": sha256_file(subject.path)},
        "precision": {"asked_for": asked, "computed_with": "int8" if is_quantised(graph) else asked},
        "batch": dict(zip(("smallest", "best", "largest"), sizes, strict=True)),
        "parity": parity.to_json() | {"run_by": "ONNX Runtime on the processor, with the graph that the engine is of"},
        "model": settings | {SELF_TEST: self_test_of(subject.settings, graph) if not subject.batch else {}},
    }


def _gpu(number: int) -> AbstractContextManager[Any]:
    """Makes this GPU the one that TensorRT builds on, where PyTorch reaches one."""
    import torch

    if not torch.cuda.is_available():
        return nullcontext()
    if number >= torch.cuda.device_count():
        key, there = "gen_trt_engine.gpu_id", torch.cuda.device_count()
        remedy = f"set {key} to a number below {there}"
        raise SpecError(
            f"GPU {number} is asked for, and there are {there}", code="spec.gpu_ids", where=key, remedy=remedy
        )
    return torch.cuda.device(number)

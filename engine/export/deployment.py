# SPDX-License-Identifier: Apache-2.0
"""A model made ready for use: what the deploy actions build and take.

A deployment is a folder with `deployment.json` and the graphs that it names, each optimised by ONNX Runtime for the
processor. It is no TensorRT engine, and says so. What an engine fixes is fixed here as well: the smallest and largest
batch. Where an engine is named, an engine is built (`tensorrt_action`), or none: neither stands in for the other.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from core.errors import JobFailedError, SpecError
from core.file_names import DEPLOYMENT_FILE, ENGINE_SUFFIXES, OPTIMIZED_SUFFIX
from core.files import sha256_file, write_bytes, write_json
from core.problem import refuse
from deployed.fitness import numbers_of_deployment
from deployed.golden_shares import halves_of
from deployed.model_file import read_model
from deployed.self_test import SELF_TEST
from deployed.sessions import quiet_options
from deployed.siamese_graph import take_apart
from engine.console import say
from engine.export.deployment_files import ALIKE, JUDGE, KIND, NOTICE, ONE_GOLDEN, WHOLE
from engine.export.file_settings import settled_by_file
from engine.export.tensorrt_action import build as build_tensorrt
from engine.export.tensorrt_action import library_for, wants_engine
from engine.export.tensorrt_library import has_library

if TYPE_CHECKING:
    from onnx import ModelProto

    from engine.export.file_settings import Travels
    from engine.settings import Run
    from engine.status import StatusFile


def build(run: Run, status: StatusFile, task: Travels) -> None:
    """Write a deployment of `gen_trt_engine.onnx_file` into the results folder, or the engine that is named.

    Raises:
        PlatformError: an engine is named, and there is no library to build it.
        SpecError: the spec asks for what this can't give.
        CheckpointError: the file can't be used, or the spec contradicts it.
        JobFailedError: the optimised graphs do not run.
    """
    section = run.experiment.gen_trt_engine
    library = library_for(run) if wants_engine(run) else None
    if not library:
        say(f"NOTICE {_why()}: {NOTICE}")
        if section.tensorrt.layers_precision:
            key = "gen_trt_engine.tensorrt.layers_precision"
            say(f"NOTICE {key} has no effect here: one number format holds for all layers")
    if section.batch_size > 0:
        say("NOTICE gen_trt_engine.batch_size has no effect here: the file itself tells its batch")
    if not section.onnx_file:
        key = "gen_trt_engine.onnx_file"
        raise SpecError(f"{key} is not set", code="spec.onnx", where=key, remedy="name the .onnx file of an export")
    path = Path(section.onnx_file)
    model, settings = read_model(path)
    run = settled_by_file(run, settings, path, task)
    if library:
        build_tensorrt(run, status, model, settings, library)
        return
    _check_precision(run, settings)
    graphs = {name: _optimized(graph, path) for name, graph in _graphs_of(model, settings["task"]).items()}
    one_golden = _differ_in_inputs_alone(graphs)
    if one_golden:
        del graphs[ALIKE]  # what reads the description makes it of the other
    files: dict[str, dict[str, Any]] = {}
    target = _target_of(run)
    for name, graph in graphs.items():
        place = target.with_name(f"{name}{OPTIMIZED_SUFFIX}")
        write_bytes(place, graph)
        files[name] = {"file": place.name, "sha256": sha256_file(place), "bytes": place.stat().st_size}
    description = _description(run, path, settings, files) | {ONE_GOLDEN: one_golden}
    write_json(target, description)
    size = sum(entry["bytes"] for entry in files.values())
    told = "Deployment for ONNX Runtime written, which is no TensorRT engine."
    status.write("RUNNING", told, kpi={"file_megabytes": size / 1e6})
    say(f"deployment for ONNX Runtime, {size / 1e6:.1f} MB: {target}")


def _why() -> str:
    return "no engine file is named (gen_trt_engine.trt_engine)" if has_library() else "there is no TensorRT here"


def _target_of(run: Run) -> Path:
    key, named = "gen_trt_engine.trt_engine", run.experiment.gen_trt_engine.trt_engine
    target = Path(named) if named else run.results_dir / DEPLOYMENT_FILE
    if target.suffix != ".json":
        message = f"{target.name} has an ending of neither an engine nor a description"
        remedy = (
            f"end {key} in {' or '.join(ENGINE_SUFFIXES)} for an engine, in .json for a deployment for ONNX Runtime"
        )
        raise SpecError(message, code="spec.engine", where=key, remedy=remedy)
    return target


def _check_precision(run: Run, settings: dict[str, Any]) -> None:
    asked, has = run.experiment.gen_trt_engine.tensorrt.data_type.lower(), settings["precision"]
    key = "gen_trt_engine.tensorrt.data_type"
    refuse(numbers_of_deployment(key, asked, has))
    if asked != has:
        say(f"NOTICE {key} is {asked}, and ONNX Runtime computes with the numbers of the file, {has}")


def _graphs_of(model: ModelProto, task: str) -> dict[str, ModelProto]:
    if task == "segment":
        return {WHOLE: model}
    halves = halves_of(take_apart(model))
    return {name: graph for name, graph in halves._asdict().items() if graph is not None}


def _differ_in_inputs_alone(graphs: dict[str, bytes]) -> bool:
    """Whether the judging graph for one golden image of all pairs is the other one with inputs of another size."""
    if ALIKE not in graphs:
        return False
    pairs = (onnx.load_model_from_string(graphs[name]).graph for name in (JUDGE, ALIKE))
    nodes, others = ([*(one.SerializeToString() for one in (*graph.node, *graph.initializer))] for graph in pairs)
    return nodes == others


def _optimized(graph: ModelProto, path: Path) -> bytes:
    """The graph as ONNX Runtime simplifies and joins it for any processor."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "optimized.onnx"
        options = quiet_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(place)
        try:
            onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception as problem:  # noqa: BLE001 - its errors have no common class
            reason = str(problem).strip().partition("\n")[0]
            message = f"ONNX Runtime can't run the model ({reason})"
            raise JobFailedError(message, code="deploy.runtime", where=str(path), remedy="export it again") from None
        return place.read_bytes()


def _description(run: Run, path: Path, settings: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    import onnxruntime

    tensorrt = run.experiment.gen_trt_engine.tensorrt
    return {
        "kind": KIND,
        "notice": NOTICE,
        "task": settings["task"],
        "runtime": {"name": "onnxruntime", "version": onnxruntime.__version__, "provider": "CPUExecutionProvider"},
        "source": {"file": path.name, "sha256": sha256_file(path)},
        "graphs": files,
        "precision": {"asked_for": tensorrt.data_type.lower(), "computed_with": settings["precision"]},
        "batch": {
            "smallest": tensorrt.min_batch_size,
            "best": tensorrt.opt_batch_size,
            "largest": tensorrt.max_batch_size,
        },
        "model": {name: value for name, value in settings.items() if name != SELF_TEST},
    }

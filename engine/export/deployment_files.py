# SPDX-License-Identifier: Apache-2.0
"""What was built of a model, read again: the graphs that a `deployment.json` names, or an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx

from core.documents import read_json
from core.errors import CheckpointError, InputError, SpecError
from core.file_names import DEPLOYMENT_FILE, described, is_engine
from core.files import sha256_file
from core.problem import refuse
from deployed.fitness import batch_of_deployment
from deployed.golden_shares import Halves
from deployed.siamese_graph import with_one_golden
from engine.console import say

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from engine.settings import Run

NOTICE = "this is a deployment for ONNX Runtime on the processor, and no TensorRT engine"
KIND, ENGINE_KIND = "onnxruntime-deployment", "tensorrt-engine"
WHOLE, JUDGE, ALIKE = "whole", "judge", "judge_alike"
ONE_GOLDEN = "one_golden"  # whether the judging graph takes what belongs to one golden image of all pairs
_REMEDY = "build it again (gen_trt_engine)"


@dataclass(frozen=True, slots=True)
class EngineFile:
    """An engine, and name and version of the library that built it."""

    path: Path
    library: str
    version: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was built: graphs by name or an engine, what its model's file said, and its bounds of a batch."""

    graphs: dict[str, ModelProto]
    settings: dict[str, Any]
    smallest: int
    largest: int
    engine: EngineFile | None = None

    @property
    def notice(self) -> str:
        """What it is."""
        return f"an engine of {self.engine.library} {self.engine.version}" if self.engine else NOTICE

    @property
    def halves(self) -> Halves:
        """Of a network that compares descriptions."""
        return Halves(**self.graphs)

    @property
    def whole(self) -> ModelProto:
        """The graph of a network that is used in one piece."""
        return self.graphs[WHOLE]


def read_deployment(path: Path) -> Deployment:
    """The deployment that a `deployment.json` describes, or the engine that is named, by the description beside it.

    Raises:
        CheckpointError: it is none, or a file is missing or was changed.
    """
    told = _told(path)
    try:
        bounds = int(told["batch"]["smallest"]), int(told["batch"]["largest"])
        if is_engine(path):
            _require(path, told["engine"]["sha256"])
            by = told["library"]
            return Deployment({}, dict(told["model"]), *bounds, EngineFile(path, str(by["name"]), str(by["version"])))
        entries = told["graphs"].items()
        graphs = {name: onnx.load(_require(path.with_name(entry["file"]), entry["sha256"])) for name, entry in entries}
        if told.get(ONE_GOLDEN):
            graphs[ALIKE] = with_one_golden(graphs[JUDGE])
        return Deployment(graphs, dict(told["model"]), *bounds)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _error(path, "the description is not as it was written", "checkpoint.broken", _REMEDY) from None


def _told(path: Path) -> dict[str, Any]:
    built = is_engine(path)
    if path.suffix != ".json" and not built:
        remedy = f"name a {DEPLOYMENT_FILE} or an engine that gen_trt_engine wrote"
        raise _error(path, "this is no deployment", "checkpoint.foreign", remedy)
    description = path.with_name(described(path.name)) if built else path
    try:
        told = read_json(description)
    except InputError as problem:
        if built and path.is_file():
            message = f"nothing beside it says how it is used ({description.name})"
            remedy = (
                "bring that file along, build the engine here (gen_trt_engine), or run it in the TAO Deploy container"
            )
            raise _error(path, message, "checkpoint.engine", remedy) from None
        raise _error(path, problem.message, "checkpoint.missing", _REMEDY) from None
    if not isinstance(told, dict) or told.get("kind") != (ENGINE_KIND if built else KIND):
        raise _error(description, "this describes no deployment", "checkpoint.foreign", f"name a {DEPLOYMENT_FILE}")
    return told


def _require(place: Path, sha256: str) -> Path:
    if not place.is_file() or sha256_file(place) != sha256:
        raise _error(place, "the file is missing, or was changed after it was built", "checkpoint.broken", _REMEDY)
    return place


def _error(path: Path, message: str, code: str, remedy: str) -> CheckpointError:
    return CheckpointError(message, code=code, where=str(path), remedy=remedy)


def with_batch(run: Run, deployment: Deployment, data_key: str) -> Run:
    """The action with a batch that the deployment takes: of two that the user chose both have to be the same.

    Raises:
        SpecError: the user chose another.
    """
    key, size = f"{run.command}.batch_size", getattr(run.experiment, run.command).batch_size
    of_data = getattr(run.experiment.dataset, run.experiment.task).batch_size
    if {key, data_key} <= run.chosen and size not in {of_data, -1}:
        message = f"{key} is {size}, and {data_key} {of_data}"
        raise SpecError(message, code="spec.batch", where=key, remedy="set both to the same number, or one of them")
    asked = size if size > 0 else of_data
    taken = min(max(asked, deployment.smallest), deployment.largest)
    if taken != asked and run.chosen & {key, data_key}:
        refuse(batch_of_deployment(key, asked, deployment.smallest, deployment.largest))
    if taken != asked:
        say(f"NOTICE {taken} pairs a batch, not {asked}: the deployment takes no more than {deployment.largest}")
    return run.with_value(key, taken)

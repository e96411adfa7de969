# SPDX-License-Identifier: Apache-2.0
"""A model as one ONNX file: the graph, and all that one has to know to judge with it.

The latter is one JSON object among the file's metadata, under `changenet`. It has the names that a checkpoint has
(task, config, epoch, threshold with its source and origin, white_level), so that the same code reads both; and

- `config` holds the keys of the spec that decide what the network sees and how its output is judged, no others;
- `input` says in numbers how pictures are prepared: `mean` and `std` of the normalisation, for classify the `layout` of
  lightings in rows and columns;
- `self_test` holds pairs as pictures with the scores that they have to get (see `self_test`);
- `class_names`, `lights` (the lightings in the order in which they are combined) and `precision` of the numbers;
- `checkpoint` and `data` name by SHA-256 what the file was made from and what it was compared on, `parity` with which
  result;
- `seal` is the SHA-256 of graph and settings, which tells a file that was damaged or altered.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from core.documents import canonical_json
from core.errors import CheckpointError
from core.files import write_bytes
from deployed.file_head import METADATA_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto

_FORMAT = 2
Settings = dict[str, Any]


def write_model(path: Path, model: ModelProto, settings: Settings) -> None:
    """Write a model with its settings, whole or not at all.

    Raises:
        ValueError: a setting is no JSON.
    """
    told = json.loads(json.dumps({"format": _FORMAT, **settings}, allow_nan=False))
    told["seal"] = _seal(model, told)
    onnx.helper.set_model_props(model, {METADATA_KEY: canonical_json(told)})
    write_bytes(path, model.SerializeToString())


def read_model(path: Path) -> tuple[ModelProto, Settings]:
    """The graph of a file, and its settings.

    Raises:
        CheckpointError: there is no such file, it is damaged, or this project did not write it.
    """
    if not path.is_file():
        raise _error(path, "there is no such model", "checkpoint.missing", "name the .onnx file of an export")
    try:
        model = onnx.load(path)
    except Exception as problem:  # noqa: BLE001 - a damaged file raises anything
        reason = str(problem).strip().partition("\n")[0] or type(problem).__name__
        message = f"this is no readable ONNX file ({reason})"
        raise _error(path, message, "checkpoint.broken", "copy it again, or export it again") from None
    text = next((entry.value for entry in model.metadata_props if entry.key == METADATA_KEY), None)
    if text is None:
        message = "the file does not say how it is to be used: lightings, normalisation, threshold"
        raise _error(path, message, "checkpoint.foreign", "use a file that `visual_changenet export` wrote")
    return model, _checked(path, model, text)


def read_model_for(task: str, path: Path) -> tuple[ModelProto, Settings]:
    """The same of a model that has to be one for `task`.

    Raises:
        CheckpointError: see `read_model`; or it is of another task.
    """
    model, settings = read_model(path)
    if settings.get("task") != task:
        message = f"the model is one for the {settings.get('task')} task"
        raise _error(path, message, "checkpoint.task", f"name a model for {task}")
    return model, settings


def normalisation(settings: Settings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """By what bytes (…, 3, H, W) are multiplied, and what is added then: (3, 1, 1) each."""
    how = settings["input"]
    mean, std = (np.asarray(how[name], np.float32)[:, None, None] for name in ("mean", "std"))
    return (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def _checked(path: Path, model: ModelProto, text: str) -> Settings:
    try:
        settings = json.loads(text)
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or settings.pop("seal", None) != _seal(model, settings):
        message = "the model was changed after it was written (it does not have its checksum)"
        raise _error(path, message, "checkpoint.broken", "copy it again, or export it again")
    if settings.get("format") != _FORMAT or not isinstance(settings.get("config"), dict):
        message = f"it is written in format {settings.get('format')!r}, and this reads {_FORMAT}"
        raise _error(path, message, "checkpoint.format", "export it again with this version")
    return settings


def _seal(model: ModelProto, settings: Settings) -> str:
    """A hash of nodes, weights, inputs, outputs and settings."""
    graph = model.graph
    found = hashlib.sha256(canonical_json(settings).encode())
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        found.update(part.SerializeToString(deterministic=True))
    return found.hexdigest()


def _error(path: Path, message: str, code: str, remedy: str) -> CheckpointError:
    return CheckpointError(message, code=code, where=str(path), remedy=remedy)

# SPDX-License-Identifier: Apache-2.0
"""What an exported file, or a deployment, says of a spec: read before anything runs, without ONNX or NumPy.

Whoever uses the model reads it by `model_file` or as a deployment, and finds there whether it was damaged.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from core.dotted import get
from core.errors import CheckpointError
from core.file_names import described, is_engine, is_exported
from deployed.fitness import batch_of_deployment, numbers_of_deployment, numbers_of_engine, quantised_twice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from core.problem import Problem

METADATA_KEY = "changenet"
JUDGEMENT_KEYS = tuple(f"model.classify.{name}" for name in ("second_look", "eval_margin", "target", "escape_cost"))
"""Keys that travel in a file, and that the spec of whoever uses it may set anew."""
_DESCRIPTION = ".json"
_MOST_BYTES = 64 << 20  # of a description or of metadata
# Of ONNX's ModelProto: its field of metadata, whose entries have a key and a value.
_METADATA, _ENTRY_KEY, _ENTRY_VALUE = 14, 1, 2
_VARINT, _EIGHT_BYTES, _MEASURED, _FOUR_BYTES = 0, 1, 2, 5


class FileHead(NamedTuple):
    """The task of a model, the nested part of a spec that travels with it, and keys of it that a spec may set anew.

    Also what numbers it has, and of what was built from it the smallest and the largest batch.
    """

    task: str
    config: dict[str, Any]
    free: tuple[str, ...] = JUDGEMENT_KEYS
    precision: str = ""
    batch: tuple[int, int] | None = None

    def problems(self, key: str, spec: Mapping[str, Any], chosen: Collection[str]) -> list[Problem]:
        """What a spec that names the file under `key` asks of it in vain; `chosen` are the keys that the user set."""
        section = key.partition(".")[0]
        if section == "quantize":
            return quantised_twice(key, self.precision)
        if section == "gen_trt_engine":
            if is_engine(str(get(spec, "gen_trt_engine.trt_engine", None) or "")):
                return numbers_of_engine(key, self.precision)
            place = "gen_trt_engine.tensorrt.data_type"
            return numbers_of_deployment(place, str(get(spec, place, "")), self.precision)
        keys = (f"{section}.batch_size", f"dataset.{self.task}.batch_size")
        sizes = [size for name in keys if isinstance(size := get(spec, name, None), int) and size > 0]
        if not self.batch or not sizes or not {*keys}.intersection(chosen):
            return []
        return batch_of_deployment(next(name for name in keys if name in chosen), sizes[0], *self.batch)


def read_head(path: Path) -> FileHead | None:
    """What a file says; None where there is no such file, or it is called neither as an export nor as what was built.

    Raises:
        CheckpointError: it is damaged, or this project did not write it.
    """
    exported = is_exported(path)
    if is_engine(path) and path.is_file():
        path = path.with_name(described(path.name))
        if not path.is_file():
            message = "nothing beside the engine says how it is used"
            remedy = "bring that file along, build the engine here (gen_trt_engine), or run it in the container"
            raise CheckpointError(message, code="checkpoint.engine", where=str(path), remedy=remedy)
    if not path.is_file() or not (exported or path.suffix.lower() == _DESCRIPTION):
        return None
    try:
        with path.open("rb") as file:
            text = _metadata(file) if exported else file.read(_MOST_BYTES)
        told = json.loads(text) if text else {}
        settings = told if exported else told["model"]
        task, config, precision = str(settings["task"]), dict(settings["config"]), str(settings.get("precision", ""))
        sizes = told.get("batch") or {}
        batch = None if exported or not sizes else (int(sizes["smallest"]), int(sizes["largest"]))
        return FileHead(task, config, precision=precision, batch=batch)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        pass
    what, by = ("file of an export", "`visual_changenet export`") if exported else ("description", "gen_trt_engine")
    message = f"this is no {what}, or it is not whole"
    remedy = f"copy it again, or name one that {by} wrote"
    raise CheckpointError(message, code="checkpoint.broken", where=str(path), remedy=remedy)


def _metadata(file: BinaryIO) -> bytes:
    for number, length in _measured_fields(file, os.fstat(file.fileno()).st_size):
        if number != _METADATA:
            file.seek(length, os.SEEK_CUR)
            continue
        inside = _measured_fields(file, file.tell() + length)
        entry = {inner: file.read(min(size, _MOST_BYTES)) for inner, size in inside}
        if entry.get(_ENTRY_KEY) == METADATA_KEY.encode():
            return entry[_ENTRY_VALUE]
    return b""


def _measured_fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Numbers and lengths of the fields up to `end` that have one; whoever takes one reads or leaps over it."""
    while file.tell() < end:
        number, kind = divmod(_varint(file), 8)
        if kind == _MEASURED:
            yield number, _varint(file)
        elif kind == _VARINT:
            _varint(file)
        elif kind in {_EIGHT_BYTES, _FOUR_BYTES}:
            file.seek(8 if kind == _EIGHT_BYTES else 4, os.SEEK_CUR)
        else:
            raise ValueError(kind)


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while True:
        byte = file.read(1)
        if not byte or shift > 63:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return value
        shift += 7

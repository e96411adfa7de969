# SPDX-License-Identifier: Apache-2.0
"""Which task a model that the user names belongs to: a job, a search, or a file."""

from __future__ import annotations

import mmap
import pickletools
import re
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from core.file_names import is_exported, is_model

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASSIFY, _SEGMENT = "classify", "segment"
_PICKLE = "data.pkl"
_MOST_BYTES = 64 << 20
_IN_SETTINGS = re.compile(rb'"task":\s*"classify"')


def task_of_model(model: str, results_root: str | None) -> str:
    """`classify` or `segment`; the latter where nothing tells, for what is wrong with the model is told later."""
    if is_model(model):
        return _task_of_file(Path(model))
    from runners.api import open_store
    from runners.planning.parents import winner_of

    with suppress(InputError):
        store = open_store(results_root)
        return str(store.read(winner_of(store, model)).task)
    return _SEGMENT


def _task_of_file(path: Path) -> str:
    """The task that a file was written with; no code of it runs, and no weights are read."""
    with suppress(OSError, ValueError, zipfile.BadZipFile):
        if is_exported(path):
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return _CLASSIFY if _IN_SETTINGS.search(content) else _SEGMENT
        with zipfile.ZipFile(path) as archive:
            name = next((one for one in archive.namelist() if one.rpartition("/")[2] == _PICKLE), "")
            if name and archive.getinfo(name).file_size <= _MOST_BYTES:
                said = _texts_of(archive.read(name))
                return _CLASSIFY if ("task", _CLASSIFY) in pairwise(said) else _SEGMENT
    return _SEGMENT


def _texts_of(pickled: bytes) -> Iterator[str]:
    """The texts of a pickle in their order; one that is said again is remembered by its place."""
    known: dict[object, str] = {}
    latest: str | None = None
    for operation, argument, _ in pickletools.genops(pickled):
        if latest is not None and operation.name in {"BINPUT", "LONG_BINPUT"}:
            known[argument] = latest
        latest = argument if isinstance(argument, str) and "UNICODE" in operation.name else None
        if latest is not None:
            yield latest
        elif operation.name in {"BINGET", "LONG_BINGET"} and argument in known:
            yield known[argument]

# SPDX-License-Identifier: Apache-2.0
"""Epoch and step as a checkpoint itself records them, read without torch and without running what a pickle names."""

from __future__ import annotations

import pickle
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 64 * 1024 * 1024
_NAME = re.compile(r"epoch[_=](?P<epoch>\d+)(?:[_-]step[_=](?P<step>\d+))?")


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """The epoch (from 0) and the optimiser step that a checkpoint was written at, where it says so."""

    epoch: int | None = None
    step: int | None = None


class _Inert:
    """Takes the place of every class and function that a pickle names; does nothing with what it is given."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        del arguments, named

    def __call__(self, *arguments: Any, **named: Any) -> _Inert:
        return _Inert(*arguments, **named)

    def __setstate__(self, state: Any) -> None:
        del state

    def __setitem__(self, key: Any, value: Any) -> None:
        del key, value

    def append(self, item: Any) -> None:
        """Take an item, and forget it."""

    def extend(self, items: Any) -> None:
        """Take items, and forget them."""


class _NumbersOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        del module, name
        return _Inert

    def persistent_load(self, identity: Any) -> Any:
        del identity
        return None


def read_checkpoint_record(path: Path) -> CheckpointRecord:
    """What the checkpoint records; where its format can't be read, what its name says; else nothing."""
    try:
        content = _read_content(path)
    except Exception:  # noqa: BLE001 - a damaged pickle raises anything; the file stays listed, without a record
        content = None
    recorded = _of_content(content) if isinstance(content, dict) else CheckpointRecord()
    return recorded if recorded != CheckpointRecord() else _of_name(path.name)


def _of_content(content: dict[str, Any]) -> CheckpointRecord:
    epoch, step = content.get("epoch"), content.get("global_step")
    return CheckpointRecord(epoch if isinstance(epoch, int) else None, step if isinstance(step, int) else None)


def _of_name(name: str) -> CheckpointRecord:
    named = _NAME.search(name)
    return CheckpointRecord(*(int(n) if n else None for n in named.groups())) if named else CheckpointRecord()


def _read_content(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        entry = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if entry.file_size > _MOST_BYTES:
            return None
        with archive.open(entry) as stream:
            return _NumbersOnly(stream).load()

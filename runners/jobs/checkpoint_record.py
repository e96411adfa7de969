# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint records of itself, read without torch and without running what a pickle names."""

from __future__ import annotations

import pickle
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 64 * 1024 * 1024
_NAME = re.compile(r"epoch[_=](?P<epoch>\d{1,15})(?:[_-]step[_=](?P<step>\d{1,15}))?(?!\d)")
_MOST_STEPS = 10**15  # more than any training takes, and what a record can hold


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """The epoch (from 0) and optimiser step that a checkpoint was written at, where it says so.

    `ranking` names the files that were kept for being best when it was written, the best one first.
    """

    epoch: int | None = None
    step: int | None = None
    ranking: tuple[str, ...] = ()


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
    recorded = CheckpointRecord()
    # A damaged pickle raises anything; the file stays listed, without a record.
    with suppress(Exception):
        content = _read_content(path)
        recorded = _of_content(content) if isinstance(content, dict) else recorded
    return recorded if recorded.epoch is not None else _of_name(path.name)


def _of_content(content: dict[str, Any]) -> CheckpointRecord:
    epoch, step = content.get("epoch"), content.get("global_step")
    return CheckpointRecord(
        epoch=epoch if isinstance(epoch, int) and 0 <= epoch < _MOST_STEPS else None,
        step=step if isinstance(step, int) and 0 <= step < _MOST_STEPS else None,
        ranking=_ranking(content.get("callbacks")),
    )


def _ranking(callbacks: Any) -> tuple[str, ...]:
    """As the embedded engine keeps it (`best`: pairs of value and name), or as Lightning's ModelCheckpoint does."""
    for state in callbacks.values() if isinstance(callbacks, dict) else ():
        if not isinstance(state, dict):
            continue
        if isinstance(state.get("best"), list):
            return tuple(str(name) for _, name in state["best"])
        if isinstance(state.get("best_model_path"), str) and isinstance(state.get("best_k_models"), dict):
            paths = [state["best_model_path"], *state["best_k_models"]]
            return tuple(dict.fromkeys(PurePath(str(path)).name for path in paths if path))
    return ()


def _of_name(name: str) -> CheckpointRecord:
    named = _NAME.search(name)
    if not named:
        return CheckpointRecord()
    return CheckpointRecord(int(named["epoch"]), int(named["step"]) if named["step"] else None)


def _read_content(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        entry = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if entry.file_size > _MOST_BYTES:
            return None
        with archive.open(entry) as stream:
            return _NumbersOnly(stream).load()

# SPDX-License-Identifier: Apache-2.0
"""A data folder that is either whole or not there."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_folder(out: Path, *, marker: str, force: bool = False) -> Iterator[Path]:
    """Give a temporary sibling of `out` that takes its place when the block ends well, and is removed when not.

    With `force`, a folder that holds the file `marker`, and so was made by an earlier run, is replaced.

    Raises:
        DataError: `out` is a file, holds something else, or can't be written.
    """
    _refuse_occupied(out, marker, force=force)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _swap(temporary, out)
    except OSError as error:
        remedy = "choose a folder that can be written, on a disk with room"
        message = f"the folder can't be written ({error.strerror or error})"
        raise DataError(message, code="data.unwritable", where=str(out), remedy=remedy) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_occupied(out: Path, marker: str, *, force: bool) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() and not out.is_dir():
        raise DataError("there is a file of this name", code="data.occupied", where=str(out), remedy="name a folder")
    if not out.exists() or (force and (out / marker).is_file()):
        return
    remedy = f"choose an empty folder, or replace an earlier data set (one with {marker}) with --force"
    raise DataError("the folder is not empty", code="data.occupied", where=str(out), remedy=remedy)


def _swap(temporary: Path, out: Path) -> None:
    if not out.exists():
        temporary.rename(out)
        return
    old = out.with_name(f".{out.name}.{secrets.token_hex(4)}.old")
    out.rename(old)
    temporary.rename(out)
    shutil.rmtree(old)

# SPDX-License-Identifier: Apache-2.0
"""Data sets as folders: the contents of a cache under the names that they have elsewhere."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from core.errors import DataError
from core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runners.staging.blobs import Blob, Blobs

_LONGEST_NAME = 1024


def digest_of(contents: Mapping[str, Blob]) -> str:
    """The SHA-256 of the list of all files with theirs, sorted by name, in the form that `sha256sum` reads."""
    return hashlib.sha256(_list(contents).encode("utf-8", "surrogateescape")).hexdigest()


def tree(contents: Mapping[str, Blob], blobs: Blobs, cache: Path, place: str) -> Path:
    """The folder that holds the contents under their names; made once for all that agree in them.

    `FOLDER.sha256` beside it lists them.

    Raises:
        DataError: a name leads out of the folder, or is that of a file and a folder.
    """
    target = cache / "trees" / digest_of(contents)[:32]
    if _is_whole(target, contents):
        return target
    _require_names(contents, place)
    draft = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        for name, blob in contents.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            blobs.link(blob, path)
        _move_into_place(draft, target, contents)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    write_text(target.with_name(f"{target.name}.sha256"), _list(contents))
    return target


def _list(contents: Mapping[str, Blob]) -> str:
    return "".join(f"{blob.sha256}  {name}\n" for name, blob in sorted(contents.items()))


def _is_whole(folder: Path, contents: Mapping[str, Blob]) -> bool:
    if not folder.is_dir():
        return False
    with suppress(OSError):
        return all((folder / name).stat().st_size == blob.size for name, blob in contents.items())
    return False


def _move_into_place(draft: Path, target: Path, contents: Mapping[str, Blob]) -> None:
    try:
        draft.rename(target)
    except OSError:
        if _is_whole(target, contents):  # another process made the same
            return
        broken = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        target.rename(broken)
        draft.rename(target)
        shutil.rmtree(broken, ignore_errors=True)


def _require_names(contents: Mapping[str, Blob], place: str) -> None:
    names = contents.keys()
    for name in names:
        parts = name.split("/")
        bad = not all(parts) or not {".", ".."}.isdisjoint(parts) or "\0" in name or len(name) > _LONGEST_NAME
        above = next((str(folder) for folder in PurePosixPath(name).parents if str(folder) in names), None)
        if bad or above:
            message = f"'{above}' is a file and a folder" if above else f"no file can be called '{name}' here"
            raise DataError(message, code="stage.names", where=place, remedy="rename it there")

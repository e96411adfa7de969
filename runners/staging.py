# SPDX-License-Identifier: Apache-2.0
"""Inputs as the action needs them on this machine: archives unpacked, data sets of several folders put together."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import dotted
from core.cache import default_cache
from core.file_names import is_archive
from core.memory import Memory
from runners.archives import unpack
from runners.names import archives_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def stage(
    spec: Mapping[str, Any],
    inputs: Mapping[str, str | list[str]],
    cache: Path | None = None,
    parts: Mapping[str, Sequence[str]] | None = None,
    memory: Memory | None = None,
) -> dict[str, Any]:
    """A copy of `spec` in which every input that is an archive, or a folder of them, is the unpacked folder.

    `parts` names, by key, the folders of which an input consists; each may be packed by itself.
    `memory` knows what was unpacked already: archives are hashed each time they are asked for.

    Raises:
        ArchiveError: an archive is broken or unsafe.
    """
    staged, memory = deepcopy(dict(spec)), memory or Memory()

    def local(place: str, names: Sequence[str]) -> str:
        return memory.once(("staged", place, *names), lambda: str(unpacked(Path(place), cache, names)))

    for key, value in inputs.items():
        names = (parts or {}).get(key, ())
        found = [local(place, names) for place in value] if isinstance(value, list) else local(value, names)
        dotted.put(staged, key, found)
    return staged


def unpacked(place: Path, cache: Path | None = None, parts: Sequence[str] = ()) -> Path:
    """The folder that an archive, or a folder with archives of its `parts`, stands for; else `place` itself.

    Raises:
        ArchiveError: an archive is broken or unsafe.
    """
    if is_archive(place.name) and place.is_file():
        return unpack(place, cache)
    archives = archives_of(place, parts) if place.is_dir() else {}
    return _joined_root(place, archives, parts, cache or default_cache()) if archives else place


def _joined_root(root: Path, archives: dict[str, Path], names: Sequence[str], cache: Path) -> Path:
    """A folder of links to the parts of a data set, named after what it links to."""
    parts = {name: unpack(path, cache) for name, path in archives.items()}
    parts |= {name: (root / name).resolve() for name in names if name not in parts and (root / name).is_dir()}
    identity = hashlib.sha256("\n".join(f"{name}={path}" for name, path in sorted(parts.items())).encode()).hexdigest()
    target = cache / "roots" / identity
    if not target.is_dir():
        _link_parts(target, parts)
    return target


def _link_parts(target: Path, parts: dict[str, Path]) -> None:
    draft = target.with_name(f".{target.name[:16]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    draft.mkdir(parents=True)
    try:
        for name, path in parts.items():
            (draft / name).symlink_to(path)
        draft.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)

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
from core.addresses import is_fetched
from core.cache import default_cache
from core.errors import DataError
from core.file_names import ARCHIVES, is_archive
from core.files import real_path
from core.memory import Memory
from runners.archives.unpacking import unpack
from runners.names import archive_stem, archives_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from router.declarations import Skill


def stage(
    spec: Mapping[str, Any],
    inputs: Mapping[str, str | list[str]],
    parts: Mapping[str, Sequence[str]] | None = None,
    memory: Memory | None = None,
    bring: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """A copy of `spec` in which every input that is an archive, or a folder of them, is the unpacked folder.

    `parts` names, by key, the folders of which an input consists; each may be packed by itself.
    `memory` knows what was unpacked already: archives are hashed each time they are asked for.
    `bring` gives the place on this machine of an input elsewhere, which stays as it is without it.

    Raises:
        ArchiveError: an archive is broken or unsafe.
        ChangenetError: as `bring` says.
    """
    staged, memory = deepcopy(dict(spec)), memory or Memory()

    def found(place: str, names: Sequence[str]) -> str:
        if not is_fetched(place):
            return str(unpacked(Path(place), names))
        return str(unpacked(Path(bring(place)), names)) if bring else place

    def local(place: str, names: Sequence[str]) -> str:
        return memory.once(("staged", place, *names), lambda: found(place, names))

    for key, value in inputs.items():
        names = (parts or {}).get(key, ())
        places = [local(place, names) for place in value] if isinstance(value, list) else local(value, names)
        dotted.put(staged, key, places)
    return staged


def unpacked(place: Path, parts: Sequence[str] = ()) -> Path:
    """The folder that an archive, or a folder with archives of its `parts`, stands for; else `place` itself.

    Raises:
        ArchiveError: an archive is broken or unsafe.
    """
    if is_archive(place.name) and place.is_file():
        return unpack(place)
    archives = archives_of(place, parts) if place.is_dir() else {}
    return _joined_root(place, archives, parts) if archives else place


def _joined_root(root: Path, archives: dict[str, Path], names: Sequence[str]) -> Path:
    """A folder of links to the parts of a data set, named after what it links to."""
    parts = {name: unpack(path) for name, path in archives.items()}
    parts |= {name: real_path(root / name) for name in names if name not in parts and (root / name).is_dir()}
    identity = hashlib.sha256("\n".join(f"{name}={path}" for name, path in sorted(parts.items())).encode()).hexdigest()
    target = default_cache() / "roots" / identity
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


def brought(place: str, skill: Skill) -> str:
    """Where an input that lies elsewhere is on this machine, once it is fetched.

    Plans of data that was not here yet name pictures as `skill` expects them; there they may be packed otherwise, or
    lie one folder above.

    Raises:
        PlatformError, DataError, ArchiveError: as `runners.staging.fetch.fetch` says.
    """
    from runners.staging.fetch import fetch
    from runners.staging.request import names_of_skill

    names, first = names_of_skill(skill), None
    for candidate in _candidates(place, names.pictures):
        try:
            return fetch(candidate).place
        except DataError as problem:
            first = first or problem
            if problem.code != "stage.missing":
                break
    raise first or AssertionError


def _candidates(place: str, pictures: Sequence[str]) -> Iterator[str]:
    """The place, then what stands there, or one folder above, for pictures of its name that are packed otherwise."""
    from runners.staging.remote import Remote

    yield place
    folder, _, name = place.rpartition("/")
    stem = archive_stem(name)
    if stem not in pictures:
        return
    remote, names = Remote(place), [stem, *(f"{stem}{ending}" for ending in ARCHIVES)]
    path = remote.path
    for home in (folder, folder.rpartition("/")[0]):
        path = remote.parent(path)
        listed = names if remote.is_web else remote.names_in(path)  # a web server can only be asked
        yield from (f"{home}/{other}" for other in names if other in listed)

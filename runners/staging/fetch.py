# SPDX-License-Identifier: Apache-2.0
"""`fetch`: a data set from a store, hub or web server as a folder of this machine, by way of the cache."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.cache import default_cache
from core.errors import DataError
from core.file_names import ARCHIVES, is_archive
from core.staged import Staged, remember
from runners.archives.unpacking import unpack
from runners.names import archive_stem
from runners.staging.blobs import Blobs
from runners.staging.remote import Remote, RemoteFile, names_of
from runners.staging.transfer import DEFAULT_LIMIT, Transfer, require_room
from runners.staging.trees import digest_of, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runners.staging.blobs import Blob


def _silent(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Names:
    """What belongs to a data set, by name: `tables`, folders or archives of `pictures` that splits share, `parts`."""

    tables: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def is_table(self, name: str) -> bool:
        """Whether a file is a table, by its ending."""
        return PurePosixPath(name).suffix in {PurePosixPath(table).suffix for table in self.tables}

    def is_data_set(self, folder: Path) -> bool:
        """Whether a folder holds a whole data set: a table at most two folders down, or every part of one."""
        tables = any(
            next(folder.glob(f"{depth}*{PurePosixPath(table).suffix}"), None)
            for table in self.tables
            for depth in ("", "*/", "*/*/")
        )
        homes = [folder, *(inner for inner in folder.iterdir() if inner.is_dir())]
        return tables or any((home / part).exists() for home in homes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a fetch has to keep to: how many bytes may come at most, and the SHA-256 of a single file."""

    most_bytes: int = DEFAULT_LIMIT
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a fetch tells: a step in words, and megabytes done and in all."""

    say: Callable[[str], None] = _silent
    progress: Callable[[int, int], None] = field(default=_silent)


_ANY, _USUAL, _NOBODY = Names(), Demands(), Watcher()


def fetch(
    place: str,
    names: Names = _ANY,
    demands: Demands = _USUAL,
    watcher: Watcher = _NOBODY,
) -> Staged:
    """Bring what a place holds to this machine, as far as it is not here, and record where it lies.

    Of one split, the pictures that it shares with others are fetched as well; a table or an archive comes with what
    lies beside it. An archive that holds a whole data set is unpacked.

    Raises:
        PlatformError: no library, credentials, access, network or room.
        DataError: nothing is there, too much is there, or it is not what it should be.
        ArchiveError: an archive is broken or unsafe.
    """
    cache, remote, limit = default_cache(), Remote(place), demands.most_bytes
    blobs = Blobs(cache)
    blobs.remove_abandoned()
    top, files = _listing(remote, names)
    needed = require_room(files, blobs, cache, remote.shown, limit)
    if needed:
        watcher.say(f"fetching {len(files):,} files of {remote.shown}: {needed / 1e6:,.1f} MB")
    contents = Transfer(remote, blobs, watcher.progress, limit).bring(files, needed)
    _require_digest(contents, demands.sha256, remote.shown)
    folder = tree(contents, blobs, cache, remote.shown)
    staged = Staged(
        source=remote.shown,
        place=str(_whole(folder / top, names)),
        digest=digest_of(contents),
        files=len(contents),
        size=sum(blob.size for blob in contents.values()),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    remember(staged)
    return staged


def _listing(remote: Remote, names: Names) -> tuple[str, list[RemoteFile]]:
    """What is fetched, by its name in the tree, and where in the tree the place itself is.

    Raises:
        DataError: there is nothing.
    """
    path = remote.path if remote.is_web else remote.path.rstrip("/")
    own = _folder_name(path.partition("?")[0])
    single = remote.file(path, own)
    if single:
        home = _folder_name(remote.parent(path.partition("?")[0]))
        return f"{home}/{own}", _under(home, [single, *_beside(remote, single, names)])
    files = remote.below(path)
    if not files:
        remedy = "check the address: capitals count"
        raise DataError("there is nothing at this address", code="stage.missing", where=remote.shown, remedy=remedy)
    listed = _under(own, files)
    if any("/" not in file.name and names.is_table(file.name) for file in files):
        listed += _shared(remote, path, names, names_of(files), "")
    return own, listed


def _folder_name(path: str) -> str:
    """What a folder is called here; colons, as before a port, would divide the paths of a mount."""
    return PurePosixPath(path).name.replace(":", "-") or "data"


def _under(folder: str, files: Sequence[RemoteFile]) -> list[RemoteFile]:
    return [replace(file, name=f"{folder}/{file.name}".replace(f"{folder}/../", "")) for file in files]


def _beside(remote: Remote, single: RemoteFile, names: Names) -> list[RemoteFile]:
    """What belongs to a table (its pictures) or to an archive of pictures (its table), in the same folder or above."""
    home = remote.parent(remote.path.partition("?")[0])
    if not home:
        return []
    if names.is_table(single.name):
        return _pictures(remote, home, names, set(remote.names_in(home)), "") or _shared(
            remote, home, names, set(), "../"
        )
    if is_archive(single.name) and archive_stem(single.name) in names.pictures:
        here = remote.names_in(home)
        wanted = [name for name in here if names.is_table(name)] if here else names.tables
        return [file for name in wanted if (file := remote.file(f"{home}/{name}", name))]
    return []


def _shared(remote: Remote, path: str, names: Names, here: set[str], prefix: str) -> list[RemoteFile]:
    """The pictures that lie one folder above a split which has none of its own."""
    above = remote.parent(path)
    if not above or any(archive_stem(name) in names.pictures for name in here):
        return []
    return _pictures(remote, above, names, set(remote.names_in(above)), prefix)


def _pictures(remote: Remote, folder: str, names: Names, listed: set[str], prefix: str) -> list[RemoteFile]:
    for stem in names.pictures:
        if stem in listed:
            return remote.below(f"{folder}/{stem}", f"{prefix}{stem}/")
        for name in (f"{stem}{ending}" for ending in ARCHIVES):
            # A web server lists nothing: it can only be asked.
            if (name in listed or remote.is_web) and (file := remote.file(f"{folder}/{name}", f"{prefix}{name}")):
                return [file]
    return []


def _require_digest(contents: dict[str, Blob], sha256: str, place: str) -> None:
    if not sha256:
        return
    if len(contents) != 1:
        message = f"{len(contents)} files have no single SHA-256"
        raise DataError(message, code="stage.checksum", where=place, remedy="give the address of one file")
    found = next(iter(contents.values())).sha256
    if found != sha256.lower():
        remedy = "it is another file than the one that was meant, or was altered: don't use it"
        raise DataError(f"its SHA-256 is {found}", code="stage.checksum", where=place, remedy=remedy)


def _whole(place: Path, names: Names) -> Path:
    """The data set that an archive holds; the place itself where it comes with a table, or is none."""
    if not place.is_file() or not is_archive(place.name) or len(list(place.parent.iterdir())) > 1:
        return place
    return data_set_in(place, names) or place


def data_set_in(archive: Path, names: Names) -> Path | None:
    """The folder of the data set that an archive holds, unpacked; None where it holds but a part of one.

    Raises:
        ArchiveError: it is broken or unsafe.
    """
    unpacked = unpack(archive)
    if not names.is_data_set(unpacked):
        return None
    first, *others = unpacked.iterdir()
    is_wrapped = not others and first.is_dir() and first.name not in names.pictures and names.is_data_set(first)
    return first if is_wrapped else unpacked

# SPDX-License-Identifier: Apache-2.0
"""From a data source (folder, CSV, archive or URI) to the spec keys that the tables of skill_info.yaml name."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from core.addresses import is_fetched
from core.errors import DataError
from core.file_names import ARCHIVES, is_archive
from runners.names import archive_stem, archives_of
from runners.planning.data_places import absolute, is_remote, require_there
from runners.planning.data_tables import Entry, part_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from router.types import Request
    from runners.planning.data_tables import DataTables
    from runners.planning.layers import Layers


def apply_sources(layers: Layers, request: Request, tables: DataTables) -> None:
    """Put the places of all data that the request names; what it does not name stays as it is.

    Raises:
        DataError: a place is not there, lacks a file that the action needs, or several are given where one is taken.
    """
    _refuse_importable(request, tables)
    for key, entry in tables.entries.items():
        named = _named(request, entry["source"])
        places = [_split_of(place, key, tables) or place for place in named]
        if not places and request.data:
            places, named = _inside(request.data, key, tables), [request.data]
        told = named if any(map(is_fetched, named)) else places  # the cache says nothing of where data came from
        found = [_locate(place, key, tables) for place in places]
        if not found:
            continue
        if len(found) > 1 and not entry["list"]:
            remedy = "join the CSV files into one data set, and give that"
            message = f"{len(found)} data sets are given for {entry['source']}, but the action takes one"
            raise DataError(message, code="data.several", where=", ".join(places), remedy=remedy)
        layers.put(key, found if entry["list"] else found[0], "data", f"{entry['source']}: {', '.join(told)}")


def _refuse_importable(request: Request, tables: DataTables) -> None:
    """Pictures with a table of another kind, or with telling names: no data yet, but one command from it.

    Raises:
        DataError: with the command.
    """
    sources = dict.fromkeys(entry["source"] for entry in tables.entries.values())
    for place in [*filter(None, [request.data]), *(place for source in sources for place in _named(request, source))]:
        here = absolute(place, staged=tables.staged)
        if is_remote(here) or _has_parts(Path(here), tables):
            continue
        if command := tables.importing(Path(here)):
            message = "this is not laid out as the actions read it; import it first, then plan with what that makes"
            raise DataError(message, code="data.import", where=place, remedy=command)


def _has_parts(folder: Path, tables: DataTables) -> bool:
    """Whether a folder holds pictures as this skill lays them out, or a table of its name."""
    parts = any((folder / part).exists() for part in (*tables.first_parts, *tables.tables))
    return parts or bool(archives_of(folder, tables.first_parts))


def unused_sources(request: Request, action: str, tables: DataTables, intents: Collection[str]) -> list[str]:
    """Warnings of data that was given by its source, and that the action does not read.

    `intents` are the kinds of data that the task takes at all.
    """
    read = {entry["source"] for entry in tables.entries.values()}
    return [
        f"{source} has no effect: {action} reads no {rule.get('intent', source)} data{_of_task(rule, intents)}"
        for source, rule in tables.sources.items()
        if source not in read and _named(request, source)
    ]


def _of_task(rule: Entry, intents: Collection[str]) -> str:
    return "" if rule.get("intent") in intents else f"; this task takes {' and '.join(intents)} data only"


def _named(request: Request, source: str) -> list[str]:
    value = getattr(request, source)
    return [value] if isinstance(value, str) else list(value or ())


def _inside(data: str, key: str, tables: DataTables) -> list[str]:
    """Where a folder that holds all the data has what `key` takes; empty when it does not have it."""
    place, source = absolute(data, staged=tables.staged), tables.entries[key]["source"]
    if is_remote(place):
        whole = tables.names_file(place) or not tables.entries[key]["path"]
        return [place] if whole else [f"{place}/{_splits(key, tables)[0]}"]
    folder = require_there(place)
    found = _split_of(place, key, tables)
    # Data without splits is for the source that the action cannot do without.
    if found is None and source == next(iter(tables.entries.values()))["source"] and _holds_data(folder, tables):
        found = place
    return [found] if found else []


def _split_of(place: str, key: str, tables: DataTables) -> str | None:
    """The split that `key` takes inside a local folder of splits, as a folder or a table; None where there is none."""
    folder, names = Path(absolute(place, staged=tables.staged)), _splits(key, tables)
    by_split = {} if _only_table(folder, tables) else tables.of_folder(folder)
    found = next((place for name in names for place in _places(folder, name, by_split, tables)), None)
    if found is None:  # a split folder that lacks its table is told as such
        found = next((by_split[name].parent for name in names if name in by_split), None)
    return str(found) if found else None


def _places(folder: Path, name: str, by_split: Mapping[str, Path], tables: DataTables) -> Iterator[Path]:
    """Where a split of this name is: a folder called so, or the table that goes by it."""
    if _holds_data(folder / name, tables):
        yield folder / name
    if name in by_split and by_split[name].exists():
        yield by_split[name]


def _only_table(folder: Path, tables: DataTables) -> Path | None:
    """The table of a folder without splits, wherever it lies."""
    by_split = tables.of_folder(folder)
    return by_split[folder.name] if set(by_split) == {folder.name} else None


def _splits(key: str, tables: DataTables) -> list[str]:
    """The folder names that may hold what `key` takes, best first."""
    entry = tables.entries[key]
    order = (entry.get("prefers"), entry["source"], tables.sources.get(entry["source"], {}).get("otherwise"))
    return [name for source in order if source for name in _subfolders(tables, source)]


def _subfolders(tables: DataTables, source: str) -> list[str]:
    return list(tables.sources.get(source, {}).get("subfolders", ()))


def _holds_data(folder: Path, tables: DataTables) -> bool:
    if not folder.is_dir():
        return folder.is_file()
    parts = any((folder / part).is_dir() for part in tables.first_parts) or archives_of(folder, tables.first_parts)
    found = bool(parts) or any(len(_tables_in(folder, name)) == 1 for name in tables.tables)
    return found or _only_table(folder, tables) is not None


def _tables_in(folder: Path, name: str) -> list[Path]:
    """The file of this name in a folder, or else all of its kind."""
    return [folder / name] if (folder / name).is_file() else sorted(folder.glob(f"*{Path(name).suffix}"))


def _locate(place: str, key: str, tables: DataTables) -> str:
    entry, whole = tables.entries[key], absolute(place, staged=tables.staged)
    if is_remote(whole):
        return _locate_remote(whole, entry, tables)
    path = require_there(whole)
    if entry["runtime"] == "folder":
        return str(_root(path, entry))
    return str(_table(path, entry, tables) if entry["runtime"] == "file" else _unpacked_or_packed(path, key, tables))


def _locate_remote(place: str, entry: Entry, tables: DataTables) -> str:
    """URIs are taken as the tables have them: nothing is listed from here."""
    wanted = entry["path"]
    if not wanted or place.endswith(Path(wanted).suffix if entry["runtime"] == "file" else wanted):
        return place
    folder = place.rpartition("/")[0] if tables.names_file(place) else place
    return f"{folder}/{wanted}"


def _root(path: Path, entry: Entry) -> Path:
    if path.is_dir():
        return path
    remedy = f"give the folder that holds {', '.join(part_names(entry))} (as folders, .tar.gz or .zip)"
    raise DataError("this data set is a folder, not a file", code="data.layout", where=str(path), remedy=remedy)


def _table(path: Path, entry: Entry, tables: DataTables) -> Path:
    name, suffix = entry["path"], Path(entry["path"]).suffix
    if path.is_file() and path.suffix == suffix:
        return path
    folder = path if path.is_dir() else path.parent
    here, kind = _tables_in(folder, name), suffix.removeprefix(".").upper()
    only = here[0] if len(here) == 1 else _only_table(folder, tables)
    if only:
        return only
    found = f"several: {', '.join(table.name for table in here)}" if here else "none"
    remedy, code = f"name it {name}, or give the {kind} file itself", f"data.{kind.lower()}_missing"
    if is_archive(path.name):
        remedy = f"`changenet stage data {shlex.quote(str(path))}` unpacks a whole data set: give the folder it names"
    raise DataError(f"one {kind} is needed, there is {found}", code=code, where=str(folder), remedy=remedy)


def _unpacked_or_packed(path: Path, key: str, tables: DataTables) -> Path:
    """What an archive holds: an unpacked folder before an archive, its own before one that splits share."""
    if path.is_file() and is_archive(path.name):
        return path
    entry = tables.entries[key]
    folder = path if path.is_dir() else path.parent
    packed = (f"{archive_stem(entry['path'])}{ending}" for ending in ARCHIVES)
    names = list(dict.fromkeys((entry["folder"], entry["path"], *packed)))
    places: list[Path] = [home / name for home in (folder, folder.parent) for name in names]
    found = next((place for place in places if place.exists()), None)
    if found is None and tables.sources[entry["source"]].get("bare"):
        found = folder
    if found:
        return found
    message = f"there is neither {entry['folder']}/ nor {entry['path']}, here or in the folder above"
    remedy = f"put {entry['folder']}/ there, or set the key {key}"
    raise DataError(message, code=f"data.{entry['folder']}_missing", where=str(folder), remedy=remedy)

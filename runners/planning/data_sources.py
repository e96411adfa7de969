# SPDX-License-Identifier: Apache-2.0
"""From a data source (folder, CSV, archive or URI) to the spec keys that the tables of skill_info.yaml name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError, did_you_mean
from core.redaction import redact_text
from runners.names import SEGMENT_FOLDERS, is_archive, segment_archives

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.types import Request
    from runners.planning.layers import Layers

Entry = dict[str, Any]
_CSV = ".csv"
_FILE = "file://"
# Both keys below name the evaluation source; a data folder that holds a test split gives it to the second one.
_TEST_KEYS = "dataset.classify.test_dataset."
_TEST_SOURCE = "inference_dataset"
_EVALUATION = "eval_dataset"
_PICTURES_ONLY = "calibration_dataset"


@dataclass(frozen=True, slots=True)
class DataTables:
    """What skill_info.yaml says: spec key to its source and file; source to the folders that may hold it."""

    entries: Mapping[str, Entry]
    sources: Mapping[str, Entry]


def apply_sources(layers: Layers, request: Request, tables: DataTables) -> None:
    """Put the places of all data that the request names; what it does not name stays as it is.

    Raises:
        DataError: a place is not there, lacks a file that the action needs, or several are given where one is taken.
    """
    for key, entry in tables.entries.items():
        places = [_split_of(place, key, tables) or place for place in _named(request, entry["source"])]
        if not places and request.data:
            places = _inside(request.data, key, tables)
        found = [_locate(place, entry) for place in places]
        if not found:
            continue
        if len(found) > 1 and not entry["list"]:
            remedy = "join the CSV files into one data set, and give that"
            message = f"{len(found)} data sets are given for {entry['source']}, but the action takes one"
            raise DataError(message, code="data.several", where=", ".join(places), remedy=remedy)
        layers.put(key, found if entry["list"] else found[0], "data", f"{entry['source']}: {', '.join(places)}")


def _named(request: Request, source: str) -> list[str]:
    value = getattr(request, source)
    return [value] if isinstance(value, str) else list(value or ())


def is_remote(place: str) -> bool:
    """Whether a place is a URI that this machine does not hold."""
    return "://" in place and not place.startswith(_FILE)


def absolute(place: str) -> str:
    """A local path as an absolute one; a URI as it is.

    Raises:
        DataError: the URI holds credentials.
    """
    if redact_text(place) != place:
        remedy = "leave credentials out of the URI; the storage client takes them from its own configuration"
        raise DataError("the place holds a secret", code="data.secret", where=redact_text(place), remedy=remedy)
    if is_remote(place):
        return place.rstrip("/")
    return str(Path(place.removeprefix(_FILE)).expanduser().absolute())


def require_there(place: str, where: str = "") -> Path:
    """The local path, which exists.

    Raises:
        DataError: it does not, with the closest names beside it.
    """
    path = Path(place)
    if path.exists():
        return path
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, near)
    message = f"there is no {path}. {hint}".strip()
    raise DataError(message, code="data.missing", where=where or place, remedy="check the path")


def _inside(data: str, key: str, tables: DataTables) -> list[str]:
    """Where a folder that holds all the data has what `key` takes; empty when it does not have it."""
    place, source = absolute(data), tables.entries[key]["source"]
    if is_remote(place):
        whole = _is_whole(place) or not tables.entries[key]["path"]
        return [place] if whole else [f"{place}/{_splits(key, tables)[0]}"]
    folder = require_there(place)
    found = _split_of(place, key, tables)
    # Data without splits is for the source that the action cannot do without.
    if found is None and source == next(iter(tables.entries.values()))["source"] and _holds_data(folder):
        found = place
    return [found] if found else []


def _split_of(place: str, key: str, tables: DataTables) -> str | None:
    """The split that `key` takes inside a local folder of splits; None where there is no such folder."""
    folder = Path(absolute(place))
    return next((str(folder / name) for name in _splits(key, tables) if _holds_data(folder / name)), None)


def _splits(key: str, tables: DataTables) -> list[str]:
    """The folder names that may hold what `key` takes, best first; without validation data, evaluation takes test."""
    source = tables.entries[key]["source"]
    own, test = _subfolders(tables, source), _subfolders(tables, _TEST_SOURCE)
    if key.startswith(_TEST_KEYS):
        return [*test, *own]
    return [*own, *test] if source == _EVALUATION else own


def _subfolders(tables: DataTables, source: str) -> list[str]:
    return list(tables.sources.get(source, {}).get("subfolders", ()))


def _is_whole(place: str) -> bool:
    return place.endswith(_CSV) or is_archive(place)


def _holds_data(folder: Path) -> bool:
    if not folder.is_dir():
        return folder.is_file()
    pictures = (folder / "A").is_dir() or "A" in segment_archives(folder)
    return pictures or (folder / "dataset.csv").is_file() or len(list(folder.glob("*.csv"))) == 1


def _locate(place: str, entry: Entry) -> str:
    whole = absolute(place)
    if is_remote(whole):
        return _locate_remote(whole, entry)
    path = require_there(whole)
    if not entry["path"]:
        return str(_segment_root(path))
    return str(_csv(path) if entry["path"].endswith(_CSV) else _images(path, entry))


def _locate_remote(place: str, entry: Entry) -> str:
    """URIs are taken as the tables have them: nothing is listed from here."""
    wanted = entry["path"]
    if not wanted or place.endswith(_CSV if wanted.endswith(_CSV) else wanted):
        return place
    folder = place.rpartition("/")[0] if _is_whole(place) else place
    return f"{folder}/{wanted}"


def _segment_root(path: Path) -> Path:
    if path.is_dir():
        return path
    remedy = f"give the folder that holds {', '.join(SEGMENT_FOLDERS)} (as folders or .tar.gz)"
    raise DataError("a segment data set is a folder", code="data.layout", where=str(path), remedy=remedy)


def _csv(path: Path) -> Path:
    if path.is_file() and path.suffix == _CSV:
        return path
    folder = path if path.is_dir() else path.parent
    tables = [folder / "dataset.csv"] if (folder / "dataset.csv").is_file() else sorted(folder.glob("*.csv"))
    if len(tables) == 1:
        return tables[0]
    found = f"several: {', '.join(table.name for table in tables)}" if tables else "none"
    remedy = "name it dataset.csv, or give the CSV file itself"
    raise DataError(f"one CSV is needed, there is {found}", code="data.csv_missing", where=str(folder), remedy=remedy)


def _images(path: Path, entry: Entry) -> Path:
    """The pictures of a data set: an unpacked folder before an archive, its own before one that splits share."""
    if path.is_file() and is_archive(path.name):
        return path
    folder = path if path.is_dir() else path.parent
    places: list[Path] = [home / name for home in (folder, folder.parent) for name in (entry["folder"], entry["path"])]
    found = next((place for place in places if place.exists()), None)
    if found is None and entry["source"] == _PICTURES_ONLY:
        found = folder
    if found:
        return found
    message = f"there is neither {entry['folder']}/ nor {entry['path']}, here or in the folder above"
    remedy = f"put the pictures into {entry['folder']}/ beside the CSV, or set the images_dir key"
    raise DataError(message, code="data.images_missing", where=str(folder), remedy=remedy)

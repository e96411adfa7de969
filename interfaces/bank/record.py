# SPDX-License-Identifier: Apache-2.0
"""The record of an installation: what it puts where, written before anything is put, so that all can be removed."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.files import write_json
from interfaces.bank.layout import BankError

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = "install.json"


@dataclass(frozen=True, slots=True)
class Record:
    """All that an installation puts, as absolute paths.

    `files` go one by one, and `folders` after them, innermost first, where nothing else is in them. What stands below
    `owned` is the installation's own: its environment, and the cache if it was not there before.
    """

    version: str
    signer: str
    owned: tuple[str, ...]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    skills: tuple[str, ...]
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document of install.json."""
        return asdict(self)


def read_record(root: Path) -> Record | None:
    """The record below the installation's folder; None where there is no installation.

    Raises:
        BankError: it is damaged.
    """
    place = root / RECORD
    if not place.is_file():
        return None
    try:
        known = read_json(place, BankError)
        lists = {name: tuple(known[name]) for name in ("owned", "files", "folders", "skills")}
        for path in (path for one in lists.values() for path in one):
            _require_absolute(path)
        return Record(str(known["version"]), str(known["signer"]), **lists, complete=known["complete"] is True)
    except (KeyError, TypeError):
        remedy = f"remove the skills by hand, then the folder {root}"
        raise BankError("the record is damaged", code="bank.record", where=str(place), remedy=remedy) from None


def _require_absolute(path: Any) -> None:
    if not isinstance(path, str) or not Path(path).is_absolute():
        raise TypeError(path)


def write_record(root: Path, record: Record) -> None:
    """Write the record, atomically."""
    write_json(root / RECORD, record.to_json())


def remove(record: Record) -> list[str]:
    """Remove all that the record lists; returns folders that stay, as others put something into them."""
    for name in record.files:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    for name in record.owned:
        shutil.rmtree(name, ignore_errors=True)
    kept = [name for name in _innermost_first(record.folders) if not _removed(Path(name))]
    return [name for name in kept if name.startswith(record.skills)]


def _innermost_first(folders: Iterable[str]) -> list[str]:
    return sorted(folders, key=lambda name: (-len(Path(name).parts), name))


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def missing_folders(path: Path) -> list[str]:
    """The folder and those above it that are not there."""
    return [str(folder) for folder in (path, *path.parents) if not folder.exists()]

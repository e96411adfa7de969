# SPDX-License-Identifier: Apache-2.0
"""Where a record is kept: in an SQLite file, or in a PostgreSQL server that a small file beside that place names."""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from core.documents import read_json
from core.errors import InputError, PlatformError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

STORE_VARIABLE = "CHANGENET_STORE"
_SUFFIX = ".postgresql"
_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Place:
    """A server, by a URL that holds no password, and the schema that holds one record there."""

    url: str
    schema: str

    def part(self, name: str) -> Place:
        """The place of a record that belongs to this one."""
        return Place(self.url, f"{self.schema}_{re.sub('[^a-z0-9]+', '_', name.lower())[-40:]}")


def pointer_of(path: Path) -> Path:
    """The file that stands for the record `path` where a server keeps it."""
    return path.with_suffix(_SUFFIX)


def is_recorded(path: Path) -> bool:
    """Whether there is such a record, wherever it is kept."""
    return path.is_file() or pointer_of(path).is_file()


def kept_at(path: Path) -> Path:
    """The file of a record that there is: SQLite's own, or the one that names the server."""
    return path if path.is_file() or not pointer_of(path).is_file() else pointer_of(path)


def place_of(path: Path) -> Place | None:
    """The server that keeps the record `path`; None where that is a file, or is not there.

    Raises:
        PlatformError: what names the server can't be read.
    """
    pointer = pointer_of(path)
    if not pointer.is_file():
        return None
    with suppress(InputError, TypeError, AttributeError):
        document: dict[str, Any] = read_json(pointer)
        place = Place(**document)
        if isinstance(place.url, str) and isinstance(place.schema, str) and place.schema.isidentifier():
            return place
    remedy = 'write {"url": "postgresql://HOST/DATABASE", "schema": "…"} into it, as it was before'
    message = "does not say which server keeps the records"
    raise PlatformError(message, code="store.pointer", where=str(pointer), remedy=remedy)


def chosen_place() -> Place | None:
    """A new schema of the server that $CHANGENET_STORE names; None where it names none.

    Raises:
        RequestError: it is no URL of a server, or holds a password.
    """
    url = os.environ.get(STORE_VARIABLE, "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        remedy = f"set {STORE_VARIABLE} to postgresql://USER@HOST/DATABASE, or unset it for an SQLite file"
        raise RequestError("is no URL of PostgreSQL", code="store.url", where=STORE_VARIABLE, remedy=remedy)
    if parts.password or "password" in dict(parse_qsl(parts.query)):
        remedy = "leave the password out of the URL, and put it into PGPASSWORD or ~/.pgpass"
        raise RequestError("holds a password", code="store.secret", where=STORE_VARIABLE, remedy=remedy)
    return Place(url, f"changenet_{secrets.token_hex(4)}")


def client_environment() -> dict[str, str]:
    """By what clients of a server find user, password and certificates: for processes of ours, never for an action."""
    return {name: value for name, value in os.environ.items() if name.startswith("PG")}


def point_to(path: Path, place: Place) -> Place:
    """Let the record `path` be kept at `place`, unless another process named a place first; the one that counts.

    Raises:
        OSError: the file can't be written.
    """
    pointer = pointer_of(path)
    pointer.parent.mkdir(parents=True, exist_ok=True)
    draft = pointer.with_name(f".{pointer.name}.{secrets.token_hex(4)}.tmp")
    draft.write_text(json.dumps(asdict(place)) + "\n")
    try:
        # A link is made whole or not at all, and by one process only, on network file systems too.
        with suppress(FileExistsError):
            os.link(draft, pointer)
    finally:
        draft.unlink()
    return place_of(path) or place

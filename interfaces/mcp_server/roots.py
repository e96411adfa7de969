# SPDX-License-Identifier: Apache-2.0
"""The folders that calls may name: a server that listens to others opens nothing outside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r"[^\s,=\"'()\[\]{}]+")
_LOCAL_URI = re.compile(r"file:(//[^/]*)?", re.IGNORECASE)
_REMOTE_URI = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Roots:
    """The allowed folders, resolved; none means that every place is allowed, as for a process of the user's own."""

    folders: tuple[Path, ...] = ()

    def require(self, arguments: Any) -> None:
        """Every text in the arguments that may be a place lies within the folders, links followed.

        Raises:
            RequestError: with the first that does not.
        """
        for place in _places(arguments) if self.folders else ():
            if not self._holds(place):
                remedy = f"name a place below {', '.join(map(str, self.folders))}, or start the server with --root"
                raise RequestError(f"'{place}' lies outside", code="path.outside", where=place, remedy=remedy)

    def _holds(self, place: str) -> bool:
        path = Path(_LOCAL_URI.sub("", place, count=1) if _LOCAL_URI.match(place) else place).expanduser().resolve()
        return any(path.is_relative_to(folder) for folder in self.folders)


def _places(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(name)
            yield from _places(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _places(inner)
    elif isinstance(value, str):
        # A text may be one place with blanks, and every part of it may be one as well.
        yield from (one for one in {value, *_PART.findall(value)} if _may_be_place(one))


def _may_be_place(text: str) -> bool:
    if _REMOTE_URI.match(text):
        return False
    return "/" in text or text.startswith(("~", "..")) or bool(_LOCAL_URI.match(text)) or Path(text).is_symlink()

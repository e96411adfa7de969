# SPDX-License-Identifier: Apache-2.0
"""The places that calls may name: a server that listens to others opens nothing outside them, and fetches nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from core.addresses import is_fetched
from core.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PART = re.compile(r"[^\s,=\"'()\[\]{}]+")
_LOCAL_URI = re.compile(r"file:(//[^/]*)?", re.IGNORECASE)
_REMOTE_URI = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Roots:
    """The allowed folders, resolved, and addresses; with no folder, every place is allowed, as to a user's own process.

    What lies at an address is fetched with the credentials, and from within the network, of whoever runs the server.
    """

    folders: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, named: Iterable[str]) -> Roots:
        """The roots that are named: folders, and addresses of data elsewhere."""
        places = list(dict.fromkeys(named))
        folders = (Path(place).expanduser().resolve() for place in places if not is_fetched(place))
        return cls(tuple(folders), tuple(place.rstrip("/") for place in places if is_fetched(place)))

    def require(self, arguments: Any) -> None:
        """Every text in the arguments that may be a place lies within the folders, links followed.

        Raises:
            RequestError: with the first that does not.
        """
        for place in _places(arguments) if self.folders else ():
            if not self._holds(place):
                allowed = ", ".join(map(str, (*self.folders, *self.addresses)))
                remedy = f"name a place below {allowed}, or start the server with --root"
                raise RequestError(f"'{place}' lies outside", code="path.outside", where=place, remedy=remedy)

    def _holds(self, place: str) -> bool:
        if is_fetched(place):
            steps = unquote(place).replace("\\", "/").split("/")
            whole = place.rstrip(".,:!?")  # as at the end of a sentence
            return ".." not in steps and any(f"{whole}/".startswith(f"{one}/") for one in self.addresses)
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
    if is_fetched(text):
        return True
    if _REMOTE_URI.match(text):
        return False
    return "/" in text or text.startswith(("~", "..")) or bool(_LOCAL_URI.match(text)) or Path(text).is_symlink()

# SPDX-License-Identifier: Apache-2.0
"""Where the pictures are that a table names, however it names them: folders are listed once, no file is asked for.

Places are texts: hundreds of thousands of paths as objects would cost seconds.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pairs.image_folders import is_picture

if TYPE_CHECKING:
    from pathlib import Path


class PictureIndex:
    """The pictures below a folder, by relative path, by file name, and by file name without its ending."""

    def __init__(self, root: Path, *, most: int | None = None) -> None:
        """List `root`, or until `most` pictures are found."""
        self.root = root
        self.paths: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        for found in _pictures_below(root):
            if most is not None and len(self.paths) >= most:
                break
            self._add(found)

    def _add(self, relative: str) -> None:
        self.paths[relative] = f"{self.root}/{relative}"
        name = relative.rpartition("/")[2]
        for key in (name.casefold(), name.rpartition(".")[0].casefold()):
            self._by_name.setdefault(key, []).append(relative)

    def find(self, named: str) -> str | None:
        """The picture that a cell names, by path or by file name; None where there is none, or several.

        Paths of other machines (absolute, with backslashes) are looked for by their file name.
        """
        text = named.strip().replace("\\", "/")
        if here := self.paths.get(text) or self.paths.get(str(PurePosixPath(text))):
            return here
        if text.startswith(("/", "..")) and is_picture(text) and (path := self.root / text).is_file():
            return str(path)
        return self._only(text.rpartition("/")[2].casefold())

    def _only(self, name: str) -> str | None:
        found = self._by_name.get(name, ())
        return self.paths[found[0]] if len(found) == 1 else None


def _pictures_below(root: Path) -> list[str]:
    """Relative paths with slashes, sorted; hidden folders are passed over."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        relative = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if relative == "." else f"{relative}/"
        found += [prefix + name for name in sorted(names) if is_picture(name)]
    return found

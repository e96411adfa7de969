# SPDX-License-Identifier: Apache-2.0
"""Why a folder or a picture that a row of a classify CSV leads to is not there, with the remedy for each case."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.classify_csv import image_suffix
from pairs.findings import READABLE
from pairs.image_folders import IMAGE_EXTENSIONS, leaves_folder

if TYPE_CHECKING:
    from collections import Counter

    from pairs.image_folders import ImageFolders


class Missing:
    """Tells one case from the other; what is true of a whole folder is found out once."""

    def __init__(self, folders: ImageFolders) -> None:
        self._folders = folders
        self._light_endings = tuple(f"_{light}" for light in folders.lights if light)
        self._extensions: dict[str, tuple[Counter[str], DataError | None]] = {}
        self._dashed: dict[str, frozenset[str]] = {}

    def folder(self, folder: str, column: str) -> DataError | None:
        """What is wrong with a folder that a row names; nothing where it can be looked into."""
        if folder.startswith(("/", "\\")) or folder[1:3] in {":\\", ":/"}:
            return DataError(
                f"{column} {folder!r} is an absolute path",
                code="data.absolute_path",
                remedy="write it relative to images_dir",
            )
        if leaves_folder(folder):
            return DataError(
                f"{column} {folder!r} leaves images_dir",
                code="data.path_leaves",
                remedy="move the pictures below images_dir, or set images_dir higher",
            )
        if self._folders.exists(folder):
            return None
        if folder.lower().endswith(IMAGE_EXTENSIONS):
            return DataError(
                f"{column} {folder!r} is a file name where a folder is needed",
                code="data.file_for_folder",
                remedy="give the folder; the file name is put together from object_name, lighting and image_ext",
            )
        if self._folders.is_shut(folder):
            return DataError(f"{column} {folder!r} can't be listed", code="data.folder_unreadable", remedy=READABLE)
        return DataError(
            f"the {column} {folder!r} is no folder below {self._folders.images_dir}",
            code="data.folder_missing",
            remedy="correct the path or images_dir" + (", and use / between folders" if "\\" in folder else ""),
        )

    def pictures(self, folder: str, what: str, name: str, missing: list[str | None]) -> DataError:
        """Why an object has no picture under the lightings `missing`."""
        ext = self._folders.image_ext
        if name.lower().endswith(IMAGE_EXTENSIONS):
            return DataError(
                f"object_name {name!r} already carries an extension; {ext} is put behind it",
                code="data.object_name_extension",
                remedy="leave the extension out of object_name",
            )
        if name.endswith(self._light_endings):
            return DataError(
                f"object_name {name!r} already carries a lighting; each lighting of input_map is put behind it",
                code="data.object_name_light",
                remedy="leave the lighting out of object_name, and keep one row per object",
            )
        if other := self._other_extension(folder):
            return other
        if near := self._with_other_extension(folder, name, missing):
            return DataError(
                f"the {what} {near!r} in {folder!r} ends otherwise than {ext}",
                code="data.image_ext",
                remedy=f"save it as {ext}, as the others are",
            )
        if name in self._with_dash(folder):
            return DataError(
                f"the pictures of {name!r} in {folder!r} join the lighting by a dash",
                code="data.light_joint",
                remedy=f"name them {name}_LIGHTING{ext}: lightings are joined by an underscore",
            )
        names = ", ".join(f"{name}{image_suffix(light, ext)}" for light in missing)
        return DataError(
            f"the {what} {names} is missing in {folder!r}",
            code="data.image_missing",
            remedy="add the pictures, or take the rows out (`changenet data check --fix` does that)",
        )

    def _other_extension(self, folder: str) -> DataError | None:
        """What is wrong with a folder none of whose pictures has the extension."""
        if folder not in self._extensions:
            found = self._folders.extensions(folder)
            wrong = bool(found) and not found[self._folders.image_ext]
            self._extensions[folder] = found, self._wrong_extension(folder, found) if wrong else None
        return self._extensions[folder][1]

    def _wrong_extension(self, folder: str, found: Counter[str]) -> DataError:
        ext, other = self._folders.image_ext, found.most_common(1)[0][0]
        return DataError(
            f"the pictures in {folder!r} end in {other}, but image_ext is {ext}",
            code="data.image_ext",
            remedy=f"save them as {ext} where other splits are {ext}, or set dataset.classify.image_ext to {other}",
        )

    def _with_other_extension(self, folder: str, name: str, missing: list[str | None]) -> str:
        others = [ending for ending in self._extensions[folder][0] if ending != self._folders.image_ext]
        names = (f"{name}{image_suffix(light, ending)}" for light in missing for ending in others)
        return next((one for one in names if os.path.isfile(self._folders.images_dir / folder / one)), "")  # noqa: PTH113

    def _with_dash(self, folder: str) -> frozenset[str]:
        """The names before a dash of a folder's pictures."""
        if folder not in self._dashed:
            self._dashed[folder] = self._folders.names_before("-", folder)
        return self._dashed[folder]

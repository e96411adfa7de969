# SPDX-License-Identifier: Apache-2.0
"""Why a folder or a picture that a row of a classify CSV leads to is not there, with the remedy for each case."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from core.errors import DataError
from pairs.classify_csv import image_suffix
from pairs.findings import READABLE
from pairs.image_folders import IMAGE_EXTENSIONS, leaves_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pairs.image_folders import ImageFolders


class Missing:
    """Tells one case from the other; what is true of a whole folder is found out once."""

    def __init__(self, folders: ImageFolders) -> None:
        self._folders = folders
        self._light_endings = tuple(f"_{light}" for light in folders.lights if light)
        self._pictures: dict[str, _Pictures] = {}

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

    def why(self, folder: str, name: str, missing: Sequence[str | None]) -> str:
        """The code of why an object has no picture under the lightings `missing`; cheap, as it is asked row by row."""
        if name.lower().endswith(IMAGE_EXTENSIONS):
            return "data.object_name_extension"
        if name.endswith(self._light_endings):
            return "data.object_name_light"
        about = self._about(folder)
        if about.none_usual or (about.others and self._with_other_extension(folder, name, missing)):
            return "data.image_ext"
        return "data.light_joint" if name in about.dashed else "data.image_missing"

    def told(self, code: str, folder: str, what: str, name: str, missing: Sequence[str | None]) -> DataError:
        """The same as an error."""
        ext = self._folders.image_ext
        if code == "data.object_name_extension":
            message = f"object_name {name!r} already carries an extension; {ext} is put behind it"
            return DataError(message, code=code, remedy="leave the extension out of object_name")
        if code == "data.object_name_light":
            message = f"object_name {name!r} already carries a lighting; each lighting of input_map is put behind it"
            remedy = "leave the lighting out of object_name, and keep one row per object"
            return DataError(message, code=code, remedy=remedy)
        if code == "data.image_ext":
            return self._extension_told(folder, what, name, missing)
        if code == "data.light_joint":
            message = f"the pictures of {name!r} in {folder!r} join the lighting by a dash"
            remedy = f"name them {name}_LIGHTING{ext}: lightings are joined by an underscore"
            return DataError(message, code=code, remedy=remedy)
        names = ", ".join(f"{name}{image_suffix(light, ext)}" for light in missing)
        remedy = "add the pictures, or take the rows out (`changenet data check --fix` does that)"
        return DataError(f"the {what} {names} is missing in {folder!r}", code=code, remedy=remedy)

    def _extension_told(self, folder: str, what: str, name: str, missing: Sequence[str | None]) -> DataError:
        ext, about = self._folders.image_ext, self._about(folder)
        if about.none_usual:
            other = about.others[0]
            message = f"the pictures in {folder!r} end in {other}, but image_ext is {ext}"
            remedy = f"save them as {ext} where other splits are {ext}, or set dataset.classify.image_ext to {other}"
        else:
            near = self._with_other_extension(folder, name, missing)
            message = f"the {what} {near!r} in {folder!r} ends otherwise than {ext}"
            remedy = f"save it as {ext}, as the others are"
        return DataError(message, code="data.image_ext", remedy=remedy)

    def _with_other_extension(self, folder: str, name: str, missing: Sequence[str | None]) -> str:
        names = (f"{name}{image_suffix(light, ending)}" for light in missing for ending in self._about(folder).others)
        return next((one for one in names if os.path.isfile(self._folders.images_dir / folder / one)), "")  # noqa: PTH113

    def _about(self, folder: str) -> _Pictures:
        if folder not in self._pictures:
            names, ext = self._folders.pictures(folder), self._folders.image_ext
            others = Counter(os.path.splitext(name)[1] for name in names if not name.endswith(ext))  # noqa: PTH122
            none_usual = bool(names) and others.total() == len(names)
            dashed = frozenset(name.rpartition("-")[0] for name in names if "-" in name)
            self._pictures[folder] = _Pictures(tuple(one for one, _ in others.most_common()), none_usual, dashed)
        return self._pictures[folder]


class _Pictures(NamedTuple):
    """The pictures of a folder: their other extensions, the usual first; whether none has the right one; dashed names.

    Of names with a dash, what stands before the last one.
    """

    others: tuple[str, ...]
    none_usual: bool
    dashed: frozenset[str]

# SPDX-License-Identifier: Apache-2.0
"""One row of a classify CSV as it is meant, where there is one right answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.files import real_path
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, light_names
from pairs.image_folders import IMAGE_EXTENSIONS, ImageFolders, leaves_folder

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from pairs.classify_check import ClassifySource


class RowMender:
    """Mends one row after the other, and counts in `changes` what was changed, by kind."""

    def __init__(
        self, source: ClassifySource, header: list[str], changes: Counter[str], spellings: Mapping[str, str]
    ) -> None:
        self.source, self.changes, self.width, self.spellings = source, changes, len(header), spellings
        self.places = {name: header.index(name) for name in COLUMNS if name in header}
        self.folders = ImageFolders(source.images_dir, light_names(source.input_map), source.image_ext)
        self._seen: set[tuple[str, ...]] = set()
        self._told: dict[str, tuple[str, str]] = {}

    def row(self, cells: list[str]) -> list[str]:
        """The mended cells, or nothing where the row can't be kept."""
        if len(cells) != self.width:
            return self._left_out("width")
        bare = [cell.strip() for cell in cells]
        self.changes["spaces"] += bare != cells
        self._label(bare)
        for column in ("input_path", "golden_path"):
            bare[self.places[column]] = self._folder(bare[self.places[column]])
        place = self.places["object_name"]
        bare[place] = self._object_name(bare[self.places["input_path"]], bare[place])
        if not self._complete(bare):
            return self._left_out("missing")
        key = tuple(bare)
        if key in self._seen:
            return self._left_out("duplicate")
        self._seen.add(key)
        return bare

    def _left_out(self, why: str) -> list[str]:
        self.changes[why] += 1
        return []

    def _label(self, cells: list[str]) -> None:
        place = self.places.get("label")
        if place is not None and (meant := self.spellings.get(cells[place])):
            cells[place] = meant
            self.changes["label_case" if meant == PASS else "label_spelling"] += 1

    def _folder(self, folder: str) -> str:
        """The folder relative to images_dir, where it can be told which one is meant."""
        if folder not in self._told:
            candidates = self._candidates(folder)
            usable = (pair for pair in candidates if not leaves_folder(pair[1]) and self.folders.exists(pair[1]))
            self._told[folder] = next(usable, ("", folder))
        kind, meant = self._told[folder]
        self.changes[kind] += 1
        return meant

    def _candidates(self, folder: str) -> Iterator[tuple[str, str]]:
        """What a folder may stand for, with the kind of mistake that would be."""
        root = real_path(self.source.images_dir)
        if not folder.startswith("/"):
            yield "", folder
            if "\\" in folder:
                yield "backslash", folder.replace("\\", "/")
        elif real_path(Path(folder)).is_relative_to(root):
            folder = real_path(Path(folder)).relative_to(root).as_posix()
            yield "absolute_path", folder
        if folder.lower().endswith(IMAGE_EXTENSIONS) and not folder.startswith("/"):
            yield "file_for_folder", folder.rpartition("/")[0] or "."

    def _object_name(self, folder: str, name: str) -> str:
        """The name without extension and lighting, if only so its pictures are found."""
        if not name or not self.folders.missing_lights(folder, name):
            return name
        stem, dot, ending = name.rpartition(".")
        shorter = stem if dot and f".{ending}".lower() in IMAGE_EXTENSIONS else name
        for light in filter(None, self.folders.lights):
            shorter = shorter.removesuffix(f"_{light}")
        if shorter == name or self.folders.missing_lights(folder, shorter):
            return name
        self.changes["object_name"] += 1
        return shorter

    def _complete(self, cells: list[str]) -> bool:
        test, golden, name = (cells[self.places[column]] for column in ("input_path", "golden_path", "object_name"))
        if not (test and golden and name) or any(leaves_folder(f"{folder}/{name}") for folder in (test, golden)):
            return False
        if self.folders.missing_lights(test, name):
            return False
        if self.source.num_golden > 1:
            return bool(self.folders.candidates(golden))
        return not self.folders.missing_lights(golden, name)

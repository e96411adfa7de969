# SPDX-License-Identifier: Apache-2.0
"""What people marked on whole pictures: boxes, outlines and masks, in the formats that their tools write.

Everything below a folder is looked at: YOLO text files, COCO and LabelMe JSON, VOC XML, tables with the columns x1, y1,
x2, y2, and mask pictures in a folder of their own. A mark belongs to the picture that has its name without ending.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import DataError
from core.files import real_path
from pairs.annotation_formats import Marked, read_boxes_table, read_json_marks, read_voc, read_yolo, yolo_names
from pairs.image_folders import is_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MASK_FOLDERS = frozenset({"mask", "masks", "label", "labels", "annotations", "gt", "ground_truth", "groundtruth"})
_MASK_ENDINGS = ("", "_mask", "_label", "_gt")
_NO_MARKS = frozenset(
    {"classes", "obj", "train", "val", "test", "readme", "licence", "license", "notes", "requirements"}
)


@dataclass(slots=True)
class Annotations:
    """Marks and masks by the name of their picture; `refused` are files that could not be read, with why."""

    marks: dict[str, list[Marked]] = field(default_factory=lambda: defaultdict(list))
    masks: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def of(self, picture: Path) -> tuple[list[Marked], Path | None]:
        """What was marked on a picture; no entry at all means that nobody looked, an empty one that it is good."""
        key = picture.stem.casefold()
        self._taken.add(key)
        endings = (key + ending for ending in _MASK_ENDINGS)
        mask = next((self.masks[name] for name in endings if name in self.masks), None)
        if mask:
            self._taken.add(mask.stem.casefold())
        return self.marks.get(key, []), mask

    def unused(self) -> Iterator[tuple[str, str]]:
        """Marks of pictures that nobody asked for, and files that could not be read, each with the reason."""
        yield from self.refused.items()
        for name, marked in self.marks.items():
            if name not in self._taken:
                yield marked[0].source, f"there is no test picture called {name}"
        for name, path in self.masks.items():
            if name not in self._taken:
                yield str(path), f"there is no test picture called {name}"


def find_annotations(root: Path, pictures: set[Path]) -> Annotations:
    """All that was marked below `root`; `pictures` are those that are compared, and so no masks."""
    found = Annotations()
    names = yolo_names(root)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if is_picture(path.name):
            if real_path(path) not in pictures and path.parent.name.casefold() in _MASK_FOLDERS:
                found.masks[path.stem.casefold()] = path
            continue
        try:
            for marked in _read(path, names):
                found.marks[marked.picture.casefold()].append(marked)
        except DataError as error:
            found.refused[str(path)] = error.message
    return found


def _read(path: Path, names: dict[int, str]) -> list[Marked]:
    ending = path.suffix.lower()
    if ending == ".xml":
        return read_voc(path)
    if ending == ".json":
        return read_json_marks(path)
    if ending == ".csv":
        return read_boxes_table(path)
    if ending == ".txt" and path.stem.casefold() not in _NO_MARKS:
        return read_yolo(path, names)
    return []

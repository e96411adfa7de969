# SPDX-License-Identifier: Apache-2.0
"""What the first rows of a classify data set show of its pictures: their extension and their lightings."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError

if TYPE_CHECKING:
    from runners.layers import Layers

_ROWS = 8
# A folder with more pictures is read in part: a plan is made on every turn of a conversation.
_MOST_ENTRIES = 50_000
_CLASSIFY = "dataset.classify"
_LIGHT_AND_EXTENSION = re.compile(r"(?:_(?P<light>[A-Za-z][A-Za-z0-9]*))?(?P<extension>\.[A-Za-z0-9]+)")
Names = frozenset[tuple[str | None, str]]


def apply_data_shape(layers: Layers) -> None:
    """Set extension and lightings to those of the pictures, where the data is at hand and its first rows all agree."""
    for split in ("train_dataset", "test_dataset", "infer_dataset", "validation_dataset"):
        table, images = (layers.get(f"{_CLASSIFY}.{split}.{name}") for name in ("csv_path", "images_dir"))
        if table and images and Path(images).is_dir():
            found = _shape(Path(table), Path(images))
            for key, value in _changes(layers, found).items() if found else ():
                layers.suggest(f"{_CLASSIFY}.{key}", value, "data", f"as the pictures in {images} are named")
            return


def _changes(layers: Layers, found: Names) -> dict[str, Any]:
    """New values of the keys that do not fit the pictures; lightings in the order of their names."""
    lights = sorted(light for light, _ in found if light)
    known = layers.get(f"{_CLASSIFY}.input_map") or {}
    extension = next(iter(found))[1]
    changes: dict[str, Any] = {}
    if extension != layers.get(f"{_CLASSIFY}.image_ext"):
        changes["image_ext"] = extension
    if set(known) != set(lights):
        changes |= {"num_input": max(1, len(lights)), "input_map": {light: n for n, light in enumerate(lights)} or None}
    return changes


def _shape(table: Path, images: Path) -> Names | None:
    """Lighting and extension of every picture that the first rows name; None where they do not tell one story."""
    from pairs.classify_csv import iter_rows

    try:
        rows = list(islice(iter_rows(table, needs_label=False), _ROWS))
        folders = {row.input_path: _listed(images / row.input_path) for row in rows}
        stories = {_names(folders[row.input_path], row.object_name) for row in rows}
    except (DataError, OSError):
        # The check before the launch tells what is wrong with the data; a plan can be made without them.
        return None
    story = stories.pop() if len(stories) == 1 else frozenset()
    plain = any(light is None for light, _ in story)
    one_extension = len({extension for _, extension in story}) == 1
    return story if one_extension and (len(story) == 1 or not plain) else None


def _listed(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _MOST_ENTRIES)]


def _names(entries: list[str], object_name: str) -> Names:
    endings = [name[len(object_name) :] for name in entries if name.startswith(object_name)]
    found = [_LIGHT_AND_EXTENSION.fullmatch(ending) for ending in endings]
    return frozenset((match["light"], match["extension"]) for match in found if match)

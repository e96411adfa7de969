# SPDX-License-Identifier: Apache-2.0
"""What the first rows of a classify data set show of its pictures' names: their extension and their lightings."""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.classify_csv import iter_rows
from pairs.image_folders import is_picture, is_sidecar
from pairs.loose_csv import read_loosely

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ROWS = 8
# A folder with more pictures is read in part: a plan is made on every turn of a conversation.
_MOST_ENTRIES = 50_000
_LIGHT_AND_EXTENSION = re.compile(r"(?:_(?P<light>[A-Za-z0-9][A-Za-z0-9-]*))?(?P<extension>\.[A-Za-z0-9]+)")
Names = frozenset[tuple[str | None, str]]


def usual_names(csv_path: Path, images_dir: Path) -> Names | None:
    """Lighting (None for none) and extension of the pictures that most of the first rows have; None where none agree.

    Rows that can't be read, and pictures that are missing, do not count: the check before a launch tells of them.
    """
    places = [(folder, name) for *folders, name in _first_rows(csv_path, images_dir) for folder in folders]
    return next((names for names, _ in _of_rows(places, images_dir).most_common() if names), None)


def shared_names(places: Iterable[tuple[Path, Path]]) -> Names | None:
    """How the pictures of most splits (CSV and folder of each) are named: one spec serves all of them.

    Among as many, those with more lightings: an object name that carries its lighting looks like one without any.
    """
    votes = Counter(filter(None, (usual_names(*place) for place in places)))
    return max(votes, key=lambda names: (votes[names], len(names)), default=None)


def _first_rows(csv_path: Path, images_dir: Path) -> list[tuple[str, str, str]]:
    """Test folder, golden folder and object name of the first rows, however the CSV is written."""
    try:
        rows = islice(iter_rows(csv_path, needs_label=False, on_problem=lambda _line, _error: None), _ROWS)
        return [(row.input_path, row.golden_path, row.object_name) for row in rows]
    except DataError:
        with suppress(DataError):
            header, table = read_loosely(csv_path, images_dir, Counter(), needs_label=False)
            cells = [dict(zip(header, cells, strict=False)) for cells in table[:_ROWS] if len(cells) == len(header)]
            return [
                (row["input_path"].strip(), row["golden_path"].strip(), row["object_name"].strip()) for row in cells
            ]
    return []


def input_map_of(names: Names) -> dict[str, int] | None:
    """The lightings in the order of their names, each with its place; None where pictures carry no lighting."""
    return {light: place for place, light in enumerate(sorted(light for light, _ in names if light))} or None


def _of_rows(places: Iterable[tuple[str, str]], images_dir: Path) -> Counter[Names]:
    """What the pictures of some objects, each with its folder, are named, and how many so."""
    listed: dict[str, list[str]] = {}
    found: Counter[Names] = Counter()
    for folder, object_name in places:
        if folder not in listed:
            listed[folder] = _listed(images_dir / folder)
        found[_names(listed[folder], object_name)] += 1
    return found


def _listed(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _MOST_ENTRIES)]
    except (OSError, ValueError):
        return []


def _names(entries: list[str], object_name: str) -> Names:
    """Lightings and extension of an object's pictures; a picture without lighting has none beside it.

    What is put beside it then belongs to other objects (U5_P beside U5). Files that are no pictures do not count.
    """
    endings = [name[len(object_name) :] for name in entries if name.startswith(object_name)]
    matches = [match for ending in endings if (match := _LIGHT_AND_EXTENSION.fullmatch(ending))]
    found = {(match["light"], match["extension"]) for match in matches if is_picture(match["extension"])}
    plain = {one for one in found if one[0] is None}
    lights = {one for one in found if not is_sidecar(one[0] or "")}
    names = frozenset(plain or lights)
    return names if len({extension for _, extension in names}) == 1 else frozenset()

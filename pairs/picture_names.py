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
from pairs.loose_csv import read_loosely

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ROWS = 8
# A folder with more pictures is read in part: a plan is made on every turn of a conversation.
_MOST_ENTRIES = 50_000
_LIGHT_AND_EXTENSION = re.compile(r"(?:_(?P<light>[A-Za-z][A-Za-z0-9]*))?(?P<extension>\.[A-Za-z0-9]+)")
Names = frozenset[tuple[str | None, str]]


def agreed_names(csv_path: Path, images_dir: Path) -> Names | None:
    """Lighting (None for none) and extension of every picture that the first rows name; None where they disagree.

    Of a CSV that can't be read, what most rows show: the check before the launch tells what is wrong with it.
    """
    try:
        rows = list(islice(iter_rows(csv_path, needs_label=False), _ROWS))
    except DataError:
        return usual_names(csv_path, images_dir)
    names = _of_rows(((row.input_path, row.object_name) for row in rows), images_dir)
    return next(iter(names)) if len(names) == 1 and _is_plausible(next(iter(names))) else None


def usual_names(csv_path: Path, images_dir: Path) -> Names | None:
    """The same where most of the first rows that can be read agree, so that a data set with mistakes can be checked."""
    places = [(folder, name) for *folders, name in _first_rows(csv_path) for folder in folders]
    usual = [names for names, _ in _of_rows(places, images_dir).most_common() if _is_plausible(names)]
    return usual[0] if usual else None


def _first_rows(csv_path: Path) -> list[tuple[str, str, str]]:
    """Test folder, golden folder and object name of the first rows, however the CSV is written."""
    try:
        rows = islice(iter_rows(csv_path, needs_label=False, on_problem=lambda _line, _error: None), _ROWS)
        return [(row.input_path, row.golden_path, row.object_name) for row in rows]
    except DataError:
        with suppress(DataError):
            header, table = read_loosely(csv_path, Counter(), needs_label=False)
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


def _is_plausible(names: Names) -> bool:
    """One extension, and lightings or none, not both."""
    plain = any(light is None for light, _ in names)
    return len({extension for _, extension in names}) == 1 and (len(names) == 1 or not plain)


def _listed(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _MOST_ENTRIES)]
    except (OSError, ValueError):
        return []


def _names(entries: list[str], object_name: str) -> Names:
    endings = [name[len(object_name) :] for name in entries if name.startswith(object_name)]
    found = [_LIGHT_AND_EXTENSION.fullmatch(ending) for ending in endings]
    return frozenset((match["light"], match["extension"]) for match in found if match)

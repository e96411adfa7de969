# SPDX-License-Identifier: Apache-2.0
"""Extension and lightings of the classify data that a spec names, where they are not those of its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pairs.picture_names import Names

_CLASSIFY = "dataset.classify"
_SPLITS = ("train_dataset", "test_dataset", "infer_dataset", "validation_dataset")


def shape_of(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Key, value and reason of what must change for the pictures, as the first rows of most splits show them."""
    places = [
        (Path(table), Path(images))
        for split in _SPLITS
        for table, images in [[get(spec, f"{_CLASSIFY}.{split}.{name}", None) for name in ("csv_path", "images_dir")]]
        if table and images and Path(images).is_dir()
    ]
    if not places:
        return
    from pairs.picture_names import shared_names

    found = shared_names(places)
    for key, value in _changes(get(spec, _CLASSIFY, {}), found).items() if found else ():
        yield f"{_CLASSIFY}.{key}", value, f"as the pictures in {places[0][1]} are named"


def _changes(classify: Mapping[str, Any], found: Names) -> dict[str, Any]:
    """New values of the keys that do not fit the pictures."""
    from pairs.picture_names import input_map_of

    lights = input_map_of(found)
    extension = next(iter(found))[1]
    changes: dict[str, Any] = {}
    if extension != classify.get("image_ext"):
        changes["image_ext"] = extension
    if set(classify.get("input_map") or {}) != set(lights or ()):
        changes |= {"num_input": max(1, len(lights or ())), "input_map": lights}
    return changes

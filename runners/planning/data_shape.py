# SPDX-License-Identifier: Apache-2.0
"""Extension and lightings of a classify data set, taken over from the names of its pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.memory import Memory
    from pairs.picture_names import Names
    from runners.planning.layers import Layers

_CLASSIFY = "dataset.classify"


def apply_data_shape(layers: Layers, memory: Memory) -> None:
    """Set extension and lightings to those of the pictures, where the data is at hand and its first rows all agree."""
    from pairs.picture_names import agreed_names

    for split in ("train_dataset", "test_dataset", "infer_dataset", "validation_dataset"):
        table, images = (layers.get(f"{_CLASSIFY}.{split}.{name}") for name in ("csv_path", "images_dir"))
        if table and images and Path(images).is_dir():
            place = (Path(table), Path(images))
            found = memory.once(("names", *place), partial(agreed_names, *place))
            for key, value in _changes(layers, found).items() if found else ():
                layers.suggest(f"{_CLASSIFY}.{key}", value, "data", f"as the pictures in {images} are named")
            return


def _changes(layers: Layers, found: Names) -> dict[str, Any]:
    """New values of the keys that do not fit the pictures."""
    from pairs.picture_names import input_map_of

    lights = input_map_of(found)
    known = layers.get(f"{_CLASSIFY}.input_map") or {}
    extension = next(iter(found))[1]
    changes: dict[str, Any] = {}
    if extension != layers.get(f"{_CLASSIFY}.image_ext"):
        changes["image_ext"] = extension
    if set(known) != set(lights or ()):
        changes |= {"num_input": max(1, len(lights or ())), "input_map": lights}
    return changes

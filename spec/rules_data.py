# SPDX-License-Identifier: Apache-2.0
"""Rules between the keys of `dataset`, and between them and the network: batches, lightings, sizes, classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.dotted import get
from spec.actions import command_of
from spec.backbones import backbone_facts
from spec.rule import Spec, broken, task, values

if TYPE_CHECKING:
    from spec.rule import BrokenRule, Rule

CLASSIFY = "dataset.classify"
NUM_INPUT = f"{CLASSIFY}.num_input"
INPUT_MAP = f"{CLASSIFY}.input_map"
GRID = f"{CLASSIFY}.grid_map"


def classify_batch(spec: Spec, action: str) -> BrokenRule | None:
    """The classify network needs more than one pair per batch; a TensorRT engine takes single pairs."""
    key = f"{CLASSIFY}.batch_size"
    if task(spec) != "classify" or _is_deploy(action) or get(spec, key, 2) > 1:
        return None
    message = f"batch statistics of the classify network need more than {get(spec, key)} pair per batch"
    return broken("spec.batch_size", (key,), message, f"set {key} to 2 or more", ({key: 2},))


def _is_deploy(action: str) -> bool:
    return action.startswith("deploy_") or action == "gen_trt_engine"


def lights(spec: Spec, _action: str) -> BrokenRule | None:
    """num_input == len(input_map); without a map there is one image."""
    found = values(spec, NUM_INPUT, INPUT_MAP)
    if task(spec) != "classify" or found is None:
        return None
    count, names = found
    mapped = 1 if names is None else len(names)
    if count == mapped:
        return None
    message = f"{count} lightings are expected, but {INPUT_MAP} " + (f"names {mapped}" if names else "is empty")
    return broken(
        "spec.input_map",
        (NUM_INPUT, INPUT_MAP),
        message,
        f"name {count} lightings in {INPUT_MAP}" + (f", or set {NUM_INPUT} to {mapped}" if mapped else ""),
        (*([{NUM_INPUT: mapped}] if mapped else []), *([{INPUT_MAP: None}] if count == 1 else [])),
    )


def light_places(spec: Spec, _action: str) -> BrokenRule | None:
    """Each lighting has a place of its own."""
    names = get(spec, INPUT_MAP) or {}
    if task(spec) != "classify" or len(set(names.values())) == len(names):
        return None
    message = f"two lightings have the same place: {names}"
    return broken("spec.input_map_places", (INPUT_MAP,), message, "give each lighting another number, from 0")


def grid(spec: Spec, _action: str) -> BrokenRule | None:
    """A grid has as many cells as there are lightings; an odd number of them is stacked whatever the grid."""
    found = values(spec, f"{CLASSIFY}.concat_type", NUM_INPUT, GRID)
    if task(spec) != "classify" or found is None or found[0] != "grid" or found[1] % 2:
        return None
    _, count, cells = found
    if cells and cells["x"] * cells["y"] == count:
        return None
    shape = f"{cells['x']}x{cells['y']}" if cells else "no cells"
    best = _near_square(count)
    return broken(
        "spec.grid_map",
        (GRID, NUM_INPUT),
        f"a grid of {shape} does not hold {count} lightings exactly",
        f"choose x and y with x * y = {count}, for instance {best['x']} and {best['y']}",
        ({GRID: best},),
    )


def _near_square(count: int) -> dict[str, int]:
    rows = max(n for n in range(1, count + 1) if n * n <= count and count % n == 0)
    return {"x": count // rows, "y": rows}


def combined_size(spec: Spec) -> tuple[int, int] | None:
    """Height and width in pixels of what the network sees: all lightings of one image, or the segment input."""
    if task(spec) == "segment":
        side = get(spec, "dataset.segment.img_size")
        return (side, side) if side else None
    found = values(spec, f"{CLASSIFY}.image_height", f"{CLASSIFY}.image_width", NUM_INPUT)
    if found is None:
        return None
    height, width, count = found
    cells = get(spec, GRID)
    if get(spec, f"{CLASSIFY}.concat_type") == "grid" and count % 2 == 0 and cells:
        return height * cells["y"], width * cells["x"]
    return height * count, width


def image_size(spec: Spec, _action: str) -> BrokenRule | None:
    """Both sides of the input are multiples of the backbone's coarsest stride."""
    facts = backbone_facts(str(get(spec, "model.backbone.type", "")), get(spec, "model.backbone.finest_stride", 4))
    size = combined_size(spec)
    if facts is None or size is None or not any(side % facts.input_multiple for side in size):
        return None
    name, step = get(spec, "model.backbone.type"), facts.input_multiple
    if task(spec) == "segment":
        keys: tuple[str, ...] = ("dataset.segment.img_size",)
    else:
        keys = (f"{CLASSIFY}.image_height", f"{CLASSIFY}.image_width")
    message = f"the input is {size[0]} high and {size[1]} wide, but {name} needs multiples of {step}"
    near = " and ".join(f"{key.rpartition('.')[2]} {_nearest(get(spec, key), step)}" for key in keys)
    return broken("spec.image_size", (*keys, "model.backbone.type"), message, f"set for instance {near}")


def _nearest(side: int, step: int) -> int:
    return max(step, round(side / step) * step)


def _augmentation(spec: Spec) -> str:
    return "dataset.segment.augmentation" if task(spec) == "segment" else f"{CLASSIFY}.augmentation_config"


def scale_range(spec: Spec, _action: str) -> BrokenRule | None:
    """The range of enlargements goes from low to high."""
    key = f"{_augmentation(spec)}.with_scale_random_crop.scale_range"
    span = get(spec, key)
    if not span or span[0] <= span[1]:
        return None
    return broken(
        "spec.scale_range", (key,), f"the range goes from {span[0]} down to {span[1]}", f"write [{span[1]}, {span[0]}]"
    )


def label_transform(spec: Spec, _action: str) -> BrokenRule | None:
    """Dividing labels by 255 leaves two classes."""
    keys = ("dataset.segment.label_transform", "dataset.segment.num_classes")
    found = values(spec, *keys)
    if task(spec) != "segment" or found is None or found[0] != "norm" or found[1] == 2:
        return None
    message = f"label_transform norm makes two classes of the labels, but num_classes is {found[1]}"
    return broken(
        "spec.label_transform",
        keys,
        message,
        f"set {keys[0]} to None, for labels that hold class ids",
        ({keys[0]: "None"},),
    )


def color_map(spec: Spec, _action: str) -> BrokenRule | None:
    """A colour for each class, where colours are given."""
    keys = ("dataset.segment.color_map", "dataset.segment.num_classes")
    found = values(spec, *keys)
    if task(spec) != "segment" or found is None or not found[0]:
        return None
    wanted = {str(i) for i in range(found[1])}
    if set(found[0]) == wanted:
        return None
    message = f"there are colours for {sorted(found[0])}, but the classes are 0 to {found[1] - 1}"
    return broken("spec.color_map", keys, message, "give one colour for each class id")


def export_size(spec: Spec, action: str) -> BrokenRule | None:
    """The ONNX input has the size that the network was trained with."""
    keys = ("export.input_height", "export.input_width")
    found, size = values(spec, *keys), combined_size(spec)
    if command_of(action) != "export" or found is None or size is None or found == size:
        return None
    wrong = {key: want for key, want, have in zip(keys, size, found, strict=True) if want != have}
    message = f"the network's input is {size[0]} high and {size[1]} wide, but the export is {found[0]} by {found[1]}"
    remedy = " and ".join(f"{key} to {want}" for key, want in wrong.items())
    return broken("spec.export_size", tuple(wrong), message, f"set {remedy}", (wrong,))


RULES: tuple[Rule, ...] = (
    classify_batch,
    lights,
    light_places,
    grid,
    image_size,
    scale_range,
    label_transform,
    color_map,
    export_size,
)

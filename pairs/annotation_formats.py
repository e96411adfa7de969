# SPDX-License-Identifier: Apache-2.0
"""Readers of what annotation tools write. Each gives the marks of a file, or none where it is of another kind."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from core.documents import read_json, read_yaml
from core.errors import DataError, InputError
from core.files import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Ring = tuple[tuple[float, float], ...]

_LARGEST = 256 << 20
_NAMES = ("test", "image", "file", "filename", "file_name", "picture", "name")
_KINDS = ("label", "defect", "class", "type", "kind", "category")
_CORNERS = ("x1", "y1", "x2", "y2")
_NO_KIND = "defect"


class Mark(NamedTuple):
    """One defect: its kind, and the corners of its box or outline; `is_box` where it is no more than a box."""

    kind: str
    ring: Ring
    is_box: bool


class Marked(NamedTuple):
    """What one file says of a picture, which it names without ending: marks in pixels, or of sides of 1 (`in_shares`).

    `size` is the picture's width and height, where the file tells them.
    """

    picture: str
    marks: tuple[Mark, ...]
    source: str
    size: tuple[int, int] | None = None
    in_shares: bool = False


def box_ring(x1: float, y1: float, x2: float, y2: float) -> Ring:
    """The corners of a box."""
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def _numbers(texts: Sequence[Any], path: Path) -> list[float]:
    try:
        found = [float(text) for text in texts]
    except (TypeError, ValueError):
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise _broken(path, f"{' '.join(map(str, texts))[:60]!r} are no coordinates")
    return found


def _broken(path: Path, why: str) -> DataError:
    return DataError(why, code="data.annotation", where=str(path), remedy="mend the file, or take it away")


def _text(path: Path) -> str:
    try:
        return read_ordinary(path, _LARGEST, DataError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _broken(path, "it is no text in UTF-8") from None


def _stem(name: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2]
    return base.rpartition(".")[0] or base


def yolo_names(root: Path) -> dict[int, str]:
    """Names of YOLO's class numbers: those of a classes.txt, or of the `names` of a YAML file."""
    for path in sorted(root.rglob("classes.txt")):
        return dict(enumerate(line.strip() for line in _text(path).splitlines()))
    for path in sorted([*root.glob("*.yaml"), *root.glob("*.yml")]):
        try:
            tree = read_yaml(path)
        except InputError:
            continue
        names = tree.get("names") if isinstance(tree, dict) else None
        if isinstance(names, list | dict):
            pairs = enumerate(names) if isinstance(names, list) else names.items()
            return {int(number): str(name) for number, name in pairs if str(number).isdigit()}
    return {}


def read_yolo(path: Path, names: dict[int, str]) -> list[Marked]:
    """A YOLO file: `class cx cy width height` in shares of the sides, or `class x y x y x y …`, an outline."""
    marks = []
    for line in filter(None, map(str.strip, _text(path).splitlines())):
        words = line.split()
        count = len(words) - 1
        if not words[0].isdigit() or not (count in {4, 5} or (count >= 6 and count % 2 == 0)):
            raise _broken(path, f"{line[:60]!r} is no line of YOLO")
        values = _numbers(words[1:], path)
        kind = names.get(int(words[0]), f"class {words[0]}")
        if count <= 5:  # a fifth number is the score of a prediction
            x, y, width, height = values[:4]
            ring = box_ring(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            marks.append(Mark(kind, ring, is_box=True))
        else:
            marks.append(Mark(kind, tuple(zip(values[::2], values[1::2], strict=True)), is_box=False))
    return [Marked(path.stem, tuple(marks), str(path), in_shares=True)]


def read_voc(path: Path) -> list[Marked]:
    """An XML file of Pascal VOC."""
    text = _text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _broken(path, "it declares entities, which no annotation needs")
    try:
        tree = ET.fromstring(text)  # noqa: S314 - without a document type nothing can be expanded
    except ET.ParseError as problem:
        raise _broken(path, f"it is no XML ({problem})") from None
    if tree.tag != "annotation":
        return []
    marks = []
    for thing in tree.iter("object"):
        box = thing.find("bndbox")
        if box is None:
            raise _broken(path, "an object has no bndbox")
        corners = _numbers([box.findtext(name) for name in ("xmin", "ymin", "xmax", "ymax")], path)
        marks.append(Mark(thing.findtext("name") or _NO_KIND, box_ring(*corners), is_box=True))
    size = tree.find("size")
    sides = None if size is None else _size(size.findtext("width"), size.findtext("height"))
    return [Marked(_stem(tree.findtext("filename") or path.name), tuple(marks), str(path), sides)]


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    try:
        found = int(width), int(height)
    except (TypeError, ValueError):
        return None
    return found if min(found) > 0 else None


def read_json_marks(path: Path) -> list[Marked]:
    """A JSON file of COCO or LabelMe."""
    try:
        tree = read_json(path)
    except InputError as error:
        raise _broken(path, error.message) from None
    if not isinstance(tree, dict):
        return []
    try:
        if isinstance(tree.get("shapes"), list):
            return [_labelme(path, tree)]
        if isinstance(tree.get("images"), list) and isinstance(tree.get("annotations"), list):
            return _coco(path, tree)
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise _broken(path, f"it is not as such files are ({type(problem).__name__}: {problem})") from None
    return []


def _labelme(path: Path, tree: dict[str, Any]) -> Marked:
    marks = []
    for shape in tree["shapes"]:
        points = [tuple(_numbers(point, path)) for point in shape["points"]]
        kind = str(shape.get("label") or _NO_KIND)
        if shape.get("shape_type") == "rectangle" and len(points) >= 2:
            xs, ys = [point[0] for point in points], [point[1] for point in points]
            marks.append(Mark(kind, box_ring(min(xs), min(ys), max(xs), max(ys)), is_box=True))
        elif shape.get("shape_type") == "circle" and len(points) == 2:
            (x, y), edge = points
            reach = math.dist((x, y), edge)
            ring = tuple((x + reach * math.cos(a), y + reach * math.sin(a)) for a in _TURN)
            marks.append(Mark(kind, ring, is_box=False))
        elif len(points) >= 3:
            marks.append(Mark(kind, tuple((x, y) for x, y in points), is_box=False))
        else:
            raise _broken(path, f"a {shape.get('shape_type')} has no area")
    size = _size(tree.get("imageWidth"), tree.get("imageHeight"))
    return Marked(_stem(str(tree.get("imagePath") or path.name)), tuple(marks), str(path), size)


_TURN = tuple(2 * math.pi * i / 24 for i in range(24))


def _coco(path: Path, tree: dict[str, Any]) -> list[Marked]:
    kinds = {one["id"]: str(one["name"]) for one in tree.get("categories", [])}
    marks: dict[Any, list[Mark]] = {image["id"]: [] for image in tree["images"]}
    for one in tree["annotations"]:
        kind, outline = kinds.get(one.get("category_id"), _NO_KIND), one.get("segmentation")
        of_image = marks[one["image_id"]]
        if isinstance(outline, list) and outline:
            for flat in outline:
                values = _numbers(flat, path)
                of_image.append(Mark(kind, tuple(zip(values[::2], values[1::2], strict=True)), is_box=False))
        else:
            x, y, width, height = _numbers(one["bbox"], path)
            of_image.append(Mark(kind, box_ring(x, y, x + width, y + height), is_box=True))
    return [
        Marked(
            _stem(str(image["file_name"])),
            tuple(marks[image["id"]]),
            str(path),
            _size(image.get("width"), image.get("height")),
        )
        for image in tree["images"]
    ]


def read_boxes_table(path: Path) -> list[Marked]:
    """A table with a row for each box: a picture, x1, y1, x2, y2, and perhaps a kind; empty corners mean a good one."""
    rows = list(csv.DictReader(_text(path).splitlines()))
    header = {name.strip().casefold(): name for name in (rows[0] if rows else {}) if name}
    place = next((header[name] for name in _NAMES if name in header), None)
    if place is None or not all(name in header for name in _CORNERS):
        return []
    kind = next((header[name] for name in _KINDS if name in header), None)
    found: dict[str, list[Mark]] = {}
    for row in rows:
        marks = found.setdefault(_stem(row[place] or ""), [])
        cells = [(row[header[name]] or "").strip() for name in _CORNERS]
        if any(cells):
            what = (row[kind] or "").strip() if kind else ""
            marks.append(Mark(what or _NO_KIND, box_ring(*_numbers(cells, path)), is_box=True))
    return [Marked(name, tuple(marks), str(path)) for name, marks in found.items()]

# SPDX-License-Identifier: Apache-2.0
"""Whole photos with marks of every format: crops and tiles hold the defect where it was marked, and nothing is dropped
in silence.
"""

from __future__ import annotations

import csv
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import DataError, InputError
from interfaces.cli import main
from pairs.annotation_formats import read_json_marks, read_voc, read_yolo
from pairs.board_import import import_boards
from pairs.laid_boards import lay
from pairs.marked_boards import read_marked_pairs

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 360, 280
RIGHT, DOWN = 9, -6  # how far the test pictures lie off
BLOT = (170, 120, 190, 138)  # x1 y1 x2 y2 on the golden picture
FORMATS = ("yolo", "coco", "voc", "labelme", "table", "mask")


def draw_board(seed: int) -> Image.Image:
    chance = random.Random(seed)
    board = Image.new("RGB", (WIDTH, HEIGHT), (20, 70, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(110):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        size = (x + chance.randrange(6, 34), y + chance.randrange(4, 24))
        draw.rectangle((x, y, *size), fill=(chance.randrange(60, 190), chance.randrange(80, 170), 60))
    return board


def taken(board: Image.Image, *, spoiled: bool) -> Image.Image:
    picture = board.copy()
    if spoiled:
        ImageDraw.Draw(picture).rectangle((BLOT[0], BLOT[1], BLOT[2] - 1, BLOT[3] - 1), fill=(250, 250, 250))
    pixels = np.pad(np.asarray(picture), ((40, 40), (40, 40), (0, 0)), mode="edge")
    return Image.fromarray(pixels[40 - DOWN : 40 - DOWN + HEIGHT, 40 - RIGHT : 40 - RIGHT + WIDTH])


def mark(root: Path, kind: str, name: str) -> None:
    """The blot in a format's own words, on the test picture."""
    x1, y1, x2, y2 = BLOT[0] + RIGHT, BLOT[1] + DOWN, BLOT[2] + RIGHT, BLOT[3] + DOWN
    ring = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
    if kind == "yolo":
        (root / "labels").mkdir(exist_ok=True)
        (root / "labels/classes.txt").write_text("missing\nbridge\n", encoding="utf-8")
        middle = f"{(x1 + x2) / 2 / WIDTH} {(y1 + y2) / 2 / HEIGHT} {(x2 - x1) / WIDTH} {(y2 - y1) / HEIGHT}"
        (root / f"labels/{name}.txt").write_text(f"1 {middle}\n", encoding="utf-8")
    elif kind == "coco":
        image = {"id": 7, "file_name": f"test/{name}.png", "width": WIDTH, "height": HEIGHT}
        one = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [x1, y1, x2 - x1, y2 - y1]}
        tree = {"images": [image], "annotations": [one], "categories": [{"id": 3, "name": "bridge"}]}
        (root / "instances.json").write_text(json.dumps(tree), encoding="utf-8")
    elif kind == "voc":
        box = f"<xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        thing = f"<object><name>bridge</name><bndbox>{box}</bndbox></object>"
        text = f"<annotation><filename>{name}.png</filename>{thing}</annotation>"
        (root / f"{name}.xml").write_text(text, encoding="utf-8")
    elif kind == "labelme":
        shape = {"label": "bridge", "points": ring, "shape_type": "polygon"}
        tree = {"imagePath": f"..\\test\\{name}.png", "imageWidth": WIDTH, "imageHeight": HEIGHT, "shapes": [shape]}
        (root / f"{name}.json").write_text(json.dumps(tree), encoding="utf-8")
    elif kind == "table":
        (root / "boxes.csv").write_text(f"image,x1,y1,x2,y2,defect\n{name}.png,{x1},{y1},{x2},{y2},bridge\n")
    else:
        (root / "masks").mkdir()
        mask = Image.new("L", (WIDTH, HEIGHT))
        ImageDraw.Draw(mask).rectangle((x1, y1, x2 - 1, y2 - 1), fill=255)
        mask.save(root / f"masks/{name}_mask.png")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board for each format, one without a mark, one that nobody looked at, one of another design."""
    root = tmp_path_factory.mktemp("photos")
    for folder in ("golden", "test", "labels"):
        (root / folder).mkdir()
    for number, kind in enumerate((*FORMATS, "good", "unseen", "strange")):
        golden = draw_board(number)
        golden.save(root / f"golden/{kind}.png")
        test = draw_board(99) if kind == "strange" else taken(golden, spoiled=kind in FORMATS)
        test.save(root / f"test/{kind}_1.png")
        if kind in FORMATS:
            mark(root, kind, f"{kind}_1")
    (root / "labels/good_1.txt").write_text("", encoding="utf-8")
    (root / "labels/strange_1.txt").write_text("", encoding="utf-8")
    (root / "labels/nowhere.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    (root / "labels/torn.txt").write_text("0 0.5\n", encoding="utf-8")
    return root


def rows_of(folder: Path) -> list[dict[str, str]]:
    found = []
    for path in sorted(folder.glob("*/dataset.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            found += list(csv.DictReader(handle))
    return found


def test_crops_hold_the_defect_where_any_format_marks_it(photos: Path, tmp_path: Path) -> None:
    summary = import_boards(photos, tmp_path / "out", size=64)
    rows = rows_of(tmp_path / "out")
    defects = {row["design"]: row for row in rows if row["label"] != "PASS"}
    assert set(defects) == set(FORMATS)
    assert {row["label"] for name, row in defects.items() if name != "mask"} == {"bridge"}
    for row in defects.values():
        x, y = map(int, row["crop"].split())
        box = [int(value) + offset for value, offset in zip(row["box"].split(), (x, y, x, y), strict=True)]
        assert box == pytest.approx(BLOT, abs=2)
        for folder, bright in ((row["input_path"], True), (row["golden_path"], False)):
            with Image.open(tmp_path / "out/images" / folder / f"{row['object_name']}.png") as crop:
                assert crop.size == (64, 64)
                middle = np.asarray(crop)[BLOT[1] - y + 4 : BLOT[3] - y - 4, BLOT[0] - x + 4 : BLOT[2] - x - 4]
            assert bool(middle.min() > 230) is bright
    assert all(row["label"] == "PASS" for row in rows if row["design"] == "good")
    splits = {name: split for split, names in summary.groups.items() for name in names}
    assert set(splits) == {*FORMATS, "good"}
    assert set(splits.values()) == {"train", "val", "test"}
    with (tmp_path / "out/not_used.csv").open(newline="", encoding="utf-8") as handle:
        unused = {row["file"].rpartition("/")[2]: row["reason"] for row in csv.DictReader(handle)}
    assert "nothing says what is marked" in unused["unseen_1.png"]
    assert "can't be registered" in unused["strange_1.png"]
    assert "no test picture called nowhere" in unused["nowhere.txt"]
    assert "no line of YOLO" in unused["torn.txt"]
    assert len(unused) == 4


def test_tiles_are_labelled_where_the_pixels_changed(photos: Path, tmp_path: Path) -> None:
    import_boards(photos, tmp_path / "out", task="segment", size=128)
    names = [name for path in (tmp_path / "out/list").iterdir() for name in path.read_text().split()]
    marked: dict[str, int] = {}
    for name in names:
        kind, _, _, top, left = name.removesuffix(".png").split("_")
        with Image.open(tmp_path / "out/label" / name) as label:
            rows, columns = np.nonzero(np.asarray(label))
        marked[kind] = marked.get(kind, 0) + len(rows)
        inside = (rows + int(top) >= BLOT[1] - 2) & (rows + int(top) < BLOT[3] + 2)
        assert bool((inside & (columns + int(left) >= BLOT[0] - 2) & (columns + int(left) < BLOT[2] + 2)).all())
    area = (BLOT[2] - BLOT[0]) * (BLOT[3] - BLOT[1])
    assert all(0.8 * area < marked[kind] < 2.2 * area for kind in FORMATS)  # tiles overlap at the border
    assert marked["good"] == 0


def test_one_golden_picture_and_a_table_with_splits(photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    lines = [f"{photos}/golden/yolo.png,{photos}/test/yolo_1.png,train,200,120,216,140,bridge"]
    lines += [f"{photos}/golden/good.png,{photos}/test/good_1.png,val,,,,,"]
    table.write_text("\n".join(["golden,test,split,x1,y1,x2,y2,defect", *lines]) + "\n", encoding="utf-8")
    pairs, unused = read_marked_pairs(table)
    assert [(pair.group, pair.split, pair.is_good) for pair in pairs] == [
        ("yolo", "train", False),
        ("good", "val", True),
    ]
    assert unused == []
    (box,) = lay(pairs[0]).boxes
    assert (box.x1, box.y1, box.kind) == (pytest.approx(200 - RIGHT, abs=2), pytest.approx(120 - DOWN, abs=2), "bridge")


def test_a_mark_for_a_picture_of_another_size_is_not_used(photos: Path, tmp_path: Path) -> None:
    for folder in ("golden", "test"):
        (tmp_path / folder).mkdir()
        name = "yolo.png" if folder == "golden" else "yolo_1.png"
        (tmp_path / folder / name).write_bytes((photos / folder / name).read_bytes())
    tree: dict[str, Any] = {"imagePath": "yolo_1.png", "imageWidth": HEIGHT, "imageHeight": WIDTH, "shapes": []}
    (tmp_path / "yolo_1.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(DataError, match="is for a picture of 280 x 360 px"):
        lay(read_marked_pairs(tmp_path)[0][0])


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("a.xml", "<annotation><object/></annotation>", read_voc),
        ("a.xml", "<annotation>", read_voc),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', read_voc),
        ("a.json", '{"images": [{"id": 1}], "annotations": [{"image_id": 2}]}', read_json_marks),
        ("a.json", '{"shapes": [{"points": [[1, "x"]]}]}', read_json_marks),
        ("a.txt", "1 0.5 nan 0.1 0.1", lambda path: read_yolo(path, {})),
    ],
)
def test_broken_annotations_are_told(tmp_path: Path, name: str, text: str, read: Any) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path / name)
    assert caught.value.code == "data.annotation"


def test_the_command_tells_what_it_made(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "import", "pairs", str(photos), str(tmp_path / "out"), "--size", "64"]) == 0
    out = capsys.readouterr().out
    assert "not used: nothing says what is marked on it" in out
    assert f"next: changenet run train --data {tmp_path / 'out'}" in out
    assert main(["data", "import", "masks", str(photos), str(tmp_path / "no"), "--size", "64"]) == 2
    assert "--size is of what is cut" in capsys.readouterr().err


def test_an_output_where_marks_are_searched_for_is_refused_and_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("golden,test\na.png,b.png\n", encoding="utf-8")
    with pytest.raises(DataError, match="is searched for marks") as caught:
        import_boards(tmp_path / "pairs.csv", tmp_path / "crops")
    assert str(tmp_path) in caught.value.message
    assert not (tmp_path / "crops").exists()

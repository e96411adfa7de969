# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from pairs.alignment import estimate_shift
from pairs.check import check_data, find_data
from pairs.classify_check import ClassifySource
from pairs.doctor import Options, check_classify, check_splits, find_splits
from pairs.mend import fix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pairs.report import Report

SIDE = 64
HEADER = "input_path,golden_path,label,object_name,board"


def texture(seed: int, side: int = SIDE) -> np.ndarray:
    """A blurred noise picture, so that every seed gives pictures that are plainly different."""
    noise = np.random.default_rng(seed).normal(size=(side + 16, side + 16))
    for axis in (0, 1):
        noise = sum(np.roll(noise, shift, axis) for shift in range(-3, 4)) / 7
    noise = (noise - noise.mean()) / noise.std()
    return np.clip(128 + 40 * noise, 0, 255).astype(np.uint8)[8:-8, 8:-8]


def with_noise(picture: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(scale=6, size=picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def save(pixels: np.ndarray, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


class Boards:
    """A sound data set of twelve objects on three boards, ready to be broken."""

    def __init__(self, root: Path, first_seed: int = 0) -> None:
        self.root, self.images = root, root / "images"
        self.rows: list[str] = []
        for i in range(12):
            board, name, label = f"b{first_seed + i // 4}", f"U{i}", "open" if i % 4 == 0 else "PASS"
            golden = texture(1000 + first_seed + i)
            test = with_noise(golden, first_seed + i)
            if label == "open":
                test[20:40, 20:40] = 255
            save(golden, self.images / "golden" / board / f"{name}.png")
            save(test, self.images / board / f"{name}.png")
            self.rows.append(f"{board},golden/{board},{label},{name},{board}")
        self.write()

    def write(self, rows: list[str] | None = None) -> Path:
        path = self.root / "dataset.csv"
        path.write_text("\n".join([HEADER, *(rows or self.rows)]) + "\n")
        return path

    def check(self, **options: Any) -> Report:
        return check_classify(self.root / "dataset.csv", self.images, **{"image_ext": ".png", **options})

    def source(self) -> ClassifySource:
        return ClassifySource(self.root / "dataset.csv", self.images, ".png")


@pytest.fixture
def boards(tmp_path: Path) -> Boards:
    return Boards(tmp_path / "set")


def found(report: Report) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {finding.code: (finding.severity, finding.rows) for finding in report.findings}


def test_a_sound_set_has_no_finding_and_counts(boards: Boards) -> None:
    report = boards.check(batch_size=4)
    assert report.findings == ()
    assert report.exit_code == 0
    (counts,) = report.counts.values()
    labels, sizes = {"PASS": 9, "open": 3}, {"64x64": 12}
    assert counts == {"rows": 12, "defects": 3, "labels": labels, "sizes": sizes, "pictures": [".png"]}
    assert "nothing is wrong" in report.as_text()


def test_the_checks_of_the_quick_form_are_part_of_it(boards: Boards) -> None:
    boards.write([*boards.rows, "b0,golden/b0,PASS,missing,b0", "/b0,golden/b0,pass,U1,b0"])
    codes = found(boards.check(decode=False, batch_size=40))
    assert codes["data.image_missing"] == ("error", (14,))
    assert codes["data.absolute_path"] == ("error", (15,))
    assert codes["data.label_case"] == ("warning", (15,))
    assert codes["data.batch"][0] == "error"


def test_rows_that_stand_twice_or_contradict_each_other(boards: Boards) -> None:
    boards.write([*boards.rows, boards.rows[1], "b0,golden/b0,short,U2,b0"])
    codes = found(boards.check(decode=False))
    assert codes["data.duplicate_row"] == ("warning", (14,))
    assert codes["data.contradiction"] == ("error", (4, 15))


def test_one_class_is_an_error_only_where_it_is_trained_on(boards: Boards) -> None:
    boards.write([row for row in boards.rows if ",PASS," in row])
    assert found(boards.check(decode=False))["data.one_class"][0] == "error"
    assert found(boards.check(decode=False, trained_on=False))["data.one_class"][0] == "warning"


def test_files_that_are_no_picture_or_cut_off(boards: Boards) -> None:
    (boards.images / "b0" / "U1.png").write_text("no picture")
    whole = (boards.images / "golden" / "b1" / "U5.png").read_bytes()
    (boards.images / "golden" / "b1" / "U5.png").write_bytes(whole[: len(whole) // 2])
    (boards.images / "b2" / "U9.png").write_bytes(b"")
    report = boards.check()
    assert found(report)["data.picture_broken"] == ("error", (3, 7, 11))
    assert report.exit_code == 2
    assert found(boards.check(decode=False)) == {}


def test_pictures_outside_of_the_folder_are_told_but_not_opened(boards: Boards) -> None:
    fifo = boards.root / "pipe.png"  # opening it would wait for a writer for ever
    os.mkfifo(fifo)
    rows = ["..,golden/b0,PASS,pipe,b0", f"{boards.root},golden/b0,PASS,pipe,b0", "b0,golden/b0,PASS,../../pipe,b0"]
    boards.write([*boards.rows, *rows])
    told = found(boards.check())
    outside = {"data.path_leaves", "data.absolute_path", "data.object_name_leaves"}
    assert set(told) == outside | {"data.image_missing"}  # of their golden images


def test_a_file_where_a_folder_is_needed_is_told_once(boards: Boards) -> None:
    boards.write([*boards.rows, "b0/U1.png,golden/b0,PASS,U1,b0"])
    assert set(found(boards.check())) == {"data.file_for_folder"}


def test_odd_modes_and_orientation_tags(boards: Boards) -> None:
    Image.open(boards.images / "b0" / "U1.png").convert("RGBA").save(boards.images / "b0" / "U1.png")
    tag = Image.Exif()
    tag[0x0112] = 6
    picture = Image.open(boards.images / "b0" / "U2.png")
    picture.save(boards.images / "b0" / "U2.png", exif=tag)
    codes = found(boards.check())
    assert codes == {"data.picture_mode": ("warning", (3,)), "data.picture_turned": ("warning", (4,))}


@pytest.mark.parametrize(("name", "mode"), [("1a.png", "RGBA"), ("2a.png", "P")])
def test_real_pictures_of_odd_modes(real_data: Path, boards: Boards, name: str, mode: str) -> None:
    shutil.copyfile(real_data / "image_modes" / name, boards.images / "b0" / "U1.png")
    (message,) = [finding.message for finding in boards.check().findings if finding.code == "data.picture_mode"]
    assert f"mode {mode}:" in message


def test_sizes_and_aspects(boards: Boards) -> None:
    save(texture(7, 96)[:, :48], boards.images / "b0" / "U1.png")
    codes = found(boards.check())
    assert codes == {"data.size_differs": ("warning", (3,)), "data.aspect": ("warning", (3,))}


def test_a_golden_image_that_is_the_test_picture(boards: Boards) -> None:
    for name in ("U4", "U5"):  # U4 is labelled as a defect
        shutil.copyfile(boards.images / "golden" / "b1" / f"{name}.png", boards.images / "b1" / f"{name}.png")
    report = boards.check()
    copied = [(finding.severity, finding.rows) for finding in report.findings if finding.code == "data.golden_copied"]
    assert copied == [("error", (6,)), ("warning", (7,))]


def test_dark_bright_and_blank_pictures(boards: Boards) -> None:
    save((texture(1001) // 4).astype(np.uint8), boards.images / "b0" / "U1.png")
    save(np.full((SIDE, SIDE), 250, np.uint8), boards.images / "b0" / "U2.png")
    codes = found(boards.check())
    assert codes["data.brightness"] == ("warning", (3, 4))
    assert codes["data.blank"] == ("warning", (4,))


def test_copies_with_one_label_and_with_two(boards: Boards) -> None:
    shutil.copyfile(boards.images / "b1" / "U5.png", boards.images / "b1" / "U6.png")
    shutil.copyfile(boards.images / "b2" / "U8.png", boards.images / "b2" / "U9.png")
    codes = found(boards.check())
    assert codes["data.duplicate_picture"] == ("warning", (8,))
    assert codes["data.contradiction"] == ("error", (11,))


def _one_level_up(picture: Image.Image) -> Image.Image:
    return picture.point([min(255, level + 1) for level in range(256)] * len(picture.getbands()))


def _a_tenth_darker(picture: Image.Image) -> Image.Image:
    return picture.point([int(0.9 * level) for level in range(256)] * len(picture.getbands()))


def _encoded_anew(picture: Image.Image) -> Image.Image:
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=80)
    return Image.open(encoded).convert(picture.mode)


@pytest.mark.parametrize("copied", [_one_level_up, _a_tenth_darker, _encoded_anew])
def test_a_copy_that_was_changed_a_little_is_told_and_a_second_shot_is_none(
    boards: Boards, copied: Callable[[Image.Image], Image.Image]
) -> None:
    copied(Image.open(boards.images / "b1" / "U5.png")).save(boards.images / "b1" / "U6.png")
    shot = np.roll(with_noise(texture(1009), 77), 3, axis=1)
    save(shot, boards.images / "b2" / "U10.png")
    assert found(boards.check())["data.near_duplicate"] == ("warning", (8,))


@pytest.mark.parametrize("shift", [(4, 0), (0, -5), (-6, 3)])
def test_shifted_pairs_are_told_with_their_shift(boards: Boards, shift: tuple[int, int]) -> None:
    dx, dy = shift
    large = texture(5, 128)
    save(large[32:96, 32:96], boards.images / "golden" / "b0" / "U1.png")
    save(with_noise(large[32 - dy : 96 - dy, 32 - dx : 96 - dx], 3), boards.images / "b0" / "U1.png")
    report = boards.check()
    assert found(report)["data.misaligned"] == ("warning", (3,))
    assert f"({dx}, {dy})" in report.findings[0].message


def test_no_shift_is_seen_along_an_edge_in_noise_or_in_unequal_pictures() -> None:
    edge = np.zeros((64, 64), np.uint8)
    edge[30:] = 200
    lower = np.roll(edge, 5, axis=0)
    lower[:5] = 0
    assert estimate_shift(edge, lower) == (0, 5)  # across the edge only
    assert estimate_shift(texture(1), texture(2)) == (0, 0)
    assert estimate_shift(texture(1), texture(1)) == (0, 0)
    assert estimate_shift(texture(1), texture(1)[:32]) == (0, 0)
    assert estimate_shift(np.full((64, 64), 9, np.uint8), texture(1)) == (0, 0)


def test_what_breaks_off_a_csv_in_its_middle_hides_no_other_finding(boards: Boards) -> None:
    save(texture(7, 80), boards.images / "b0" / "U1.png")
    for tail in (b"b0,golden/b0,d\xe9faut,U1,b0\n", b"x" * 200_000 + b"\n"):
        boards.write(boards.rows * 40)
        with (boards.root / "dataset.csv").open("ab") as table:
            table.write(tail)
        codes = found(boards.check())
        assert codes.keys() >= {"data.size_differs", "data.duplicate_row"}
        assert codes.keys() & {"data.csv_encoding", "data.csv_syntax"}


def test_a_link_that_leads_nowhere_is_no_picture(boards: Boards) -> None:
    for name in ("b0/U1.png", "golden/b0/U2.png"):
        (boards.images / name).unlink()
        (boards.images / name).symlink_to("gone.png")
    report = boards.check()
    assert found(report)["data.picture_broken"] == ("error", (3, 4))
    assert "leads nowhere" in report.as_text()


def test_a_split_that_can_not_be_opened_is_not_passed_over(tmp_path: Path) -> None:
    Boards(tmp_path / "val")
    (tmp_path / "val" / "images").rename(tmp_path / "images")
    table = tmp_path / "train" / "dataset.csv"
    for make in (table.mkdir, lambda: table.symlink_to("gone.csv"), lambda: os.mkfifo(table)):
        table.parent.mkdir()
        make()
        report = check_splits(find_splits(tmp_path))
        assert [(finding.code, finding.place) for finding in report.errors] == [("data.csv_missing", str(table))]
        with pytest.raises(DataError) as caught:
            fix(find_splits(tmp_path)["train"], tmp_path / "mended.csv")
        assert caught.value.code == "data.mend"
        shutil.rmtree(table.parent)


def test_a_split_alone_finds_the_pictures_beside_it(tmp_path: Path) -> None:
    Boards(tmp_path / "val")
    (tmp_path / "val" / "images").rename(tmp_path / "images")
    assert find_splits(tmp_path / "val")["val"].images_dir == tmp_path / "images"


def test_what_is_to_be_inferred_on_needs_no_labels_and_leaks_nothing(tmp_path: Path) -> None:
    three_splits(tmp_path)
    rows = (tmp_path / "train" / "dataset.csv").read_text().splitlines()
    (tmp_path / "infer").mkdir()
    bare = "\n".join(",".join((cells := row.split(","))[:2] + cells[3:]) for row in rows)
    (tmp_path / "infer" / "boards.csv").write_text(bare)
    report = check_splits(find_splits(tmp_path))
    assert found(report) == {}
    assert report.counts[str(tmp_path / "infer" / "boards.csv")]["rows"] == 12


def three_splits(root: Path, lights: tuple[str, ...] = ("",)) -> None:
    """Sound splits that share `images`, each with its own boards; a row for every object."""
    for first, split in enumerate(("train", "val", "test")):
        one = Boards(root / split, 100 * first)
        for path in [*one.images.rglob("*.png")]:
            for light in lights:
                moved = root / "images" / path.relative_to(one.images)
                moved.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, moved.with_stem(path.stem + light))
        shutil.rmtree(one.images)


def test_a_split_that_is_named_unlike_the_others_is_wrong(tmp_path: Path) -> None:
    three_splits(tmp_path, ("_Solder", "_White"))
    assert found(check_splits(find_splits(tmp_path), Options(decode=False))) == {}
    table = tmp_path / "train" / "dataset.csv"
    sound = table.read_text()
    table.write_text(re.sub(r",(U\d+),", r",\1_Solder,", sound))
    report = check_splits(find_splits(tmp_path), Options(decode=False))
    assert [(finding.code, finding.place) for finding in report.errors] == [("data.object_name_light", str(table))]
    fix(find_splits(tmp_path)["train"], tmp_path / "mended.csv")
    assert (tmp_path / "mended.csv").read_text() == sound


def test_a_split_with_another_extension_is_wrong(tmp_path: Path) -> None:
    three_splits(tmp_path)
    for path in (tmp_path / "images").glob("**/b10?/*.png"):  # the boards of val
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    report = check_splits(find_splits(tmp_path), Options(decode=False))
    (finding,) = report.errors
    assert (finding.code, finding.place) == ("data.image_ext", str(tmp_path / "val" / "dataset.csv"))
    assert ".jpg, but image_ext is .png" in finding.message


def test_a_picture_in_two_splits_is_told_once(tmp_path: Path) -> None:
    three_splits(tmp_path)
    row = (tmp_path / "train" / "dataset.csv").read_text().splitlines()[3]
    with (tmp_path / "val" / "dataset.csv").open("a") as table:
        table.write(f"{row}\n")
    report = check_splits(find_splits(tmp_path))
    assert [(finding.code, finding.rows) for finding in report.findings] == [("data.leak_picture", (14,))]


def test_a_file_of_several_pictures(boards: Boards) -> None:
    pages = [Image.fromarray(texture(seed)) for seed in (50, 51)]
    for name, kind in (("U1", "PNG"), ("U2", "TIFF"), ("U3", "MPO")):
        colour = [page.convert("RGB") for page in pages]
        colour[0].save(boards.images / "b0" / f"{name}.png", kind, save_all=True, append_images=colour[1:])
    assert found(boards.check())["data.picture_several"] == ("warning", (3, 4))


def test_every_lighting_is_decoded(tmp_path: Path) -> None:
    rows = []
    for i in range(4):
        for light in ("Solder", "White"):
            golden = texture(10 * i + len(light))
            save(golden, tmp_path / "images" / "golden" / f"U{i}_{light}.png")
            save(with_noise(golden, i), tmp_path / "images" / "b" / f"U{i}_{light}.png")
        rows.append(f"b,golden,{'open' if i else 'PASS'},U{i},b")
    (tmp_path / "dataset.csv").write_text("\n".join([HEADER, *rows]))
    (tmp_path / "images" / "b" / "U2_White.png").write_bytes(b"x")
    lights = {"White": 1, "Solder": 0}
    report = check_classify(tmp_path / "dataset.csv", tmp_path / "images", image_ext=".png", input_map=lights)
    assert found(report) == {"data.picture_broken": ("error", (4,))}


def test_all_golden_candidates_are_decoded(boards: Boards) -> None:
    assert found(boards.check(num_golden=2)) == {}
    (boards.images / "golden" / "b1" / "U7.png").write_bytes(b"x")
    codes = found(boards.check(num_golden=2))
    assert codes == {"data.picture_broken": ("error", codes["data.picture_broken"][1])}
    assert 6 <= codes["data.picture_broken"][1][0] <= 9  # one of the rows that draw from this folder


def test_a_byte_order_mark_and_columns_that_nothing_reads(boards: Boards) -> None:
    text = (boards.root / "dataset.csv").read_text().replace("board\n", "bord,\n", 1).replace("b0\n", "b0,\n")
    lines = [line if line.endswith(",") else f"{line}," for line in text.splitlines()]
    (boards.root / "dataset.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    report = boards.check(decode=False)
    assert found(report) == {"data.csv_bom": ("warning", (1,)), "data.csv_extra_columns": ("warning", (1,))}
    assert "'bord', ''. Did you mean 'board'?" in report.findings[1].message


@pytest.mark.parametrize(
    ("delimiter", "header", "codes"),
    [
        (";", HEADER, {"data.csv_delimiter"}),
        ("\t", "\ufeff" + HEADER, {"data.csv_delimiter", "data.csv_bom"}),
        (",", HEADER.replace("input_path", "Input Path").replace("label", "LABEL"), {"data.csv_columns"}),
        ("|", HEADER.replace("object_name", "Object-Name"), {"data.csv_delimiter", "data.csv_columns"}),
    ],
)
def test_how_a_table_is_written_hides_nothing_of_what_it_says(
    boards: Boards, delimiter: str, header: str, codes: set[str]
) -> None:
    """Each round of mending costs a round trip, so all is told at once, and the pictures are looked at as well."""
    rows = [*boards.rows, "b0,golden/b0,PASS,missing,b0"]
    text = "\n".join([header, *rows]).replace(",", delimiter) + "\n"
    (boards.root / "dataset.csv").write_text(text, encoding="utf-8")
    save(np.zeros((SIDE, SIDE), np.uint8), boards.images / "b1/U5.png")
    report = boards.check()
    told = found(report)
    assert set(told) == codes | {"data.image_missing", "data.brightness", "data.blank"}
    assert told["data.image_missing"] == ("error", (14,))
    assert told["data.brightness"] == ("warning", (7,))
    assert report.exit_code == 2
    (counts,) = report.counts.values()
    assert (counts["rows"], counts["defects"]) == (13, 3)


def test_a_folder_may_be_named_like_a_table(tmp_path: Path) -> None:
    made = Boards(tmp_path / "set.csv")
    assert list(find_data(made.root)) == ["set.csv"]


def test_leaks_by_file_by_board_and_by_content(boards: Boards, tmp_path: Path) -> None:
    other = Boards(tmp_path / "other", first_seed=50)
    assert found(boards.check(other=[other.source()])) == {}
    shutil.copyfile(other.images / "b50" / "U1.png", boards.images / "b0" / "U1.png")
    other.write([*other.rows, "b50,golden/b50,PASS,U1,b2"])
    codes = found(boards.check(other=[other.source()]))
    assert codes["data.leak_content"] == ("error", (3,))
    assert codes["data.leak_board"] == ("warning", (10, 11, 12, 13))
    same = found(boards.check(other=[boards.source()], decode=False))
    assert same["data.leak_picture"] == ("error", tuple(range(2, 14)))


def test_near_copies_in_another_split(boards: Boards, tmp_path: Path) -> None:
    other = Boards(tmp_path / "other", first_seed=50)
    pixels = np.asarray(Image.open(other.images / "b50" / "U1.png"))
    save(np.clip(pixels.astype(int) + 1, 0, 255).astype(np.uint8), boards.images / "b0" / "U1.png")
    assert found(boards.check(other=[other.source()]))["data.leak_near"] == ("warning", (3,))


def test_folders_stand_for_boards_where_no_column_names_them(boards: Boards) -> None:
    rows = [row.rpartition(",")[0] for row in boards.rows]
    header = HEADER.rpartition(",")[0]
    for name, some in (("train", rows[:6]), ("val", rows[6:])):
        (boards.root / f"{name}.csv").write_text("\n".join([header, *some]))
    train, val = (ClassifySource(boards.root / f"{name}.csv", boards.images, ".png") for name in ("train", "val"))
    report = check_splits({"train": train, "val": val}, Options(decode=False))
    assert found(report)["data.leak_board"] == ("warning", (2, 3))  # U6 and U7 lie in the folder of U4 and U5


def test_a_folder_of_splits_is_checked_whole(boards: Boards, tmp_path: Path) -> None:
    root = tmp_path / "whole"
    for name, rows in (("train", boards.rows[:8]), ("val", boards.rows[8:])):
        (root / name).mkdir(parents=True)
        (root / name / "dataset.csv").write_text("\n".join([HEADER, *rows]))
    shutil.copytree(boards.images, root / "images")
    assert [source.image_ext for source in find_splits(root).values()] == [".png", ".png"]
    done: list[int] = []
    report = check_data(find_data(root), options=Options(progress=done.append))
    assert report.findings == ()
    assert done == [*range(1, 9), *range(1, 5)]
    assert [counts["rows"] for counts in report.counts.values()] == [8, 4]


def test_a_single_table_and_folders_that_are_no_data_set(boards: Boards, tmp_path: Path) -> None:
    assert check_data(find_data(boards.root)).findings == ()
    (boards.root / "dataset.csv").rename(boards.root / "boards.csv")
    assert check_data(find_data(boards.root), options=Options(decode=False)).findings == ()
    (tmp_path / "empty").mkdir()
    for ask in (find_data, find_splits):
        with pytest.raises(DataError) as caught:
            ask(tmp_path / "empty")
        assert caught.value.code == "data.layout"


def test_a_report_is_strict_json_and_text_without_control_characters(boards: Boards) -> None:
    boards.write([*boards.rows, "b0,golden/b0,<b>=1+1\x1b[31m,U1,b0", "b9\x1b,golden/b0,PASS,U1,b0"])
    report = boards.check(decode=False)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert (told["ok"], told["task"]) == (False, "classify")
    assert {finding["code"] for finding in told["errors"]} >= {"data.folder_missing", "data.contradiction"}
    assert "\x1b" not in report.as_text()
    assert "row 15" in report.as_text()


def test_what_can_not_be_read_is_a_finding_too(tmp_path: Path) -> None:
    report = check_classify(tmp_path / "nowhere.csv", tmp_path)
    assert found(report) == {"data.csv_missing": ("error", ())}


@pytest.mark.parametrize("images", ["nowhere", "empty", "other"])
def test_a_wrong_image_folder_costs_no_look_at_every_row(
    images: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders are listed once, whether they are there or not, and no picture that is missing is opened."""
    rows = [f"b{i % 3},golden,PASS,U{i},b{i % 3}" for i in range(3000)]
    (tmp_path / "dataset.csv").write_text("\n".join([HEADER, *rows]))
    (tmp_path / "empty").mkdir()
    for folder in ("b0", "b1", "b2", "golden"):
        (tmp_path / "other" / folder).mkdir(parents=True)
    listed: list[str] = []
    listing, decoded = os.listdir, []
    monkeypatch.setattr(os, "listdir", lambda place: listed.append(str(place)) or listing(place))
    report = check_classify(tmp_path / "dataset.csv", tmp_path / images, progress=decoded.append)
    code = {"nowhere": "data.images_dir_missing", "empty": "data.folder_missing", "other": "data.image_missing"}[images]
    assert code in found(report)
    assert decoded == []
    assert len(listed) <= 4 * 4  # folders, and the questions that are asked of each

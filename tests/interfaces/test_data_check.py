# SPDX-License-Identifier: Apache-2.0
"""`changenet data check` and `data synthesize` as they are called."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from interfaces.cli import main

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "input_path,golden_path,label,object_name"


def call(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    """Run a verb with --json; returns its document."""
    assert main([*map(str, words), "--json"]) == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def draw(path: Path, seed: int, *, defect: bool = False, side: int = 48) -> None:
    picture = Image.new("RGB", (side, side), (20, 90, 50))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((4 + seed, 6, 20 + seed, 14 + seed), fill=(190, 170, 60))
    pen.line((2, 40 - seed, 44, 30), fill=(120, 200 - 9 * seed, 140), width=2 + seed % 3)
    if defect:
        pen.ellipse((24, 24, 36, 36), fill=(250, 250, 250))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """Two splits of two lightings, sound."""
    root = tmp_path / "boards"
    for first, split in enumerate(("train", "val")):
        rows = [HEADER]
        for i in range(8):
            for light in ("SolderLight", "WhiteLight"):
                draw(root / f"images/{split}/golden/C{i}_{light}.png", 8 * first + i)
                draw(root / f"images/{split}/board/C{i}_{light}.png", 8 * first + i, defect=i % 2 == 0)
                with Image.open(root / f"images/{split}/board/C{i}_{light}.png") as picture:
                    picture.putpixel((0, i), (255, 255, light == "WhiteLight"))
                    picture.save(root / f"images/{split}/board/C{i}_{light}.png")
            rows.append(f"{split}/board,{split}/golden,{'PASS' if i % 2 else 'short'},C{i}")
        (root / split).mkdir()
        (root / split / "dataset.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def digest(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file()
    }


def codes(document: dict[str, Any]) -> dict[str, str]:
    return {finding["code"]: kind for kind in ("errors", "warnings") for finding in document[kind]}


def test_lightings_and_extension_are_found(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = call(capsys, "data", "check", boards)
    assert (document["ok"], document["errors"]) == (True, [])
    counts = document["counts"][str(boards / "train/dataset.csv")]
    assert counts["pictures"] == ["_SolderLight.png", "_WhiteLight.png"]
    assert counts["sizes"] == {"48x48": 16}
    assert main(["data", "check", str(boards)]) == 0
    assert "files are named OBJECT_WhiteLight.png" in capsys.readouterr().out


def test_a_split_that_can_not_be_read_is_an_error(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = boards / "val/dataset.csv"
    table.rename(boards / "val/first.csv")
    shutil.copy(boards / "val/first.csv", boards / "val/second.csv")
    (finding,) = call(capsys, "data", "check", boards, code=2)["errors"]
    assert (finding["code"], finding["place"]) == ("data.csv_missing", str(table))
    assert "first.csv, second.csv" in finding["message"]
    assert finding["remedy"] == "name one of them dataset.csv"
    shutil.rmtree(boards / "val")
    (boards / "val").write_text("", encoding="utf-8")
    (finding,) = call(capsys, "data", "check", boards, code=2)["errors"]
    assert "val is a file" in finding["message"]


@pytest.mark.parametrize(
    "names", [("labels/train.csv", "labels/validation.csv"), ("training_set.csv", "validation_set.csv")]
)
def test_the_layouts_of_the_container_are_known(
    names: tuple[str, str], boards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (boards / "labels").mkdir()
    for split, name in zip(("train", "val"), names, strict=True):
        (boards / split / "dataset.csv").rename(boards / name)
        (boards / split).rmdir()
    document = call(capsys, "data", "check", boards)
    assert document["errors"] == []
    assert [counts["rows"] for counts in document["counts"].values()] == [8, 8]
    for words in (
        ("train", "--data", boards),
        ("train", "--train", boards, "--eval", boards),
        (f"train ChangeNet on {boards}",),
    ):
        inputs = call(capsys, "plan", *words, "--automl", "off", "-s", "batch_size=4")["plan"]["inputs"]
        splits = [f"dataset.classify.{split}_dataset" for split in ("train", "validation")]
        assert [inputs[f"{split}.csv_path"] for split in splits] == list(document["counts"])
        assert {inputs[f"{split}.images_dir"] for split in splits} == {str(boards / "images")}
    first = boards / names[0]
    first.write_text(first.read_text() + first.read_text().splitlines()[1].replace("short", "open") + "\n")
    assert codes(call(capsys, "data", "check", boards, code=2)) == {"data.contradiction": "errors"}


def test_errors_warnings_and_the_exit_code(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (boards / "images/train/board/C3_WhiteLight.png").unlink()
    table = boards / "val/dataset.csv"
    table.write_text(table.read_text().replace("PASS,C1", "Pass,C1"), encoding="utf-8")
    before = digest(boards)
    document = call(capsys, "data", "check", boards, "--batch-size", 3, "--devices", 3, code=2)
    found = codes(document)
    assert (found["data.image_missing"], found["data.batch"]) == ("errors", "errors")
    assert found["data.label_case"] == "warnings"
    (missing,) = [finding for finding in document["errors"] if finding["code"] == "data.image_missing"]
    assert missing["rows"] == [5]
    assert missing["remedy"]
    assert main(["data", "check", str(boards)]) == 2
    text = capsys.readouterr().out
    assert text.index("\n1 error\n") < text.index("\n1 warning\n")
    assert digest(boards) == before


def test_a_mended_copy_and_sheets_are_new_files(
    boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = boards / "val/dataset.csv"
    table.write_text("\ufeff" + table.read_text().replace("PASS,C1", "Pass,C1").replace(",", ";"), encoding="utf-8")
    before = digest(boards)
    words = ("data", "check", boards, "--fix", tmp_path / "mended", "--sheet", tmp_path / "sheet.png")
    document = call(capsys, *words, code=2)
    assert [one["path"] for one in document["mended"]] == [
        str(tmp_path / f"mended/{s}/dataset.csv") for s in ("train", "val")
    ]
    assert document["mended"][1]["changes"] == {"encoding": 1, "delimiter": 1, "label_case": 1}
    assert digest(boards) == before
    assert call(capsys, "data", "check", tmp_path / "mended", "--images", boards / "images")["ok"]
    with Image.open(tmp_path / "sheet_train.png") as sheet:
        assert sheet.width > 800
    again = call(capsys, *words, code=2)
    assert again["error"]["code"] == "data.occupied"
    assert "data.csv_delimiter" in codes(again)


def test_a_split_beyond_mending_leaves_nothing(
    boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (boards / "val/dataset.csv").write_text(f"{HEADER}\nnowhere,nowhere,PASS,x\n", encoding="utf-8")
    assert (
        call(capsys, "data", "check", boards, "--fix", tmp_path / "mended", code=2)["error"]["code"] == "data.no_rows"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["boards"]


def test_a_sheet_is_written_over_no_table(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digest(boards)
    document = call(capsys, "data", "check", boards, "--sheet", boards / "train/dataset.csv", code=2)
    assert document["error"]["code"] == "data.sheet"
    assert digest(boards) == before


@pytest.mark.parametrize(
    "words",
    [
        ("--batch-size", 0),
        ("--devices", -1),
        ("--goldens", 0),
        ("--classes", 0),
        ("--label-suffix", ".tif"),
        ("--label-transform", "None"),
        ("--classes", 3),
    ],
)
def test_options_without_sense_are_refused(
    boards: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, object]
) -> None:
    error = call(capsys, "data", "check", boards, *words, code=2)["error"]
    assert (error["code"], error["where"]) == ("data.option", words[0])


def test_crops_of_whole_boards_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("data", "import", "deeppcb", tmp_path, tmp_path / "out", "--task", "segment", "--size", 64)
    assert call(capsys, *words, code=2)["error"]["where"] == "--size"


LONG = "n" * 300  # longer than any disk allows


@pytest.mark.parametrize(
    "words",
    [
        ("check", LONG),
        ("check", f"{LONG}.csv"),
        ("check", "boards", "--images", LONG),
        ("check", "boards", "--fix", LONG),
        ("check", "boards", "--sheet", f"{LONG}.png"),
        ("synthesize", LONG),
        ("import", "deeppcb", LONG, "out"),
        ("import", "deeppcb", "boards", LONG),
    ],
)
def test_what_the_disk_refuses_is_no_defect_of_the_program(
    boards: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(boards.parent)
    before = digest(boards.parent)
    assert call(capsys, "data", *words, code=2)["error"]["code"].startswith(("file.", "data."))
    assert digest(boards.parent) == before


def test_a_disk_without_room_is_no_defect_of_the_program(
    boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        document = call(capsys, "data", "check", boards, "--sheet", tmp_path / "sheet.png", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert document["error"]["code"] == "file.unreachable"
    assert document["ok"]
    assert [path.name for path in tmp_path.iterdir()] == ["boards"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is shut for root")
def test_folders_that_are_shut_are_findings(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shut = boards / "images/val/board"
    shut.chmod(0)
    found = codes(call(capsys, "data", "check", boards, code=2))
    shut.chmod(0o755)
    assert "data.folder_unreadable" in found


def test_data_that_is_only_scored_needs_no_labels(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = boards / "train/dataset.csv"
    table.write_text(table.read_text().replace("short", "").replace("PASS", ""), encoding="utf-8")
    assert "data.empty_label" in codes(call(capsys, "data", "check", table, code=2))
    document = call(capsys, "data", "check", table, "--no-labels")
    assert document["warnings"] == []
    assert main(["data", "check", str(table), "--no-labels"]) == 0
    assert "8 rows (no label 8)" in capsys.readouterr().out


def test_folders_of_golden_images(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = boards / "train/dataset.csv"
    table.write_text(table.read_text().replace("short,C0", "short,C9"), encoding="utf-8")
    for light in ("SolderLight", "WhiteLight"):
        (boards / f"images/train/board/C0_{light}.png").rename(boards / f"images/train/board/C9_{light}.png")
    assert "data.image_missing" in codes(call(capsys, "data", "check", table, code=2))
    assert call(capsys, "data", "check", table, "--goldens", 8)["errors"] == []
    assert "data.golden_few" in codes(call(capsys, "data", "check", table, "--goldens", 9))


@pytest.mark.parametrize("place", ["nowhere", "boards/train/dataset.txt", "empty"])
def test_what_is_no_data_set(place: str, boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (boards / "train/dataset.txt").touch()
    error = call(capsys, "data", "check", tmp_path / place, code=2)["error"]
    assert error["code"] == ("data.layout" if place == "empty" else "data.root_missing")


def test_segment_labels_by_suffix_and_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "segment"
    for name in ("1", "2"):
        draw(root / f"A/{name}.png", int(name))
        draw(root / f"B/{name}.png", int(name), defect=True)
        (root / "label").mkdir(exist_ok=True)
        mask = Image.new("L", (48, 48), 0)
        mask.paste(2, (24, 24, 36, 36))
        mask.save(root / f"label/{name}.bmp")
    (root / "list").mkdir()
    (root / "list/train.txt").write_text("1.png\n2.png\n", encoding="utf-8")
    assert "data.label_suffix" in codes(call(capsys, "data", "check", root, code=2))
    assert "data.label_value" in codes(call(capsys, "data", "check", root, "--label-suffix", ".bmp", code=2))
    classes = ("--label-suffix", ".bmp", "--label-transform", "None", "--classes", 3)
    assert call(capsys, "data", "check", root, *classes)["ok"]
    for words in (("--lights", "WhiteLight"), ("--images", root), ("--goldens", 2), ("--image-ext", ".png")):
        error = call(capsys, "data", "check", root, *words, code=2)["error"]
        assert (error["code"], error["where"]) == ("data.option", words[0])
    (root / "list/train.txt").write_text("1.png\n2.png\n3.png\n", encoding="utf-8")
    document = call(capsys, "data", "check", root, *classes, "--fix", tmp_path / "lists", code=2)
    assert document["mended"][0]["changes"] == {"missing": 1}
    assert (tmp_path / "lists/train.txt").read_text() == "1.png\n2.png\n"


def pack(folder: Path) -> None:
    """Replace a folder by the archive of its content."""
    with tarfile.open(folder.with_name(f"{folder.name}.tar.gz"), "w:gz") as archive:
        archive.add(folder, folder.name)
    shutil.rmtree(folder)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive cache of the test's own."""
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_packed_pictures_are_looked_at_as_unpacked(
    boards: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (boards / "images/train/board/C3_WhiteLight.png").write_bytes(b"no picture")
    pack(boards / "images")
    before = digest(boards)

    for place in (boards, boards / "train/dataset.csv"):
        assert main(["data", "check", str(place), "--json"]) == 2
        answer = capsys.readouterr()
        assert "data.picture_broken" in codes(json.loads(answer.out))
        assert answer.err.count(f"{boards}/images.tar.gz is looked at as unpacked in {cache}") == 1

    assert digest(boards) == before


def test_a_packed_segment_set_is_checked_as_its_folders_are(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not cache.exists()
    root = tmp_path / "segment"
    for name in ("1", "2"):
        draw(root / f"A/{name}.png", int(name))
        draw(root / f"B/{name}.png", int(name), defect=True)
        draw(root / f"label/{name}.png", int(name))
    (root / "list").mkdir()
    (root / "list/train.txt").write_text("1.png\n2.png\n3.png\n", encoding="utf-8")
    plain = call(capsys, "data", "check", root, code=2)
    for name in ("A", "B", "label", "list"):
        pack(root / name)

    packed = call(capsys, "data", "check", root, code=2)

    assert "data.image_missing" in codes(plain)
    assert codes(packed) == codes(plain)


def test_an_unsafe_archive_is_refused_and_nothing_leaves_it(
    boards: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(boards / "images")
    (boards / "note.txt").write_text("x", encoding="utf-8")
    with tarfile.open(boards / "images.tar.gz", "w:gz") as archive:
        archive.add(boards / "note.txt", "../../escaped.txt")

    error = call(capsys, "data", "check", boards, code=2)["error"]

    assert error["code"] == "archive.unsafe"
    assert not list(cache.rglob("escaped.txt"))

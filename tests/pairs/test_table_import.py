# SPDX-License-Identifier: Apache-2.0
"""Tables as inspection machines write them, and pictures with telling names, made into data sets."""

from __future__ import annotations

import csv
import json
import random
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import DataError
from interfaces.cli import main
from pairs.check import check_data, find_data
from pairs.import_proposal import proposed_import
from pairs.table_import import TableOptions, import_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = ("Image", "Reference", "Result")


def write_boards(folder: Path, count: int = 24, *, ending: str = ".png") -> list[tuple[str, str, str]]:
    """Pictures of boards, every third one with a defect, and the rows of their table."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(4)
    rows = []
    for i in range(1, count + 1):
        golden = Image.new("RGB", (32, 32), (20, chance.randrange(256), chance.randrange(256)))
        test = golden.copy()
        if defect := i % 3 == 0:
            ImageDraw.Draw(test).rectangle((10, 10, 18, 18), fill=(255, 255, 255))
        row = (f"board{i}_{'ng' if defect else 'ok'}{ending}", f"board{i}_golden{ending}", "NG" if defect else "OK")
        test.save(folder / row[0])
        golden.save(folder / row[1])
        rows.append(row)
    return rows


def write_table(path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as handle:
        csv.writer(handle, delimiter=delimiter).writerows(rows)
    return path


def read_splits(out: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of each split, of a set that the whole check finds no error in."""
    report = check_data(find_data(out))
    assert [finding.code for finding in report.findings if finding.severity == "error"] == []
    tables = {path.parent.name: path for path in out.glob("*/dataset.csv")}
    return {split: read_csv(path) for split, path in tables.items()}


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_table_becomes_a_set_whose_boards_stand_in_one_split_each(tmp_path: Path) -> None:
    source = tmp_path / "mydata"
    table = write_table(source / "results.csv", [HEADER, *write_boards(source)])
    summary = import_pairs(table, tmp_path / "out")
    splits = read_splits(tmp_path / "out")
    assert {split: len(rows) for split, rows in splits.items()} == summary.rows == {"train": 17, "val": 4, "test": 3}
    boards = [row["board"] for rows in splits.values() for row in rows]
    assert len(boards) == len(set(boards)) == 24
    assert all({row["label"] for row in rows} == {"PASS", "NG"} for rows in splits.values())
    for row in splits["train"]:
        for folder, name in ((row["input_path"], row["object_name"]), (row["golden_path"], f"{row['board']}_golden")):
            copy = tmp_path / "out" / "images" / folder / f"{row['object_name']}.png"
            assert copy.read_bytes() == (source / f"{name}.png").read_bytes()
            assert not copy.is_symlink()
    assert summary.columns == {"test": "Image", "golden": "Reference", "label": "Result"}
    assert "of 'Result', OK means PASS, and NG a defect" in summary.guessed
    assert json.loads((tmp_path / "out" / "import.json").read_text()) == summary.as_dict()
    again = import_pairs(table, tmp_path / "again", link=True)
    assert read_splits(tmp_path / "again") == splits
    assert again.linked
    linked = {path.stat().st_ino for path in (tmp_path / "again" / "images").rglob("*.png")}
    assert linked == {path.stat().st_ino for path in source.glob("*.png")}


def test_every_row_that_is_not_used_is_told_with_its_reason(tmp_path: Path) -> None:
    rows = write_boards(tmp_path)
    odd = [
        ("board99_ok.png", rows[0][1], "OK"),
        (rows[0][0], "nowhere.png", "OK"),
        (rows[1][0], rows[1][1], "??"),
        rows[2],
        (rows[3][0], rows[3][1], "NG"),
        (rows[4][1], rows[4][1], "OK"),
    ]
    table = write_table(tmp_path / "t.csv", [HEADER, *rows, *odd])
    summary = import_pairs(table, tmp_path / "out")
    told = read_csv(tmp_path / "out" / "not_used.csv")
    assert [(row["row"], row["reason"]) for row in told] == [
        ("5", "two labels"),
        ("26", "missing picture"),
        ("27", "missing golden image"),
        ("28", "unknown label"),
        ("29", "twice"),
        ("30", "two labels"),
        ("31", "its own golden image"),
    ]
    assert sum(summary.not_used.values()) == 7
    assert sum(summary.rows.values()) == 23


@pytest.mark.parametrize(
    ("good", "bad", "column"),
    [
        ("i.O.", "n.i.O.", "Ergebnis"),
        ("pass", "fail", "verdict"),
        ("good", "bad", "Status"),
        ("0", "1", "label"),
        ("1", "0", "is_ok"),
        ("false", "true", "defective"),
        ("OK", "scratch", "class"),
    ],
)
def test_labels_as_others_write_them(good: str, bad: str, column: str, tmp_path: Path) -> None:
    words = {"OK": good, "NG": bad}
    rows = [(test, golden, words[label]) for test, golden, label in write_boards(tmp_path, 9)]
    import_pairs(write_table(tmp_path / "t.csv", [("Bild", "Soll", column), *rows]), tmp_path / "out")
    labels = [row["label"] for rows in read_splits(tmp_path / "out").values() for row in rows]
    assert (labels.count("PASS"), labels.count(bad)) == (6, 3)


def test_labels_that_can_not_be_told_are_asked_for(tmp_path: Path) -> None:
    words = {"OK": "1", "NG": "0"}
    rows = [(test, golden, words[label]) for test, golden, label in write_boards(tmp_path, 9)]
    table = write_table(tmp_path / "t.csv", [HEADER, *rows])
    with pytest.raises(DataError, match="can't be told: it has '1', '0'") as caught:
        import_pairs(table, tmp_path / "out")
    assert (caught.value.code, "--good VALUE" in caught.value.remedy) == ("data.labels_unknown", True)
    assert not (tmp_path / "out").exists()
    summary = import_pairs(table, tmp_path / "out", TableOptions(good=("1",)))
    assert sum(labels["PASS"] for labels in summary.labels.values()) == 6
    for options, said in (
        (TableOptions(good=("fine",)), "no row of the column 'Result' has fine"),
        (TableOptions(good=("1",), bad=("1",)), "1 is said to be good and bad"),
        (TableOptions(test="Imag"), "no column 'Imag'"),
        (TableOptions(label="Image"), "the columns of test images can't be told"),
    ):
        with pytest.raises(DataError, match=said):
            import_pairs(table, tmp_path / "other", options)


def test_splits_and_boards_of_the_table_are_kept(tmp_path: Path) -> None:
    names = ("training", "Validation", "test", "train")
    rows = [(*row, f"SN{i // 2}", names[i % 4], f"note {i}") for i, row in enumerate(write_boards(tmp_path, 12))]
    rows[0] = (*rows[0][:4], "later", rows[0][5])
    table = write_table(tmp_path / "t.csv", [(*HEADER, "Serial No", "split", "remark"), *rows])
    summary = import_pairs(table, tmp_path / "out", TableOptions(split="split"))
    splits = read_splits(tmp_path / "out")
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 5, "val": 3, "test": 3}
    assert (summary.shared_out, summary.not_used, summary.boards_in_several) == (False, {"unknown split": 1}, 5)
    assert {row["board"] for row in splits["train"]} == {"SN1", "SN2", "SN3", "SN4", "SN5"}
    assert splits["train"][0]["remark"] == "note 3"


def write_json(path: Path, rows: Sequence[Sequence[str]]) -> None:
    path.write_text(json.dumps({"machine": "A", "rows": [dict(zip(HEADER, row, strict=True)) for row in rows]}))


def write_lines(path: Path, rows: Sequence[Sequence[str]]) -> None:
    path.write_text("\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in rows))


def write_sheet(path: Path, rows: Sequence[Sequence[str]]) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.json", write_json),
        ("t.jsonl", write_lines),
        ("t.xlsx", write_sheet),
        ("t.csv", lambda path, rows: write_table(path, [HEADER, *rows], delimiter=";", encoding="utf-16")),
        ("t.tsv", lambda path, rows: write_table(path, [HEADER, *rows], delimiter="\t", encoding="utf-8-sig")),
    ],
)
def test_tables_of_every_kind(name: str, write: Any, tmp_path: Path) -> None:
    write(tmp_path / name, write_boards(tmp_path, 9))
    summary = import_pairs(tmp_path / name, tmp_path / "out")
    assert sum(summary.rows.values()) == 9
    assert proposed_import(tmp_path).startswith(f"changenet data import table {tmp_path / name} ")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "", "no rows"),
        ("t.csv", "Image,Reference,Result\n", "no rows"),
        ("t.csv", "Image,Image,Result\na.png,b.png,OK\n", "column Image stands more than once"),
        ("t.csv", "a,b\n1,2\n", "columns of test images and golden images and labels can't be told"),
        ("t.csv", "Image,Reference,Result\nx.png,y.png,OK\n", "no row can be used: 1 missing picture"),
        ("t.json", "[1, 2]", "no list of objects"),
        ("t.json", "{", "no JSON"),
        ("t.xlsx", "no sheet", "no XLSX sheet"),
        ("t.doc", "x", "can't be read from t.doc"),
    ],
)
def test_what_is_no_table_is_told(name: str, content: str, said: str, tmp_path: Path) -> None:
    if name.endswith(".xlsx"):
        pytest.importorskip("openpyxl")
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said) as caught:
        import_pairs(tmp_path / name, tmp_path / "out")
    assert caught.value.remedy


def test_pictures_are_found_as_other_machines_name_them_and_mixed_formats_become_one(tmp_path: Path) -> None:
    rows = write_boards(tmp_path / "photos" / "day1", 9)
    golden = tmp_path / "photos" / "day1" / rows[0][1]
    Image.open(golden).save(golden.with_suffix(".bmp"))
    golden.unlink()
    named = [(f"D:\\AOI\\{test}", golden.removesuffix(".png"), label) for test, golden, label in rows]
    table = write_table(tmp_path / "t.csv", [HEADER, *named])
    options = TableOptions(golden="Reference", images=tmp_path / "photos")
    assert import_pairs(table, tmp_path / "out", options).image_ext == ".png"
    assert sum(map(len, read_splits(tmp_path / "out").values())) == 9


@pytest.mark.parametrize("folders", [False, True])
def test_names_alone_tell_pairs(folders: bool, tmp_path: Path) -> None:
    source = tmp_path / "mydata"
    for row in write_boards(source):
        for name in row[:2] if folders else ():
            board, word = name.removesuffix(".png").split("_")
            (source / word).mkdir(exist_ok=True)
            (source / name).rename(source / word / f"{board}.png")
    Image.new("RGB", (8, 8)).save(source / "overview.png")
    with pytest.raises(DataError, match="inside the source"):
        import_pairs(source, source / "out")
    summary = import_pairs(source, tmp_path / "out")
    assert summary.rows == {"train": 17, "val": 4, "test": 3}
    assert summary.not_used == {"neither verdict nor golden in its name": 1}
    boards = {row["board"] for rows in read_splits(tmp_path / "out").values() for row in rows}
    assert boards == {f"board{i}" for i in range(1, 25)}


def test_a_plan_proposes_the_import_which_is_planned_with_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "mydata" / "results.csv", [HEADER, *write_boards(tmp_path / "mydata")])

    def call(*words: str) -> tuple[int, dict[str, Any]]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, document = call("plan", "train on ./mydata, no hpo, 1 epoch, batch 8")
    assert (code, document["error"]["code"]) == (2, "data.import")
    remedy = document["error"]["remedy"]
    assert remedy.endswith("--test Image --golden Reference --label Result --good OK")
    assert call("data", "check", "mydata")[1]["error"]["code"] == "data.import"
    code, summary = call(*shlex.split(remedy)[1:])
    assert (code, summary["rows"]) == (0, {"train": 17, "val": 4, "test": 3})
    out = shlex.split(remedy)[5]
    code, plan = call("plan", f"train on {out}, no hpo, 1 epoch, batch 8")
    assert (code, plan["missing"]) == (0, [])
    (tmp_path / "mydata" / "results.csv").unlink()
    assert call("plan", "train", "--data", "mydata")[1]["error"]["remedy"].startswith("changenet data import names ")


def test_for_good_pairs_alone_drawing_defects_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part in ("golden", "test"):
        (tmp_path / "line" / part).mkdir(parents=True)
    for number in range(4):
        picture = Image.fromarray(rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)).resize((150, 150))
        for part in ("golden", "test"):
            picture.save(tmp_path / "line" / part / f"b{number}.png")

    def call(*words: str) -> tuple[int, dict[str, Any]]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, document = call("plan", "train", "--data", "line", "--automl", "off")
    assert (code, document["error"]["code"]) == (2, "data.import")
    command, _, other = document["error"]["remedy"].partition("  # or ")
    assert other == f"changenet calibrate starter {tmp_path / 'line'}"
    assert call("data", "check", "line")[1]["error"]["remedy"].endswith("changenet calibrate starter line")
    (tmp_path / "line" / "label").mkdir()
    assert proposed_import(tmp_path / "line") == ""
    (tmp_path / "line" / "label").rmdir()
    words = shlex.split(command)[1:]
    assert call(*words)[0] == 0
    code, plan = call("plan", "train", "--data", words[2], "--automl", "off")
    assert (code, plan["missing"]) == (0, [])
    (tmp_path / "line" / "golden" / "b0.png").unlink()
    assert "synthesize" not in proposed_import(tmp_path / "line")


def test_options_of_a_table_are_refused_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table(tmp_path / "t.csv", [HEADER, *write_boards(tmp_path, 6)])
    for words in (
        ["masks", str(tmp_path), "out", "--good", "OK"],
        ["names", str(tmp_path), "out", "--label", "Result"],
        ["names", str(table), "out"],
        ["table", str(tmp_path), "out"],
        ["table", str(table), "out", "--crops", "grid"],
        ["table", str(table), "out", "--task", "segment"],
    ):
        assert main(["data", "import", *words]) == 2
        assert "remedy:" in capsys.readouterr().err


def test_nothing_is_proposed_for_other_folders(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("name,age\nx,3\n")
    assert proposed_import(tmp_path) == ""
    assert proposed_import(tmp_path / "absent") == ""
    Image.new("RGB", (8, 8)).save(tmp_path / "holiday.png")
    assert proposed_import(tmp_path) == ""

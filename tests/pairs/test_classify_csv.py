# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from core.errors import DataError
from pairs.classify_csv import image_file, is_defect, iter_rows, light_names, read_rows, write_csv

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "input_path,golden_path,label,object_name\n"


def written(tmp_path: Path, data: str | bytes) -> Path:
    path = tmp_path / "dataset.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_rows_keep_text_line_and_extra_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "object_name,label,board,input_path,golden_path\n007,PASS,b1,a,g\n\n008,open,b2,a,g\n")
    first, second = read_rows(path)
    assert (first.object_name, first.label, first.row, first.extra) == ("007", "PASS", 2, {"board": "b1"})
    assert (second.input_path, second.golden_path, second.row) == ("a", "g", 4)


def test_byte_order_mark_and_spaces_are_kept_out(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff input_path , golden_path,label,object_name\n a , g ,PASS , U 1\n")
    (row,) = read_rows(path)
    assert (row.input_path, row.golden_path, row.label, row.object_name) == ("a", "g", "PASS", "U 1")


def test_labels_may_lack_only_where_they_are_not_needed(tmp_path: Path) -> None:
    path = written(tmp_path, "input_path,golden_path,object_name\na,g,x\n")
    assert read_rows(path, needs_label=False)[0].label == ""
    gaps = written(tmp_path, HEADER + "a,g,,x\na,g,PASS,y\n")
    assert [row.label for row in read_rows(gaps, needs_label=False)] == ["", "PASS"]
    with pytest.raises(DataError) as caught:
        list(iter_rows(written(tmp_path, HEADER + "a,g,,\n"), needs_label=False))
    assert caught.value.code == "data.empty_object_name"
    written(tmp_path, "input_path,golden_path,object_name\na,g,x\n")
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert "label" in caught.value.message
    assert caught.value.where.endswith("dataset.csv:1")


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "data.csv_empty", 1),
        (HEADER.replace(",", ";").encode(), "data.csv_delimiter", 1),
        (HEADER.replace(",", "\t").encode(), "data.csv_delimiter", 1),
        (b"input_path,label\n", "data.csv_columns", 1),
        (HEADER.strip().encode() + b",label\n", "data.csv_columns", 1),
        (HEADER.encode() + b"a,g,PASS\n", "data.csv_cells", 2),
        (HEADER.encode() + b"a,g,PASS,x\na,g,PASS,x,y\n", "data.csv_cells", 3),
        (HEADER.encode() + b"a,g,PASS, \n", "data.empty_object_name", 2),
        (HEADER.encode() + b",g,PASS,x\n", "data.empty_input_path", 2),
        (HEADER.encode() + b"a,g,,x\n", "data.empty_label", 2),
        (HEADER.encode() + b"a,g,PASS,x\0y\n", "data.csv_cells", 2),
        (HEADER.encode() + b"a,g,PASS," + b"x" * 200_000, "data.csv_syntax", 2),
        (HEADER.encode("utf-16"), "data.csv_encoding", 1),
        (HEADER.encode("utf-16-le"), "data.csv_encoding", 1),
        (b"\n" + HEADER.encode(), "data.csv_empty", 1),
        (b"\xff\xd8\xff\xe0 a picture", "data.csv_encoding", 1),
    ],
)
def test_a_broken_csv_is_one_error_that_names_the_line(tmp_path: Path, data: bytes, code: str, line: int) -> None:
    with pytest.raises(DataError) as caught:
        read_rows(written(tmp_path, data))
    assert caught.value.code == code
    assert caught.value.where.endswith(f"dataset.csv:{line}")
    assert caught.value.remedy


def test_a_misspelt_column_gets_the_right_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Did you mean 'lable'"):
        read_rows(written(tmp_path, "input_path,golden_path,lable,object_name\na,g,PASS,x\n"))


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_csv_that_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / name)
    assert caught.value.code == "data.csv_missing"


def test_problems_can_be_collected_instead_of_raised(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "a,g,PASS,x\na,g\na,g, open,y\n")
    problems: list[tuple[int, str]] = []
    rows = list(iter_rows(path, on_problem=lambda line, error: problems.append((line, error.code))))
    assert [row.object_name for row in rows] == ["x", "y"]
    assert problems == [(3, "data.csv_cells"), (4, "data.csv_spaces")]


def test_file_names_follow_object_light_and_extension(tmp_path: Path) -> None:
    assert image_file(tmp_path, "b/1", "U1", "SolderLight", ".png") == tmp_path / "b/1/U1_SolderLight.png"
    assert image_file(tmp_path, ".", "U1", None, ".jpg") == tmp_path / "U1.jpg"


def test_lights_stand_in_the_order_of_their_channel() -> None:
    assert light_names({"White": 2, "Solder": 0, "Low": 1}) == ("Solder", "Low", "White")
    assert light_names(None) == light_names({}) == (None,)


def test_only_exactly_pass_is_no_defect() -> None:
    assert [is_defect(label) for label in ("PASS", "pass", "NO_PASS", "open", "")] == [False, True, True, True, True]


def test_a_written_csv_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "out" / "dataset.csv"
    write_csv(path, ["input_path", "golden_path", "label", "object_name"], [("a,b", "g", 'say "PASS"', "ü")])
    (row,) = read_rows(path)
    assert (row.input_path, row.label, row.object_name) == ("a,b", 'say "PASS"', "ü")
    assert [entry.name for entry in path.parent.iterdir()] == ["dataset.csv"]


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "dataset.csv"
    for begin in (b"", HEADER.encode() + b"a,g,PASS,"):
        with path.open("wb") as endless:
            endless.write(begin)
            endless.truncate(2**28)
        tracemalloc.start()
        with pytest.raises(DataError, match="more than 1,000,000 characters") as caught:
            list(iter_rows(path, on_problem=lambda _line, _error: None))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (caught.value.code, peak < 2**24) == ("data.csv_syntax", True)
        assert "--fix" not in caught.value.remedy

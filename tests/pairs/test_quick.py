# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from pairs.classify_csv import PairRow
from pairs.findings import errors
from pairs.odd_text import odd_text
from pairs.quick import quick_check

if TYPE_CHECKING:
    from pathlib import Path

    from core.problem import Problem

HEADER = "input_path,golden_path,label,object_name"
GOOD = ["board,golden,PASS,U1", "board,golden,open,U2"]


class DataSet:
    """A small classify data set on disk and the spec that names it."""

    def __init__(self, root: Path, rows: list[str] = GOOD, names: tuple[str, ...] = ("U1.jpg", "U2.jpg")) -> None:
        self.root = root
        for folder in ("board", "golden"):
            (root / "images" / folder).mkdir(parents=True)
            for name in names:
                (root / "images" / folder / name).write_bytes(b"")
        self.write(rows)

    def write(self, rows: list[str]) -> None:
        (self.root / "dataset.csv").write_text("\n".join([HEADER, *rows]) + "\n")

    def spec(self, *sources: str, **classify: Any) -> dict[str, Any]:
        paths = {"csv_path": str(self.root / "dataset.csv"), "images_dir": str(self.root / "images")}
        named = sources or ("train_dataset",)
        section = {"image_ext": ".jpg", "batch_size": 2, **dict.fromkeys(named, paths), **classify}
        return {"task": "classify", "dataset": {"classify": section}}


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    return DataSet(tmp_path)


def found(data: DataSet, action: str = "train", *sources: str, **classify: Any) -> dict[str, Problem]:
    return {finding.code: finding for finding in quick_check(data.spec(*sources, **classify), action)}


def test_a_sound_data_set_has_no_finding(data: DataSet) -> None:
    assert quick_check(data.spec(), "train") == []


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("/board,golden,PASS,U1", "data.absolute_path"),
        ("C:\\board,golden,PASS,U1", "data.absolute_path"),
        ("board/../../board,golden,PASS,U1", "data.path_leaves"),
        ("board,../images/golden,PASS,U1", "data.path_leaves"),
        ("board/U1.jpg,golden,PASS,U1", "data.file_for_folder"),
        ("bord,golden,PASS,U1", "data.folder_missing"),
        ("board\\top,golden,PASS,U1", "data.folder_missing"),
        ("board,golden,PASS,U1.jpg", "data.object_name_extension"),
        ("board,golden,PASS,../../U1", "data.object_name_leaves"),
        ("board,golden,PASS,/etc/U1", "data.object_name_leaves"),
        ("board,golden,PASS,", "data.empty_object_name"),
        ("board,golden,PASS", "data.csv_cells"),
        ("board,golden,PASS,U9", "data.image_missing"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_it(data: DataSet, row: str, code: str) -> None:
    data.write([*GOOD, row])
    finding = found(data, "train", "train_dataset")[code]
    assert finding.severity == "error"
    assert finding.rows == (4,)
    assert finding.place.endswith("dataset.csv")
    assert finding.remedy


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("board,golden,pass,U1", "data.label_case"),
        ("board,golden, PASS,U1", "data.csv_spaces"),
        ("board,board,PASS,U1", "data.golden_is_test"),
    ],
)
def test_a_doubtful_row_is_a_warning(data: DataSet, row: str, code: str) -> None:
    data.write([*GOOD, row])
    finding = found(data, "train", "train_dataset")[code]
    assert (finding.severity, finding.rows) == ("warning", (4,))


def test_many_cases_make_one_finding_with_their_number(data: DataSet) -> None:
    data.write([*GOOD, *[f"board,golden,PASS,missing{i}" for i in range(50)]])
    finding = found(data, "train", "train_dataset")["data.image_missing"]
    assert finding.count == 100  # the test picture and the golden image of each row
    assert finding.rows == tuple(range(4, 24))


def test_the_extension_that_was_found_is_named(data: DataSet) -> None:
    findings = found(data, image_ext=".png")
    assert set(findings) == {"data.image_ext"}
    assert ".jpg" in findings["data.image_ext"].message
    assert findings["data.image_ext"].remedy.endswith("image_ext to .jpg")
    # Without an ending, as the engine reads it, the names in the table have to have theirs.
    assert set(found(data, image_ext=None)) == {"data.image_missing"}


def test_the_case_of_the_extension_counts(tmp_path: Path) -> None:
    findings = found(DataSet(tmp_path, names=("U1.JPG", "U2.JPG")))
    assert "set dataset.classify.image_ext to .JPG" in findings["data.image_ext"].remedy


def test_every_lighting_is_asked_for(tmp_path: Path) -> None:
    data = DataSet(tmp_path, names=("U1_Solder.jpg", "U1_White.jpg", "U2_Solder.jpg"))
    findings = found(data, "train", "train_dataset", input_map={"Solder": 0, "White": 1})
    assert set(findings) == {"data.image_missing"}
    assert "U2_White.jpg" in findings["data.image_missing"].message
    assert findings["data.image_missing"].rows == (3,)


def test_an_object_name_that_carries_its_lighting(tmp_path: Path) -> None:
    data = DataSet(tmp_path, rows=[*GOOD, "board,golden,PASS,U1_Solder"], names=("U1_Solder.jpg", "U2_Solder.jpg"))
    assert found(data, input_map={"Solder": 0})["data.object_name_light"].rows == (4,)


def test_golden_folders_hold_enough_candidates(data: DataSet) -> None:
    assert found(data, num_golden=2) == {}
    few = found(data, num_golden=3)["data.golden_few"]
    assert (few.severity, few.rows) == ("warning", (2, 3))
    (data.root / "images" / "empty").mkdir()
    data.write([*GOOD, "board,empty,PASS,U1"])
    assert found(data, num_golden=2)["data.golden_few"].severity == "error"


def test_hardly_a_defect_among_many_rows_is_warned_of_with_what_draws_more(data: DataSet) -> None:
    rows = [f"board,golden,PASS,U{1 + i % 2}" for i in range(57)]
    data.write([*rows, "board,golden,open,U1", "board,golden,short,U2", "board,golden,open,U2"])
    few = found(data)["data.few_defects"]
    assert (few.severity, few.count) == ("warning", 3)
    assert "3 of 60 rows are defects" in few.message
    assert "changenet data synthesize OUT --from PAIRS" in few.remedy
    data.write([*rows, *["board,golden,open,U1"] * 10])
    assert "data.few_defects" not in found(data)
    data.write(["board,golden,PASS,U1", "board,golden,open,U2"])
    assert "data.few_defects" not in found(data)  # a small set is no line of good boards


@pytest.mark.parametrize(
    ("labels", "missing"), [(("PASS", "PASS"), "no defect row"), (("open", "short"), "no PASS row")]
)
def test_one_class_can_not_be_trained_on(data: DataSet, labels: tuple[str, str], missing: str) -> None:
    data.write([f"board,golden,{label},U{i}" for i, label in enumerate(labels, start=1)])
    spec = data.spec("train_dataset", "validation_dataset")
    findings = [finding for finding in quick_check(spec, "train") if finding.code == "data.one_class"]
    assert [finding.severity for finding in findings] == ["error", "warning"]  # training split, validation split
    assert missing in findings[0].message


def test_the_batch_is_held_against_the_training_rows_only(data: DataSet) -> None:
    spec = data.spec(batch_size=4)
    (finding,) = quick_check(spec, "train")
    assert (finding.code, finding.severity) == ("data.batch", "error")
    assert quick_check(data.spec("validation_dataset", "test_dataset", batch_size=4), "evaluate") == []
    devices = data.spec() | {"train": {"num_gpus": 2}}
    assert [finding.code for finding in quick_check(devices, "train")] == ["data.batch"]


def test_inference_needs_no_label(data: DataSet) -> None:
    (data.root / "dataset.csv").write_text("input_path,golden_path,object_name\nboard,golden,U1\n")
    assert quick_check(data.spec("infer_dataset"), "inference") == []
    assert [f.code for f in quick_check(data.spec("test_dataset"), "evaluate")] == ["data.csv_columns"]
    data.write(["board,golden,,U1", "board,golden,PASS,U2"])
    assert quick_check(data.spec("infer_dataset"), "inference") == []
    (empty,) = [f for f in quick_check(data.spec("test_dataset"), "evaluate") if f.severity == "error"]
    assert (empty.code, empty.rows) == ("data.empty_label", (2,))


def test_missing_files_and_empty_tables(data: DataSet) -> None:
    data.write([])
    assert set(found(data)) == {"data.no_rows"}
    (data.root / "dataset.csv").unlink()
    assert set(found(data)) == {"data.csv_missing"}
    data.write(GOOD)
    (data.root / "images").rename(data.root / "pictures")
    assert set(found(data)) == {"data.images_dir_missing"}


@pytest.mark.parametrize("value", ["s3://bucket/images.tar.gz", "/nowhere/images.tar.gz", "", None])
def test_what_is_not_on_this_disk_is_left_to_staging(value: str | None) -> None:
    source = {"csv_path": value, "images_dir": value}
    spec = {"dataset": {"classify": {"train_dataset": source}, "segment": {"root_dir": value}}}
    assert quick_check(spec, "train") == []
    assert quick_check(spec, "segment_train") == []


def test_lists_of_calibration_folders(tmp_path: Path) -> None:
    folders = [str(tmp_path), str(tmp_path / "nowhere"), "s3://bucket/images.tar.gz"]
    spec = {"gen_trt_engine": {"tensorrt": {"calibration": {"cal_image_dir": folders}}}}
    (finding,) = quick_check(spec, "gen_trt_engine")
    assert finding.code == "data.folder_missing"
    assert "nowhere" in finding.message


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    for folder in ("A", "B", "label", "list"):
        (tmp_path / folder).mkdir()
    for name in ("1.jpg", "2.jpg", "3.jpg", "4.jpg"):
        for folder in ("A", "B"):
            (tmp_path / folder / name).write_bytes(b"")
        (tmp_path / "label" / name.replace(".jpg", ".png")).write_bytes(b"")
    for split, listed in (("train", "1.jpg\n2.jpg\n"), ("val", "3.jpg\n"), ("test", "4.jpg\n")):
        (tmp_path / "list" / f"{split}.txt").write_text(listed)
    return tmp_path


def segment_findings(root: Path, action: str = "segment_train", **section: Any) -> list[Problem]:
    return quick_check({"dataset": {"segment": {"root_dir": str(root), "batch_size": 2, **section}}}, action)


def test_a_sound_segment_set(segment: Path) -> None:
    for action in ("segment_train", "segment_evaluate", "segment_inference"):
        assert segment_findings(segment, action) == []


def test_listed_but_absent_names_the_partner_and_the_line(segment: Path) -> None:
    (segment / "list" / "train.txt").write_text("1.jpg\n2.png\n../1.jpg\n1.jpg\n")
    findings = {finding.code: finding for finding in segment_findings(segment)}
    assert findings["data.image_missing"].rows == (2,)
    assert "there is 2.jpg" in findings["data.image_missing"].message
    assert findings["data.path_leaves"].rows == (3,)
    assert findings["data.listed_twice"].severity == "warning"


def test_missing_label_suffix_folder_list_and_batch(segment: Path) -> None:
    assert {f.code for f in segment_findings(segment, label_suffix=".bmp")} == {"data.label_suffix"}
    (segment / "label" / "2.png").unlink()
    assert {f.code for f in segment_findings(segment)} == {"data.label_missing"}
    assert segment_findings(segment, "segment_inference") == []
    assert [f.code for f in segment_findings(segment, "segment_train", batch_size=3)].count("data.batch") == 1
    (segment / "list" / "val.txt").unlink()
    assert "data.list_missing" in {f.code for f in segment_findings(segment)}
    (segment / "B").rename(segment / "C")
    assert "data.folder_missing" in {f.code for f in segment_findings(segment)}
    assert "data.root_missing" in {f.code for f in segment_findings(segment / "nowhere")}


def test_lists_that_overlap_are_warned_of_at_a_launch(segment: Path) -> None:
    (segment / "list" / "val.txt").write_text("3.jpg\n2.jpg\n")
    (finding,) = segment_findings(segment)
    assert (finding.code, finding.severity, finding.rows) == ("data.split_overlap", "warning", (2,))
    assert finding.place == str(segment / "list" / "val.txt")
    assert segment_findings(segment, "segment_evaluate") == []


def test_the_task_is_also_read_from_the_spec(segment: Path) -> None:
    spec = {"task": "segment", "dataset": {"segment": {"root_dir": str(segment / "nowhere")}}}
    assert errors(quick_check(spec, "train"))


def test_what_validation_shares_with_training_is_warned_of(data: DataSet, tmp_path: Path) -> None:
    """No error: somebody may want to see first whether training runs at all."""
    spec = data.spec("train_dataset", "validation_dataset")
    (leak,) = quick_check(spec, "train")
    assert (leak.code, leak.severity, leak.rows) == ("data.leak_picture", "warning", (2, 3))
    boards = "input_path,golden_path,label,object_name,board\n{0},golden,PASS,U1,{1}\n{0},golden,open,U2,{1}\n"
    (data.root / "images" / "other").symlink_to(data.root / "images" / "board")
    for name, folder, board in (("train", "board", "b1"), ("validation", "other", "b1"), ("test", "other", "b2")):
        (tmp_path / f"{name}.csv").write_text(boards.format(folder, board))
    classify = spec["dataset"]["classify"]
    classify["train_dataset"] |= {"csv_path": str(tmp_path / "train.csv")}
    for name, codes in (("validation", ["data.leak_board"]), ("test", [])):
        classify["validation_dataset"] = classify["train_dataset"] | {"csv_path": str(tmp_path / f"{name}.csv")}
        assert [finding.code for finding in quick_check(spec, "train")] == codes


def test_marks_columns_and_odd_text_are_warned_of_at_a_launch(data: DataSet) -> None:
    text = f"\ufeff{HEADER},lable\nboard,golden,=1+1,U1,-0.5\nboard,golden,PASS,U2,+2\n"
    (data.root / "dataset.csv").write_text(text, encoding="utf-8")
    told = found(data)
    assert set(told) == {"data.csv_bom", "data.csv_extra_columns", "data.odd_text"}
    assert told["data.odd_text"].rows == (2,)
    assert "'=1+1' begins like a spreadsheet formula" in told["data.odd_text"].message


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("=HYPERLINK(1)", "formula"),
        ("@SUM(A1)", "formula"),
        ("+cmd|' /C calc'!A0", "formula"),
        ("-cmd", "formula"),
        ("-0.5", ""),
        ("a=b", ""),
        ("10 -> 12", ""),
        ("a < b", ""),
        ("<script>", "markup"),
        ("x<!--", "markup"),
        ("\u202egnp.exe", "direction"),
        ("\x1b[2J", "control"),
        ("Ä 板 µ", ""),
    ],
)
def test_cells_that_other_programs_would_obey(cell: str, kind: str) -> None:
    told = odd_text(PairRow("a", "g", "PASS", "x", 2, {"note": "plain", "odd": cell}))
    assert kind in told
    assert bool(told) == bool(kind)
    assert told.isprintable()


def test_a_folder_is_listed_once_and_no_file_asked_for(tmp_path: Path) -> None:
    """What makes a million rows quick: the calls to the file system are as many for 300 rows as for 3."""
    asked: list[Counter[str]] = []
    for rows in (3, 300):
        data = DataSet(tmp_path / str(rows))
        for i in range(rows):
            for folder in ("board", "golden"):
                (data.root / "images" / folder / f"N{i}.jpg").write_bytes(b"")
        data.write([f"board,golden,{'open' if i % 2 else 'PASS'},N{i}" for i in range(rows)])
        calls: Counter[str] = Counter()
        spec = data.spec("train_dataset")

        def count(_frame: object, event: str, what: Any, calls: Counter[str] = calls) -> None:
            if event == "c_call" and what.__name__ in {"stat", "lstat", "listdir", "scandir", "open", "access"}:
                calls[what.__name__] += 1

        sys.setprofile(count)
        try:
            findings = quick_check(spec, "train")
        finally:
            sys.setprofile(None)
        assert findings == []
        asked.append(calls)
    assert asked[0] == asked[1]
    assert asked[0]["listdir"] == 2


def test_the_check_loads_neither_numpy_nor_pillow() -> None:
    code = "import sys, pairs.quick, pairs.layout; print([m for m in ('numpy', 'PIL', 'torch') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_single_picture_of_another_extension_is_named(data: DataSet) -> None:
    picture = next(path for path in sorted((data.root / "images" / "board").glob("*.jpg")))
    picture.rename(picture.with_suffix(".JPG"))
    finding = found(data)["data.image_ext"]
    assert picture.with_suffix(".JPG").name in finding.message
    assert finding.count == 1
    assert "data.image_missing" not in found(data)


def test_other_words_for_pass_are_renamed_not_added(data: DataSet) -> None:
    for good, bad in (("OK", "NG"), ("good", "bad"), ("0", "1")):
        data.write([row.replace("PASS", good).replace("open", bad) for row in GOOD])
        codes = found(data)
        assert codes["data.one_class"].remedy == f"write PASS where {good!r} means a good board"
        assert ("data.label_word" in codes) is (good != "0")  # a 0 beside PASS may be a kind of defect
    data.write([*GOOD, "board,golden,ok,U1"])
    assert (found(data)["data.label_word"].severity, found(data)["data.label_word"].rows) == ("warning", (4,))
    data.write(GOOD[1:])
    assert found(data)["data.one_class"].remedy == "add rows labelled PASS"


def test_a_lighting_that_is_joined_by_a_dash_is_told_as_such(tmp_path: Path) -> None:
    data = DataSet(tmp_path, names=("U1-Solder.jpg", "U2-Solder.jpg"))
    for lights in (None, {"Solder": 0}):
        finding = found(data, input_map=lights)["data.light_joint"]
        assert (finding.severity, finding.rows) == ("error", (2, 3))
        assert "U1_LIGHTING.jpg" in finding.remedy

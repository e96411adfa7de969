# SPDX-License-Identifier: Apache-2.0
"""A folder that a line fills: each part once, whole pictures only, through kills and broken files."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from interfaces.cli import main
from interfaces.serving.arrivals import Arrivals, Naming
from interfaces.serving.ledger import Ledger, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGENET = str(Path(sys.executable).parent / "changenet")


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "inspected.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def words(folder: Path, model: Any, *more: str) -> list[str]:
    return ["watch", str(folder), "--model", str(model.onnx), "--golden", str(model.golden), "--settle", "0.1", *more]


@pytest.fixture
def line(tmp_path: Path) -> Path:
    folder = tmp_path / "line"
    folder.mkdir()
    return folder


def aged(path: Path, seconds: float = 3600.0) -> None:
    before = time.time() - seconds
    os.utime(path, (before, before))


def test_each_part_is_inspected_once_with_its_result_beside_it(
    line: Path, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(model.good, line / "one.png")
    shutil.copy(model.bad, line / "two.png")
    (line / "broken.png").write_bytes(model.bad.read_bytes()[:80])
    aged(line / "broken.png")
    (line / "cut.png").write_bytes(model.bad.read_bytes()[:80])  # may still be written
    (line / "notes.txt").write_text("no picture", encoding="utf-8")
    assert main([*words(line, model, "--once", "--overlays"), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert [counts[name] for name in ("inspected", "no_pass", "set_aside", "waiting")] == [2, 1, 1, 1]
    rows = {row["name"]: row for row in table_of(line)}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "one.png": "PASS",
        "two.png": "NO_PASS",
        "broken.png": "NOT_INSPECTED",
    }
    assert "can't be decoded" in rows["broken.png"]["reason"]
    assert (line / "set-aside" / "broken.png").is_file()
    result = json.loads((line / "two.png.json").read_text(encoding="utf-8"))
    assert (result["verdict"], result["score"]) == ("NO_PASS", pytest.approx(float(rows["two.png"]["score"])))
    assert (line / "two.png.overlay.png").is_file()
    shutil.copy(model.bad, line / "cut.png")  # now it is whole
    assert main([*words(line, model, "--once"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inspected"] == 1
    assert [row["name"] for row in table_of(line)].count("one.png") == 1
    assert table_of(line)[-1]["name"] == "cut.png"


def test_killed_at_any_moment_it_loses_and_repeats_none(line: Path, model: Any) -> None:
    chance = random.Random(5)
    names = [f"part{i:02}.png" for i in range(60)]
    for name in names:
        shutil.copy(model.bad if chance.random() < 0.5 else model.good, line / name)
    argv = [CHANGENET, *words(line, model)]
    table = line / "inspected.csv"
    kills, done = 0, 0
    while done < len(names):
        process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wanted = done + chance.randrange(1, 30)
        while process.poll() is None and (not table.exists() or lines_of(table) <= wanted) and done < len(names):
            time.sleep(0.002)
            done = lines_of(table) - 1 if table.exists() else 0
        process.kill()
        process.wait()
        kills += 1
        done = lines_of(table) - 1
        assert kills < 12
        if done < len(names):
            with table.open("ab") as handle:
                handle.write(b"2026-01-01,torn")  # as a kill within a write leaves it
    assert sorted(row["name"] for row in table_of(line)) == names
    assert kills > 1
    assert all((line / f"{name}.json").is_file() for name in names)


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def test_a_picture_is_taken_when_nothing_about_it_changes(line: Path) -> None:
    arrivals = Arrivals(line, Naming(()), settle=0.15)
    path = line / "slow.png"
    for _ in range(4):
        with path.open("ab") as handle:
            handle.write(b"x" * 1000)
        assert arrivals.look() == ([], 1)
        time.sleep(0.05)
    time.sleep(0.2)
    (part,), coming = arrivals.look()
    assert (part.name, part.stamp.size, coming) == ("slow.png", 4000, 0)
    (line / "empty.png").touch()
    (line / ".hidden.png").write_bytes(b"x")
    (line / "slow.png.overlay.png").write_bytes(b"x")
    arrivals.look()
    time.sleep(0.2)
    assert [part.name for part in arrivals.look()[0]] == ["slow.png"]


def test_a_part_waits_for_all_its_lightings(line: Path) -> None:
    arrivals = Arrivals(line, Naming(("White", "Solder")), settle=0.0)
    (line / "R1_White.png").write_bytes(b"x")
    (line / "unnamed.png").write_bytes(b"x")
    arrivals.look()
    assert arrivals.look()[0] == []
    (line / "R1_Solder.png").write_bytes(b"xy")
    arrivals.look()
    ((part,), _) = arrivals.look()
    assert (part.stem, part.stamp.size, [file.name for file in part.files]) == (
        "R1",
        3,
        ["R1_White.png", "R1_Solder.png"],
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(tmp_path / "inspected.csv")
    yield found
    found.close()


def test_a_torn_row_is_cut_off_and_another_table_refused(tmp_path: Path, ledger: Ledger) -> None:
    row = Row("now", 'a, "b".png', 5, 7, "PASS", "0.1", "0.5", "g.png", "m")
    ledger.add([row])
    with ledger.path.open("ab") as table:
        table.write(b"now,torn.pn")
    ledger.close()
    again = Ledger(ledger.path)
    assert ledger.path.read_bytes().endswith(b"m,\n")
    again.add([row])
    again.close()
    assert ledger.path.read_bytes().count(b"\n") == 3
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Exception, match="no table of `changenet watch`"):
        Ledger(other)


@pytest.mark.parametrize(
    ("change", "code", "exit_code"),
    [
        (lambda words: ["watch", words[1]], "usage.missing", 2),
        (lambda words: ["watch", "absent", *words[2:]], "watch.folder", 3),
        (lambda words: [*words[:5], "absent.png", *words[6:]], "watch.golden", 3),
        (lambda words: [*words[:7], "-1"], "usage.value", 2),
    ],
)
def test_a_watch_that_can_not_be_is_refused(
    change: Any, code: str, exit_code: int, line: Path, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*change(words(line, model)), "--once", "--json"]) == exit_code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_two_do_not_watch_one_folder(line: Path, model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    first = Ledger(line / "inspected.csv")
    try:
        assert main([*words(line, model), "--once", "--json"]) == 3
    finally:
        first.close()
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "watch.taken"


def dark(source: Path, target: Path) -> Path:
    with Image.open(source) as picture:
        picture.point(lambda value: value // 12).save(target)
    return target


def test_good_photos_that_the_model_does_not_fit_stay_where_they_are(
    line: Path, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = dark(model.golden, tmp_path / "golden.png")
    for name in ("one.png", "two.png"):
        aged(dark(model.good, line / name))
    argv = ["watch", str(line), "--model", str(model.onnx), "--golden", str(golden), "--settle", "0.1", "--once"]
    assert main([*argv, "--json"]) == 4
    told = capsys.readouterr()
    counts = json.loads(told.out)
    assert [counts[name] for name in ("inspected", "set_aside", "waiting", "unfit")] == [0, 0, 2, 2]
    assert told.err.count("stays where it is") == 1  # once for the cause
    assert "take the pictures as those of the training were taken" in told.err
    assert {path.name for path in line.iterdir()} == {"one.png", "two.png", "inspected.csv"}
    assert table_of(line) == []
    assert main(argv) == 4
    assert "2 of them were not inspected" in capsys.readouterr().out


def test_one_picture_unlike_those_that_the_model_judges_is_set_aside_with_its_row(
    line: Path, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goldens = tmp_path / "goldens"
    goldens.mkdir()
    argv = [
        "watch",
        str(line),
        "--model",
        str(model.onnx),
        "--golden",
        str(goldens),
        "--settle",
        "0.1",
        "--once",
        "--json",
    ]
    for name in ("a_first.png", "c_alone.png"):
        dark(model.golden, goldens / name)
    aged(dark(model.good, line / "a_first.png"))
    for number in range(17):  # more than are judged together
        shutil.copy(model.golden, goldens / f"b{number:02}.png")
        shutil.copy(model.good, line / f"b{number:02}.png")
    assert main(argv) == 0
    counts = json.loads(capsys.readouterr().out)
    assert [counts[name] for name in ("inspected", "set_aside", "unfit")] == [17, 1, 0]
    assert (line / "set-aside" / "a_first.png").is_file()
    aged(dark(model.good, line / "c_alone.png"))  # the table shows that the model fits
    assert main(argv) == 0
    assert json.loads(capsys.readouterr().out)["set_aside"] == 1
    assert {row["name"] for row in table_of(line) if "inspect.unlike" in row["reason"]} == {
        "a_first.png",
        "c_alone.png",
    }


def test_a_broken_golden_image_is_no_fault_of_the_photos(
    line: Path, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = tmp_path / "golden.png"
    golden.write_bytes(model.golden.read_bytes()[:80])
    shutil.copy(model.good, line / "one.png")
    aged(line / "one.png")
    argv = [
        "watch",
        str(line),
        "--model",
        str(model.onnx),
        "--golden",
        str(golden),
        "--settle",
        "0.1",
        "--once",
        "--json",
    ]
    assert main(argv) == 4
    told = capsys.readouterr()
    assert json.loads(told.out)["unfit"] == 1
    assert "golden image does not fit" in told.err
    assert (line / "one.png").is_file()
    shutil.copy(model.golden, golden)
    assert main(argv) == 0


def test_a_folder_without_any_golden_image_of_the_parts_is_no_success(
    line: Path, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(model.good, line / "one.png")
    goldens = tmp_path / "goldens"
    goldens.mkdir()
    argv = ["watch", str(line), "--model", str(model.onnx), "--golden", str(goldens), "--settle", "0.1", "--once"]
    assert main(argv) == 3
    told = capsys.readouterr()
    assert "none was inspected: 1 have no golden image" in told.out
    assert "one.png waits" in told.err


def test_a_doubtful_verdict_says_why(line: Path, model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with Image.open(model.bad) as picture:
        picture.convert("L").save(line / "grey.png")
    assert main([*words(line, model, "--once"), "--json"]) == 0
    assert "WARNING grey.png: the test picture is grey and the golden picture in colour" in capsys.readouterr().err
    document = json.loads((line / "grey.png.json").read_text(encoding="utf-8"))
    assert any("in colour" in warning for warning in document["warnings"])

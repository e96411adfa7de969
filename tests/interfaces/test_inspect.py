# SPDX-License-Identifier: Apache-2.0
"""`changenet inspect` as it is typed: a job, an answer, a page."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from core.errors import RequestError
from interfaces.cli import main
from interfaces.verbs.inspect import _read

if TYPE_CHECKING:
    from pathlib import Path


def draw_board(seed: int) -> Image.Image:
    chance = random.Random(seed)
    board = Image.new("RGB", (400, 300), (20, 70, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(90):
        x, y = chance.randrange(400), chance.randrange(300)
        draw.rectangle((x, y, x + chance.randrange(8, 40), y + chance.randrange(5, 26)), fill=(170, 150, 60 + y // 2))
    return board


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    golden = draw_board(1)
    golden.save(tmp_path / "golden.png")
    ImageDraw.Draw(golden).rectangle((200, 140, 230, 170), fill=(250, 250, 250))
    (tmp_path / "photos").mkdir()
    golden.save(tmp_path / "photos" / "<b>bad.png")
    draw_board(2).save(tmp_path / "photos" / "other.png")
    return tmp_path


def test_an_inspection_is_a_job_with_an_answer_and_a_page(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    code = main(["inspect", "none", "golden.png", "photos", "--results", "results", "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    assert {board["name"]: board["verdict"] for board in found["boards"]} == {
        "<b>bad": "NO_PASS",
        "other": "NOT_INSPECTED",
    }
    assert found["job"]["action"] == "segment_inspect"
    assert "no model: this is the plain difference" in err
    assert found["model"] == "none"
    with open(found["report"], encoding="utf-8") as handle:  # noqa: PTH123 - a text of the document
        page = handle.read()
    assert "&lt;b&gt;bad" in page
    assert "<b>bad" not in page
    assert len(re.findall(r'src="data:image/', page)) == 2  # the board and its one region
    assert "no model judged these boards" in page
    assert "can&#39;t be registered" in page


@pytest.mark.long
def test_without_a_model_named_the_starter_judges_and_is_calibrated_by_good_pairs(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    assert main(["inspect", "golden.png", "photos/<b>bad.png", "--results", "results", "--json"]) == 0
    out, err = capsys.readouterr()
    found: dict[str, Any] = json.loads(out)
    assert "model: starter" in err
    assert found["model"] == "starter"
    (board,) = found["boards"]
    assert board["verdict"] == "NO_PASS"
    left, top, width, height = board["regions"][0]["box"]
    assert 190 <= left < left + width <= 240
    assert 130 <= top < top + height <= 180
    rows = "".join(f"g{n}.png,t{n}.png\n" for n in range(3))
    (photos / "good.csv").write_text(f"golden,test\n{rows}", encoding="utf-8")
    for number in range(3):
        draw_board(number + 5).crop((0, 0, 256, 256)).save(photos / f"g{number}.png")
        draw_board(number + 5).crop((0, 0, 256, 256)).save(photos / f"t{number}.png")
    assert main(["calibrate", "starter", "good.csv", "--far", "10%", "--results", "results", "--json"]) == 0
    out, err = capsys.readouterr()
    calibrated: dict[str, Any] = json.loads(out)
    assert (calibrated["good_pairs"], calibrated["flagged"]) == (3, 0)
    assert calibrated["false_alarm_rate_at_most"] == pytest.approx(1 - 0.05 ** (1 / 3), abs=1e-5)
    assert calibrated["pairs_to_show_it"] == 29
    assert calibrated["recall"]["drawn"] == len(calibrated["drawn"]) > 40
    assert sum(one["drawn"] for one in calibrated["recall_by_kind"].values()) == len(calibrated["drawn"])
    assert main(["inspect", calibrated["job"]["id"], "g0.png", "t0.png", "--results", "results", "--json"]) == 0
    out, err = capsys.readouterr()
    judged: dict[str, Any] = json.loads(out)
    assert judged["boards"][0]["verdict"] == "PASS"
    assert judged["evidence"]["threshold"] == pytest.approx(calibrated["threshold"])
    assert judged["evidence"]["threshold_origin"]["split"] == "calibration"


def test_a_calibration_takes_no_marked_pair_and_no_set_without_val(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for part, mode in (("line/golden", "RGB"), ("line/test", "RGB"), ("line/label", "L")):
        (tmp_path / part).mkdir(parents=True)
        Image.new(mode, (64, 64), 255 if mode == "L" else (20, 70, 30)).save(tmp_path / part / "b0.png")
    assert main(["calibrate", "starter", "line", "--results", "results"]) == 2
    assert "no pair is good: each label marks a defect" in capsys.readouterr().err
    table = tmp_path / "set" / "train" / "dataset.csv"
    table.parent.mkdir(parents=True)
    table.write_text(
        "input_path,golden_path,label,object_name\n../line/test,../line/golden,PASS,b0\n", encoding="utf-8"
    )
    assert main(["calibrate", "starter", "set", "--results", "results"]) == 2
    assert "no val split" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_pairs_that_cannot_be_found_are_told_before_a_job_is_there(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    (photos / "goldens").mkdir()
    for name in ("a.png", "b.png"):
        draw_board(1).save(photos / "goldens" / name)
    (photos / "pairs.csv").write_text("reference,test\ngolden.png,photos/other.png\n", encoding="utf-8")
    for words in (["goldens", "photos"], ["pairs.csv"], ["golden.png", "photos", "-s", "inspect.test=/nowhere/x.png"]):
        assert main(["inspect", *words, "--results", "results"]) == 2
        assert "remedy: " in capsys.readouterr().err
    assert not (photos / "results").exists()


def test_pictures_of_folders_below_and_a_broken_golden_one_are_told(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    (photos / "goldens").mkdir()
    (photos / "photos" / "late").mkdir()
    draw_board(1).save(photos / "photos" / "late" / "more.png")
    draw_board(1).save(photos / "goldens" / "<b>bad.png")
    (photos / "goldens" / "other.png").write_bytes(b"no picture")
    assert main(["inspect", "none", "goldens", "photos", "--results", "results", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    (finding,) = found["findings"]
    assert finding["message"] == "pictures in folders below it are not inspected: 1 of them"
    (reason,) = [board["reason"] for board in found["boards"] if "reason" in board]
    assert reason.startswith("other.png, its golden picture: the picture can't be decoded")


@pytest.mark.long
def test_two_pictures_of_different_boards_end_with_an_answer(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    assert main(["inspect", "golden.png", "photos/other.png", "--results", "results"]) == 4
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("other: NOT_INSPECTED, the pictures can't be registered")
    assert told[1].startswith("  what helps: check that both show the same board")


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (("g.png", "t.png"), (None, "g.png", "t.png")),
        (("JOB", "g.png", "photos"), ("JOB", "g.png", "photos")),
        (("pairs.csv",), (None, "pairs.csv", None)),
        (("best.pth", "pairs.CSV"), ("best.pth", "pairs.CSV", None)),
    ],
)
def test_model_golden_and_test_are_told_apart(words: tuple[str, ...], read: tuple[Any, ...]) -> None:
    assert _read(words) == read


@pytest.mark.parametrize("words", [(), ("g.png",), ("a", "b", "c", "d"), ("a", "b", "pairs.csv")])
def test_too_few_and_too_many_words_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(RequestError):
        _read(words)

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, InputError
from core.problem import Problem
from pairs.classify_csv import read_rows
from reports.gallery import Limits
from reports.inspection import write_report
from reports.measures import measure
from reports.results import ResultFiles, SpecValue
from reports.scored_table import read_scored_table, verdict_notes
from scoring.figures import summarize

if TYPE_CHECKING:
    from pathlib import Path


HEADER = ("input_path", "golden_path", "label", "object_name", "siamese_score", "threshold")


class Reader(HTMLParser):
    """Collects elements with their attributes, and text outside style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class calls it so
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"}:
            self.scripts.append(data)
        elif data.strip():
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def read_page(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    return reader


def embedded_pictures(page: Reader) -> list[Image.Image]:
    sources = [attrs["src"] or "" for tag, attrs in page.elements if tag == "img"]
    return [Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) for source in sources]


def test_the_page_states_what_scoring_counts(boards: ResultFiles, tmp_path: Path) -> None:
    summary = write_report(boards, tmp_path / "report.html")
    rows = read_rows(boards.table)
    figures = summarize([r.label != "PASS" for r in rows], [float(r.extra["siamese_score"]) for r in rows], 0.5)
    assert figures["escapes"] > 0
    assert figures["false_alarms"] > 0
    text = read_page(summary.path).text
    assert summary.status == "missed"
    assert f"{figures['escapes']} of 24 defects escaped, {figures['false_alarms']} of 72 good pairs flagged" in text
    assert f"{100 * figures['recall']:.2f}%" in text
    assert re.search(rf"{figures['escapes_per_million']:,.0f} per million pairs \([\d,]+.[\d,]+\)", text)
    assert f"{100 * figures['auc']:.2f}%" in text
    assert f"{100 * figures['f1']:.2f}%" in text


def test_every_mistake_is_shown_under_every_light(boards: ResultFiles, tmp_path: Path) -> None:
    page = read_page(write_report(boards, tmp_path / "report.html").path)
    cards = [attrs for tag, attrs in page.elements if tag == "li" and "card" in (attrs.get("class") or "")]
    sorts = [card["data-sort"] for card in cards]
    rows = read_rows(boards.table)
    wrong = [r for r in rows if (r.label != "PASS") != (float(r.extra["siamese_score"]) > 0.5)]
    assert sorts.count("escape") + sorts.count("false_alarm") == len(wrong)
    assert sorts.count("borderline") == 48
    shots = [attrs for tag, attrs in page.elements if attrs.get("class") == "shot"]
    per_card = ["golden", "test", "difference", "evidence", "golden", "test", "difference"]
    assert [shot["data-view"] for shot in shots] == per_card * len(cards)
    lights = [shot["data-light"] for shot in shots[:7]]
    assert lights == ["SolderLight"] * 3 + [""] + ["WhiteLight"] * 3


def test_the_same_inputs_give_the_same_bytes(boards: ResultFiles, tmp_path: Path) -> None:
    first = write_report(boards, tmp_path / "a.html").path.read_bytes()
    assert write_report(boards, tmp_path / "b.html").path.read_bytes() == first


def test_the_page_needs_nothing_else_and_allows_only_its_own_code(boards: ResultFiles, tmp_path: Path) -> None:
    path = write_report(boards, tmp_path / "report.html").path
    page = read_page(path)
    policy = next(a["content"] or "" for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    source = path.read_text(encoding="utf-8")
    for tag in ("style", "script"):
        inner = re.search(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        assert inner
        digest = base64.b64encode(hashlib.sha256(inner[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for _tag, attrs in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attrs)
        assert all((attrs.get(name) or "#").startswith(("#", "data:")) for name in ("src", "href", "action"))


def test_hostile_cells_stay_text(hostile: ResultFiles, tmp_path: Path) -> None:
    page = read_page(write_report(hostile, tmp_path / "report.html").path)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"iframe", "object", "embed", "link", "base", "form", "b-b"}
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    assert "</script><script>window.hacked=1</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\u202e" not in page.text
    assert "L" * 161 not in page.text
    assert "report.odd_text" in page.text
    assert "on this page it is plain text" in page.text


def test_nothing_is_read_outside_the_folders(hostile: ResultFiles, tmp_path: Path) -> None:
    summary = write_report(hostile, tmp_path / "report.html")
    page = read_page(summary.path)
    pictures = embedded_pictures(page)
    assert not pictures  # every picture that there is lies outside
    assert "missing" in page.texts
    assert "are missing, unreadable or outside their folder" in page.text


def test_a_picture_inside_the_folder_is_shown_beside_those_outside(hostile: ResultFiles, tmp_path: Path) -> None:
    row = "a,a,PASS,x,b,,0.95,NO_PASS,0.5,\n"
    hostile.table.write_text(hostile.table.read_text(encoding="utf-8") + row, encoding="utf-8")
    colours = [
        p.convert("RGB").getpixel((8, 8))
        for p in embedded_pictures(read_page(write_report(hostile, tmp_path / "r.html").path))
    ]
    assert len(colours) == 3
    assert all(colour != (255, 0, 255) and (max(colour) < 30 or min(colour) > 230) for colour in colours)


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        ([], "unknown", "the table has no row that can be used"),
        ([["a", "a", "PASS", "x", 0.2, 0.5]], "unknown", "there is no defect"),
        ([["a", "a", "open", "x", 0.9, 0.5]], "met", "there is no PASS pair"),
        (
            [["a", "a", "open", "x", 0.9, 0.5], ["a", "a", "PASS", "y", "nan", 0.5]],
            "unknown",
            "1 of 2 scores are not finite",
        ),
        ([["a", "a", "open", "x", "inf", 0.5], ["a", "a", "PASS", "y", "", 0.5]], "unknown", "no finite score"),
        ([["a", "a", "open", "x", "1e999", 0.5], ["a", "a", "PASS", "y", "none", 0.5]], "unknown", "no finite score"),
        ([["a", "a", "open", "x", 0.9, 0.5], ["a", "a", "PASS", "y", 0.1, 0.7]], "met", "2 different thresholds"),
        ([["a", "a", "open", "x", 0.9, "nan"], ["a", "a", "PASS", "y", 0.1, ""]], "unknown", "there is no threshold"),
    ],
)
def test_poor_tables_give_a_page_that_says_so(
    rows: list[list[Any]], status: str, said: str, write_table: Any, boards: ResultFiles, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "predictions.csv", HEADER, rows)
    results = replace(boards, table=table, target="recall>=50%", input_map=None)
    summary = write_report(results, tmp_path / "report.html")
    assert summary.status == status
    assert said in read_page(summary.path).text


@pytest.mark.parametrize("target", [None, "far<=1% at recall=100%"])  # an inference inherits that of its model
def test_without_labels_only_flags_are_counted(
    target: str | None, write_table: Any, boards: ResultFiles, tmp_path: Path
) -> None:
    rows = [["a", "a", f"x{i}", i / 10, 0.5] for i in range(10)]
    header = [name for name in HEADER if name != "label"]
    results = replace(boards, table=write_table(tmp_path / "inference.csv", header, rows), target=target)
    page = read_page(write_report(results, tmp_path / "report.html").path)
    assert "4 of 10 pairs flagged" in page.texts
    assert "Confusion matrix" not in page.texts
    assert "Escapes" not in page.texts


def test_empty_labels_are_no_verdict(write_table: Any, boards: ResultFiles, tmp_path: Path) -> None:
    """An inference keeps the label column of its input, empty as it may be."""
    header = ("input_path", "golden_path", "label", "object_name", "siamese_score", "threshold")
    rows = [["a", "a", "", f"x{i}", i / 10, 0.5] for i in range(10)]
    results = replace(boards, table=write_table(tmp_path / "inference.csv", header, rows), target="recall>=50%")
    page = read_page(write_report(results, tmp_path / "report.html").path)
    assert "4 of 10 pairs flagged" in page.texts
    assert "nobody can tell which of them rightly, nor whether the target recall>=50% is met." in page.text
    assert "report.no_labels" in page.texts
    assert "Confusion matrix" not in page.texts
    rows[0][2] = "PASS"
    rows[9][2] = "open"
    results = replace(results, table=write_table(tmp_path / "partly.csv", header, rows))
    summary = write_report(results, tmp_path / "report.html")
    assert (summary.rows, summary.status) == (2, "met")
    assert "its label is empty (and 7 more of this kind)" in read_page(summary.path).text


def test_missing_pictures_are_named_and_the_pairs_still_listed(boards: ResultFiles, tmp_path: Path) -> None:
    results = replace(boards, images_dir=tmp_path / "nowhere", results_dir=tmp_path)
    page = read_page(write_report(results, tmp_path / "report.html").path)
    assert "the folder of pictures is not known or not on this machine" in page.text
    assert sum(attrs.get("class") == "card" for _, attrs in page.elements) > 48
    assert not embedded_pictures(page)


def test_the_limits_hold_and_are_stated(boards: ResultFiles, tmp_path: Path) -> None:
    whole = write_report(boards, tmp_path / "whole.html")
    few = write_report(boards, tmp_path / "few.html", Limits(mistakes=2, borderline=3))
    light = write_report(boards, tmp_path / "light.html", Limits(picture_bytes=40_000))
    assert few.shown == 2 + 2 + 3
    assert "False alarms: 2 of" in read_page(few.path).text
    assert 0 < light.shown < whole.shown
    assert light.size < 150_000
    assert "More would make the page too heavy." in read_page(light.path).text
    sorts = [attrs.get("data-sort") for _, attrs in read_page(light.path).elements if attrs.get("data-sort")]
    assert {"escape", "false_alarm", "borderline"} <= set(sorts)


def test_scores_of_all_pairs_are_embedded_ascending(boards: ResultFiles, tmp_path: Path) -> None:
    page = read_page(write_report(boards, tmp_path / "report.html").path)
    data = json.loads(next(script for script in page.scripts if script.startswith('{"axis"')))
    scores = np.frombuffer(base64.b64decode(data["scores"]), dtype="<f8")
    expected = sorted(float(row.extra["siamese_score"]) for row in read_rows(boards.table))
    assert scores.tolist() == expected
    assert len(base64.b64decode(data["defect"])) == len(expected)


def test_a_board_column_without_a_name_in_it_is_none(write_table: Any, tmp_path: Path) -> None:
    """One board of all pairs would have no intervals."""
    header = ("input_path", "golden_path", "label", "object_name", "board", "siamese_score", "threshold")
    rows = [["a", "a", "open" if i % 2 else "PASS", f"C{i}", "", (i * 7 % 20) / 20, 0.5] for i in range(20)]
    table = write_table(tmp_path / "predictions.csv", header, rows)
    assert measure(read_scored_table(table), 0.5, None).intervals["recall"]


def test_verdicts_that_do_not_follow_are_told(write_table: Any, boards: ResultFiles, tmp_path: Path) -> None:
    rows = [["a", "a", "open", "x", 0.9, 0.5, "PASS"], ["a", "a", "PASS", "y", 0.1, 0.5, "PASS"]]
    table = write_table(tmp_path / "predictions.csv", (*HEADER, "verdict"), rows)
    page = read_page(write_report(replace(boards, table=table), tmp_path / "report.html").path)
    assert "report.verdict" in page.texts


def test_findings_spec_and_commands_stand_on_the_page(boards: ResultFiles, tmp_path: Path) -> None:
    results = replace(
        boards,
        findings=(
            Problem(
                "data.leak_board", "val.csv", "one board stands in two splits", "split by board", "warning", (3,), 1
            ),
        ),
        spec=(
            SpecValue("model.backbone.type", "fan_tiny"),
            SpecValue("train.num_epochs", 7, "override", "given by hand"),
        ),
        reproduce=("changenet run evaluate --data boards",),
        kpi={"test_acc": 93.5},
    )
    text = read_page(write_report(results, tmp_path / "report.html").path).text
    for said in ("one board stands in two splits", "split by board", "given by hand", "changenet run evaluate", "93.5"):
        assert said in text
    assert "1 values of the template" in text


@pytest.mark.parametrize(
    ("change", "code"),
    [({"target": "far<=1%"}, "scoring.target"), ({"target": "nonsense"}, "scoring.target")],
)
def test_a_senseless_target_writes_nothing(
    change: dict[str, Any], code: str, boards: ResultFiles, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        write_report(replace(boards, **change), tmp_path / "out" / "report.html")
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_a_place_that_can_not_be_written_is_named(boards: ResultFiles, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "report.html"
    with pytest.raises(InputError, match="can't be written") as caught:
        write_report(boards, out)
    assert (caught.value.code, caught.value.where) == ("report.out", str(out))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_table_without_scores_is_refused(write_table: Any, boards: ResultFiles, tmp_path: Path) -> None:
    table = write_table(tmp_path / "dataset.csv", HEADER[:4], [["a", "a", "PASS", "x"]])
    with pytest.raises(DataError, match="no column siamese_score") as caught:
        write_report(replace(boards, table=table), tmp_path / "report.html")
    assert caught.value.code == "report.no_scores"
    assert not (tmp_path / "report.html").exists()
    with pytest.raises(DataError, match="does not exist"):
        write_report(replace(boards, table=tmp_path / "none.csv"), tmp_path / "report.html")
    with pytest.raises(DataError, match="is a folder, not a file"):
        write_report(boards, tmp_path)


def test_real_pairs_are_shown(real_data: Path, write_table: Any, tmp_path: Path) -> None:
    source, images = real_data / "deeppcb" / "PCBData", tmp_path / "images"
    listed = [line.split()[0].removesuffix(".jpg") for line in (source / "val.txt").read_text().splitlines()]
    for name in listed:
        for role, suffix in (("golden", "_temp"), ("test", "_test")):
            (images / role).mkdir(parents=True, exist_ok=True)
            shutil.copy(source / f"{name}{suffix}.jpg", images / role / f"{name.rpartition('/')[2]}.jpg")
    rows = [["test", "golden", "open", name.rpartition("/")[2], i / 30, 0.5] for i, name in enumerate(listed)]
    results = ResultFiles(write_table(tmp_path / "predictions.csv", HEADER, rows), images_dir=images)
    summary = write_report(results, tmp_path / "report.html")
    assert summary.shown == len(listed) == 30
    pictures = embedded_pictures(read_page(summary.path))
    assert {picture.size for picture in pictures} == {(256, 256)}
    golden, test, difference = (np.asarray(picture.convert("L"), dtype=int) for picture in pictures[:3])
    assert np.corrcoef(np.abs(test - golden).ravel(), 255 - difference.ravel())[0, 1] > 0.9
    assert summary.size < 15_000_000


def test_a_score_equal_to_the_threshold_passes_in_a_report_too(write_table: Any, tmp_path: Path) -> None:
    rows = [["a", "a", "open", "x", 0.5, "PASS", 0.5], ["a", "a", "PASS", "y", 0.5, "PASS", 0.5]]
    header = ("input_path", "golden_path", "label", "object_name", "siamese_score", "verdict", "threshold")
    table = read_scored_table(write_table(tmp_path / "predictions.csv", header, rows))
    measures = measure(table, 0.5, "recall>=50%")
    assert (measures.flagged, measures.figures["escapes"], measures.figures["false_alarms"]) == (0, 1, 0)
    assert (measures.status, verdict_notes(table, 0.5)) == ("missed", ())
    assert [group.escapes for group in measures.tables[0].groups] == [1]

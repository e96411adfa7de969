# SPDX-License-Identifier: Apache-2.0
"""The page on masks, from the files that an evaluation or inference leaves in a job's folder."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.documents import dump_yaml
from core.errors import DataError, InputError
from reports.job_report import verdict, write
from reports.pictures import outlined
from reports.segment import write_segment_report
from reports.segment_tables import read_segment_tables

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = (
    "name,mask,height,width,changed_pixels,regions,score,threshold,labelled_pixels,right_pixels,defects,found,"
    "false_regions\n"
    "a.jpg,a.png,600,900,100,1,0.9,0.4,100,100,1,1,0\n"
    "b.jpg,b.png,600,900,100,1,0.7,0.4,100,0,1,0,1\n"
    "c<i>.jpg,c.png,600,900,0,0,0.1,0.4,0,0,0,0,0\n"
)
REGIONS = (
    "name,kind,class_id,area,x1,y1,x2,y2,score\n"
    "a.jpg,hit,1,100,20,30,30,40,0.9\n"
    "b.jpg,false,1,100,400,300,410,310,0.7\n"
    "b.jpg,missed,1,100,20,30,30,40,0.2\n"
)
FIGURES = {
    "task": "segment",
    "threshold": 0.4,
    "pixels": {"f1": 0.5, "iou": 1 / 3, "precision": 0.5, "recall": 0.5},
    "classes": {f"{name}_{i}": 0.5 for name in ("iou", "F1", "precision", "recall") for i in range(2)},
    "confusion": [[1619800, 100], [100, 100]],
    "regions": {"defects": 2, "found": 1, "missed": 1, "regions": 2, "false_regions": 1},
    "threshold_origin": {"kind": "validation", "split": "validation", "target": ""},
}


def draw(path: Path, box: tuple[int, int, int, int] | None, mode: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new(mode, (900, 600), (20, 90, 40) if mode == "RGB" else 0)
    if box:
        ImageDraw.Draw(picture).rectangle(box, fill=(250, 250, 250) if mode == "RGB" else 1)
    picture.save(path)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The folder of an evaluation: one defect found, one missed, one false region, one pair without a change."""
    folder, data = tmp_path / "segment_evaluate-1", tmp_path / "data"
    results = folder / "results" / "evaluate"
    results.mkdir(parents=True)
    spec = {"task": "segment", "dataset": {"segment": {"root_dir": str(data)}}, "evaluate": {"checkpoint": "best.pth"}}
    (folder / "spec.yaml").write_text(dump_yaml(spec), encoding="utf-8")
    (folder / "plan.json").write_text(json.dumps({"action": "segment_evaluate", "command": ["run", "it"]}))
    (results / "pictures.csv").write_text(PICTURES, encoding="utf-8")
    (results / "regions.csv").write_text(REGIONS, encoding="utf-8")
    (results / "figures.json").write_text(json.dumps(FIGURES), encoding="utf-8")
    line = {"date": "1/2/2026", "time": "3:4:5", "kpi": {"threshold": 0.4, "test_miou": 0.75}}
    (results / "status.json").write_text(json.dumps(line) + "\n", encoding="utf-8")
    there, elsewhere = (20, 30, 29, 39), (400, 300, 409, 309)
    for name, change, mark in (("a", there, there), ("b", there, elsewhere), ("c<i>", None, None)):
        draw(data / "A" / f"{name}.jpg", None, "RGB")
        draw(data / "B" / f"{name}.jpg", change, "RGB")
        draw(data / "label" / f"{name}.png", change, "L")
        draw(results / "masks" / f"{name[0]}.png", mark, "L")
    return folder


def page_of(job: Path) -> str:
    made = write(job, job / "results" / "evaluate", job / "report.html", None)
    assert made is not None
    return made.path.read_text(encoding="utf-8")


def test_the_page_says_what_was_found_and_shows_mistakes_first(job: Path) -> None:
    page = page_of(job)
    assert "1 of 2 defects found, 1 false region" in page
    assert "F1 of pixels 50.00%" in page
    names = re.findall(r'<bdi class="title">(.*?)</bdi>', page)
    assert names == ["b.jpg", "a.jpg", "c&lt;i&gt;.jpg"]
    assert page.count("data:image/jpeg;base64,") == 12
    kinds = re.findall(r'<td><span class="badge (\w+)">', page)
    assert kinds == ["missed", "false", "hit"]
    assert 'class="missed" x="20" y="30" width="10" height="10"' in page
    assert "chosen for the best F1 on validation data" in page
    assert "run it" in page
    assert verdict(job / "results" / "evaluate") == "1 of 2 defects found, 1 false region; F1 of pixels 50.00%"


def test_a_region_that_spans_its_picture_is_told_since_all_in_it_counts_as_found(job: Path) -> None:
    results = job / "results" / "evaluate"
    assert "half a picture" not in page_of(job)
    (results / "regions.csv").write_text(REGIONS.replace("hit,1,100,20,30,30,40", "hit,1,100,20,30,820,530"), "utf-8")
    page = page_of(job)
    assert "1 region spans half a picture or more" in page
    assert "1 region with a box of half a picture or more" in page


def test_the_same_files_give_the_same_bytes(job: Path) -> None:
    assert page_of(job) == page_of(job)


def test_without_labels_regions_are_listed_and_nothing_is_judged(job: Path) -> None:
    results = job / "results" / "evaluate"
    header, *lines = PICTURES.splitlines()
    bare = [",".join(line.split(",")[:8]) for line in (header, *lines)]
    (results / "pictures.csv").write_text("\n".join(bare) + "\n", encoding="utf-8")
    (results / "regions.csv").write_text(REGIONS.replace("hit", "marked").replace("false", "marked"), encoding="utf-8")
    (results / "figures.json").unlink()
    page = page_of(job)
    assert "2 regions marked in 2 of 3 pairs" in page
    assert "without labels nobody can tell" in page
    assert "Missed defects" not in page
    assert verdict(results) == ""


def test_rows_and_pictures_that_can_not_be_used_are_told(job: Path, tmp_path: Path) -> None:
    results = job / "results" / "evaluate"
    (results / "regions.csv").write_text(REGIONS + "d.jpg,hit,one,1,2,3,4,5,0.1\nd.jpg,odd,1,1,2,3,4,5,0.1\n")
    (tmp_path / "data" / "B" / "a.jpg").write_bytes(b"no picture")
    page = page_of(job)
    assert "a row was left out: a number is missing or none" in page
    assert "can&#39;t be decoded" in page
    assert len(read_segment_tables(results).regions) == 3
    (tmp_path / "data" / "A").rename(tmp_path / "data" / "elsewhere")
    assert "no picture can be shown" in page_of(job)


def test_what_can_not_be_made_is_an_error_with_a_remedy(job: Path) -> None:
    results = job / "results" / "evaluate"
    with pytest.raises(InputError) as caught:
        write(job, results, job / "report.html", "far<=1% at recall=99%")
    assert caught.value.code == "report.target"
    (results / "regions.csv").unlink()
    with pytest.raises(DataError) as missing:
        write_segment_report(job, results, job / "report.html")
    assert missing.value.remedy
    assert not (job / "report.html").exists()


def test_a_region_of_a_few_pixels_stays_in_sight_when_a_picture_is_made_smaller(job: Path) -> None:
    test, mask = Image.new("RGB", (480, 320)), np.zeros((320, 480), dtype=np.uint8)
    mask[100, 200] = 1
    drawn = np.asarray(outlined(test, Image.fromarray(mask), None))
    marked = np.argwhere(drawn.any(axis=2))
    assert len(marked) == 8
    assert [100, 200] not in marked.tolist()
    page = page_of(job)
    assert 'width="480" height="320"' in page


def test_filters_zoom_and_boxes_work_in_a_browser(browser: Any, job: Path) -> None:
    page_of(job)
    page = browser.open(job / "report.html")
    shown = "[...document.querySelectorAll('.card:not([hidden])')].map((c) => c.querySelector('.title').textContent)"
    assert page.run(shown) == ["b.jpg"]
    page.run("document.querySelector('input[name=show][value=all]').click()")
    assert page.run(shown) == ["b.jpg", "a.jpg", "c<i>.jpg"]
    page.run("document.querySelector('.card .views').click()")
    assert "Missed: b.jpg" in page.run("document.querySelector('dialog h2').textContent")
    assert page.run("[...document.querySelectorAll('.choices button')].map((b) => b.textContent)") == [
        "All",
        "Golden",
        "Test",
        "Prediction",
        "Difference",
    ]
    page.run("document.querySelector('#boxes').click()")
    assert page.run("document.body.classList.contains('no-boxes')") is True
    assert page.complaints == []

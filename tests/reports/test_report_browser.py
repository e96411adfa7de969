# SPDX-License-Identifier: Apache-2.0
"""Reports as people use them: in a real browser, by slider, keyboard, on a phone, in the dark, on paper."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from pairs.classify_csv import read_rows
from reports.inspection import write_report
from reports.results import ResultFiles, SpecValue
from scoring.figures import summarize
from scoring.groups import by_kind

if TYPE_CHECKING:
    from pathlib import Path

LIVE = "Object.fromEntries([...document.querySelectorAll('[data-live]')].map((e) => [e.dataset.live, e.textContent]))"
SHOWN = (
    "[...document.querySelectorAll('.card:not([hidden])')]"
    ".map((c) => [c.querySelector('.badge').textContent, Number(c.dataset.score)])"
)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def report(boards: ResultFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(boards, tmp_path_factory.mktemp("report") / "report.html").path


def set_threshold(page: Any, value: float) -> None:
    page.run(f"(() => {{ exact.value = '{value}'; exact.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")
    page.settle()


def figures_of(results: ResultFiles, threshold: float) -> dict[str, Any]:
    rows = read_rows(results.table)
    return summarize([r.label != "PASS" for r in rows], [float(r.extra["siamese_score"]) for r in rows], threshold)


@pytest.mark.parametrize("threshold", [0.0, 0.123456, 0.31, 0.5, 0.7321, 1.0])
def test_counts_follow_the_threshold_exactly(threshold: float, browser: Any, report: Path, boards: ResultFiles) -> None:
    page = browser.open(report)
    set_threshold(page, threshold)
    live, expected = page.run(LIVE), figures_of(boards, threshold)
    assert [live["caught"], live["escapes"], live["alarms"], live["passed"]] == [
        str(expected[name]) for name in ("caught", "escapes", "false_alarms", "true_passes")
    ]
    assert live["recall"] == f"{100 * expected['recall']:.2f}%"
    assert live["f1"] == f"{100 * expected['f1']:.2f}%"
    assert page.complaints == []


def test_a_threshold_that_is_a_score_does_not_flag_it(browser: Any, report: Path, boards: ResultFiles) -> None:
    page = browser.open(report)
    for row in read_rows(boards.table)[:12]:
        score = float(row.extra["siamese_score"])
        set_threshold(page, score)
        assert page.run(LIVE)["alarms"] == str(figures_of(boards, score)["false_alarms"])


def test_tables_follow_and_intervals_come_back(browser: Any, report: Path, boards: ResultFiles) -> None:
    page = browser.open(report)
    rows = "[...document.querySelectorAll('table[data-table=kind] tbody tr')]"
    cells = f"{rows}.map((r) => [...r.cells].map((c) => c.innerText))"
    before = page.run(cells)
    set_threshold(page, 0.8)
    pairs = read_rows(boards.table)
    groups = by_kind([r.label for r in pairs], [float(r.extra["siamese_score"]) for r in pairs], 0.8)
    expected = {g.name: [str(g.defects), str(g.escapes), f"{100 * (g.recall or 0):.2f}%", ""] for g in groups}
    assert {row[0]: row[1:] for row in page.run(cells)} == expected
    page.run("reset.click()")
    page.settle()
    assert page.run(cells) == before


def test_the_gallery_follows_the_threshold(browser: Any, report: Path) -> None:
    page = browser.open(report)
    set_threshold(page, 0.62)
    page.run("document.querySelector('input[value=escape]').click()")
    shown = page.run(SHOWN)
    assert shown
    assert all(badge == "Escape" and score <= 0.62 for badge, score in shown)
    page.run("document.querySelector('input[value=false_alarm]').click()")
    assert all(badge == "False alarm" and score > 0.62 for badge, score in page.run(SHOWN))
    page.run("(() => { kind.value = 'spur'; kind.dispatchEvent(new Event('change')); })()")
    assert page.run(SHOWN) == []
    page.run("document.querySelector('input[value=all]').click()")
    assert set(page.run("[...document.querySelectorAll('.card:not([hidden])')].map((c) => c.dataset.kind)")) == {"spur"}


def test_the_filters_count_what_the_page_says_it_carries(browser: Any, report: Path) -> None:
    page = browser.open(report)
    lead = page.run("document.querySelector('#gallery .lead').textContent")
    for name, sort in (("Escapes", "escape"), ("False alarms", "false_alarm"), ("Borderline", "borderline")):
        counted = page.run(f"document.querySelector('output[data-count={sort}]').textContent")
        assert f"{name}: {counted} here." in lead
    page.run("document.querySelector('input[value=borderline]').click()")
    assert {badge for badge, _ in page.run(SHOWN)} == {"Caught", "Passed"}


def test_the_slider_obeys_the_keyboard_and_tells_what_it_does(browser: Any, report: Path) -> None:
    page = browser.open(report)
    page.run("slide.focus()")
    for _ in range(5):
        page.press("ArrowRight")
    assert page.run("exact.valueAsNumber") == pytest.approx(0.505)
    assert page.run("slide.getAttribute('aria-valuetext')").startswith("0.505: ")
    page.run("new Promise((done) => setTimeout(done, 400))")
    assert page.run("moved.textContent").startswith("At threshold 0.505: ")
    page.press("End")
    assert page.run(LIVE)["caught"] == "0"


CONFIDENT = ("input_path", "golden_path", "label", "object_name", "siamese_score", "threshold")


def confident_rows() -> list[list[object]]:
    """Good pairs crowd below the threshold; the weakest of a few defects stands far above it."""
    rows: list[list[object]] = [["a", "a", "PASS", f"p{i}", f"{0.001 + i / 1e5:.6g}", 0.03] for i in range(200)]
    rows += [["a", "a", "PASS", f"low{i}", f"{10 ** (-6 + i / 50):.6g}", 0.03] for i in range(100)]
    return rows + [["a", "a", "open", f"d{i}", score, 0.03] for i, score in enumerate((0.41, 0.97, 0.999, 0.999999))]


def test_a_threshold_beyond_all_scores_stands_at_the_end_of_the_axis(
    browser: Any, write_table: Any, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "predictions.csv", CONFIDENT, confident_rows())
    page = browser.open(write_report(ResultFiles(table=table), tmp_path / "report.html").path)
    assert page.run("JSON.parse(document.getElementById('data').textContent).axis.kind") == "logodds"
    for value, place, caught in ((-1, "0", "4"), (2, "360", "0")):
        set_threshold(page, value)
        assert page.run("document.querySelector('.cut').getAttribute('x1')") == place
        assert page.run(LIVE)["caught"] == caught
    assert page.complaints == []


def test_the_weakest_defect_is_carried_although_hundreds_of_good_pairs_stand_nearer(
    browser: Any, write_table: Any, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "predictions.csv", CONFIDENT, confident_rows())
    page = browser.open(write_report(ResultFiles(table=table), tmp_path / "report.html").path)
    page.run("document.querySelector('input[value=borderline]').click()")
    assert ["Caught", 0.41] in page.run(SHOWN)
    set_threshold(page, 0.5)
    page.run("document.querySelector('input[value=escape]').click()")
    assert page.run(SHOWN) == [["Escape", 0.41]]


def test_marks_of_the_score_axis_never_run_into_each_other(browser: Any, write_table: Any, tmp_path: Path) -> None:
    table = write_table(tmp_path / "predictions.csv", CONFIDENT, confident_rows())
    path = write_report(ResultFiles(table=table), tmp_path / "report.html").path
    boxes = "[...document.querySelectorAll('.histogram svg text')].map((t) => t.getBoundingClientRect())"
    for width in (390, 1280):
        page = browser.open(path, width=width)
        ends = page.run(f"{boxes}.map((b) => [b.left, b.right]).sort((a, b) => a[0] - b[0])")
        assert len(ends) > 3
        assert all(before[1] + 2 <= after[0] for before, after in pairwise(ends)), width


@pytest.mark.parametrize("size", [(4, 240), (40, 240), (60, 50)])
def test_a_slender_picture_stays_in_its_card_and_its_box_in_the_picture(
    size: tuple[int, int], browser: Any, write_table: Any, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    Image.new("RGB", size, (40, 90, 40)).save(tmp_path / "a" / "x.png")
    header = ("input_path", "golden_path", "label", "object_name", "box", "siamese_score", "threshold")
    width, height = size
    box = f"0 {height // 2} {width} {height}"
    table = write_table(tmp_path / "predictions.csv", header, [["a", "a", "open", "x", box, 0.1, 0.5]])
    results = ResultFiles(table=table, images_dir=tmp_path, image_ext=".png")
    for window in (390, 1280):
        page = browser.open(write_report(results, tmp_path / "report.html").path, width=window)
        assert page.run("document.querySelector('.card').getBoundingClientRect().height") < 450
        rect = "(e => [e.left, e.top, e.width, e.height])(document.querySelector('.shot[data-view=test] %s')%s)"
        left, top, wide, high = page.run(rect % ("img", ".getBoundingClientRect()"))
        drawn = min(wide / width, high / height)
        x, y, w, h = page.run(rect % ("rect", ".getBoundingClientRect()"))
        assert (x, y) == pytest.approx((left, top + drawn * (height // 2)), abs=2)
        assert (w, h) == pytest.approx((drawn * width, drawn * (height - height // 2)), abs=2)


def test_pictures_open_turn_and_close_by_keyboard(browser: Any, report: Path) -> None:
    page = browser.open(report)
    title = "document.querySelector('#zoom h2').textContent"
    pressed = "document.querySelector('.choices [aria-pressed=true]').textContent"
    page.run("document.querySelectorAll('.card:not([hidden]) .views')[1].focus()")
    page.press("Enter")
    assert page.run("zoom.open && zoom.contains(document.activeElement)")
    second = page.run(title)
    assert "(2 of " in second
    page.press("ArrowRight")
    assert "(3 of " in page.run(title)
    assert page.run("document.querySelector('#zoom h2').ariaLive") == "polite"
    page.press("ArrowLeft")
    assert page.run(title) == second
    assert page.run("document.querySelectorAll('.stage .shot').length") == 4
    page.press("ArrowDown")
    page.press("ArrowDown")
    assert page.run(pressed) == "Test"
    assert page.run("document.querySelectorAll('.stage .shot').length") == 1
    page.press("b")
    assert page.run("document.querySelector('[data-do=blink]').getAttribute('aria-pressed')") == "true"
    page.press("Escape")
    assert page.run("!zoom.open")
    assert page.run("document.activeElement === document.querySelectorAll('.card:not([hidden]) .views')[1]")
    assert page.complaints == []


def test_each_light_can_be_looked_at(browser: Any, report: Path) -> None:
    page = browser.open(report)
    page.run("document.querySelector('.card:not([hidden]) .views').click()")
    light = "[...new Set([...document.querySelectorAll('.stage .shot')].map((s) => s.dataset.light))].filter(Boolean)"
    choose = "document.querySelector('.choose-light select')"
    assert page.run(light) == ["SolderLight"]
    page.run(f"(() => {{ {choose}.value = 'WhiteLight'; {choose}.dispatchEvent(new Event('change')); }})()")
    assert page.run(light) == ["WhiteLight"]


# Texts of a few words that stand over many lines: letters one below the other.
TOWERS = """[...document.querySelectorAll("caption:not(.unseen), h1, h2, h3, th, figcaption")]
  .filter((e) => e.getBoundingClientRect().height > 9 * parseFloat(getComputedStyle(e).fontSize))
  .filter((e) => e.textContent.trim().length < 60).map((e) => e.textContent.trim())"""


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways(
    width: int, browser: Any, boards: ResultFiles, hostile: ResultFiles, tmp_path: Path
) -> None:
    checkpoint = f"/results/{'train-' * 12}/model_epoch_003_step_00088.pth"
    spec = (
        SpecValue("evaluate.checkpoint", checkpoint, "parent", "train-1: latest periodic"),
        SpecValue("encryption", None),
    )
    whole = replace(boards, spec=spec)
    for results in (whole, hostile):
        path = write_report(results, tmp_path / "page.html").path
        page = browser.open(path, width=width, height=844)
        page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.screenshot(whole=True)
        assert page.run(SIDEWAYS) <= 0
        assert page.run("innerWidth") == width
        assert page.run(TOWERS) == []
        page.run("document.querySelector('.views')?.click()")
        page.settle()
        assert page.run("zoom.open && zoom.scrollWidth <= zoom.clientWidth")


def test_hostile_cells_run_nothing(browser: Any, hostile: ResultFiles, tmp_path: Path) -> None:
    page = browser.open(write_report(hostile, tmp_path / "report.html").path)
    page.run("document.querySelector('input[value=all]').click()")
    page.run("document.querySelectorAll('.card .views').forEach((v) => { v.click(); zoom.close(); })")
    page.run("[...kind.options].forEach((o) => { kind.value = o.value; kind.dispatchEvent(new Event('change')); })")
    assert page.run("window.hacked") is None
    assert page.complaints == []


def test_without_scripts_everything_is_there_to_read(browser: Any, report: Path) -> None:
    page = browser.open(report, scripts=False)
    page.resize(1280, 20_000)  # what is far below is laid out only when it comes near
    page.screenshot()
    layout = page.call("DOMSnapshot.captureSnapshot", computedStyles=[])
    strings = layout["strings"]
    texts = [strings[i] for document in layout["documents"] for i in document["layout"]["text"] if i >= 0]
    assert any("False alarm rate" in text for text in texts)
    assert any(text.strip() == "Escape" for text in texts)
    assert not any("Back to" in text for text in texts)


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(dark: bool, browser: Any, report: Path) -> None:
    page = browser.open(report, dark=dark)
    poor = page.run(
        """(() => {
        const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
        const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
        const ground = (e) => {
          for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] === 1) return c;
          }
          return [255, 255, 255];
        };
        const poor = [];
        const texts = 'h1, h2, h3, p, a, dt, dd, small, th, td, caption, b, span, label, output, summary, code, button';
        for (const e of document.querySelectorAll(texts)) {
          if (!e.checkVisibility() || !e.textContent.trim()) continue;
          const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) poor.push([e.tagName, e.className, ratio]);
        }
        return poor; })()"""
    )
    assert poor == []


def test_a_screen_reader_finds_its_way(browser: Any, report: Path) -> None:
    page = browser.open(report)
    seen = "[...document.querySelectorAll('h1, h2, h3')].filter((h) => h.checkVisibility())"
    levels = page.run(f"{seen}.map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    for role in ("banner", "main", "navigation", "contentinfo", "slider", "status"):
        assert role in roles, role
    wanted = {
        "slider",
        "spinbutton",
        "button",
        "link",
        "radio",
        "combobox",
        "checkbox",
        "image",
        "img",
        "table",
        "region",
    }
    nameless = [
        n for n in nodes if not n["ignored"] and n["role"]["value"] in wanted and not n.get("name", {}).get("value")
    ]
    assert nameless == []


def test_many_pairs_stay_exact_and_quick_enough_to_move(browser: Any, write_table: Any, tmp_path: Path) -> None:
    chance = random.Random(5)
    header = ("input_path", "golden_path", "label", "object_name", "board", "siamese_score", "threshold")
    rows = []
    for i in range(30_000):
        bad = i % 50 == 0
        score = 1 / (1 + 10 ** -chance.gauss(2 if bad else -3, 1.2))
        rows.append(["a", "a", "open" if bad else "PASS", f"C{i}", f"b{i // 40}", f"{score:.9g}", 0.5])
    results = ResultFiles(table=write_table(tmp_path / "predictions.csv", header, rows))
    page = browser.open(write_report(results, tmp_path / "report.html").path)
    assert page.run("document.querySelectorAll('.cards > li').length") <= 348
    set_threshold(page, sorted(float(row[5]) for row in rows if row[2] == "PASS")[-2])
    live = page.run(LIVE)
    assert (live["alarms"], live["alarm-rate"]) == ("1", "0.003%")
    for threshold in (0.001, 0.03, 0.97):
        set_threshold(page, threshold)
        live, expected = page.run(LIVE), figures_of(results, threshold)
        assert live["alarms"] == f"{expected['false_alarms']:,}"
        assert live["escapes"] == f"{expected['escapes']:,}"
    assert page.complaints == []


def test_pages_without_labels_or_rows_work_too(
    browser: Any, write_table: Any, boards: ResultFiles, tmp_path: Path
) -> None:
    header = ("input_path", "golden_path", "object_name", "siamese_score", "threshold")
    rows = [["a", "a", f"x{i}", i, 4] for i in range(10)]
    for count, said in ((10, "5 of 10 pairs flagged"), (0, "Nothing was judged")):
        table = write_table(tmp_path / f"{count}.csv", header, rows[:count])
        page = browser.open(write_report(replace(boards, table=table, target=None), tmp_path / "report.html").path)
        assert page.run("document.querySelector('.verdict h2').textContent") == said
        assert page.complaints == []
        if count:
            set_threshold(page, 7)
            assert page.run(LIVE) == {"alarms": "2", "passed": "8"}


def test_it_prints(browser: Any, report: Path) -> None:
    page = browser.open(report)
    assert page.pdf().startswith(b"%PDF")
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("[...document.querySelectorAll('nav, .slider, .filters')].every((e) => !e.checkVisibility())")
    assert page.run("['.matrix', '.card'].every((name) => document.querySelector(name).checkVisibility())")
    assert page.run("document.querySelector('#calibration details table').getBoundingClientRect().height") > 100
    assert page.run("document.querySelectorAll('details[open]').length") == 0

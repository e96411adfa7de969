# SPDX-License-Identifier: Apache-2.0
"""The page on which a person drops two pictures, in a real browser."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DROP = """(() => {
  const file = new File([Uint8Array.from(atob("%s"), (one) => one.charCodeAt(0))], "%s", {type: "image/png"});
  const dropped = new DataTransfer();
  dropped.items.add(file);
  document.getElementById("%s-well").dispatchEvent(
    new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
})()"""
WARNINGS = "document.getElementById('warnings').textContent"
TITLE = "document.getElementById('verdict-title').textContent"


def drop(page: Any, place: str, path: Path) -> None:
    page.run(DROP % (base64.b64encode(path.read_bytes()).decode(), path.name, place))


def verdict_of(page: Any, before: str = "") -> str:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found: str = page.run(TITLE)
        if found not in {"Judging …", "Is this part all right?", before}:
            return found
        time.sleep(0.02)
    raise AssertionError("no verdict came")


def test_two_pictures_are_dropped_and_the_answer_is_seen(browser: Any, server: Any, model: Any) -> None:
    page = browser.open(server.address + "/")
    drop(page, "golden", model.golden)
    drop(page, "test", model.bad)
    assert verdict_of(page) == "NO_PASS"
    assert page.run("getComputedStyle(document.getElementById('facts')).display") != "none"
    assert float(page.run("document.getElementById('score').textContent")) > 0.5
    assert page.run("document.getElementById('overlay-shown').naturalWidth") == 64
    assert "Evidence in 1 place" in page.run("document.getElementById('sentence').textContent")
    drop(page, "test", model.good)  # the golden image stays
    assert verdict_of(page, "NO_PASS") == "PASS"
    assert page.complaints == []


def test_what_makes_a_verdict_doubtful_is_seen(browser: Any, server: Any, model: Any, tmp_path: Path) -> None:
    page = browser.open(server.address + "/")
    grey = tmp_path / "grey.png"
    with Image.open(model.bad) as picture:
        picture.convert("L").save(grey)
    drop(page, "golden", model.golden)
    drop(page, "test", grey)
    assert verdict_of(page) == "NO_PASS"
    assert "the test picture is grey" in page.run(WARNINGS)
    drop(page, "test", model.good)
    assert verdict_of(page, "NO_PASS") == "PASS"
    assert page.run(WARNINGS) == ""
    assert page.run("document.getElementById('warnings').hidden") is True
    assert page.complaints == []


def test_what_can_not_be_judged_is_told(browser: Any, server: Any, model: Any, tmp_path: Path) -> None:
    page = browser.open(server.address + "/")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    drop(page, "golden", model.golden)
    drop(page, "test", broken)
    assert verdict_of(page) == "Not judged"
    assert "this is no picture" in page.run("document.getElementById('sentence').textContent")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_fit_a_phone_and_the_dark(path: str, browser: Any, server: Any) -> None:
    page = browser.open(server.address + path, width=360, height=780, dark=True)
    assert page.run(SIDEWAYS) <= 0
    assert page.complaints == []

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from reports.results import ResultFiles
from tests.loaded_scripts import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    Rows = Sequence[Sequence[object]]
    WriteTable = Callable[[Path, Sequence[str], Rows], Path]

HEADER = ("input_path", "golden_path", "label", "object_name", "board", "box", "siamese_score", "verdict", "threshold")
THRESHOLD = 0.5
KINDS = ("open", "short", "spur")


def write_csv(path: Path, header: Sequence[str], rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def write_table() -> WriteTable:
    """Writes a CSV."""
    return write_csv


def score_rows(count: int, seed: int = 7) -> list[list[object]]:
    """Pairs of boards with a few escapes and false alarms at 0.5."""
    chance = random.Random(seed)
    rows: list[list[object]] = []
    for i in range(count):
        label = KINDS[i % 3] if i % 4 == 0 else "PASS"
        score = round(min(1.0, max(0.0, chance.gauss(0.75 if label != "PASS" else 0.25, 0.22))), 6)
        verdict = "NO_PASS" if score > THRESHOLD else "PASS"
        box = "8 8 20 20" if label != "PASS" else ""
        rows.append(
            [f"b{i // 12}/test", f"b{i // 12}/golden", label, f"C{i}", f"b{i // 12}", box, score, verdict, THRESHOLD]
        )
    return rows


def draw_pair(images: Path, row: Sequence[object], suffix: str, tone: int) -> None:
    for folder, spot in ((str(row[1]), False), (str(row[0]), row[2] != "PASS")):
        (images / folder).mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (48, 40), (20, tone, 40))
        pen = ImageDraw.Draw(picture)
        pen.rectangle((6, 6, 40, 30), fill=(180, 160, tone))
        if spot:
            pen.rectangle((10, 10, 18, 18), fill=(0, 0, 0))
        picture.save(images / folder / f"{row[3]}{suffix}")


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> ResultFiles:
    """96 scored pairs of eight boards under two lightings, with pictures and an evidence map for the first ones."""
    root = tmp_path_factory.mktemp("boards")
    rows = score_rows(96)
    (root / "evidence").mkdir()
    for i, row in enumerate(rows):
        for light, tone in (("SolderLight", 90), ("WhiteLight", 200)):
            draw_pair(root / "images", row, f"_{light}.png", tone)
        Image.linear_gradient("L").resize((48, 40)).save(root / "evidence" / f"{i}.png")
        row.append(f"evidence/{i}.png")
    table = write_csv(root / "predictions.csv", (*HEADER, "evidence"), rows)
    return ResultFiles(
        table=table,
        images_dir=root / "images",
        image_ext=".png",
        input_map={"WhiteLight": 1, "SolderLight": 0},
        target="far<=1% at recall=100%",
    )


HOSTILE = (
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "<svg onload=window.hacked=1>",
    "{{ 7 * 7 }}",
    '=HYPERLINK("http://evil","x")',
    "javascript:window.hacked=1",
    "\u202egnp.exe",
    "]]><!--",
    "' onmouseover='window.hacked=1",
    "\u2028\u2029&lt;b&gt;",
)


@pytest.fixture
def hostile(tmp_path: Path) -> ResultFiles:
    """A table whose cells, and a folder whose links, mean harm."""
    images = tmp_path / "images"
    (images / "a").mkdir(parents=True)
    Image.new("RGB", (16, 16), (1, 2, 3)).save(images / "a" / "x.png")
    secret = tmp_path / "secret"
    secret.mkdir()
    Image.new("RGB", (16, 16), (255, 0, 255)).save(secret / "x.png")
    (images / "a" / "link.png").symlink_to(secret / "x.png")
    (images / "out").symlink_to(secret)
    rows: list[list[object]] = [
        ["a", "a", text, text, text, text, 0.6 if i % 2 else 0.4, text, 0.5, f"../secret/{text}"]
        for i, text in enumerate(HOSTILE)
    ]
    places = ("../secret", str(secret), "out", "a/../../secret", "images/../a/../../secret", "a\\..\\..\\secret")
    rows += [[place, place, "PASS", "x", "b", "", 0.9, "NO_PASS", 0.5, "../secret/x.png"] for place in places]
    rows += [
        ["a", "a", "PASS", name, "b", "", 0.9, "NO_PASS", 0.5, str(secret / "x.png")]
        for name in ("link", "../../secret/x")
    ]
    rows += [["a", "a", "L" * 60_000, "N" * 5_000, "B" * 60_000, "1 1 9 9;" * 9_000, 0.1, "PASS", 0.5, "e" * 5_000]]
    (tmp_path / "results").mkdir()
    table = write_csv(tmp_path / "results" / "predictions.csv", (*HEADER, "evidence"), rows)
    return ResultFiles(table=table, title=HOSTILE[0], images_dir=images, image_ext=".png")


@pytest.fixture(scope="session")
def browser_module(project_root: Path) -> ModuleType:
    """scripts/browser.py."""
    return loaded(project_root / "scripts" / "browser.py")


@pytest.fixture(scope="session")
def browser(browser_module: Any) -> Iterator[Any]:
    """A headless Chromium, or a skip that says what is missing."""
    chromium = browser_module.find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on this machine (scripts/install_chromium.sh installs it)")
    with browser_module.launched(chromium) as running:
        yield running

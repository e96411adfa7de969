# SPDX-License-Identifier: Apache-2.0
"""Draw README's picture from an inference job: golden image, test image, difference, score and verdict.

python scripts/demo_picture.py JOB_FOLDER OUT.png
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from core.documents import read_yaml
from core.files import atomic_path

TILE, GAP, CAPTION, COLUMNS, ROWS = 128, 4, 20, 2, 5
GOOD, BAD, PAPER, INK = "#1a7f37", "#b42318", "#ffffff", "#24292f"


def chosen(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """One row of each label, the labels in turn, PASS first: the first of each in the file's order."""
    first: dict[str, dict[str, str]] = {}
    for row in rows:
        first.setdefault(row["label"], row)
    passes = [row for row in rows if row["label"] == "PASS"][:2]
    defects = [row for label, row in first.items() if label != "PASS"]
    return [*passes, *defects][: COLUMNS * ROWS]


def draw_row(sheet: Image.Image, place: tuple[int, int], row: dict[str, str], pictures: list[Image.Image]) -> None:
    """Three tiles and a caption at `place` (left, top)."""
    left, top = place
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (left + i * (TILE + GAP), top + CAPTION))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    pen.text((left, top + 1), f"{row['label']}", fill=INK, font=font)
    colour = GOOD if row["verdict"] == "PASS" else BAD
    text = f"{row['verdict']}  {float(row['siamese_score']):.2f}"
    pen.text((left + 3 * TILE + 2 * GAP, top + 1), text, fill=colour, font=font, anchor="ra")


def main(folder: Path, out: Path) -> None:
    """Read the job's files and draw."""
    data = read_yaml(folder / "spec.yaml")["dataset"]["classify"]
    images, ext = Path(data["infer_dataset"]["images_dir"]), data["image_ext"]
    (light, *_) = sorted(data["input_map"] or {}, key=lambda name: data["input_map"][name]) or [""]
    (table,) = (folder / "results").rglob("inference.csv")
    with table.open(newline="") as handle:
        rows = chosen(list(csv.DictReader(handle)))
    width = 3 * TILE + 2 * GAP
    size = (COLUMNS * width + (COLUMNS + 1) * 12, -(-len(rows) // COLUMNS) * (TILE + CAPTION + 10) + 10)
    sheet = Image.new("RGB", size, PAPER)
    for i, row in enumerate(rows):
        name = f"{row['object_name']}{'_' + light if light else ''}{ext}"
        golden, test = (
            Image.open(images / row[column] / name).convert("RGB").resize((TILE, TILE))
            for column in ("golden_path", "input_path")
        )
        difference = ImageChops.difference(golden, test).point(lambda value: min(255, 2 * value))
        place = (12 + i % COLUMNS * (width + 12), 10 + i // COLUMNS * (TILE + CAPTION + 10))
        draw_row(sheet, place, row, [golden, test, difference])
    with atomic_path(out) as temporary:
        sheet.quantize(224).save(temporary, format="PNG", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

# SPDX-License-Identifier: Apache-2.0
"""A picture of samples: golden image, test picture and what differs, side by side, some of every label."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFont

from core.errors import DataError
from core.files import atomic_path
from pairs.classify_csv import image_file, iter_rows, light_names
from pairs.decoding import BROKEN, FULL_WHITE, decode, require_ordinary, white_level

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pairs.classify_check import ClassifySource
    from pairs.segment_folders import SegmentSource

TILE = 128
GAP = 6
CAPTION = 16
COLUMNS_OF_PAIRS = 3
KEPT_PER_LABEL = 64
BACKGROUND, INK, MISSING = (205, 208, 212), (20, 20, 20), (214, 140, 120)
FONT_SIZE = 11


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair to show; the third picture is the label where there is one, else the amplified difference."""

    caption: str
    golden: Path
    test: Path
    label: Path | None = None


def contact_sheet(source: ClassifySource, out: Path, *, count: int = 24, seed: int = 1234) -> list[Sample]:
    """Draw `count` pairs of a classify split as a PNG, the labels in turn, the first lighting; returns what is shown.

    Raises:
        DataError: the CSV can't be read or has no row.
    """
    light = light_names(source.input_map)[0]
    samples = []
    for label, row, test, golden, name in _choose(source, count, seed):
        paths = (image_file(source.images_dir, folder, name, light, source.image_ext) for folder in (golden, test))
        samples.append(Sample(f"row {row}  {label}  {test}/{name}", *paths))
    if not samples:
        raise DataError("there is no row to show", code="data.no_rows", where=str(source.csv_path), remedy="add rows")
    _draw(samples, out)
    return samples


def segment_contact_sheet(
    source: SegmentSource, names: list[str], out: Path, *, count: int = 24, seed: int = 1234
) -> list[Sample]:
    """Draw `count` of the listed names of a segment data set as a PNG: before, after and label; returns what is shown.

    Raises:
        DataError: there is no name.
    """
    chosen = sorted(random.Random(seed).sample(names, min(count, len(names))))  # noqa: S311 - a reproducible sample
    if not chosen:
        raise DataError("there is no pair to show", code="data.no_rows", where=str(source.root), remedy="list names")
    root = source.root
    samples = [
        Sample(
            name,
            root / source.before / name,
            root / source.after / name,
            root / source.labels / source.label_name(name),
        )
        for name in chosen
    ]
    _draw(samples, out)
    return samples


def _choose(source: ClassifySource, count: int, seed: int) -> list[tuple[str, int, str, str, str]]:
    """Some rows of each label in turn, drawn without holding all rows (reservoir sampling; Vitter, 1985)."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible sample
    kept: dict[str, list[tuple[str, int, str, str, str]]] = {}
    seen: dict[str, int] = {}
    for row in iter_rows(source.csv_path, needs_label=source.needs_label, on_problem=lambda _line, _error: None):
        sample = (row.label, row.row, row.input_path, row.golden_path, row.object_name)
        seen[row.label] = seen.get(row.label, 0) + 1
        some = kept.setdefault(row.label, [])
        if len(some) < KEPT_PER_LABEL:
            some.append(sample)
        elif (place := draw.randrange(seen[row.label])) < KEPT_PER_LABEL:
            some[place] = sample
    for some in kept.values():
        draw.shuffle(some)
    in_turn = [some[i] for i in range(KEPT_PER_LABEL) for _, some in sorted(kept.items()) if i < len(some)]
    return sorted(in_turn[:count])


def _draw(samples: list[Sample], out: Path) -> None:
    white, _ = white_level(path for sample in samples for path in (sample.golden, sample.test))
    columns = min(COLUMNS_OF_PAIRS, len(samples))
    lines = -(-len(samples) // columns)
    cell = (3 * TILE + 3 * GAP, TILE + CAPTION + GAP)
    sheet = Image.new("RGB", (columns * cell[0] + GAP, lines * cell[1] + 2 * GAP + CAPTION), BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_SIZE)
    legend = f"golden image, test picture, {_third(samples)}; a reddish square: can't be read"
    pen.text((GAP, GAP), legend, fill=INK, font=font)
    for number, sample in enumerate(samples):
        x, y = GAP + number % columns * cell[0], 2 * GAP + CAPTION + number // columns * cell[1]
        for i, picture in enumerate(_pictures(sample, white)):
            sheet.paste(picture, (x + i * (TILE + GAP // 2), y + CAPTION))
        pen.text((x, y), _fitting(sample.caption, font, 3 * TILE), fill=INK, font=font)
    with atomic_path(out) as temporary:
        sheet.save(temporary, format="PNG")


def _third(samples: list[Sample]) -> str:
    return "label" if samples[0].label else "their difference, doubled"


def _pictures(sample: Sample, white: int) -> Iterable[Image.Image]:
    golden, test = _tile(sample.golden, white), _tile(sample.test, white)
    missing = Image.new("RGB", (TILE, TILE), MISSING)
    yield golden or missing
    yield test or missing
    if sample.label is not None:
        yield _tile(sample.label, FULL_WHITE, Image.Resampling.NEAREST) or missing
    elif not (golden and test):
        yield missing
    else:
        yield ImageChops.difference(golden, test).point(lambda level: min(255, 2 * level))


def _tile(path: Path, white: int, resampling: Image.Resampling = Image.Resampling.BILINEAR) -> Image.Image | None:
    """A picture fitted into a square tile; None where it can't be read."""
    tile = Image.new("RGB", (TILE, TILE), BACKGROUND)
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            picture = decode(image, path, white).convert("RGB")
    except BROKEN:
        return None
    scale = TILE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    tile.paste(picture.resize(size, resampling), ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return tile


def _fitting(caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The caption, shortened in front, where paths differ least, until it fits; what can't be printed is a dot."""
    text = "".join(letter if letter.isprintable() else "·" for letter in caption)[-200:]
    shown = text
    while font.getlength(shown) > width and len(text) > 1:
        text = text[1:]
        shown = f"…{text}"
    return shown

# SPDX-License-Identifier: Apache-2.0
"""The crops of the classify starter's third round: many more boards, slight flaws, and harmless changes like them.

Each board has a seed, a palette and parts of its own, half of its inspected places are good, and of its defects every
second one that is plain to see is left out. Good crops come again with a slight flaw, and again with a harmless change
of the same kinds. Bare boards lie in two colours half of the time; scenes and parts of large boards are those of
`starter_pairs`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from starter_pairs import pairs_of
from starter_slight import HARMLESS, KINDS, recoloured, slight

from boards import SynthesisSettings, synthesize
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starter_pairs import Pair, Picture, Rng

    Row = tuple[str, ...]

ASSEMBLED = {  # light and factor on every harmless difference: boards to train on, and to validate
    ("WhiteLight", 1.0): (130, 12),
    ("WhiteLight", 0.6): (40, 4),
    ("WhiteLight", 1.5): (40, 4),
    ("UniformLight", 1.0): (6, 3),
    ("LowAngleLight", 1.0): (6, 3),
    ("SolderLight", 1.0): (6, 3),
}
BARE = {1.0: (16, 4), 1.8: (10, 4)}
PAIRS = {"large": (12, 8), "scene": (40, 8)}
DEFECT_RATE = 0.55
PLAIN = 0.55  # severity from which a defect is plain to see
FLAWED, UNHARMED = 0.45, 0.25  # shares of the good crops that come again with a flaw, and with what is harmless


def draw_crop_set(work: Path, seed: int, crops_of: Callable[[Rng, Pair, Path, str], list[Row]]) -> None:
    """Write both splits; `crops_of` cuts a drawn pair into rows."""
    for part, split in enumerate(("train", "val")):
        rng = np.random.default_rng((seed, 11, part))
        images = work / "classify" / "images"
        rows = list(_of_boards(rng, images, split, part))
        for kind, counts in PAIRS.items():
            drawn = pairs_of(int(rng.integers(2**31)), {kind: counts[part]}, work / "boards" / split)
            for number, (_, pair) in enumerate(drawn):
                rows += crops_of(rng, pair, images, f"{split}_{kind}_{number:04d}")
        (work / "classify" / split).mkdir(parents=True, exist_ok=True)
        write_csv(work / "classify" / split / "dataset.csv", COLUMNS, rows)
        print(f"{split}: {len(rows)} crops, {sum(row[2] == PASS for row in rows)} of them good", flush=True)


def _of_boards(rng: Rng, images: Path, split: str, part: int) -> Iterator[Row]:
    for (light, nuisance), counts in ASSEMBLED.items():
        name = f"{split}_assembled_{light}_{round(10 * nuisance):02d}"
        rows = _board_rows(rng, images / name, ("assembled", light, nuisance), counts[part])
        yield from rows
        yield from _slight_rows(rng, images, split, name, [row for row in rows if row[2] == PASS])
    for nuisance, counts in BARE.items():
        name = f"{split}_bare_{round(10 * nuisance):02d}"
        rows = _board_rows(rng, images / name, ("bare", "WhiteLight", nuisance), counts[part])
        yield from (_in_colours(rng, images, row) if rng.random() < 0.5 else row for row in rows)


def _board_rows(rng: Rng, folder: Path, drawn: tuple[str, str, float], boards: int) -> list[Row]:
    """The rows of as many boards of a style, a light and a factor, without every second of the plain defects."""
    style, light, nuisance = drawn
    settings = SynthesisSettings(
        style="bare" if style == "bare" else "assembled", boards=boards, lights=(light,), nuisance=nuisance,
        components=int(rng.integers(20, 32)), split=(1.0, 0.0, 0.0), defect_rate=DEFECT_RATE, image_ext=".png",
        seed=int(rng.integers(2**31)), force=True,
    )  # fmt: skip
    synthesize(folder, settings)
    rows: list[Row] = []
    with (folder / "train" / "dataset.csv").open(encoding="utf-8") as file:
        for one in csv.DictReader(file):
            if one["label"] != PASS and float(one["severity"] or 0) > PLAIN and rng.random() < 0.5:
                continue
            below = f"{folder.name}/images/"
            rows.append((below + one["input_path"], below + one["golden_path"], one["label"], one["object_name"]))
    return rows


def _slight_rows(rng: Rng, images: Path, split: str, name: str, good: list[Row]) -> Iterator[Row]:
    """Good crops again, with a slight flaw or with a harmless change."""
    for number, row in enumerate(good):
        golden, test = (_open(images / row[place] / f"{row[3]}.png") for place in (1, 0))
        for flaw, share, kinds in ((True, FLAWED, KINDS), (False, UNHARMED, HARMLESS)):
            kind = str(rng.choice(kinds))
            changed = slight(rng, test, kind, flaw=flaw) if rng.random() < share else None
            if changed is not None:
                folder = f"{split}_slight_{kind}" if flaw else f"{split}_slight_harmless"
                crop = f"{name}_{number:05d}"
                yield _written(images, folder, crop, (golden, changed), kind if flaw else PASS)


def _in_colours(rng: Rng, images: Path, row: Row) -> Row:
    golden, test = (_open(images / row[place] / f"{row[3]}.png") for place in (1, 0))
    name = row[0].split("/")[0] + "_coloured"
    return _written(images, name, "_".join((*row[0].split("/")[2:], row[3])), recoloured(rng, golden, test), row[2])


def _written(images: Path, folder: str, crop: str, pair: tuple[Picture, Picture], label: str) -> Row:
    for side, picture in zip(("golden", "test"), pair, strict=True):
        (images / folder / side).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(images / folder / side / f"{crop}.png", compress_level=1)
    return f"{folder}/test", f"{folder}/golden", label, crop


def _open(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))

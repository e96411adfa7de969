# SPDX-License-Identifier: Apache-2.0
"""The crops of the classify starter's fourth round: three sizes, many boards, most of them with slight defects.

Crops of 256 and 192 px show the defects of 128 px, as finer optics do. Each board has a palette and parts of its own,
about half of its inspected places are good, and of its defects many that are plain to see are left out; some boards
have such kinds alone as are missed most. Good crops come again with a slight flaw, and again with a harmless change of
the same kinds. Bare boards lie in two colours half of the time; scenes, parts of large boards and boards under solder
mask are those of `starter_pairs`. A set for each size, with validation crops of other seeds.
"""

from __future__ import annotations

import csv
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

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
    Crops = Callable[[Rng, Pair, Path, str], list[Row]]

SPLITS = ("train", "val")
ENDINGS = {128: ".png", 192: ".png", 256: ".jpg"}  # by the side of a crop
OFTEN_MISSED = ("scratch", "insufficient_solder", "mousebite", "spur", "pin_hole", "short")
DEFECT_RATE = 0.55
KEPT = ((0.3, 1.0), (0.55, 0.7), (1.0, 0.35))  # up to a severity: the share of the defects that stay
FLAWED, UNHARMED = 0.35, 0.25  # shares of the good crops that come again with a flaw, and with what is harmless


@dataclass(frozen=True, slots=True)
class Group:
    """Crops of a side that are drawn by one process: of boards, or of as many pairs of a kind of `starter_pairs`."""

    side: int
    kind: str
    counts: tuple[int, int]  # boards or pairs to train on, and to validate
    light: str = "WhiteLight"
    nuisance: float = 1.0  # factor on every harmless difference
    defects: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of its folders."""
        if self.kind not in {"assembled", "bare"}:
            return self.kind
        return f"{self.kind}_{self.light}_{'missed_' * bool(self.defects)}{round(10 * self.nuisance):02d}"


GROUPS = (
    Group(256, "assembled", (62, 4)),
    Group(256, "assembled", (50, 4), defects=OFTEN_MISSED),
    Group(256, "assembled", (8, 0), nuisance=0.6),
    Group(256, "assembled", (8, 0), nuisance=1.5),
    Group(192, "assembled", (30, 4)),
    Group(192, "assembled", (20, 4), defects=OFTEN_MISSED),
    Group(128, "assembled", (45, 8)),
    Group(128, "assembled", (30, 5), defects=OFTEN_MISSED),
    Group(128, "assembled", (15, 4), nuisance=0.6),
    Group(128, "assembled", (15, 4), nuisance=1.5),
    Group(128, "assembled", (5, 3), light="UniformLight"),
    Group(128, "assembled", (5, 3), light="LowAngleLight"),
    Group(128, "assembled", (5, 3), light="SolderLight"),
    Group(128, "bare", (80, 5)),
    Group(128, "bare", (40, 5), nuisance=1.5),
    Group(128, "large", (20, 8)),
    Group(128, "scene", (50, 8)),
    Group(128, "masked", (40, 8)),
)


def draw_crop_set(work: Path, seed: int, crops_of: Crops) -> None:
    """Write a table of each side and split; `crops_of` cuts a drawn pair into rows. Groups are drawn at once."""
    found: dict[tuple[int, str], list[Row]] = {(side, split): [] for side in ENDINGS for split in SPLITS}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as processes:
        drawn = [
            ((group.side, split), processes.submit(draw_group, work, (seed, 13, part, number), group, crops_of))
            for number, group in enumerate(GROUPS)
            for part, split in enumerate(SPLITS)
            if group.counts[part]
        ]
        for place, waited in drawn:
            found[place] += waited.result()
    for (side, split), rows in found.items():
        folder = set_of(work, side) / split
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / "dataset.csv", COLUMNS, rows)
        print(f"{side} px, {split}: {len(rows)} crops, {sum(row[2] == PASS for row in rows)} of them good", flush=True)


def set_of(work: Path, side: int) -> Path:
    """The folder of the crops of a side."""
    return work / "classify" / str(side)


def draw_group(work: Path, seed: tuple[int, ...], group: Group, crops_of: Crops) -> list[Row]:
    """The rows of one group in one split."""
    rng = np.random.default_rng(seed)
    part = seed[2]
    images, name = set_of(work, group.side) / "images", f"{SPLITS[part]}_{group.name}"
    if group.kind not in {"assembled", "bare"}:
        boards = work / "boards" / name
        drawn = pairs_of(int(rng.integers(2**31)), {group.kind: group.counts[part]}, boards)
        return [row for at, (_, pair) in enumerate(drawn) for row in crops_of(rng, pair, images, f"{name}_{at:04d}")]
    rows = _board_rows(rng, images / name, group, group.counts[part])
    if group.kind == "bare":
        return [_in_colours(rng, images, row) if rng.random() < 0.5 else row for row in rows]
    return rows + list(_slight_rows(rng, images, name, group.side, [row for row in rows if row[2] == PASS]))


def _board_rows(rng: Rng, folder: Path, group: Group, boards: int) -> list[Row]:
    """The rows of as many boards, without many of the plain defects."""
    settings = SynthesisSettings(
        style="bare" if group.kind == "bare" else "assembled", boards=boards, lights=(group.light,),
        nuisance=group.nuisance, components=int(rng.integers(22, 30)), split=(1.0, 0.0, 0.0),
        defect_rate=DEFECT_RATE, defects=group.defects, image_ext=ENDINGS[group.side], size=group.side,
        defects_for=128 if group.side > 128 else None, seed=int(rng.integers(2**31)), force=True,
    )  # fmt: skip
    synthesize(folder, settings)
    rows: list[Row] = []
    with (folder / "train" / "dataset.csv").open(encoding="utf-8") as file:
        for one in csv.DictReader(file):
            severity = float(one["severity"] or 0)
            kept = next(share for most, share in KEPT if severity <= most)
            if one["label"] == PASS or rng.random() < kept:
                below = f"{folder.name}/images/"
                rows.append((below + one["input_path"], below + one["golden_path"], one["label"], one["object_name"]))
    return rows


def _slight_rows(rng: Rng, images: Path, name: str, side: int, good: list[Row]) -> Iterator[Row]:
    """Good crops again, with a slight flaw or with a harmless change."""
    split, ending = name.split("_", maxsplit=1)[0], ENDINGS[side]
    for number, row in enumerate(good):
        for flaw, share, kinds in ((True, FLAWED, KINDS), (False, UNHARMED, HARMLESS)):
            if rng.random() >= share:
                continue
            golden, test = (_open(images / row[place] / f"{row[3]}{ending}") for place in (1, 0))
            kind = str(rng.choice(kinds))
            changed = slight(rng, test, kind, flaw=flaw)
            if changed is not None:
                folder = f"{split}_slight_{kind}" if flaw else f"{split}_slight_harmless"
                crop = f"{name}_{number:05d}{ending}"
                yield _written(images / folder, crop, (golden, changed), kind if flaw else PASS)


def _in_colours(rng: Rng, images: Path, row: Row) -> Row:
    golden, test = (_open(images / row[place] / f"{row[3]}.png") for place in (1, 0))
    name = row[0].split("/")[0] + "_coloured"
    crop = "_".join((*row[0].split("/")[2:], row[3])) + ".png"
    return _written(images / name, crop, recoloured(rng, golden, test), row[2])


def _written(folder: Path, crop: str, pair: tuple[Picture, Picture], label: str) -> Row:
    options: dict[str, Any] = {"quality": 91, "subsampling": 0} if crop.endswith(".jpg") else {"compress_level": 1}
    for side, picture in zip(("golden", "test"), pair, strict=True):
        (folder / side).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / side / crop, **options)
    return f"{folder.name}/test", f"{folder.name}/golden", label, crop.rsplit(".", 1)[0]


def _open(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))

# SPDX-License-Identifier: Apache-2.0
"""The pictures and lists of a data set that is drawn into good pairs: whole with masks, or crops around flaws."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.files import write_text
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, write_csv
from pairs.flaws.drawing import draw_flaw, drawn_size
from pairs.layout import SPLITS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.drawn_settings import DrawnSettings
    from pairs.flaws.drawing import Flaw
    from pairs.good_pairs import LaidPair
    from pairs.whole_pairs import WholePair

    Picture = NDArray[np.uint8]

FLAWS_FILE = "flaws.csv"
_VIEWS = 8  # of a picture: four turns, each of them mirrored as well
_FLAW_COLUMNS = ("split", "name", "kind", "size", "x", "y", "width", "height")


@dataclass(frozen=True, slots=True)
class _Copy:
    """One picture that is written: of which pair, with which flaws."""

    split: str
    board: str
    name: str
    golden: Picture
    test: Picture
    flaws: tuple[Flaw, ...]


class DrawnWriter:
    """Writes pictures as pairs come, and the lists at the end."""

    def __init__(self, folder: Path, settings: DrawnSettings) -> None:
        self._folder, self._settings = folder, settings
        self._rows: dict[str, list[tuple[str, ...]]] = {split: [] for split in SPLITS}
        self._flaws: list[tuple[Any, ...]] = []
        self.kinds: Counter[str] = Counter()

    def add(self, split: str, pair: WholePair, laid: LaidPair, rng: np.random.Generator) -> None:
        """Draw into a pair, and write it as it was and with flaws."""
        for number in range(self._settings.copies + 1):
            picture, flaws = (laid.test, []) if number == 0 else self._drawn(laid, rng)
            if number and not flaws:
                continue
            copy = _Copy(split, pair.name, f"{pair.name}_{number}", laid.golden, picture, tuple(flaws))
            self.kinds.update(flaw.kind for flaw in flaws)
            self._flaws += [(split, copy.name, flaw.kind, flaw.size, *flaw.box) for flaw in flaws]
            if self._settings.task == "segment":
                self._whole(copy)
            else:
                self._crops(copy, rng)

    def _drawn(self, laid: LaidPair, rng: np.random.Generator) -> tuple[Picture, list[Flaw]]:
        picture, taken, found = laid.test, laid.unknown, []
        most = 1 if self._is_crop(laid.test) else self._settings.flaws
        for _ in range(int(rng.integers(1, most + 1))):
            kind = str(rng.choice(self._settings.kinds))
            drawn = draw_flaw(picture, kind, drawn_size(rng, *self._settings.sizes), rng, taken)
            if drawn:
                picture, taken = drawn[0], taken | drawn[1].mask
                found.append(drawn[1])
        return picture, found

    def _is_crop(self, picture: Picture) -> bool:
        """Whether a crop of the classify task would be the whole picture."""
        return self._settings.task == "classify" and max(picture.shape[:2]) <= self._settings.crop

    def _whole(self, copy: _Copy) -> None:
        label = np.zeros(copy.golden.shape[:2], dtype=np.uint8)
        for flaw in copy.flaws:
            label[flaw.mask] = 255
        for part, picture in (("A", copy.golden), ("B", copy.test), ("label", label)):
            _save(picture, self._folder / part / f"{copy.name}.png")
        self._rows[copy.split].append((f"{copy.name}.png",))

    def _crops(self, copy: _Copy, rng: np.random.Generator) -> None:
        """A crop around each flaw, or as many of the pair as it was."""
        height, width = copy.golden.shape[:2]
        side = min(self._settings.crop, height, width)
        wanted = [(flaw.box[1] + flaw.box[3] // 2, flaw.box[0] + flaw.box[2] // 2, flaw.kind) for flaw in copy.flaws]
        if not wanted and self._is_crop(copy.test):
            self._views(copy)
            return
        if not wanted:
            count = max(1, self._settings.copies * (self._settings.flaws + 1) // 2)
            wanted = [(int(rng.integers(height)), int(rng.integers(width)), PASS) for _ in range(count)]
        for number, (y, x, label) in enumerate(wanted):
            off = rng.integers(-side // 4, side // 4 + 1, 2)
            top = int(np.clip(y - side // 2 + off[0], 0, height - side))
            left = int(np.clip(x - side // 2 + off[1], 0, width - side))
            window = np.s_[top : top + side, left : left + side]
            self._row(copy, number, label, copy.golden[window], copy.test[window])

    def _views(self, copy: _Copy) -> None:
        """A good crop as it is, and where nothing is trained turned and mirrored."""
        quarters = 1 if copy.golden.shape[0] == copy.golden.shape[1] else 2  # an oblong keeps its shape
        count = 1 if copy.split == "train" else min(_VIEWS // quarters, self._settings.copies)
        for number in range(count):
            turns, mirrored = quarters * (number // 2), number % 2
            golden, test = (np.rot90(one[:, ::-1] if mirrored else one, turns) for one in (copy.golden, copy.test))
            self._row(copy, number, PASS, golden, test)

    def _row(self, copy: _Copy, number: int, label: str, golden: Picture, test: Picture) -> None:
        for part, picture in (("golden", golden), ("test", test)):
            _save(picture, self._folder / "images" / copy.name / part / f"{number:03d}.png")
        places = (f"{copy.name}/test", f"{copy.name}/golden")
        self._rows[copy.split].append((*places, label, f"{number:03d}", copy.board))

    def counts(self) -> dict[str, int]:
        """Rows of each split."""
        return {split: len(rows) for split, rows in self._rows.items()}

    def finish(self) -> None:
        """Write the lists, and where each flaw is."""
        for split, rows in self._rows.items():
            if self._settings.task == "segment":
                write_text(self._folder / "list" / f"{split}.txt", "".join(f"{row[0]}\n" for row in rows))
            else:
                (self._folder / split).mkdir(parents=True, exist_ok=True)
                write_csv(self._folder / split / "dataset.csv", (*COLUMNS, "board"), rows)
        write_csv(self._folder / FLAWS_FILE, _FLAW_COLUMNS, self._flaws)


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, compress_level=3)

# SPDX-License-Identifier: Apache-2.0
"""A data set made of good pairs alone: defects of many kinds are drawn into them, their own differences stay.

Each pair gives itself, without a defect, and several copies with flaws. For the segment task whole pictures with masks
are written, for the classify task crops around the flaws and as many without any. Pairs that are crops themselves give
copies with one flaw, for one with several is easy. They are written once to train on, which weighs good and bad; where
a threshold is chosen or judged turned and mirrored as well, up to as many as there are copies with flaws.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from core.errors import DataError, ImageError, InputError, did_you_mean
from core.files import write_json, write_text
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, write_csv
from pairs.flaws.drawing import KINDS, LARGEST, SMALLEST, draw_flaw, drawn_size
from pairs.good_pairs import lay, list_good_pairs
from pairs.layout import SPLITS
from pairs.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.flaws.drawing import Flaw
    from pairs.good_pairs import GoodPairs, LaidPair
    from pairs.whole_pairs import WholePair

    Picture = NDArray[np.uint8]

RECORD = "synthesis.json"
FLAWS_FILE = "flaws.csv"
FEWEST_PAIRS = 3
_GROUPS_SPLIT = 6  # with fewer golden pictures the pairs themselves are shared out
_HELD = 0.15  # the share of val, and of test
_VIEWS = 8  # of a picture: four turns, each of them mirrored as well
_FROM_SPLITS = ("train", "val")  # a data set's test pairs stay unseen
_FLAW_COLUMNS = ("split", "name", "kind", "size", "x", "y", "width", "height")


@dataclass(frozen=True, slots=True)
class DrawnSettings:
    """What is drawn into good pairs.

    Raises:
        InputError: a value is outside its bounds, or no such kind of flaw is known.
    """

    task: Literal["classify", "segment"] = "segment"
    sizes: tuple[float, float] = (6.0, 60.0)  # pixels along a flaw's longer side, smallest and largest
    kinds: tuple[str, ...] = KINDS
    copies: int = 4  # pictures with flaws of each pair
    flaws: int = 6  # most in one picture
    crop: int = 128  # pixels of a crop's side
    seed: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        """Refuse what can't be drawn."""
        low, high = self.sizes
        if not SMALLEST <= low <= high <= LARGEST:
            raise _wrong(
                "sizes", f"{low:g}..{high:g} is no range of sizes", f"{SMALLEST:g} to {LARGEST:g} pixels: 6..60"
            )
        for kind in self.kinds:
            if kind not in KINDS:
                remedy = f"{did_you_mean(kind, KINDS)} Choose from {', '.join(KINDS)}.".strip()
                raise _wrong("defects", f"{kind!r} is not known", remedy)
        for key, value, most in (("units", self.copies, 100), ("flaws", self.flaws, 50)):
            if not 1 <= value <= most:
                raise _wrong(key, f"{value} is out of range", f"1 to {most}")
        if not 64 <= self.crop <= 512:
            raise _wrong("size", f"{self.crop} is out of range", "64 to 512")


@dataclass(slots=True)
class DrawnSummary:
    """What was written: rows of each split, flaws by kind, and the pairs that could not be used, with why.

    `source_splits` counts the good pairs that were taken of each split of a data set; other places have none.
    """

    out: str
    task: str
    seed: int
    rows: dict[str, int] = field(default_factory=dict)
    flaws: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    source_splits: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The summary as a JSON object."""
        return asdict(self)


def draw_into(
    source: Path, out: Path, settings: DrawnSettings, progress: Callable[[int, int], None] | None = None
) -> DrawnSummary:
    """Write the data set to `out`; the same seed and pictures give the same bytes.

    Raises:
        DataError: there are fewer than three pairs, or `out` holds something else.
        ImageError: no picture can be read.
    """
    good = list_good_pairs(source, _FROM_SPLITS)
    pairs, splits = good.pairs, _splits_of(good)
    summary = DrawnSummary(str(out), settings.task, settings.seed, source_splits=dict(Counter(good.splits or ())))
    with new_folder(out, marker=RECORD, force=settings.force) as folder:
        writer = _Writer(folder, settings)
        for number, pair in enumerate(pairs):
            try:
                laid = lay(pair)
            except (DataError, ImageError) as error:
                summary.left_out[pair.name] = error.message
            else:
                writer.add(splits[number], pair, laid, np.random.default_rng((settings.seed, number)))
            if progress:
                progress(number + 1, len(pairs))
        if len(summary.left_out) > len(pairs) - FEWEST_PAIRS:
            why = next(iter(summary.left_out.values()))
            raise DataError(f"too few pairs can be used: {why}", code="data.few_pairs", where=str(source), remedy=_MORE)
        writer.finish()
        summary.rows, summary.flaws = writer.counts(), dict(sorted(writer.kinds.items()))
        told = {key: value for key, value in asdict(settings).items() if key != "force"}
        write_json(
            folder / RECORD, {"settings": told, "summary": {k: v for k, v in asdict(summary).items() if k != "out"}}
        )
    return summary


_MORE = f"give {FEWEST_PAIRS} good pairs or more, of which both pictures show the same"


def _splits_of(good: GoodPairs) -> list[str]:
    """The split of each pair: its own where it is of `val`; all others are shared out."""
    pairs, given = good.pairs, good.splits or ("",) * len(good.pairs)
    if len(pairs) < FEWEST_PAIRS:
        raise _too_few(len(pairs), pairs[0])
    shared = [pair for pair, split in zip(pairs, given, strict=True) if split != "val"]
    wanted = ("test",) if "val" in given else ("test", "val")
    if len(shared) <= len(wanted):
        raise _too_few(len(shared), pairs[0])
    drawn = iter(_shared_out(shared, wanted))
    return [split if split == "val" else next(drawn) for split in given]


def _shared_out(pairs: Sequence[WholePair], held: Sequence[str]) -> list[str]:
    """`train` or one of `held` for each; those of one golden picture stay together where there are enough of these."""
    goldens = list(dict.fromkeys(pair.golden for pair in pairs))
    together = len(goldens) >= _GROUPS_SPLIT
    places = [goldens.index(pair.golden) if together else number for number, pair in enumerate(pairs)]
    count = max(places) + 1
    order = np.random.default_rng(count).permutation(count)
    each = max(1, round(_HELD * count))
    of_rank = [split for split in held for _ in range(each)]
    of_place = {int(place): of_rank[rank] if rank < len(of_rank) else "train" for rank, place in enumerate(order)}
    return [of_place[place] for place in places]


def _too_few(count: int, pair: WholePair) -> DataError:
    return DataError(f"there are {count} pairs", code="data.few_pairs", where=str(pair.golden), remedy=_MORE)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One picture that is written: of which pair, with which flaws."""

    split: str
    board: str
    name: str
    golden: Picture
    test: Picture
    flaws: tuple[Flaw, ...]


class _Writer:
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


def _wrong(key: str, what: str, remedy: str) -> InputError:
    return InputError(what, code="data.synthesis", where=key, remedy=remedy)

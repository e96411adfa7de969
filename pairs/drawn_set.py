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
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError, ImageError
from core.files import write_json
from pairs.drawn_writer import DrawnWriter
from pairs.good_pairs import lay, list_good_pairs
from pairs.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.drawn_settings import DrawnSettings
    from pairs.good_pairs import GoodPairs
    from pairs.whole_pairs import WholePair

    Picture = NDArray[np.uint8]

RECORD = "synthesis.json"
FEWEST_PAIRS = 3
_GROUPS_SPLIT = 6  # with fewer golden pictures the pairs themselves are shared out
_HELD = 0.15  # the share of val, and of test
_FROM_SPLITS = ("train", "val")  # a data set's test pairs stay unseen


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
        writer = DrawnWriter(folder, settings)
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

# SPDX-License-Identifier: Apache-2.0
"""One board: its pictures registered, evidence found, joined into regions, and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.verdicts import NO_PASS, NOT_INSPECTED, NOT_JUDGED, PASS, UNLIKE, UNSEEN
from engine.inspect.levels import few_levels
from pairs.appearance import colours_of, taken_otherwise
from pairs.registration import laid_on, register
from pairs.trained_on import UNLIKE_REMEDY
from pairs.whole_picture import read_whole_pair
from scoring.regions import find_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.inspect.evidence import Inspector
    from pairs.registration import Registration
    from pairs.whole_pairs import WholePair
    from scoring.regions import Region, RegionMap

    Picture = NDArray[np.uint8]
    Scores = NDArray[np.float32]

_UNSEEN_REMEDY = "take the picture so that it shows the whole board"
_LEAST_SEEN = 0.9  # of the golden picture, for a PASS: less is more than the margin that a shifted board loses
_FRAME = 2  # pixels along what the test picture does not show: its edge is mixed with nothing


@dataclass(frozen=True, slots=True)
class Found:
    """A region that differs: changed pixels, the box x, y, width, height on the golden picture, the highest score.

    `corners` are those of the box on the test picture as it was taken, each x and y, from the upper left on clockwise.
    """

    number: int
    area: int
    box: tuple[int, int, int, int]
    score: float
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """An inspected board, `laid` the test picture in the golden picture's place.

    `unlike` says in what its pictures lie outside of all that the model was trained on, `unequal` in what golden and
    test picture were taken differently, `faint` that they use few levels.
    """

    pair: WholePair
    golden: Picture
    laid: Picture
    registration: Registration
    found: tuple[Found, ...]
    highest: float
    judged: bool
    unlike: tuple[str, ...] = ()
    unequal: str = ""
    faint: str = ""

    @property
    def verdict(self) -> str:
        """NO_PASS where a region was found; else PASS.

        NOT_JUDGED where no model looked, and NOT_INSPECTED where the model was never shown such pictures, or only part
        of the board is on the test picture: that it finds nothing there says nothing of the rest.
        """
        if self.found:
            return NO_PASS
        if self.unlike or self.unseen:
            return NOT_INSPECTED
        return PASS if self.judged else NOT_JUDGED

    @property
    def unseen(self) -> str:
        """How much of the board can't be judged, in words; empty for the margin that a shifted picture loses."""
        if self.registration.covered >= _LEAST_SEEN:
            return ""
        return f"{100 * (1 - self.registration.covered):.0f} % of the golden picture is not on the test picture"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the verdict doubtful, in words."""
        return (*self.unlike, *filter(None, (self.unequal, self.faint)))

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without the pixels."""
        height, width = self.golden.shape[:2]
        shown: dict[str, Any] = {
            "name": self.pair.name,
            "golden": str(self.pair.golden),
            "test": str(self.pair.test),
            "verdict": self.verdict,
            "width": width,
            "height": height,
            "score": round(self.highest, 6),
            "registration": self.registration.to_json(),
            "warnings": list(self.warnings),
            "regions": [_region_json(region) for region in self.found],
        }
        if self.verdict == NOT_INSPECTED:
            code, remedy = (UNLIKE, UNLIKE_REMEDY) if self.unlike else (UNSEEN, _UNSEEN_REMEDY)
            reason = "; ".join(filter(None, (*self.unlike, self.unseen)))
            shown |= {"reason": reason, "code": code, "remedy": remedy}
        return shown


def _region_json(region: Found) -> dict[str, Any]:
    return {
        "number": region.number,
        "verdict": NO_PASS,
        "box": list(region.box),
        "area": region.area,
        "score": round(region.score, 6),
        "corners_in_test": [[round(x, 1), round(y, 1)] for x, y in region.corners],
    }


def inspect_board(pair: WholePair, inspector: Inspector, *, gap: int) -> Board:
    """Inspect one board.

    Raises:
        ImageError: a picture is missing or broken.
        DataError: the pictures can't be registered.
    """
    golden, test = read_whole_pair(pair.golden, pair.test)
    unlike = tuple(dict.fromkeys([*inspector.unlike(golden), *inspector.unlike(test)]))
    registration = register(golden, test, str(pair.test))
    laid, shown = laid_on(test, registration, (golden.shape[0], golden.shape[1]))
    np.copyto(laid, golden, where=~shown[..., None])  # nothing is known there: it differs in nothing
    faint, lost = few_levels(golden, laid, inspector.fewest_levels)
    scores = inspector.find(golden, laid, registration.residual)
    scores[~_inner(shown)] = 0.0
    regions = find_regions(scores > inspector.threshold, gap)
    kept = [one for one in regions.regions if one.area >= inspector.least_area]
    by_score = sorted((_found(one, regions, scores, registration) for one in kept), key=lambda one: -one.score)
    found = tuple(_numbered(one, number) for number, one in enumerate(by_score, start=1))
    highest = float(scores.max(initial=0.0))
    unequal = taken_otherwise(colours_of(golden), colours_of(test))
    told = ((*unlike, faint), unequal) if lost else (unlike, unequal, faint)
    return Board(pair, golden, laid, registration, found, highest, inspector.judges, *told)


def _inner(shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    if shown.all():
        return shown
    window = np.ones((2 * _FRAME + 1, 2 * _FRAME + 1), dtype=np.uint8)
    return np.asarray(cv2.erode(shown.astype(np.uint8), window, borderValue=1)) > 0


def _found(region: Region, of: RegionMap, scores: Scores, registration: Registration) -> Found:
    inside = np.s_[region.y1 : region.y2, region.x1 : region.x2]
    highest = float(scores[inside][of.numbers[inside] == region.number].max())
    ring = [(region.x1, region.y1), (region.x2, region.y1), (region.x2, region.y2), (region.x1, region.y2)]
    back = np.linalg.inv(registration.to_golden) @ np.column_stack([np.array(ring, np.float64), np.ones(4)]).T
    corners = tuple((float(x), float(y)) for x, y in (back[:2] / back[2]).T)
    box = (region.x1, region.y1, region.x2 - region.x1, region.y2 - region.y1)
    return Found(region.number, region.area, box, highest, corners)


def _numbered(found: Found, number: int) -> Found:
    return Found(number, found.area, found.box, found.score, found.corners)

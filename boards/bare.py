# SPDX-License-Identifier: Apache-2.0
"""Bare boards as a line-scan camera sees them: crops at inspected sites, or the whole board."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from boards.copper_flaws import Flaw, Piece, draw_flaw
from boards.copper_patterns import draw_pattern
from boards.copper_shapes import Disc
from boards.pictures import BoardShot, Shot, SiteInfo, box_of
from boards.scan import ScanError, draw_scan_error, drilled, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boards.copper_patterns import Pattern
    from boards.settings import SynthesisSettings

Array = NDArray[np.float32]
_T = TypeVar("_T", bound=np.generic)

_BOARD = 640  # pixels of a classify board's side
_MARGIN = 16  # pixels around every view, for shifts
_GOLDEN = 0
_GOLDEN_NUISANCE = 0.3  # a golden scan is a selected one
_TRIES = 8
_FEWEST_PIXELS = 12
_BLANK = 0.04  # share of the scarcer tone below which a site shows nothing


class BareBoard:
    """One copper pattern. Everything follows from the settings' seed and the board's number."""

    def __init__(self, settings: SynthesisSettings, number: int) -> None:
        self._settings = settings
        self._number = number
        self._side = settings.picture_size if settings.task == "segment" else max(_BOARD, settings.picture_size)
        self._pattern: Pattern = draw_pattern(self._rng(0), self._side + 2 * _MARGIN)

    def sites(self) -> tuple[SiteInfo, ...]:
        """One site per inspected place, with the flaws for which its pattern has room."""
        return tuple(self._site(k) for k in range(self._settings.components))

    def _site(self, number: int) -> SiteInfo:
        piece, kinds = self._piece(number), self._settings.defect_types
        room = tuple(kind for kind in kinds if next(self._flaws(0, number, kind, piece), None) is not None)
        return SiteInfo(f"S{number + 1:03d}", "copper", room)

    def golden(self, site: int) -> tuple[Image.Image, ...]:
        """The golden crop of a site."""
        copper, holes = self._crop(site)
        return (_picture(scan(copper, holes, self._error(_GOLDEN, site))),)

    def test(self, unit: int, site: int, defect: str | None) -> Shot:
        """The same site on a test unit."""
        copper, holes = self._crop(site)
        error = self._error(unit + 1, site)
        good = scan(copper, holes, error)
        for flaw in self._flaws(unit, site, defect, self._piece(site)) if defect else ():
            seen = scan(flaw.applied(copper), holes, error)
            changed = _inner(seen != good)
            if changed.sum() >= _FEWEST_PIXELS:
                return Shot((_picture(seen),), defect, box_of(changed), flaw.severity)
        return Shot((_picture(good),))

    def golden_board(self) -> Image.Image:
        """The golden scan of the whole board."""
        return _picture(scan(self._pattern.copper, self._pattern.holes, self._error(_GOLDEN, -1)))

    def test_board(self, unit: int, defects: Mapping[int, str]) -> BoardShot:
        """The scan of a test unit with the flaws that show in it."""
        error, copper, holes = self._error(unit + 1, -1), self._pattern.copper, self._pattern.holes
        good = seen = scan(copper, holes, error)
        shown = {}
        for site, kind in sorted(defects.items()):
            for flaw in self._flaws(unit, site, kind, self._piece(site)):
                flawed = _moved(flaw, self._corners[site]).applied(copper)
                changed = scan(flawed, holes, error)
                if _inner(changed != seen).sum() >= _FEWEST_PIXELS:
                    copper, seen, shown[site] = flawed, changed, kind
                    break
        return BoardShot(_picture(seen), _inner(seen != good), shown)

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self._settings.seed, 2, self._number, *(k + 1 for k in key)))

    @cached_property
    def _crop_side(self) -> int:
        """Pixels of a site's piece without margin."""
        return min(128, self._side) if self._settings.task == "segment" else self._settings.picture_size

    @cached_property
    def _corners(self) -> tuple[tuple[int, int], ...]:
        """The upper left corner of every site's piece, margin included, in the pattern's pixels."""
        rng, room = self._rng(1), self._side - self._crop_side + 1
        return tuple(self._corner(rng, room) for _ in range(self._settings.components))

    def _corner(self, rng: np.random.Generator, room: int) -> tuple[int, int]:
        """A random place that is not all copper or all laminate, if one is found soon."""
        corner = (0, 0)
        for _ in range(30):
            corner = int(rng.integers(room)), int(rng.integers(room))
            share = float(_inner(self._cut(corner)).mean())
            if _BLANK < share < 1 - _BLANK:
                break
        return corner

    def _cut(self, corner: tuple[int, int]) -> Array:
        x, y = corner
        span = self._crop_side + 2 * _MARGIN
        return self._pattern.copper[y : y + span, x : x + span]

    def _crop(self, site: int) -> tuple[Array, tuple[Disc, ...]]:
        x, y = self._corners[site]
        span = self._crop_side + 2 * _MARGIN
        near = (h for h in self._pattern.holes if -40 < h.x - x < span + 40 and -40 < h.y - y < span + 40)
        return self._cut((x, y)), tuple(Disc(h.x - x, h.y - y, h.radius) for h in near)

    def _piece(self, site: int) -> Piece:
        copper, holes = self._crop(site)
        return Piece(copper, drilled(copper, holes, np.zeros((len(holes), 2))), self._crop_side * 0.3)

    def _flaws(self, unit: int, site: int, kind: str, piece: Piece) -> Iterator[Flaw]:
        """Flaws that drilling leaves something of."""
        solid = 1 - (piece.copper - piece.drilled)
        for attempt in range(_TRIES):
            flaw = draw_flaw(self._rng(4, unit, site, attempt), piece, kind)
            if flaw is None:
                return
            changed = np.abs(flaw.applied(piece.copper) - piece.copper) * solid > 0.5
            if _inner(changed).sum() >= _FEWEST_PIXELS:
                yield flaw

    def _error(self, number: int, site: int) -> ScanError:
        nuisance = self._settings.nuisance * (_GOLDEN_NUISANCE if number == _GOLDEN else 1.0)
        error = draw_scan_error(self._rng(3, number, site), nuisance)
        if site >= 0:
            return error
        return replace(error, angle=error.angle * 128 / self._side)


def _moved(flaw: Flaw, corner: tuple[int, int]) -> Flaw:
    return replace(flaw, strokes=tuple((points + np.array(corner), width) for points, width in flaw.strokes))


def _inner(field: NDArray[_T]) -> NDArray[_T]:
    return field[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _picture(copper: NDArray[np.bool_]) -> Image.Image:
    """Copper is black, as in the scans of bare-board inspection."""
    return Image.fromarray(np.where(_inner(copper), 0, 255).astype(np.uint8))

# SPDX-License-Identifier: Apache-2.0
"""Boards with components: crops of every component, or the whole board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from boards.capture import Pose, develop, draw_exposure, draw_pose
from boards.lighting import shade
from boards.mounting_defects import MAKERS as MOUNTING_DEFECTS
from boards.pictures import BoardShot, Shot, SiteInfo, box_of
from boards.scene import render
from boards.site import Site, site_of
from boards.spots import Spots, trace_spots
from boards.trace_defects import MAKERS as TRACE_DEFECTS
from boards.trace_defects import has_room
from boards.unit import Unit, draw_design, draw_unit
from boards.view import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from boards.settings import SynthesisSettings
    from boards.surface import Surface

_GOLDEN = 0  # the golden unit's number; test units count from 1
_GOLDEN_NUISANCE = 0.3  # a golden image is taken with care, but it is a photograph too
_TRIES = 12  # draws until a defect shows in the picture
_FEWEST_PIXELS = 8
_MAKERS = MOUNTING_DEFECTS | TRACE_DEFECTS


@dataclass(frozen=True, slots=True)
class _Damaged:
    """A unit with a defect and how it looks in the window that was asked about."""

    unit: Unit
    surface: Surface
    severity: float


class AssembledBoard:
    """One design with components. Everything follows from the settings' seed and the board's number."""

    def __init__(self, settings: SynthesisSettings, number: int) -> None:
        self._settings = settings
        self._number = number
        self._design = draw_design(self._rng(0), settings.components)
        self._units: dict[int, Unit] = {}

    @cached_property
    def _spots(self) -> Spots:
        return trace_spots(self._design)

    def sites(self) -> tuple[SiteInfo, ...]:
        """One site per component."""
        unit, kinds = self._unit(_GOLDEN), self._settings.defect_types
        return tuple(
            SiteInfo(item.name, item.part.kind, _possible(self._site(unit, index), kinds))
            for index, item in enumerate(self._design.plan.placed)
        )

    def golden(self, site: int) -> tuple[Image.Image, ...]:
        """The golden crops of one component, one per light."""
        window = self._pose(_GOLDEN, site).of(self._view(site))
        return self._photograph(render(self._unit(_GOLDEN), window), window, _GOLDEN, site)

    def test(self, unit: int, site: int, defect: str | None) -> Shot:
        """The same component on a test unit."""
        window, good = self._pose(unit + 1, site).of(self._view(site)), self._unit(unit + 1)
        surface = render(good, window)
        shown = None if defect is None else self._damaged(good, (unit, site, defect), window, surface)
        if shown is None:
            return Shot(self._photograph(surface, window, unit + 1, site))
        box = box_of(shown.surface.differs(surface))
        return Shot(self._photograph(shown.surface, window, unit + 1, site), defect, box, shown.severity)

    def _damaged(self, unit: Unit, wish: tuple[int, int, str], window: Window, good: Surface) -> _Damaged | None:
        """The unit with a defect (unit's number, site, type) that shows in a window, or None where none would.

        Whether it shows is asked of the coarser crop that defects are sized for, so that a finer one has the same.
        """
        pixels = self._settings.defects_for or window.pixels
        if pixels != window.pixels:
            coarse = replace(window, pixels=pixels)
            found = self._drawn(unit, wish, coarse, render(unit, coarse))
            return None if found is None else replace(found, surface=render(found.unit, window))
        return self._drawn(unit, wish, window, good)

    def _drawn(self, unit: Unit, wish: tuple[int, int, str], window: Window, good: Surface) -> _Damaged | None:
        number, index, kind = wish
        site = self._site(unit, index)
        for attempt in range(_TRIES):
            bad, severity = _damage(self._rng(4, number, index, attempt), site, kind)
            surface = render(bad, window)
            if surface.differs(good).sum() >= _FEWEST_PIXELS:
                return _Damaged(bad, surface, severity)
        return None

    def golden_board(self) -> Image.Image:
        """The golden picture of the whole board."""
        window = self._pose(_GOLDEN, -1).of(self._whole())
        return self._photograph(render(self._unit(_GOLDEN), window), window, _GOLDEN, -1)[0]

    def test_board(self, unit: int, defects: Mapping[int, str]) -> BoardShot:
        """A test unit's picture, with the defects that show in it."""
        window, good = self._pose(unit + 1, -1).of(self._whole()), self._unit(unit + 1)
        bad, shown = good, {}
        for site, kind in sorted(defects.items()):
            near = self._near(site)
            damaged = self._damaged(bad, (unit, site, kind), near, render(bad, near))
            if damaged is not None:
                bad, shown[site] = damaged.unit, kind
        surface = render(bad, window)
        mask = surface.differs(render(good, window)) if shown else np.zeros(surface.height.shape, bool)
        return BoardShot(self._photograph(surface, window, unit + 1, -1)[0], mask, shown)

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self._settings.seed, 1, self._number, *(k + 1 for k in key)))

    def _unit(self, number: int) -> Unit:
        if number not in self._units:
            tolerance = self._settings.nuisance * (0.5 if number == _GOLDEN else 1.0)
            self._units[number] = draw_unit(self._rng(1, number), self._design, tolerance)
        return self._units[number]

    def _pixel(self, site: int) -> float:
        """Millimetres per pixel of the picture that a site's defects are sized for."""
        if self._settings.task == "segment":
            return 1 / self._whole().scale
        return 1 / self._design.plan.placed[site].view(self._settings.defect_pixels).scale

    def _site(self, unit: Unit, site: int) -> Site:
        return site_of(unit, site, self._spots, self._pixel(site))

    def _view(self, site: int) -> Window:
        return self._design.plan.placed[site].view(self._settings.picture_size)

    def _near(self, site: int) -> Window:
        """A component's part of the board's picture, at that picture's scale."""
        item = self._design.plan.placed[site]
        return item.view(max(8, round(item.view_side * self._whole().scale)))

    def _whole(self) -> Window:
        plan = self._design.plan
        return Window(plan.width / 2, plan.height / 2, max(plan.width, plan.height) * 1.02, self._settings.picture_size)

    def _nuisance(self, number: int) -> float:
        return self._settings.nuisance * (_GOLDEN_NUISANCE if number == _GOLDEN else 1.0)

    def _pose(self, number: int, site: int) -> Pose:
        reach = self._nuisance(number) * (128 / self._settings.picture_size if self._settings.task == "segment" else 1)
        return draw_pose(self._rng(2, number, site), reach)

    def _photograph(self, surface: Surface, window: Window, number: int, site: int) -> tuple[Image.Image, ...]:
        pictures = []
        for place, light in enumerate(self._settings.lights):
            exposure = draw_exposure(self._rng(3, number, site, place), self._nuisance(number))
            pictures.append(develop(shade(surface, light, window.scale), exposure))
        return tuple(pictures)


def _possible(site: Site, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the defect types that this component can have and a camera can see."""
    return tuple(kind for kind in kinds if _fits(site, kind))


def _fits(site: Site, kind: str) -> bool:
    part = site.item.part
    if kind == "tombstone":
        return part.chip
    if kind == "wrong_polarity":
        return part.polar
    return has_room(site, kind) if kind in TRACE_DEFECTS else True


def _damage(rng: np.random.Generator, site: Site, kind: str) -> tuple[Unit, float]:
    """The unit with one defect, and the defect's severity from 0 (as slight as they come) to 1."""
    severity = float(rng.uniform(0, 1))
    return _MAKERS[kind](rng, site, severity), severity

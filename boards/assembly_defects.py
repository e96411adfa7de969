# SPDX-License-Identifier: Apache-2.0
"""Which defects a component of an assembled board can have, and a unit that has one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boards import mounting_defects, trace_defects

if TYPE_CHECKING:
    import numpy as np

    from boards.site import Site
    from boards.unit import Unit

_MAKERS = mounting_defects.MAKERS | trace_defects.MAKERS


def possible(site: Site, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the defect types that this component can have and a camera can see."""
    return tuple(kind for kind in kinds if _fits(site, kind))


def _fits(site: Site, kind: str) -> bool:
    part = site.item.part
    if kind == "tombstone":
        return part.chip
    if kind == "wrong_polarity":
        return part.polar
    return trace_defects.has_room(site, kind) if kind in trace_defects.MAKERS else True


def damage(rng: np.random.Generator, site: Site, kind: str) -> tuple[Unit, float]:
    """The unit with one defect, and the defect's severity from 0 (as slight as they come) to 1."""
    severity = float(rng.uniform(0, 1))
    return _MAKERS[kind](rng, site, severity), severity

# SPDX-License-Identifier: Apache-2.0
"""Evidence by a model that marks pixels, in whichever form it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.inspect.evidence import Inspector
from engine.inspect.levels import with_enough_levels
from engine.starter import told
from pairs.appearance import appearance_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.inspect.evidence import Picture, Scores
    from engine.settings import Run
    from pairs.trained_on import TrainedOn


@dataclass(frozen=True, slots=True)
class MaskJudge:
    """What an inspection needs of such a model: `change` gives scores (H, W) for a golden and a test picture (H, W, 3).

    `side` is that of its squares, `origin` tells where its `threshold` comes from.
    """

    change: Callable[[Picture, Picture], Scores]
    side: int
    threshold: float
    origin: dict[str, Any]
    trained_on: TrainedOn


def mask_inspector(run: Run, judge: MaskJudge) -> Inspector:
    """Evidence by the model of `inspect.checkpoint`, square by square."""
    section, side, trained_on = run.experiment.inspect, judge.side, judge.trained_on

    def find(golden: Picture, test: Picture, _residual: float) -> Scores:
        return judge.change(golden, test)

    return Inspector(
        with_enough_levels(find, trained_on.fewest_levels),
        judge.threshold if section.threshold is None else section.threshold,
        f"{told(section.checkpoint, 'segment')}, in tiles of {side} x {side} px at the pictures' own scale",
        judge.origin if section.threshold is None else {"kind": "given"},
        section.least_area,
        unlike=lambda picture: trained_on.unlike(appearance_of(picture)),
        tile=(side, side),
        fewest_levels=trained_on.fewest_levels,
    )

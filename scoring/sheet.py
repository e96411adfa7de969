# SPDX-License-Identifier: Apache-2.0
"""Everything an inspection engineer signs in one dictionary: figures, groups, intervals, calibration, target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.verdicts import PASS
from scoring.bootstrap import DRAWS, SEED, bootstrap
from scoring.calibration import calibrate
from scoring.choice import judge
from scoring.figures import summarize
from scoring.groups import by_board, by_kind
from scoring.scored import scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from scoring.targets import Target


def figure_sheet(  # noqa: PLR0913 - the columns of one table and the two ways to read it
    kinds: Sequence[str],
    scores: ArrayLike,
    threshold: float | None,
    *,
    boards: Sequence[str] | None = None,
    target: Target | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> dict[str, Any]:
    """The figures of pairs at a threshold, as strict JSON values.

    `kinds` (N,) are labels (PASS or the kind of defect), `boards` (N,) name the board of each pair; without them each
    pair counts as a board of its own. Parts that need a threshold or finite scores are empty without.

    Raises:
        DataError: lengths differ.
    """
    labels = np.asarray(kinds, dtype=np.str_).reshape(-1) != PASS
    pairs = scored(labels, scores)
    sheet: dict[str, Any] = {
        **summarize(labels, scores, threshold),
        "by_kind": [],
        "by_board": [],
        "intervals": {},
        "calibration": calibrate(labels, scores).as_dict(),
    }
    if threshold is not None and not pairs.why_not(defects=False, passes=False):
        names = boards if boards is not None else [str(row) for row in range(pairs.rows)]
        sheet["by_kind"] = [group.as_dict() for group in by_kind(kinds, scores, threshold)]
        sheet["by_board"] = [] if boards is None else [g.as_dict() for g in by_board(names, labels, scores, threshold)]
        found = bootstrap(labels, scores, threshold, names, draws=draws, seed=seed)
        sheet["intervals"] = {name: interval and interval.as_dict() for name, interval in found.items()}
    if target is not None:
        sheet["target"] = judge(labels, scores, threshold, target).as_dict()
    return sheet

# SPDX-License-Identifier: Apache-2.0
"""The same counts per kind of defect and per board."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.verdicts import PASS
from scoring.binomial import Interval, clopper_pearson
from scoring.scored import Scored, scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of defect or one board at a threshold; a rate of a class that is missing is None."""

    name: str
    defects: int
    caught: int
    escapes: int
    recall: float | None
    recall_interval: Interval | None
    passes: int
    false_alarms: int
    false_alarm_rate: float | None

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def by_kind(kinds: Sequence[str], scores: ArrayLike, threshold: float) -> list[Group]:
    """The recall of each kind of defect, by name; `kinds` (N,) are the labels, PASS pairs are left out.

    Raises:
        DataError: lengths differ, or a score is not finite.
    """
    names = np.asarray(kinds, dtype=np.str_).reshape(-1)
    pairs = scored(names != PASS, scores)
    return _grouped(names[pairs.defect], Scored(pairs.defect[pairs.defect], pairs.score[pairs.defect]), threshold)


def by_board(boards: Sequence[str], labels: ArrayLike, scores: ArrayLike, threshold: float) -> list[Group]:
    """Recall and false alarms of each board (or design, lot, line), by name.

    Raises:
        DataError: lengths differ, or a score is not finite.
    """
    return _grouped(np.asarray(boards, dtype=np.str_).reshape(-1), scored(labels, scores), threshold)


def _grouped(names: Any, pairs: Scored, threshold: float) -> list[Group]:
    if len(names) != pairs.rows:
        message = f"there are {len(names)} group names and {pairs.rows} pairs"
        raise DataError(message, code="scoring.lengths", remedy="pass one group name per pair")
    if not np.isfinite(pairs.score).all():
        raise DataError("a score is not finite", code="scoring.scores", remedy="leave the pair out")
    groups, member = np.unique(names, return_inverse=True)
    flagged = pairs.score > threshold
    counts = [
        np.bincount(member, weights=which, minlength=len(groups)).astype(np.int64).tolist()
        for which in (pairs.defect, pairs.defect & flagged, ~pairs.defect, ~pairs.defect & flagged)
    ]
    return [_group(str(name), *(int(count[i]) for count in counts)) for i, name in enumerate(groups)]


def _group(name: str, defects: int, caught: int, passes: int, false_alarms: int) -> Group:
    return Group(
        name=name,
        defects=defects,
        caught=caught,
        escapes=defects - caught,
        recall=caught / defects if defects else None,
        recall_interval=clopper_pearson(caught, defects) if defects else None,
        passes=passes,
        false_alarms=false_alarms,
        false_alarm_rate=false_alarms / passes if passes else None,
    )

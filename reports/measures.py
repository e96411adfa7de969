# SPDX-License-Identifier: Apache-2.0
"""The figures that a report states: counted on the pairs that have a score, and held against the target on all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.binomial import CONFIDENCE, lower_bound, upper_bound
from scoring.bootstrap import bootstrap
from scoring.calibration import Calibration, calibrate
from scoring.choice import Verdict, judge
from scoring.figures import summarize
from scoring.groups import Group, by_board, by_kind
from scoring.rounding import at_least, at_most
from scoring.scored import Scored, scored
from scoring.targets import parse, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.scored_table import Bools, Floats, ScoredTable
    from scoring.binomial import Interval

ROWS_SHOWN = 100
LONGEST_NAME = 80
KIND_TITLE = "Defect type"


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Counts per kind of defect or per unit, the worst first; `names` (N,) is the group of each scored pair.

    At most 100 groups are shown, `hidden` says how many more there are. A table of kinds has no false alarms.
    """

    title: str
    key: str
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    hidden: int
    with_passes: bool


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known about the pairs; `pairs` are the scored ones, `sentence` the verdict in one line.

    `status` is met, missed, unknown or none (no target stated).
    """

    pairs: Scored
    unscored: int
    labelled: bool
    threshold: float | None
    figures: dict[str, Any]
    intervals: dict[str, Interval | None]
    calibration: Calibration
    verdict: Verdict | None
    status: str
    sentence: str
    tables: tuple[GroupTable, ...]

    @property
    def complete(self) -> bool:
        """Whether rates over both classes can be given."""
        return self.labelled and not self.pairs.why_not()

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        counted = self.threshold is not None and self.pairs.rows > 0
        if counted and not self.labelled:  # whatever the target of the model: these pairs were never meant to judge it
            return f"{self.flagged:,} of {self.pairs.rows:,} pairs flagged"
        if self.status != "none":
            return {"met": "Target met", "missed": "Target not met"}.get(self.status, "Target can't be judged")
        if not counted:
            return "Nothing was judged"
        escapes, alarms = self.figures["escapes"], self.figures["false_alarms"]
        return f"{_counted_as(escapes, 'escape')}, {_counted_as(alarms, 'false alarm')}"

    @property
    def flagged(self) -> int:
        """How many scored pairs are above the threshold."""
        return 0 if self.threshold is None else int(np.count_nonzero(self.pairs.score > self.threshold))


def measure(table: ScoredTable, threshold: float | None, target: str | None) -> Measures:
    """Count and judge.

    Raises:
        InputError: the target makes no sense.
    """
    wanted = parse(target) if target else None
    known = table.scored
    pairs = scored(table.defect[known], table.scores[known])
    boards = _boards(table, known)
    judged = threshold is not None and pairs.rows > 0 and table.labelled
    verdict = judge(table.defect, table.scores, threshold, wanted) if wanted is not None and table.labelled else None
    status, sentence = _verdict_line(table, pairs, threshold, verdict, target)
    return Measures(
        pairs=pairs,
        unscored=int(np.count_nonzero(~known)),
        labelled=table.labelled,
        threshold=threshold,
        figures=summarize(pairs.defect, pairs.score, threshold),
        intervals=bootstrap(pairs.defect, pairs.score, threshold, boards) if judged and threshold is not None else {},
        calibration=calibrate(pairs.defect, pairs.score),
        verdict=verdict,
        status=status,
        sentence=sentence,
        tables=_tables(table, known, pairs, threshold) if judged and threshold is not None else (),
    )


def _boards(table: ScoredTable, known: Bools) -> list[str]:
    column = table.board_column
    return _kept(table.column(column), known) if column else [str(row) for row in range(int(known.sum()))]


def _kept(values: Sequence[str], known: Bools) -> list[str]:
    return [_bounded(value) for value, keep in zip(values, known.tolist(), strict=True) if keep]


def _bounded(name: str) -> str:
    """A name that can't blow up an array of texts; long ones stay different by a hash."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _verdict_line(
    table: ScoredTable, pairs: Scored, threshold: float | None, verdict: Verdict | None, target: str | None
) -> tuple[str, str]:
    if verdict is not None:
        status = "unknown" if verdict.met is None else "met" if verdict.met else "missed"
        return status, _capital(verdict.sentence())
    status = "unknown" if target else "none"
    if not table.rows:
        return status, "There is nothing to judge: the table has no usable row"
    if threshold is None:
        return status, "There is no threshold, so no pair was judged; the scores are shown as they are"
    if not table.labelled:
        flagged = int(np.count_nonzero(pairs.score > threshold))
        said = f"{flagged:,} of {pairs.rows:,} pairs are above the threshold of {threshold:.6g}"
        unknown = f", nor whether the target {target} is met" if target else ""
        return status, f"{said}; without labels nobody can tell which of them rightly{unknown}"
    return status, _counted(pairs, threshold)


def _counted(pairs: Scored, threshold: float) -> str:
    """The counts and their one-sided bounds, for a report without a target."""
    flagged = pairs.score > threshold
    caught, alarms = int(np.count_nonzero(flagged & pairs.defect)), int(np.count_nonzero(flagged & ~pairs.defect))
    parts = []
    if pairs.defects:
        sure = f"recall at least {at_least(lower_bound(caught, pairs.defects))}"
        parts.append(f"{pairs.defects - caught:,} of {pairs.defects:,} defects escaped ({sure})")
    if pairs.passes:
        sure = f"false alarm rate at most {at_most(upper_bound(alarms, pairs.passes))}"
        parts.append(f"{alarms:,} of {pairs.passes:,} good pairs were flagged ({sure})")
    if not parts:
        return "No pair has a finite score, so nothing can be judged"
    return f"{' and '.join(parts)}, at {percent(CONFIDENCE)} confidence"


def _counted_as(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tables(table: ScoredTable, known: Bools, pairs: Scored, threshold: float) -> tuple[GroupTable, ...]:
    found = []
    kinds = _kept(table.kinds, known)
    if pairs.defects:
        found.append(_table(KIND_TITLE, "kind", kinds, by_kind(kinds, pairs.score, threshold), with_passes=False))
    for column in table.group_columns:
        names = _kept(table.column(column), known)
        if names and len(set(names)) > 1:
            groups = by_board(names, pairs.defect, pairs.score, threshold)
            found.append(_table(column.replace("_", " ").capitalize(), column, names, groups, with_passes=True))
    return tuple(found)


def _table(title: str, key: str, names: list[str], groups: list[Group], *, with_passes: bool) -> GroupTable:
    worst = sorted(groups, key=lambda group: (-group.escapes, -group.false_alarms, group.name))
    return GroupTable(title, key, tuple(names), tuple(worst[:ROWS_SHOWN]), max(0, len(worst) - ROWS_SHOWN), with_passes)


def places(groups: Sequence[Group], names: Sequence[str]) -> Floats:
    """The place of each pair's group among those shown (N,), 65535 for one that is not shown."""
    place = {group.name: i for i, group in enumerate(groups)}
    return np.array([place.get(name, 0xFFFF) for name in names], dtype=np.float64)

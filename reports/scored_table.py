# SPDX-License-Identifier: Apache-2.0
"""The scored table, read so that one bad row never costs the report: what can't be used is told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError
from core.problem import Problem
from core.verdicts import PASS
from pairs.classify_csv import BOARD_COLUMNS, COLUMNS, DEPLOY_SCORE, SCORE_COLUMNS, is_defect, iter_rows, read_header
from pairs.findings import Tally
from pairs.odd_text import ODD_REMEDY, odd_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.classify_csv import PairRow

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

SCORE, VERDICT, THRESHOLD, EVIDENCE = SCORE_COLUMNS
GROUP_COLUMNS = ("design", "product", "lot", "line", "component")
ROUNDING = 1e-6  # scores are written with nine digits


@dataclass(frozen=True, slots=True)
class ScoredTable:
    """The usable rows with their scores (N,); NaN stands for a score that is missing or not finite.

    `defect` (N,) is all false where there are no labels. `thresholds` are the different ones that the rows name, in the
    order met; `notes` say what was wrong on reading.
    """

    path: Path
    rows: tuple[PairRow, ...]
    scores: Floats
    defect: Bools
    labelled: bool
    thresholds: tuple[float, ...]
    notes: tuple[Problem, ...]

    @property
    def kinds(self) -> list[str]:
        """The label of each row."""
        return [row.label for row in self.rows]

    @property
    def scored(self) -> Bools:
        """Whether each row has a finite score (N,)."""
        finite: Bools = np.isfinite(self.scores)
        return finite

    @property
    def board_column(self) -> str | None:
        """The column that names the board, if there is one."""
        return next((name for name in BOARD_COLUMNS if self._has(name)), None)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns worth a table of their own: the board's and those of larger or other units."""
        board = self.board_column
        return tuple(name for name in ([board] if board else []) + list(GROUP_COLUMNS) if self._has(name))

    def column(self, name: str) -> list[str]:
        """One extra column, row by row."""
        return [row.extra.get(name, "") for row in self.rows]

    def _has(self, name: str) -> bool:
        return any(row.extra.get(name) for row in self.rows)


def read_scored_table(path: Path) -> ScoredTable:
    """Read the table that an evaluation or inference wrote; labels may be absent.

    Raises:
        DataError: the file is missing, no CSV, or has no column `siamese_score`.
    """
    header = read_header(path, needs_label=False)
    if not {SCORE, DEPLOY_SCORE} & set(header):
        remedy = "give the predictions.csv of an evaluation or the inference.csv of an inference"
        message = f"the CSV has no column {SCORE} (it has {', '.join(header)[:200]})"
        raise DataError(message, code="report.no_scores", where=f"{path}:1", remedy=remedy)
    tally = Tally(path.name)

    def skip(line: int, error: DataError) -> None:
        if error.code != "data.csv_spaces":
            tally.note("report.row_skipped", "error", f"a row was left out: {error.message}", error.remedy, line)

    rows = _alike_in_labels(tuple(iter_rows(path, needs_label=False, on_problem=skip)), tally)
    _tell_odd_text(rows, tally)
    labelled = any(row.label for row in rows)
    scores = np.array([_score(row, tally) for row in rows], dtype=np.float64)
    defect = np.array([labelled and is_defect(row.label) for row in rows], dtype=np.bool_)
    thresholds = tuple(dict.fromkeys(t for row in rows if (t := _number(row.extra.get(THRESHOLD, ""))) is not None))
    notes = (*tally.findings(), *_row_notes(path, rows, labelled=labelled), *_threshold_notes(path, thresholds))
    return ScoredTable(path, rows, scores, defect, labelled, thresholds, notes)


def _alike_in_labels(rows: tuple[PairRow, ...], tally: Tally) -> tuple[PairRow, ...]:
    """All rows with a label, or all rows where none has one: a pair of unknown verdict belongs into no count."""
    known = tuple(row for row in rows if row.label)
    if known and len(known) < len(rows):
        message, remedy = "a row was left out: its label is empty", "write PASS or the kind of defect"
        for row in rows:
            if not row.label:
                tally.note("report.row_skipped", "error", message, remedy, row.row)
    return known or rows


def _tell_odd_text(rows: tuple[PairRow, ...], tally: Tally) -> None:
    for row in rows:
        if odd := odd_text(row):
            tally.note("report.odd_text", "warning", f"{odd}; on this page it is plain text", ODD_REMEDY, row.row)


def verdict_notes(table: ScoredTable, threshold: float | None) -> tuple[Problem, ...]:
    """A finding where the table's own verdicts do not follow from its scores and the threshold."""
    if threshold is None:
        return ()
    tally = Tally(table.path.name)
    for row, score in zip(table.rows, table.scores.tolist(), strict=True):
        verdict = row.extra.get(VERDICT, "")
        near = abs(score - threshold) <= ROUNDING * max(1.0, abs(threshold))
        if verdict and math.isfinite(score) and not near and (verdict != PASS) != (score > threshold):
            message = "a verdict in the table does not follow from its score at this report's threshold"
            remedy = "judge by the score; the table was written with another threshold, or altered"
            tally.note("report.verdict", "warning", message, remedy, row.row)
    return tuple(tally.findings())


def _score(row: PairRow, tally: Tally) -> float:
    text = row.extra.get(SCORE) or row.extra.get(DEPLOY_SCORE, "")
    score = _number(text)
    if score is None:
        message = "a pair has no finite score, so nobody knows its verdict"
        tally.note("report.score", "error", message, "look at these pairs by hand, then score them again", row.row)
        return math.nan
    return score


def _number(text: str) -> float | None:
    """A finite number, or None for everything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _row_notes(path: Path, rows: tuple[PairRow, ...], *, labelled: bool) -> list[Problem]:
    if not rows:
        message = "the table has no row that can be used"
        return [Problem("report.no_rows", path.name, message, f"score some pairs; columns: {','.join(COLUMNS)}")]
    if not labelled:
        message = "the table has no labels, so escapes and false alarms can't be counted"
        return [Problem("report.no_labels", path.name, message, "add a label column to measure the model", "warning")]
    kinds = {is_defect(row.label) for row in rows}
    if len(kinds) < 2:
        only, lacking = ("defects", "PASS pair") if True in kinds else ("PASS pairs", "defect")
        message = f"all labelled pairs are {only}; there is no {lacking}, so rates over both classes are unknown"
        return [Problem("report.one_class", path.name, message, "evaluate on pairs of both classes", "warning")]
    return []


def _threshold_notes(path: Path, thresholds: tuple[float, ...]) -> list[Problem]:
    if len(thresholds) < 2:
        return []
    message = f"the rows name {len(thresholds)} different thresholds"
    return [Problem("report.thresholds", path.name, message, "judge all pairs of a table at one threshold", "warning")]

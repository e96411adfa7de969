# SPDX-License-Identifier: Apache-2.0
"""One self-contained page on an evaluation or inference: verdict, figures, curves, pictures of every mistake."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError, InputError
from core.files import write_text
from core.problem import Problem
from reports.charts import false_alarms_over_recall, histogram, operating_points, precision_recall
from reports.gallery import Gallery, Limits, build_gallery
from reports.measures import Measures, measure, places
from reports.page import Kind, render
from reports.results_page import ReportSummary
from reports.score_axis import ScoreAxis, score_axis
from reports.scored_table import read_scored_table, verdict_notes
from scoring.named_figures import named

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

    from reports.results import ResultFiles
    from reports.scored_table import ScoredTable

PAGE = Kind("inspection.html.j2", ("inspection.css",), ("scores.js", "threshold.js", "gallery.js", "zoom.js"))


def write_report(results: ResultFiles, out: Path, limits: Limits = Limits()) -> ReportSummary:  # noqa: B008 - frozen
    """Write the page to `out`, an HTML file; the same inputs give the same bytes.

    Rows without a usable score, missing labels, missing pictures and the like are told on the page. Nothing is written
    where there is nothing to tell from.

    Raises:
        DataError: the table is missing, no CSV, or has no scores.
        InputError: the target makes no sense, or `out` can't be written.
    """
    if out.is_dir():
        message = "this is a folder, not a file"
        raise DataError(message, code="report.out", where=str(out), remedy="name an .html file in it")
    table = read_scored_table(results.table)
    threshold, source = _threshold(results, table)
    measures = measure(table, threshold, results.target)
    axis = score_axis(measures.pairs.score, threshold)
    gallery = build_gallery(results, table, threshold, axis, limits)
    context = _context(results, table, measures, gallery, axis) | {"threshold_source": source, "limits": limits}
    page = render(PAGE, context, _script_data(measures, axis))
    _write(out, page)
    shown = sum(bool(card.picture_bytes) for card in gallery.cards)
    return ReportSummary(out, len(page.encode()), len(table.rows), shown, measures.status, measures.sentence)


def _write(out: Path, page: str) -> None:
    try:
        write_text(out, page)
    except OSError as problem:
        message = f"the report can't be written ({problem.strerror})"
        remedy = "make room, or name a file in a folder that you may write to"
        raise InputError(message, code="report.out", where=str(out), remedy=remedy) from problem


def _threshold(results: ResultFiles, table: ScoredTable) -> tuple[float | None, str]:
    if results.threshold is not None:
        return results.threshold, results.threshold_source or "given for this report"
    if table.thresholds:
        return table.thresholds[0], results.threshold_source or "the table's threshold column"
    return None, ""


def _context(
    results: ResultFiles, table: ScoredTable, measures: Measures, gallery: Gallery, axis: ScoreAxis
) -> dict[str, Any]:
    read = (*table.notes, *verdict_notes(table, measures.threshold))
    notes = (*read, *_purpose_notes(results, measures), *_picture_notes(results, gallery))
    curves = _curves(measures)
    return {
        "title": results.title,
        "headline": measures.headline,
        "headings": _headings(measures, gallery, drawn=curves is not None),
        "results": results,
        "own_figures": list(named(results.kpi, "classify")),
        "rows": len(table.rows),
        "measures": measures,
        "gallery": gallery,
        "axis": axis,
        "histogram": histogram(measures.pairs.score, measures.pairs.defect, axis, labelled=measures.labelled),
        "curves": curves,
        "notes": sorted(notes, key=lambda note: note.severity),
        "spec": results.spec,
    }


def _headings(measures: Measures, gallery: Gallery, *, drawn: bool) -> dict[str, str]:
    """The sections that the page has behind the verdict, id to name."""
    there = {
        ("threshold", "Threshold"): measures.pairs.rows,
        ("curves", "Curves"): drawn,
        ("groups", "Types and boards"): measures.tables,
        ("gallery", "Pictures"): gallery.cards,
        ("findings", "Findings"): True,
        ("run", "Spec and run"): True,
    }
    return dict(heading for heading, found in there.items() if found)


def _curves(measures: Measures) -> dict[str, Any] | None:
    if not measures.complete:
        return None
    target = measures.verdict.target if measures.verdict else None
    corner = (target.value, target.recall or 0.0) if target and target.metric == "far" else None
    recall = measures.figures["recall"]
    here = 1.0 if recall is None else recall
    return {
        "precision": precision_recall(measures.pairs, here),
        "false_alarms": false_alarms_over_recall(measures.pairs, corner, here),
        "points": operating_points(measures.pairs),
    }


def _purpose_notes(results: ResultFiles, measures: Measures) -> list[Problem]:
    """A finding where the target is judged at a threshold that was chosen for something else."""
    origin, verdict = results.threshold_origin, measures.verdict
    chosen = origin.other_than_for(verdict.target) if origin and verdict else ""
    if not chosen:
        return []
    message = f"the threshold was chosen for something else than this target: {chosen}"
    remedy = "train with this target, then the threshold is chosen for it on validation data"
    return [Problem("report.threshold_purpose", results.table.name, message, remedy, "warning")]


def _picture_notes(results: ResultFiles, gallery: Gallery) -> list[Problem]:
    if not gallery.cards:
        return []
    if not gallery.folder_there:
        message = "the folder of pictures is not known or not on this machine, so no picture can be shown"
        where = str(results.images_dir or "images_dir")
        return [Problem("report.images_dir", where, message, "make the report where the pictures are", "warning")]
    if gallery.unreadable:
        message = f"{gallery.unreadable} pictures of the pairs shown are missing, unreadable or outside their folder"
        return [Problem("report.pictures", str(results.images_dir), message, "check names and extension", "warning")]
    return []


def _script_data(measures: Measures, axis: ScoreAxis) -> dict[str, Any]:
    """The scores of all pairs, ascending, with label and groups, as base64 of little-endian numbers."""
    order = np.argsort(measures.pairs.score, kind="stable")
    return {
        "axis": {"kind": axis.kind, "low": axis.low, "high": axis.high},
        "threshold": measures.threshold,
        "labelled": measures.labelled,
        "scores": _packed(measures.pairs.score[order], "<f8"),
        "defect": _packed(measures.pairs.defect[order], "u1"),
        "tables": {
            table.key: {"rows": len(table.groups), "of": _packed(_of(measures, table, order), "<u2")}
            for table in measures.tables
        },
    }


def _of(measures: Measures, table: Any, order: Any) -> Any:
    """The place of each pair's group in a table; in the table of kinds only defects have one."""
    found = places(table.groups, table.names)
    if not table.with_passes:
        found = np.where(measures.pairs.defect, found, 0xFFFF)
    return found[order]


def _packed(values: ArrayLike, kind: str) -> str:
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode("ascii")

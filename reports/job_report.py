# SPDX-License-Identifier: Apache-2.0
"""The page and the verdict that an evaluation or inference of ChangeNet ends with, by the files in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, InputError
from core.file_names import FIGURES_FILE, INSPECTION_FILE, PICTURES_FILE, SCORED_TABLES, SPEC_FILE
from scoring.rounding import as_percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reports.results_page import ReportSummary


def write(folder: Path, results_dir: Path, out: Path, target: str | None) -> ReportSummary | None:
    """Write the inspection report of the job in `folder` to `out`; None where it left no table to report on.

    `target` is what the figures are held against; without it, that of the job's spec.

    Raises:
        DataError, InputError: the table has no scores, or the target can't be read, or is none for masks.
    """
    if (results_dir / INSPECTION_FILE).is_file():
        return _write_boards(folder, results_dir, out, target)
    if (results_dir / PICTURES_FILE).is_file():
        return _write_segment(folder, results_dir, out, target)
    if not any((results_dir / name).is_file() for name in SCORED_TABLES):
        return None
    from core.documents import read_yaml
    from core.dotted import get
    from reports.inspection import write_report
    from reports.job_folder import from_job_folder

    wanted = target or get(read_yaml(folder / SPEC_FILE), "model.classify.target")
    return write_report(from_job_folder(folder, target=wanted), out)


def make_ready(action: str) -> None:
    """Load what the page of an action is made with: half of the time that a page takes."""
    from reports import page

    if action.endswith("inspect"):
        from reports.whole_board import PAGE
    elif action.startswith("segment") and action.endswith(("evaluate", "inference")):
        from reports.segment import PAGE
    elif action.endswith(("evaluate", "inference")):
        from reports.inspection import PAGE
    else:
        return
    page.make_ready(PAGE)


def _write_boards(folder: Path, results_dir: Path, out: Path, target: str | None) -> ReportSummary:
    from reports.whole_board import write_board_report

    _refuse_target(target, "found regions on whole boards")
    return write_board_report(folder, results_dir, out)


def _refuse_target(target: str | None, did: str) -> None:
    if target:
        message = f"the target {target!r} is for verdicts on pairs; this job {did}"
        raise InputError(message, code="report.target", where="--target", remedy="leave it out")


def _write_segment(folder: Path, results_dir: Path, out: Path, target: str | None) -> ReportSummary:
    from reports.segment import write_segment_report

    _refuse_target(target, "made masks")
    return write_segment_report(folder, results_dir, out)


def verdict(results_dir: Path) -> str:
    """What an evaluation found in one line: whether the target was met and how sure that is; empty for other jobs."""
    path = results_dir / FIGURES_FILE
    if not path.is_file():
        return ""
    from core.documents import read_json

    try:
        sheet = read_json(path)
        if "task" in sheet and sheet["task"] == "segment":
            return _segment_line(sheet)
        if "target" in sheet:
            return str(sheet["target"]["sentence"])
        counts = f"{sheet['escapes']} of {sheet['defects']} defects escaped"
        return f"{counts}, {sheet['false_alarms']} of {sheet['passes']} good pairs flagged; no target is set"
    except (ChangenetError, AttributeError, KeyError, TypeError):
        return ""  # whatever the file is, no evaluation of ours wrote it


def _segment_line(sheet: Mapping[str, Any]) -> str:
    regions, f1 = sheet["regions"], sheet["pixels"]["f1"]
    pixels = "no pixel is labelled as changed" if f1 is None else f"F1 of pixels {as_percent(f1)}"
    false = f"{regions['false_regions']} false region{'' if regions['false_regions'] == 1 else 's'}"
    found = f"{regions['found']} of {regions['defects']} defects found, {false}"
    return f"{found}; {pixels}"

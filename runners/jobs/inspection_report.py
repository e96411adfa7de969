# SPDX-License-Identifier: Apache-2.0
"""The page that an evaluation or inference ends with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChangenetError
from core.file_names import FIGURES_FILE, REPORT_FILE, SCORED_TABLES, SPEC_FILE

if TYPE_CHECKING:
    from reports.inspection import ReportSummary
    from runners.jobs.job import Job


def report_path(job: Job) -> Path:
    """Where the report of a job lies, made or not."""
    return Path(job.results_dir) / REPORT_FILE


def verdict_line(job: Job) -> str:
    """What an evaluation found in one line: whether the target was met and how sure that is; empty for other jobs."""
    path = Path(job.results_dir) / FIGURES_FILE
    if not path.is_file():
        return ""
    from core.documents import read_json

    try:
        sheet = read_json(path)
        if "target" in sheet:
            return str(sheet["target"]["sentence"])
        counts = f"{sheet['escapes']} of {sheet['defects']} defects escaped"
        return f"{counts}, {sheet['false_alarms']} of {sheet['passes']} good pairs flagged; no target is set"
    except (ChangenetError, KeyError, TypeError):
        return ""  # whatever the file is, no evaluation of ours wrote it


def make_report(job: Job, *, target: str | None = None, out: Path | None = None) -> ReportSummary:
    """Write the inspection report of a job that left a scored table; returns its path and the verdict.

    Raises:
        DataError, InputError: the job left no table of scores, or the target can't be read.
    """
    from core.documents import read_yaml
    from core.dotted import get
    from reports.inspection import write_report
    from reports.job_folder import from_job_folder

    folder = Path(job.folder)
    wanted = target or get(read_yaml(folder / SPEC_FILE), "model.classify.target")
    return write_report(from_job_folder(folder, target=wanted), out or report_path(job))


def try_report(job: Job) -> str:
    """Write the report if there is a table; returns why it could not be written, or nothing."""
    if not any((Path(job.results_dir) / name).is_file() for name in SCORED_TABLES):
        return ""
    try:
        make_report(job)
    except (ChangenetError, OSError, ImportError) as problem:
        # The action did what it was asked for: a page that can't be drawn is no failure of it.
        return f"no report was written: {problem}"
    return ""

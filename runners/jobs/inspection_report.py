# SPDX-License-Identifier: Apache-2.0
"""The page that an evaluation or inference ends with, as the skill of the job's plan makes it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import read_json
from core.errors import ChangenetError, DataError
from core.file_names import PLAN_FILE, REPORT_FILE

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.model_rules import ModelRules, Report


def report_path(job: Job) -> Path:
    """Where the report of a job lies, made or not."""
    return Path(job.results_dir) / REPORT_FILE


def verdict_line(job: Job) -> str:
    """What an evaluation found in one line: whether the target was met and how sure that is; empty for other jobs."""
    if not job.state.is_terminal:
        return ""
    try:
        return _rules(job).verdict(Path(job.results_dir))
    except ChangenetError:
        return ""  # the skill is gone, or no longer what it was: the job itself can still be looked at


def make_report(job: Job, *, target: str | None = None, out: Path | None = None) -> Report:
    """Write the report of a job that left something to report on; returns its path and the verdict.

    Raises:
        DataError, InputError: the job left nothing to report on, or the target can't be read.
    """
    made = _rules(job).report(Path(job.folder), Path(job.results_dir), out or report_path(job), target)
    if made is None:
        message = f"{job.id} left nothing to report on"
        remedy = "name a finished evaluate or inference job (`changenet jobs` lists them)"
        raise DataError(message, code="report.nothing", where=job.results_dir, remedy=remedy)
    return made


def make_ready(job: Job, action: str) -> None:
    """Load what the report of an action needs, so that it follows at once when the action ends."""
    with suppress(Exception):  # whatever is wrong is told by `try_report`, if it still is by then
        _rules(job).report_ahead(action)


def try_report(job: Job) -> str:
    """Write the report if there is something to report on; returns why it could not be written, or nothing."""
    try:
        _rules(job).report(Path(job.folder), Path(job.results_dir), report_path(job), None)
    except Exception as problem:  # noqa: BLE001 - drawn from files of any program
        # The action did what it was asked for: a page that can't be drawn is no failure of it.
        return f"no report was written: {problem}"
    return ""


def _rules(job: Job) -> ModelRules:
    from runners.model_rules import rules_of, skill_at

    path = Path(job.folder) / PLAN_FILE
    plan = read_json(path) if path.is_file() else {}
    return rules_of(skill_at(str(plan.get("skill_dir") or "") if isinstance(plan, dict) else ""))

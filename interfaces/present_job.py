# SPDX-License-Identifier: Apache-2.0
"""A job in a dozen lines: how it stands, its leading figures, what it left by kind, what is wrong, what to look at."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError
from core.file_names import INFERENCE_FILE, INSPECTION_FILE, REPORT_FILE
from interfaces.present_inspection import board_lines
from interfaces.present_plan import fitted
from runners.figures import figures_of, leading_of
from runners.jobs.inspection_report import verdict_line
from runners.jobs.job import JobState
from runners.names import REMOVED_FILE
from runners.platforms.table import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runners.jobs.job import Job

_MOST_FIGURES, _MOST_BOARDS = 3, 5
_IMPLAUSIBLE = 0.5
_FILES = {"onnx": "ONNX file", "status": "status file"}  # kinds that are no word for a file
_BAD = "NO_PASS"
_DIAGNOSE = "`changenet diagnose"  # what it tells stands below


def job_brief(job: Job, progress: Mapping[str, Any] | None = None) -> str:
    """The job for a reader with little room; `job_text` of `interfaces.present` has all of it."""
    return fitted(_lines(job, progress or {}))


def is_removed(job: Job) -> bool:
    """Whether the files of the job were removed."""
    return job.removed_at is not None or (Path(job.folder) / REMOVED_FILE).is_file()


def _lines(job: Job, progress: Mapping[str, Any]) -> Iterator[str]:
    removed = ", files removed" if is_removed(job) else ""
    why = (
        ""
        if job.state == JobState.COMPLETE
        else f" ({job.transitions[-1].reason.partition(chr(10))[0] or job.updated_at[:19]})"
    )
    where = "" if job.runner == DEFAULT else f", on {job.runner}"
    parent = f", parent {job.parent_job_id}" if job.parent_job_id else ""
    yield f"{job.id}: {job.state}{removed}{why}{where}{parent}"
    if progress:
        yield "  progress " + "  ".join(f"{name} {value}" for name, value in progress.items())
    leading = leading_of(job.metrics, job.task)
    named = {figure.name for figure in leading}
    others = [figure for figure in figures_of(job.metrics, job.task) if figure.name not in named]
    if leading:
        yield f"  figures  {'  '.join(f'{figure.label} {figure.text}' for figure in leading)}"
    if others:
        shown = "  ".join(f"{figure.name} {figure.text}" for figure in others[:_MOST_FIGURES])
        yield f"  also     {shown}" + (f"  and {len(others) - _MOST_FIGURES} more" * (len(others) > _MOST_FIGURES))
    if verdict := verdict_line(job):
        first, *more = verdict.split("; ")  # how sure it is stands at its end, where a long line is cut
        yield f"  verdict  {first}"
        yield from (f"           {part}" for part in more)
    yield from _flagged(job)
    yield from _inspected(job)
    if job.artifacts and not removed:
        kinds = Counter(artifact.kind for artifact in job.artifacts)
        report = next((f" {a.path}" for a in job.artifacts if a.path.endswith(REPORT_FILE)), "")
        counts = ", ".join(f"{_counted(kind, count)}{report * (kind == 'report')}" for kind, count in kinds.items())
        yield f"  left     {counts}, in {job.results_dir}"
    if job.failure:
        word = "unseen" if job.state is JobState.UNKNOWN else "failed"
        yield f"  {word}   {job.failure.code}: {job.failure.message.partition(chr(10))[0]}"
        if not job.failure.remedy.startswith(_DIAGNOSE):
            yield f"  remedy   {job.failure.remedy}"


def _inspected(job: Job) -> Iterator[str]:
    """Of an inspection of whole boards: what was found on each."""
    path = next((a.path for a in job.artifacts if Path(a.path).name == INSPECTION_FILE), None)
    if path is None:
        return
    try:
        lines = [line for board in read_json(Path(job.results_dir) / path)["boards"] for line in board_lines(board)]
    except (ChangenetError, OSError, AttributeError, KeyError, TypeError, ValueError):
        lines = [] if is_removed(job) else [f"boards   unknown: {path} is missing or damaged"]
    yield from (f"  {line}" for line in lines)


def _counted(kind: str, count: int) -> str:
    named = _FILES.get(kind, kind)
    return f"{count} {named}{'' if count == 1 else 's'}"


def _flagged(job: Job) -> Iterator[str]:
    """Of an inference: how many pairs are flagged, the boards to look at in order, and whether that can be true."""
    paths = (artifact.path for artifact in job.artifacts if Path(artifact.path).name == INFERENCE_FILE)
    rows = _rows(Path(job.results_dir) / next(paths, ""))
    if not rows:
        return
    bad = [row for row in rows if row.get("verdict") == _BAD]
    boards, every = Counter(_board(row) for row in bad), Counter(_board(row) for row in rows)
    ahead = "; boards to look at, in this order:" if boards else ""
    yield f"  flagged  {len(bad):,} of {len(rows):,} pairs are {_BAD}, on {len(boards)} of {len(every)} boards{ahead}"
    for board, count in boards.most_common(_MOST_BOARDS):
        worst = max((row for row in bad if _board(row) == board), key=_score)
        name = worst.get("object_name") or worst["input_path"]
        yield f"    {board}: {count} of {every[board]}, worst pair {name} (score {_score(worst):.3g})"
    if len(boards) > _MOST_BOARDS:
        yield f"    and {len(boards) - _MOST_BOARDS} boards more"
    if len(bad) > _IMPLAUSIBLE * len(rows):
        yield "  warning  most pairs are flagged: is this the part, camera and golden image that it was trained on?"


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _board(row: Mapping[str, str]) -> str:
    return row.get("board") or Path(row.get("input_path", "")).name


def _score(row: Mapping[str, str]) -> float:
    try:
        return float(row.get("siamese_score") or row.get("output_score") or 0)
    except ValueError:
        return 0.0

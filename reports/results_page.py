# SPDX-License-Identifier: Apache-2.0
"""What pages on the results of a job share: the facts of their last sections, and how they reach the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError, InputError
from core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.problem import Problem


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What the sections of every page on results take."""

    findings: tuple[Problem, ...] | None
    warnings: tuple[str, ...]
    reproduce: tuple[str, ...]
    kpi: Mapping[str, float | str | None]
    about: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """What was written: `rows` in the table, `shown` of them with pictures, `sentence` the verdict in one line."""

    path: Path
    size: int
    rows: int
    shown: int
    status: str
    sentence: str


def write_page(out: Path, page: str) -> None:
    """Write a page, whole or not at all.

    Raises:
        DataError, InputError: there is a folder of that name, or it can't be written.
    """
    if out.is_dir():
        message, remedy = "this is a folder, not a file", "name an .html file in it"
        raise DataError(message, code="report.out", where=str(out), remedy=remedy)
    try:
        write_text(out, page)
    except OSError as problem:
        message = f"the report can't be written ({problem.strerror})"
        remedy = "make room, or name a file in a folder that you may write to"
        raise InputError(message, code="report.out", where=str(out), remedy=remedy) from problem

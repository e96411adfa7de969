# SPDX-License-Identifier: Apache-2.0
"""One self-contained page on an inspection of whole boards: the verdicts, each board's picture, its regions."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.dotted import get
from core.errors import DataError
from core.file_names import INSPECTION_FILE
from core.problem import Problem
from core.verdicts import NO_PASS, PASS, UNSEEN
from reports.job_facts import read_job, read_told
from reports.page import Kind, render
from reports.results_page import ReportSummary, ResultFacts, write_page
from scoring.named_figures import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reports.job_facts import JobFacts, Told

PAGE = Kind("whole_board.html.j2", ("inspection.css", "whole_board.css"))
MOST_BOARDS = 60  # with pictures; those that did not pass first
_MOST_CROPS = 40  # of one board
_LEAST_UNSEEN = 1.0  # percent that is told


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A board as the page shows it; pictures are data URIs, empty where the file is gone."""

    entry: Mapping[str, Any]
    picture: str
    crops: tuple[str, ...]

    @property
    def sort(self) -> str:
        """The class of its verdict."""
        return {PASS: "good", NO_PASS: "bad"}.get(str(self.entry["verdict"]), "unknown")


def write_board_report(folder: Path, results: Path, out: Path) -> ReportSummary:
    """Write the page on the inspection in `folder`, which left its files in `results`, to `out`.

    Raises:
        DataError: `inspection.json` is none.
        InputError: `out` can't be written.
    """
    job, told = read_job(folder), read_told(results)
    sheet = read_json(results / INSPECTION_FILE)
    boards = sheet.get("boards") if isinstance(sheet, dict) else None
    if not isinstance(boards, list) or not boards:
        message, remedy = "the file lists no boards", "run the inspection again"
        raise DataError(message, code="report.no_rows", where=str(results / INSPECTION_FILE), remedy=remedy)
    cards = [_card(entry, results) for entry in sorted(boards, key=_order)[:MOST_BOARDS]]
    sentence = sentence_of(sheet)
    context = {
        "title": "Inspection of whole boards",
        "headline": sentence,
        "headings": {"boards": "Boards", "findings": "Findings", "run": "Spec and run"},
        "status": "missed" if any(entry["verdict"] != PASS for entry in boards) else "met",
        "evidence": sheet["evidence"],
        "cards": cards,
        "hidden": len(boards) - len(cards),
        "regions": sum(len(entry["regions"]) for entry in boards),
        "boards": len(boards),
        "failed": sum(entry["verdict"] == NO_PASS for entry in boards),
        "notes": _notes(boards, sheet["evidence"]),
        "own_figures": list(named(told.kpi, "segment")),
        "results": ResultFacts(job.findings(), job.plan.warnings, job.reproduce(), told.kpi, _about(job, told)),
        "spec": job.plan.values(job.spec),
    }
    page = render(PAGE, context)
    write_page(out, page)
    return ReportSummary(out, len(page.encode()), len(boards), len(cards), "none", sentence)


def sentence_of(sheet: Mapping[str, Any]) -> str:
    """The result in one line."""
    boards = sheet["boards"]
    failed = sum(entry["verdict"] == NO_PASS for entry in boards)
    left_out = sum("reason" in entry for entry in boards)
    regions = sum(len(entry["regions"]) for entry in boards)
    if len(boards) == 1 and not left_out:
        return f"{boards[0]['verdict']}: {_counted(regions, 'region')} differ{'s' if regions == 1 else ''}"
    also = f"; {_counted(left_out, 'board')} could not be inspected" if left_out else ""
    return f"{failed:,} of {_counted(len(boards), 'board')} NO_PASS, {_counted(regions, 'region')}{also}"


def _about(job: JobFacts, told: Told) -> tuple[tuple[str, str], ...]:
    """What identifies the job; its spec names a backbone even where no model judged."""
    with_model = bool(get(job.spec, "inspect.checkpoint"))
    return tuple(fact for fact in job.about(told.finished, "") if with_model or fact[0] != "Backbone")


def _order(entry: Mapping[str, Any]) -> tuple[int, float, str]:
    rank = {NO_PASS: 0, PASS: 2}.get(str(entry["verdict"]), 1)
    return rank, -float(entry.get("score", 0.0)), str(entry["name"])


def _card(entry: Mapping[str, Any], results: Path) -> BoardCard:
    crops = tuple(_uri(results, str(region.get("crop", ""))) for region in entry["regions"][:_MOST_CROPS])
    return BoardCard(entry, _uri(results, str(entry.get("picture", ""))), crops)


def _uri(results: Path, name: str) -> str:
    """A picture of the results as a data URI; nothing that lies outside of them."""
    path = (results / name).resolve()
    if not name or not path.is_relative_to(results.resolve()) or not path.is_file():
        return ""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _notes(boards: Sequence[Mapping[str, Any]], evidence: Mapping[str, Any]) -> list[Problem]:
    notes = [
        Problem(str(entry["code"]), str(entry["test"]), f"not inspected: {entry['reason']}", str(entry["remedy"]))
        for entry in boards
        if "reason" in entry
    ]
    for entry in boards:
        if "reason" not in entry and entry.get("warnings"):
            message, remedy = (
                "; ".join(entry["warnings"]),
                "look at its regions yourself: the model may mark what is harmless, and miss defects",
            )
            notes.append(Problem("inspect.unlike", str(entry["test"]), message, remedy, "warning"))
        unseen = 100 * (1 - entry.get("registration", {"covered": 1})["covered"])
        if unseen >= _LEAST_UNSEEN and entry.get("code") != UNSEEN:
            message = f"{unseen:.0f} % of the golden picture is not on the test picture: nothing there was judged"
            remedy = "take the picture so that it shows the whole board"
            notes.append(Problem("inspect.covered", str(entry["test"]), message, remedy, "warning"))
    told = "see references/inspect.md"
    notes += [Problem("inspect.evidence", "", one, told, "warning") for one in evidence.get("warnings", ())]
    if evidence["about"].startswith("plain difference"):
        remedy = "train a model on pairs of this line and name it: changenet inspect JOB GOLDEN TEST"
        message = "no model judged these boards: harmless differences are marked as well, and faint defects are not"
        notes.append(Problem("inspect.no_model", "", message, remedy, "warning"))
    return notes


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"

# SPDX-License-Identifier: Apache-2.0
"""What the folder of a job tells, whatever the task: its plan, its spec, the data check, what the action said."""

from __future__ import annotations

import math
import shlex
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json, read_yaml
from core.dotted import get
from core.errors import ChangenetError
from core.file_names import FIGURES_FILE, FINDINGS_FILE, PLAN_FILE, SPEC_FILE, STATUS_FILE
from core.problem import Problem, Severity
from core.redaction import redact_text
from core.salvage import salvage_lines
from reports.plan_facts import PlanFacts, read_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_JOB = "{job}"


@dataclass(frozen=True, slots=True)
class Told:
    """What an action said in its status.json: the last figure under each name, and when it said its last word."""

    kpi: Mapping[str, float | str | None]
    finished: str


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job by its folder: the plan, and the spec it ran with."""

    folder: Path
    plan: PlanFacts
    spec: Mapping[str, Any]

    def on_this_machine(self, path: Any) -> Path | None:
        """A path of the spec; one that a container saw leads back through the plan's mounts."""
        if not isinstance(path, str) or not path:
            return None
        for source, target in self.plan.mounts:
            if target and (path == target or path.startswith(f"{target}/")):
                path = source + path[len(target) :]
                break
        return Path(path.replace(_JOB, str(self.folder), 1) if path.startswith(_JOB) else path)

    def findings(self) -> tuple[Problem, ...] | None:
        """What the data check found before the launch, None where it was not written down."""
        path = self.folder / FINDINGS_FILE
        if not path.is_file():
            return None
        document = read_json(path)
        entries = document if isinstance(document, list) else []
        return tuple(problem_from_json(entry) for entry in entries if isinstance(entry, dict))

    def reproduce(self) -> tuple[str, ...]:
        """The command that does the same again."""
        if not self.plan.command:
            return ()
        return (redact_text(shlex.join(word.replace(_JOB, str(self.folder), 1) for word in self.plan.command)),)

    def about(self, finished: str, threshold: str) -> tuple[tuple[str, str], ...]:
        """What identifies the job; `threshold` says where its threshold comes from."""
        checkpoints = [get(self.spec, f"{name}.checkpoint") for name in ("evaluate", "inference", "inspect")]
        facts: Iterable[tuple[str, Any]] = (
            ("Job", self.folder.name if self.plan.action else None),
            ("Trained by", self.plan.parent_job_id),
            ("Checkpoint", next((Path(str(path)).name for path in checkpoints if path), None)),
            ("Backbone", get(self.spec, "model.backbone.type")),
            ("Image", self.plan.image),
            ("Finished", finished),
            ("Threshold", threshold),
        )
        return tuple((name, redact_text(str(value))) for name, value in facts if value)


def read_job(folder: Path) -> JobFacts:
    """The facts of a job's folder.

    Raises:
        InputError: spec.yaml or plan.json can't be read.
    """
    folder = folder.resolve()
    plan = read_plan(folder / PLAN_FILE)
    path = folder / SPEC_FILE
    document = read_yaml(path) if path.is_file() else plan.spec
    return JobFacts(folder, plan, document if isinstance(document, dict) else {})


def read_sheet(results: Path) -> dict[str, Any] | None:
    """The figures that an evaluation of ours wrote; a sheet that is missing or broken only tells nothing."""
    sheet = None
    with suppress(ChangenetError):
        path = results / FIGURES_FILE
        sheet = read_json(path) if path.is_file() else None
    return sheet if isinstance(sheet, dict) else None


def problem_from_json(entry: dict[str, Any]) -> Problem:
    """A problem as `Problem.to_json` writes it; what is not as it should be becomes text or is left out."""
    texts = {name: str(entry.get(name, "")) for name in ("code", "place", "message", "remedy")}
    texts["place"] = texts["place"] or str(entry.get("where", ""))  # its name until problems had one shape
    rows = tuple(row for row in entry.get("rows") or () if isinstance(row, int))
    count = entry.get("count")
    severity: Severity = "error" if entry.get("severity") == "error" else "warning"
    return Problem(**texts, severity=severity, rows=rows, count=count if isinstance(count, int) else len(rows))


def _at(told: str) -> str:
    """The month/day/year of a status.json as a date that can be read one way only; what is none, as it is."""
    with suppress(ValueError):
        return datetime.strptime(told, "%m/%d/%Y %H:%M:%S").isoformat(" ")  # noqa: DTZ007 - the file tells no zone
    return told


def read_told(results: Path) -> Told:
    """What the whole lines of a status.json say."""
    kpi: dict[str, float | str | None] = {}
    finished = ""
    for line in (salvaged.value for salvaged in salvage_lines(results / STATUS_FILE)):
        if not isinstance(line, dict):
            continue
        finished = _at(f"{line.get('date', '')} {line.get('time', '')}".strip())
        figures = line.get("kpi")
        for name, value in figures.items() if isinstance(figures, dict) else ():
            unknown = value is None or (isinstance(value, float) and not math.isfinite(value))
            kpi[str(name)] = None if unknown else value if isinstance(value, int | float) else str(value)
    return Told(kpi, finished)

# SPDX-License-Identifier: Apache-2.0
"""Find the result files of a job in its folder, written by whichever engine ran it.

Layout: plan.json, spec.yaml and results/<command>/{predictions.csv,inference.csv,status.json}.
"""

from __future__ import annotations

import math
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json, read_yaml
from core.dotted import get
from core.errors import ChangenetError, DataError
from core.file_names import (
    FIGURES_FILE,
    FINDINGS_FILE,
    INFERENCE_FILE,
    PLAN_FILE,
    SCORED_TABLES,
    SPEC_FILE,
    STATUS_FILE,
)
from core.problem import Problem, Severity
from core.redaction import redact_text
from core.salvage import salvage_lines
from pairs.classify_csv import read_header
from reports.plan_facts import PlanFacts, read_plan
from reports.results import ResultFiles
from scoring.origin import ThresholdOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_JOB = "{job}"
_SPLITS = {"evaluate": ("test_dataset", "validation_dataset"), "inference": ("infer_dataset",)}


@dataclass(frozen=True, slots=True)
class _Told:
    """What an action said in its status.json: the last figure under each name, and when it said its last word."""

    kpi: Mapping[str, float | str | None]
    finished: str


def from_job_folder(folder: Path, *, target: str | None = None) -> ResultFiles:
    """The results of an evaluate or inference job.

    `target` is what the figures are held against; without it, one that the request behind the plan names.

    Raises:
        DataError: the folder holds no scored table.
        InputError: spec.yaml or plan.json can't be read.
    """
    folder = folder.resolve()
    plan = read_plan(folder / PLAN_FILE)
    spec = _spec(folder, plan)
    table = _table(folder, plan)
    told = _told(table.parent / STATUS_FILE)
    margin, origin = _margin(table, spec), _origin(table)
    classify = get(spec, "dataset.classify", {})
    names = classify.get("input_map")
    return ResultFiles(
        table=table,
        title=f"{_command(table, plan).capitalize()} report",
        images_dir=_on_this_machine(_split(spec, table).get("images_dir"), folder, plan),
        image_ext=str(classify.get("image_ext") or ".jpg"),
        input_map=names if isinstance(names, dict) else None,
        num_golden=_whole(classify.get("num_golden")),
        threshold=margin,
        threshold_source=_threshold_source(told, margin),
        threshold_origin=origin,
        target=target or plan.target,
        findings=_findings(folder),
        kpi=told.kpi,
        spec=plan.values(spec),
        warnings=plan.warnings,
        reproduce=_reproduce(folder, plan),
        about=_about(folder, plan, spec, told, origin),
    )


def _spec(folder: Path, plan: PlanFacts) -> Mapping[str, Any]:
    path = folder / SPEC_FILE
    document = read_yaml(path) if path.is_file() else plan.spec
    return document if isinstance(document, dict) else {}


def _table(folder: Path, plan: PlanFacts) -> Path:
    section = plan.action.removeprefix("segment_")
    places = [folder / "results" / section, *sorted((folder / "results").glob("*")), folder / "results", folder]
    found = next((place / name for place in places for name in SCORED_TABLES if (place / name).is_file()), None)
    if found is None:
        message = f"the folder holds no {' or '.join(SCORED_TABLES)}"
        remedy = "give the folder of a finished evaluate or inference job of the classify task"
        raise DataError(message, code="report.no_table", where=str(folder), remedy=remedy)
    return found


def _command(table: Path, plan: PlanFacts) -> str:
    return plan.action or ("inference" if table.name == INFERENCE_FILE else "evaluate")


def _split(spec: Mapping[str, Any], table: Path) -> dict[str, Any]:
    """The section of the spec that the table's pairs came from."""
    command = "inference" if table.name == INFERENCE_FILE else "evaluate"
    sections = [get(spec, f"dataset.classify.{name}") for name in _SPLITS[command]]
    used = [section for section in sections if isinstance(section, dict) and section.get("csv_path")]
    return used[0] if used else {}


def _on_this_machine(path: Any, folder: Path, plan: PlanFacts) -> Path | None:
    """A path of the spec; one that a container saw leads back through the plan's mounts."""
    if not isinstance(path, str) or not path:
        return None
    for source, target in plan.mounts:
        if target and (path == target or path.startswith(f"{target}/")):
            path = source + path[len(target) :]
            break
    return Path(path.replace(_JOB, str(folder), 1) if path.startswith(_JOB) else path)


def _margin(table: Path, spec: Mapping[str, Any]) -> float | None:
    """The spec's margin, by which the container judges, where the table names no threshold of its own."""
    margin = get(spec, "model.classify.eval_margin", None)
    number = isinstance(margin, int | float) and not isinstance(margin, bool)
    return float(margin) if number and "threshold" not in read_header(table, needs_label=False) else None


def _threshold_source(told: _Told, margin: float | None) -> str:
    if margin is None and isinstance(told.kpi.get("threshold"), float):
        return "chosen on validation data, kept with the model"
    return "eval_margin of the spec" if margin is not None else "the table's threshold column"


def _origin(table: Path) -> ThresholdOrigin | None:
    """What an evaluation of ours wrote on the threshold beside its table: chosen on which pairs, and for what."""
    sheet = None
    with suppress(ChangenetError):  # the page is made from the table: a sheet that is broken only tells nothing
        path = table.parent / FIGURES_FILE
        sheet = read_json(path) if path.is_file() else None
    return ThresholdOrigin.from_json(sheet.get("threshold_origin")) if isinstance(sheet, dict) else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


def _findings(folder: Path) -> tuple[Problem, ...] | None:
    """What the data check found before the launch, None where it was not written down."""
    path = folder / FINDINGS_FILE
    if not path.is_file():
        return None
    document = read_json(path)
    entries = document if isinstance(document, list) else []
    return tuple(problem_from_json(entry) for entry in entries if isinstance(entry, dict))


def problem_from_json(entry: dict[str, Any]) -> Problem:
    """A problem as `Problem.to_json` writes it; what is not as it should be becomes text or is left out."""
    texts = {name: str(entry.get(name, "")) for name in ("code", "place", "message", "remedy")}
    texts["place"] = texts["place"] or str(entry.get("where", ""))  # its name until problems had one shape
    rows = tuple(row for row in entry.get("rows") or () if isinstance(row, int))
    count = entry.get("count")
    severity: Severity = "error" if entry.get("severity") == "error" else "warning"
    return Problem(**texts, severity=severity, rows=rows, count=count if isinstance(count, int) else len(rows))


def _told(path: Path) -> _Told:
    """What the whole lines of a status.json say."""
    kpi: dict[str, float | str | None] = {}
    finished = ""
    for line in (salvaged.value for salvaged in salvage_lines(path)):
        if not isinstance(line, dict):
            continue
        finished = f"{line.get('date', '')} {line.get('time', '')}".strip()
        figures = line.get("kpi")
        for name, value in figures.items() if isinstance(figures, dict) else ():
            unknown = value is None or (isinstance(value, float) and not math.isfinite(value))
            kpi[str(name)] = None if unknown else value if isinstance(value, int | float) else str(value)
    return _Told(kpi, finished)


def _reproduce(folder: Path, plan: PlanFacts) -> tuple[str, ...]:
    if not plan.command:
        return ()
    return (redact_text(shlex.join(word.replace(_JOB, str(folder), 1) for word in plan.command)),)


def _about(
    folder: Path, plan: PlanFacts, spec: Mapping[str, Any], told: _Told, origin: ThresholdOrigin | None
) -> tuple[tuple[str, str], ...]:
    checkpoints = [get(spec, f"{name}.checkpoint") for name in ("evaluate", "inference")]
    facts: Iterable[tuple[str, Any]] = (
        ("Job", folder.name if plan.action else None),
        ("Trained by", plan.parent_job_id),
        ("Checkpoint", next((Path(str(path)).name for path in checkpoints if path), None)),
        ("Backbone", get(spec, "model.backbone.type")),
        ("Image", plan.image),
        ("Finished", told.finished),
        ("Threshold", origin.words() if origin else None),
    )
    return tuple((name, redact_text(str(value))) for name, value in facts if value)

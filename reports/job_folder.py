# SPDX-License-Identifier: Apache-2.0
"""Find the result files of a job in its folder, written by whichever engine ran it.

Layout: plan.json, spec.yaml and results/<command>/{predictions.csv,inference.csv,status.json}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import get
from core.errors import DataError
from core.file_names import INFERENCE_FILE, SCORED_TABLES
from pairs.classify_csv import read_header
from reports.job_facts import Told, read_job, read_sheet, read_told
from reports.results import ResultFiles
from scoring.origin import ThresholdOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reports.plan_facts import PlanFacts

_SPLITS = {"evaluate": ("test_dataset", "validation_dataset"), "inference": ("infer_dataset",)}


def from_job_folder(folder: Path, *, target: str | None = None) -> ResultFiles:
    """The results of an evaluate or inference job.

    `target` is what the figures are held against; without it, one that the request behind the plan names.

    Raises:
        DataError: the folder holds no scored table.
        InputError: spec.yaml or plan.json can't be read.
    """
    job = read_job(folder)
    plan, spec = job.plan, job.spec
    table = _table(job.folder, plan)
    told = read_told(table.parent)
    margin, origin = _margin(table, spec), _origin(table)
    classify = get(spec, "dataset.classify", {})
    names = classify.get("input_map")
    return ResultFiles(
        table=table,
        title=f"{_command(table, plan).capitalize()} report",
        images_dir=job.on_this_machine(_split(spec, table).get("images_dir")),
        image_ext=str(classify.get("image_ext") or ".jpg"),
        input_map=names if isinstance(names, dict) else None,
        num_golden=_whole(classify.get("num_golden")),
        threshold=margin,
        threshold_source=_threshold_source(told, margin),
        threshold_origin=origin,
        target=target or plan.target,
        findings=job.findings(),
        kpi=told.kpi,
        spec=plan.values(spec),
        warnings=plan.warnings,
        reproduce=job.reproduce(),
        about=job.about(told.finished, origin.words() if origin else ""),
    )


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


def _margin(table: Path, spec: Mapping[str, Any]) -> float | None:
    """The spec's margin, by which the container judges, where the table names no threshold of its own."""
    margin = get(spec, "model.classify.eval_margin", None)
    number = isinstance(margin, int | float) and not isinstance(margin, bool)
    return float(margin) if number and "threshold" not in read_header(table, needs_label=False) else None


def _threshold_source(told: Told, margin: float | None) -> str:
    if margin is None and isinstance(told.kpi.get("threshold"), float):
        return "chosen on validation data, kept with the model"
    return "eval_margin of the spec" if margin is not None else "the table's threshold column"


def _origin(table: Path) -> ThresholdOrigin | None:
    """What an evaluation of ours wrote on the threshold beside its table: chosen on which pairs, and for what."""
    sheet = read_sheet(table.parent)
    return ThresholdOrigin.from_json(sheet.get("threshold_origin")) if sheet is not None else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1

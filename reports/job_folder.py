# SPDX-License-Identifier: Apache-2.0
"""Find the result files of a job in its folder, written by whichever engine ran it.

Layout: plan.json, spec.yaml and results/<command>/{predictions.csv,inference.csv,status.json}. The plan is read as the
JSON document that it is, so that a report can be made without the rooms that plan and launch.
"""

from __future__ import annotations

import math
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json, read_yaml
from core.dotted import get
from core.errors import ChangenetError, DataError, InputError
from core.redaction import redact, redact_text
from core.salvage import salvage_lines
from pairs.classify_csv import read_header
from pairs.findings import Finding, Severity
from reports.results import ResultFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLES = ("predictions.csv", "inference.csv")
FINDINGS_FILE = "findings.json"
FIGURES_FILE = "figures.json"
_JOB = "{job}"
_SPLITS = {"evaluate": ("test_dataset", "validation_dataset"), "inference": ("infer_dataset",)}


def from_job_folder(folder: Path, *, target: str | None = None) -> ResultFiles:
    """The results of an evaluate or inference job.

    `target` is what the figures are held against; without it, one that the request behind the plan names.

    Raises:
        DataError: the folder holds no scored table.
        InputError: spec.yaml or plan.json can't be read.
    """
    folder = folder.resolve()
    plan = _mapping(folder / "plan.json")
    spec = _spec(folder, plan)
    table = _table(folder, plan)
    history = _status(table.parent / "status.json")
    source = _split(spec, table)
    kpi, margin = _kpi(history), _margin(table, spec)
    reason = _threshold_reason(table)
    classify = get(spec, "dataset.classify", {})
    names = classify.get("input_map")
    return ResultFiles(
        table=table,
        title=f"{_command(table, plan).capitalize()} report",
        images_dir=_on_this_machine(source.get("images_dir"), folder, plan),
        image_ext=str(classify.get("image_ext") or ".jpg"),
        input_map=names if isinstance(names, dict) else None,
        num_golden=_whole(classify.get("num_golden")),
        threshold=margin,
        threshold_source=_threshold_source(kpi, margin),
        threshold_reason=reason,
        target=target or get(plan, "decision.request.target"),
        findings=_findings(folder),
        kpi=kpi,
        spec=redact(spec),
        provenance=plan.get("provenance") or {},
        adjustments=tuple(plan.get("adjustments") or ()),
        warnings=tuple(map(str, plan.get("warnings") or ())),
        reproduce=_reproduce(folder, plan),
        about=(*_about(folder, plan, spec, history), *((("Threshold chosen by", reason),) if reason else ())),
    )


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    document = read_json(path)
    if not isinstance(document, dict):
        raise InputError("this is no JSON object", code="json", where=str(path), remedy="give the folder of a job")
    return document


def _spec(folder: Path, plan: dict[str, Any]) -> dict[str, Any]:
    path = folder / "spec.yaml"
    document = read_yaml(path) if path.is_file() else plan.get("spec")
    return document if isinstance(document, dict) else {}


def _table(folder: Path, plan: dict[str, Any]) -> Path:
    section = str(plan.get("action", "")).removeprefix("segment_")
    places = [folder / "results" / section, *sorted((folder / "results").glob("*")), folder / "results", folder]
    found = next((place / name for place in places for name in TABLES if (place / name).is_file()), None)
    if found is None:
        message = f"the folder holds no {' or '.join(TABLES)}"
        remedy = "give the folder of a finished evaluate or inference job of the classify task"
        raise DataError(message, code="report.no_table", where=str(folder), remedy=remedy)
    return found


def _command(table: Path, plan: dict[str, Any]) -> str:
    return str(plan.get("action") or ("inference" if table.name == "inference.csv" else "evaluate"))


def _split(spec: dict[str, Any], table: Path) -> dict[str, Any]:
    """The section of the spec that the table's pairs came from."""
    command = "inference" if table.name == "inference.csv" else "evaluate"
    sections = [get(spec, f"dataset.classify.{name}") for name in _SPLITS[command]]
    used = [section for section in sections if isinstance(section, dict) and section.get("csv_path")]
    return used[0] if used else {}


def _on_this_machine(path: Any, folder: Path, plan: dict[str, Any]) -> Path | None:
    """A path of the spec; one that a container saw leads back through the plan's mounts."""
    if not isinstance(path, str) or not path:
        return None
    for mount in plan.get("mounts") or ():
        target = str(mount.get("target", "")).rstrip("/")
        if target and (path == target or path.startswith(f"{target}/")):
            path = str(mount.get("source", "")) + path[len(target) :]
            break
    return Path(path.replace(_JOB, str(folder), 1) if path.startswith(_JOB) else path)


def _margin(table: Path, spec: dict[str, Any]) -> float | None:
    """The spec's margin, by which the container judges, where the table names no threshold of its own."""
    margin = get(spec, "model.classify.eval_margin", None)
    number = isinstance(margin, int | float) and not isinstance(margin, bool)
    return float(margin) if number and "threshold" not in read_header(table, needs_label=False) else None


def _threshold_source(kpi: dict[str, Any], margin: float | None) -> str:
    if margin is None and isinstance(kpi.get("threshold"), float):
        return "chosen on validation data, kept with the model"
    return "eval_margin of the spec" if margin is not None else "the table's threshold column"


def _threshold_reason(table: Path) -> str:
    """What an evaluation of ours wrote on the threshold beside its table: chosen on which pairs, and for what."""
    source = None
    with suppress(ChangenetError):  # the page is made from the table: a sheet that is broken only tells nothing
        source = _mapping(table.parent / FIGURES_FILE).get("threshold_source")
    if not isinstance(source, str):
        return ""
    return redact_text(source.partition(";")[0])  # how sure that was is the log's to tell


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


def _findings(folder: Path) -> tuple[Finding, ...] | None:
    """What the data check found before the launch, None where it was not written down."""
    path = folder / FINDINGS_FILE
    if not path.is_file():
        return None
    document = read_json(path)
    entries = document if isinstance(document, list) else []
    return tuple(finding_from_json(entry) for entry in entries if isinstance(entry, dict))


def finding_from_json(entry: dict[str, Any]) -> Finding:
    """A finding as `Finding.as_dict` writes it; what is not as it should be becomes text or is left out."""
    texts = {name: str(entry.get(name, "")) for name in ("code", "message", "where", "remedy")}
    rows = tuple(row for row in entry.get("rows") or () if isinstance(row, int))
    count = entry.get("count")
    severity: Severity = "error" if entry.get("severity") == "error" else "warning"
    return Finding(**texts, severity=severity, rows=rows, count=count if isinstance(count, int) else len(rows))


def _status(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a status.json."""
    return [line.value for line in salvage_lines(path) if isinstance(line.value, dict)]


def _kpi(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The last figure that was written under each name."""
    figures: dict[str, Any] = {}
    for line in history:
        kpi = line.get("kpi")
        figures.update(kpi if isinstance(kpi, dict) else {})
    return {str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in figures.items()}


def _reproduce(folder: Path, plan: dict[str, Any]) -> tuple[str, ...]:
    command = plan.get("command")
    if not isinstance(command, list):
        return ()
    return (redact_text(shlex.join(str(word).replace(_JOB, str(folder), 1) for word in command)),)


def _about(
    folder: Path, plan: dict[str, Any], spec: dict[str, Any], history: list[dict[str, Any]]
) -> tuple[tuple[str, str], ...]:
    checkpoints = [get(spec, f"{name}.checkpoint") for name in ("evaluate", "inference")]
    moments = [f"{line.get('date', '')} {line.get('time', '')}".strip() for line in history]
    facts: Iterable[tuple[str, Any]] = (
        ("Job", folder.name if plan else None),
        ("Trained by", plan.get("parent_job_id")),
        ("Checkpoint", next((Path(str(path)).name for path in checkpoints if path), None)),
        ("Backbone", get(spec, "model.backbone.type")),
        ("Image", plan.get("image")),
        ("Finished", moments[-1] if moments else None),
    )
    return tuple((name, redact_text(str(value))) for name, value in facts if value)

# SPDX-License-Identifier: Apache-2.0
"""A plan in a dozen lines: where it runs, what it reads, what it does, how long that takes, what comes next."""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.dotted import get
from core.errors import ChangenetError
from core.file_names import PLAN_FILE
from runners.api import open_store
from runners.names import RAN_ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from automl.plan import ExperimentPlan
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

LINES, LETTERS = 12, 1200
_LONGEST_LINE = 190
_MOST_ROWS = 200_000
_MOST_TOLD = 3
_MOST_JOBS_READ = 50
_GOOD = "pass"
_SPLITS = {"train_dataset": "train", "validation_dataset": "val", "test_dataset": "test", "infer_dataset": "inference"}
# Reasons that a plan shows by itself.
_KNOWN, _PLAIN = ("the words do not name", "classify: the default"), "stays in this skill"
_MINUTE, _HOUR = 60, 3600


def plan_brief(plan: Plan, next_line: str = "") -> str:
    """The plan of one job."""
    head = f"plan {plan.id[:12]}: {plan.action} ({plan.task}), {where(plan)}"
    return fitted([head, *_body(plan), *([f"  next     {next_line}"] if next_line else [])])


def search_brief(search: ExperimentPlan, next_line: str = "") -> str:
    """The plan of a search."""
    settings, base = search.settings, search.base
    objectives = ", ".join(f"{o.metric} ({o.direction})" for o in search.objectives)
    limit = f", at most {settings.wall_minutes:g} minutes" if settings.wall_minutes else ""
    epochs = f"{search.epochs} epoch{'' if search.epochs == 1 else 's'}"
    budget = f"{settings.trials} trials of {epochs}{limit}, {search.parallel} at a time"
    lines = [
        f"search: {base.action} ({base.task}), {where(base)}",
        f"  tries    {budget}: {len(search.space.keys)} parameters, {settings.algorithm}, for {objectives}",
    ]
    warnings = (*search.decision.warnings, *base.warnings)
    lines += _body(base, warnings=warnings, reasons=search.decision.reasons)
    return fitted([*lines, *([f"  next     {next_line}"] if next_line else [])])


def where(plan: Plan) -> str:
    """Whether it runs here, needs the container, or can't run yet."""
    if plan.missing:
        return "blocked: something is missing"
    if plan.engine == "container":
        return f"needs the container (runner {plan.runner})"
    return "runs here" if plan.runner == "local" else f"runs on {plan.runner}"


def _body(plan: Plan, *, warnings: Sequence[str] | None = None, reasons: Sequence[str] | None = None) -> Iterator[str]:
    for question in plan.missing:  # first, since what comes last may be cut
        yield f"  missing  {question.text}"
        if question.slot == "parent_job_id" and question.choices:
            yield f"  one of   {', '.join(question.choices[:_MOST_TOLD])}"
    told = plan.decision.reasons if reasons is None else reasons
    if said := [reason for reason in told if not reason.startswith(_KNOWN) and not reason.endswith(_PLAIN)]:
        yield f"  because  {'; '.join(said)}"
    if read := reads(plan):
        yield f"  reads    {read}"
    yield f"  does     {does(plan)}"
    if time := takes(plan, open_store(plan.results_root)):
        yield f"  takes    {time}"
    if plan.parent_job_id:
        yield f"  parent   {plan.parent_job_id}"
    if plan.adjustments:
        yield f"  adjusted {'; '.join(f'{a.key} {a.before} -> {a.after}' for a in plan.adjustments)}"
    every = [*(plan.decision.warnings if warnings is None else ()), *(plan.warnings if warnings is None else warnings)]
    for warning in every[:_MOST_TOLD]:
        yield f"  warning  {warning}"
    if len(every) > _MOST_TOLD:
        yield f"  warning  {len(every) - _MOST_TOLD} more: --full"


def does(plan: Plan) -> str:
    """Length, batch, image size, backbone, the model that a training starts from, and where they come from."""
    spec, section = plan.spec, plan.action.rpartition("_")[2]
    size = [get(spec, f"dataset.classify.image_{side}") for side in ("width", "height")]
    size = [size[0] and f"{size[0]} x {size[1]} px", *([f"{side} px"] if (side := _segment_size(spec)) else [])]
    epochs = get(spec, "train.num_epochs") if section in {"train", "fit"} else None
    batch = get(spec, f"dataset.{plan.task}.batch_size")
    backbone, start = get(spec, "model.backbone.type"), get(spec, "train.pretrained_model_path")
    parts = [
        epochs and f"{epochs} epoch{'s' * (epochs != 1)}",
        batch and f"batch {batch}",
        next((one for one in size if one), None),
        backbone and f"backbone {backbone}",
        start and f"from {start}",
        plan.profile and f"profile {plan.profile}",
        plan.resources.gpus and f"{plan.resources.gpus} GPUs",
    ]
    return ", ".join(str(part) for part in parts if part) or " ".join(plan.command)


def _segment_size(spec: dict[str, Any]) -> Any:
    return get(spec, "dataset.segment.img_size")


def reads(plan: Plan) -> str:
    """The tables that are read, with their pairs and defects, or the folders."""
    found = []
    for key, value in plan.inputs.items():
        if key.endswith("csv_path") and isinstance(value, str):
            split = next((name for part, name in _SPLITS.items() if part in key), "")
            found.append(f"{split} {value}{counted(Path(value))}".strip())
    if not found:
        named = {str(value) for key, value in plan.inputs.items() if key.endswith(("root_dir", "images_dir"))}
        found = sorted(named)
    return "; ".join(dict.fromkeys(found))


def counted(path: Path) -> str:
    """Pairs and defects of a table on this machine; nothing where it can't be read."""
    labels = labels_of(path)
    if labels is None:
        return ""
    defects = sum(label != _GOOD for label in labels)
    return f" ({len(labels):,} pairs, {defects:,} defects)" if any(labels) else f" ({len(labels):,} pairs)"


def labels_of(path: Path) -> list[str] | None:
    """The labels of a table, in lower case; None where it can't be read."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [(row.get("label") or "").strip().lower() for row in islice(csv.DictReader(file), _MOST_ROWS)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def takes(plan: Plan, store: JobStore) -> str:
    """How long it takes here, by the newest job of the action that ran with as large pictures; empty where none did."""
    size = _work(plan.spec, plan.inputs)
    for job in store.newest(_MOST_JOBS_READ):
        was_here = not any(step.reason.startswith(RAN_ELSEWHERE) for step in job.transitions)
        if was_here and job.action == plan.action and job.state == "COMPLETE" and size and (speed := _speed(job, plan)):
            return f"about {_spoken(speed * size)} here, as {job.id} was"
    return ""


def _speed(job: Job, plan: Plan) -> float | None:
    """Seconds per pair of a job, where its pictures are as large as the plan's and its backbone is the same."""
    try:
        before = read_json(Path(job.folder) / PLAN_FILE)
    except (ChangenetError, OSError):
        return None
    keys = ("model.backbone.type", "dataset.classify.image_width", "dataset.segment.img_size", "train.num_gpus")
    if any(get(before["spec"], key) != get(plan.spec, key) for key in keys):
        return None
    work = _work(before["spec"], before["inputs"])
    begun = next((step.at for step in job.transitions if step.state == "RUNNING"), job.created_at)
    seconds = (datetime.fromisoformat(job.updated_at) - datetime.fromisoformat(begun)).total_seconds()
    return seconds / work if work else None


def _work(spec: dict[str, Any], inputs: dict[str, Any]) -> int:
    """Pairs that pass through the network: those of the training table once an epoch, else all that are read."""
    tables = {key: value for key, value in inputs.items() if key.endswith("csv_path") and isinstance(value, str)}
    training = [value for key, value in tables.items() if "train_dataset" in key]
    pairs = sum(len(labels_of(Path(value)) or ()) for value in (training or tables.values()))
    return pairs * int(get(spec, "train.num_epochs") or 1) if training else pairs


def _spoken(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / _MINUTE)} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"


def fitted(lines: Iterable[str]) -> str:
    """The lines as a text of at most so many lines and letters; what is cut is said, the last line is kept."""
    *body, last = [line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..." for line in lines]
    cut = 0
    while body and (len(body) + 2 > LINES or len("\n".join([*body, last])) > LETTERS - 40):
        body.pop()
        cut += 1
    return "\n".join([*body, *([f"  ({cut} more lines: --full)"] if cut else []), last])

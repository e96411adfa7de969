# SPDX-License-Identifier: Apache-2.0
"""`inspect`: whole pictures of boards against their golden ones, with a model or without."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, RequestError
from core.file_names import FINDINGS_FILE, INSPECTION_FILE, REPORT_FILE, is_exported, is_model
from interfaces.options import argument, option
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from interfaces.verbs.request import Routed
    from runners.jobs.job import Job

_ACTIONS = {"classify": "inspect", "segment": "segment_inspect"}
_TABLE = ".csv"
_STARTER, _NO_MODEL = "starter", "none"  # words that stand in a model's place
_STARTER_FILE = "package:starter"


@dataclass(frozen=True, slots=True)
class InspectOptions:
    """What is inspected, by which model, and how strictly."""

    places: tuple[str, ...] = argument(
        "golden picture and picture to inspect (files or folders), or a CSV file with the columns golden and test; "
        "before them the job, search, .pth or .onnx file whose model judges; else `starter`; `none` for no model",
        metavar="[MODEL] GOLDEN TEST",
        default=(),
    )
    threshold: float | None = option(
        "score from which a pixel counts as changed", metavar="SCORE", otherwise="the model's own"
    )
    least_area: int | None = option("leave regions of fewer pixels out", metavar="PIXELS", otherwise="12")
    overrides: tuple[str, ...] = option(
        "set a spec key; values are read as YAML", short="-s", flag="--set", metavar="KEY=VALUE", default=()
    )
    results_root: str | None = option(**RESULTS)


def inspect(options: InspectOptions, reporter: Reporter) -> Outcome:
    """Inspect boards as a job, and tell what was found on each.

    Raises:
        RequestError: it is not clear what is the model, what the golden picture and what the picture to inspect.
        ChangenetError: as `runners.api.prepare_decision` and `launch` say.
    """
    from core.installation import require
    from interfaces.verbs.job_outcome import follow_plan, run_outcome

    named, golden, test = _read(options.places)
    if named and test and not options.overrides and (file := _exported_file(named, options.results_root)):
        from interfaces.verbs.inspect_crop import crop_outcome

        if at_once := crop_outcome(file, Path(golden), Path(test), options.threshold):
            return at_once
    require("inspect", "cv2")
    plan = inspection(options).plan
    if plan is None:
        raise RequestError("nothing can be inspected by that", code="inspect.plan", remedy="changenet inspect --help")
    if named is None:
        reporter.say(
            "model: starter, trained on synthetic pairs alone; `changenet calibrate` sets its threshold for your line"
        )
    elif named == _NO_MODEL:
        reporter.say("no model: this is the plain difference of the pictures, which nothing has taught")
    job = follow_plan(plan, reporter)
    outcome = run_outcome(job)
    inspected = (Path(job.results_dir) / INSPECTION_FILE).is_file()
    return replace(outcome, **_told(job, outcome, named or _STARTER)) if inspected else outcome


def _exported_file(named: str, results_root: str | None) -> Path | None:
    """The exported classify file that a name stands for; None where it is anything else, or nothing at all."""
    from interfaces.serving.model import find_model
    from interfaces.verbs.model_task import task_of_model

    if named in {_STARTER, _NO_MODEL} or (is_model(named) and not is_exported(named)):
        return None
    with suppress(ChangenetError):  # what is wrong with it is told by the plan
        file = find_model(named, results_root).path
        return file if is_exported(file) and task_of_model(str(file), None) == "classify" else None
    return None


def inspection(options: InspectOptions, engine: str | None = None) -> Routed:
    """The plan of what is to be inspected, by another `engine` where one is named. Errors: see `inspect`."""
    from interfaces.verbs.model_task import task_of_model
    from interfaces.verbs.request import route
    from interfaces.verbs.request_options import RequestOptions

    named, golden, test = _read(options.places)
    starter = named in {None, _STARTER}
    model = None if named == _NO_MODEL else _STARTER_FILE if starter else named
    task = task_of_model(model, options.results_root) if model and not starter else "segment"
    checkpoint = model if model and (starter or is_model(model)) else None
    keys: dict[str, str | float | None] = {
        "inspect.golden": golden,
        "inspect.test": test,
        "inspect.checkpoint": checkpoint,
    }
    keys |= {"inspect.threshold": options.threshold, "inspect.least_area": options.least_area}
    words = tuple(f"{key}={json.dumps(value)}" for key, value in keys.items() if value is not None)
    parent = None if checkpoint else model
    request = RequestOptions(
        (_ACTIONS[task],),
        overrides=(*words, *options.overrides),
        parent_job_id=parent,
        results_root=options.results_root,
        profile="laptop" if starter else None,
        engine=engine,
    )
    return route(request)


def _read(places: tuple[str, ...]) -> tuple[str | None, str, str | None]:
    """Model, golden and test place among the words."""
    table = bool(places) and Path(places[-1]).suffix.lower() == _TABLE
    counts = (1, 2) if table else (2, 3)
    if len(places) not in counts:
        wanted = "[MODEL] TABLE.csv" if table else "[MODEL] GOLDEN TEST"
        message = f"{len(places)} word{'' if len(places) == 1 else 's'} given"
        raise RequestError(message, code="usage.places", where=wanted, remedy="changenet inspect GOLDEN TEST")
    model = places[0] if len(places) == counts[1] else None
    golden, *test = places[1:] if model else places
    return model, golden, test[0] if test else None


def _told(job: Job, outcome: Outcome, model: str) -> dict[str, Any]:
    """Document and text of an inspection: the boards first, also where none could be inspected, with why."""
    from core.documents import read_json
    from core.problem import Problem
    from interfaces.present_inspection import board_lines

    folder = Path(job.results_dir)
    found = read_json(folder / INSPECTION_FILE)
    findings = [Problem.from_json(one) for one in read_json(Path(job.folder) / FINDINGS_FILE)]
    lines = [line for board in found["boards"] for line in board_lines(board)]
    lines += [f"warning: {finding.sentence}" for finding in findings]
    report = folder / REPORT_FILE
    lines += [f"warning: {warning}" for warning in found["evidence"]["warnings"]]
    lines += [f"model: {model}", f"evidence: {found['evidence']['about']}"]
    lines += [f"report: {report}"] * report.is_file() + [f"all files: {folder}"]
    document = {
        "job": outcome.document["job"],
        "model": model,
        "report": str(report) if report.is_file() else None,
        "findings": [finding.to_json() for finding in findings],
        **found,
    }
    return {"document": document, "text": "\n".join(lines)}

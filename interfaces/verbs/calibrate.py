# SPDX-License-Identifier: Apache-2.0
"""`calibrate`: a model's threshold for a line of which there are good pairs alone, as a job with a model of its own."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError, RequestError
from core.file_names import CALIBRATION_FILE, is_model
from interfaces.options import argument, option
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from runners.jobs.job import Job

_ACTIONS = {"classify": "inspect", "segment": "segment_inspect"}
_STARTER, _STARTER_FILE = "starter", "package:starter"


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """Which model, for which good pairs, and how many of them it may flag."""

    model: str = argument("`starter`, or the job, search or file (.pth, .onnx) of a model")
    pairs: str = argument(
        "10 to 50 good pairs: folders golden and test, a CSV file with these columns, or a data set (val)"
    )
    far: str = option("share of good boards that may be flagged", metavar="SHARE", default="1%")
    sizes: str | None = option("smallest and largest defect to estimate recall by", metavar="PIXELS", otherwise="6..60")
    results_root: str | None = option(**RESULTS)


def calibrate(options: CalibrateOptions, reporter: Reporter) -> Outcome:
    """Calibrate as a job, and tell the threshold, the bound of its false alarm rate, and what it finds.

    Raises:
        InputError: rate or sizes can't be read.
        DataError: the place holds no good pairs, or is a data set without a validation split.
        RequestError: nothing can be calibrated by that.
        ChangenetError: as `runners.api.prepare_decision` and `launch` say.
    """
    from core.installation import require
    from interfaces.verbs.data_sets import sizes_of
    from interfaces.verbs.jobs import follow_plan, run_outcome
    from interfaces.verbs.model_task import task_of_model
    from interfaces.verbs.request import route
    from interfaces.verbs.request_options import RequestOptions

    require("inspect", "cv2")
    starter = options.model == _STARTER
    in_file = is_model(options.model)
    checkpoint = _STARTER_FILE if starter else options.model if in_file else None
    task = "segment" if starter else task_of_model(options.model, options.results_root)
    _check_pairs(options.pairs)
    sizes = sizes_of(options.sizes)
    keys: dict[str, Any] = {
        "inspect.golden": options.pairs,
        "inspect.checkpoint": checkpoint,
        "inspect.calibrate_to": _share(options.far),
        "inspect.defect_sizes": list(sizes) if sizes else None,
    }
    request = RequestOptions(
        (_ACTIONS[task],),
        overrides=tuple(f"{key}={json.dumps(value)}" for key, value in keys.items() if value is not None),
        parent_job_id=None if checkpoint else options.model,
        results_root=options.results_root,
        profile="laptop" if starter else None,
    )
    plan = route(request).plan
    if plan is None:
        raise RequestError(
            "nothing can be calibrated by that", code="calibrate.plan", remedy="changenet calibrate --help"
        )
    job = follow_plan(plan, reporter)
    outcome = run_outcome(job)
    return replace(outcome, **_told(job, outcome)) if not outcome.exit_code else outcome


def _check_pairs(place: str) -> None:
    """Tell before a launch where there are no good pairs: the job lists them in the same way."""
    from pairs.good_pairs import CALIBRATION_SPLITS, list_good_pairs

    list_good_pairs(Path(place), CALIBRATION_SPLITS)


def _share(text: str) -> float:
    """A share of 0 up to 1, or in percent."""
    number = text.strip().removesuffix("%")
    try:
        value = float(number) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        remedy = "give a share, such as 1% or 0.01"
        raise InputError(f"{text!r} is no share of boards", code="calibrate.far", where="--far", remedy=remedy)
    return value


def _told(job: Job, outcome: Outcome) -> dict[str, Any]:
    """Document and text of a calibration that ended well."""
    from core.documents import read_json

    folder = Path(job.results_dir)
    found = read_json(folder / CALIBRATION_FILE)
    recall = found["recall"]
    by_size = ", ".join(f"{name} {one['found']} of {one['drawn']}" for name, one in found["recall_by_size"].items())
    by_kind = ", ".join(f"{name} {one['found']} of {one['drawn']}" for name, one in found["recall_by_kind"].items())
    bound = f"{100 * found['false_alarm_rate_at_most']:.1f} % (95 % confidence, exact)"
    lines = [
        f"threshold {found['threshold']:.6g} (it was {found['earlier_threshold']:.6g})",
        f"false alarms: {found['flagged']} of {found['good_pairs']} good pairs, so {bound} at most",
        f"drawn defects found: {recall['found']} of {recall['drawn']}, at least {100 * recall['at_least']:.1f} %",
        f"  by size: {by_size}",
        f"  by kind: {by_kind}",
        f"model: {folder / found['checkpoint']}",
        f"next: changenet inspect {job.id} GOLDEN TEST",
    ]
    if needed := found["pairs_to_show_it"]:
        wanted = 100 * found["wanted_false_alarm_rate"]
        lines.insert(2, f"  to show that it is {wanted:g} % at most takes {needed} good pairs of which none is flagged")
    return {"document": {"job": outcome.document["job"], **found}, "text": "\n".join(lines)}

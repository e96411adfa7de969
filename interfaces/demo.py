# SPDX-License-Identifier: Apache-2.0
"""`changenet demo`: the whole path on synthetic boards, with the embedded engine, in a few minutes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError
from interfaces.present import metric_lines
from interfaces.tools import Outcome, job_outcome, run_plan, the_skill
from router.types import Request

if TYPE_CHECKING:
    from argparse import Namespace

    from runners.types import Job

EPOCHS = 12
_FIGURES = ("auc", "precision_at_threshold", "recall_at_threshold", "f1_at_threshold", "escapes_at_threshold")


def verb_demo(args: Namespace) -> Outcome:
    """Draw boards (once), train without AutoML, evaluate and run inference on boards that were held out."""
    out = Path(args.out)
    data, results = out / "boards", out / "results"
    _draw(data)
    train = _run("train", data, results, automl_policy="off", overrides={"train.num_epochs": args.epochs or EPOCHS})
    evaluate = _run("evaluate", data, results, parent_job_id=train.id)
    inference = _run("inference", data, results, parent_job_id=train.id)
    jobs = (train, evaluate, inference)
    document: dict[str, Any] = {"jobs": [job.to_json() for job in jobs], "results": str(results)}
    return Outcome(document, _summary(jobs, results))


def _draw(data: Path) -> None:
    from interfaces.console import progress_line
    from pairs.boards import SynthesisSettings, synthesize

    if data.is_dir() and any(data.iterdir()):
        _say(f"using the boards in {data}")
        return
    _say(f"drawing synthetic boards into {data}")
    synthesize(data, SynthesisSettings(), progress=progress_line("draw"))


def _run(action: str, data: Path, results: Path, **slots: Any) -> Job:
    from runners.api import prepare_request
    from runners.types import open_questions

    _say(f"\n{action}")
    request = Request(action=action, data=str(data), results_root=str(results), **slots)
    decision, plan = prepare_request(request, the_skill())
    if plan is None:
        raise open_questions(decision.missing)
    job = run_plan(plan)
    if job_outcome(job).exit_code:
        raise JobFailedError(f"{job.id} ended as {job.state}", where=job.folder, remedy=f"read {job.folder}/log.txt")
    return job


def _summary(jobs: tuple[Job, ...], results: Path) -> str:
    from runners.inspection_report import report_path

    _, evaluate, inference = jobs
    figures = metric_lines({name: evaluate.metrics[name] for name in _FIGURES if name in evaluate.metrics})
    table = next((a.path for a in inference.artifacts if a.path.endswith("inference.csv")), "")
    return "\n".join(
        [
            "\non boards that were held out:",
            *figures,
            f"\nreport: {report_path(evaluate)}",
            f"scores and verdicts: {Path(inference.results_dir) / table}",
            "jobs:",
            *(f"  {job.id}" for job in jobs),
            f"\nnext: changenet result {evaluate.id} --results {results}",
            f"      changenet jobs --results {results}",
        ]
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

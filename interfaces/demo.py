# SPDX-License-Identifier: Apache-2.0
"""`changenet demo`: the whole path on synthetic boards, with the embedded engine, in a few minutes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError
from interfaces.tools import Outcome, job_outcome, run_plan, the_skill
from router.types import Request

if TYPE_CHECKING:
    from argparse import Namespace

    from automl.experiment import ExperimentResult
    from runners.jobs.job import Job

TRIALS, EPOCHS = 4, 5
# Two trainings of one thread each are done sooner than one of two threads after the other, and fit into small memory.
_PARALLEL = 2
# Few boards and few epochs are few steps: smaller batches make more of them, and higher rates larger ones. Not over all
# magnitudes of the schema: four trials are few.
BATCH_SIZE, LEARNING_RATES = 8, (1e-3, 1e-2)
# After a few minutes of training a model doubts most pairs: looking at all of those again takes time and tells little.
SECOND_LOOK = 0.0
_FIGURES = ("auc", "precision_at_threshold", "recall_at_threshold", "f1_at_threshold", "escapes_at_threshold")


def verb_demo(args: Namespace) -> Outcome:
    """Draw boards (once), tune a training on them, evaluate the winner and run it on boards that were held out."""
    out = Path(args.out)
    data, results = out / "boards", out / "results"
    _draw(data)
    search = _search(data, results, trials=args.trials or TRIALS, epochs=args.epochs or EPOCHS)
    winner = search.winner_job_id
    evaluate = _run("evaluate", data, results, parent_job_id=winner)
    inference = _run("inference", data, results, parent_job_id=winner)
    document: dict[str, Any] = {"automl": search.to_json(), "results": str(results)}
    document["jobs"] = [job.to_json() for job in (evaluate, inference)]
    return Outcome(document, _summary(search, evaluate, inference, results))


def _draw(data: Path) -> None:
    from boards import SynthesisSettings, synthesize
    from interfaces.console import progress_line

    if data.is_dir() and any(data.iterdir()):
        _say(f"using the boards in {data}")
        return
    _say(f"drawing synthetic boards into {data}")
    synthesize(data, SynthesisSettings(), progress=progress_line("draw"))


def _search(data: Path, results: Path, *, trials: int, epochs: int) -> ExperimentResult:
    from automl.budget import machine_threads
    from automl.experiment import plan
    from automl.lookup import command_name
    from automl.plan_text import plan_text
    from automl.result_text import result_text
    from automl.settings import AutomlSettings
    from interfaces.automl_tool import run_plan as run_search
    from router.decision import decide

    low, high = LEARNING_RATES
    parallel = min(_PARALLEL, machine_threads())
    _say(
        f"\nchangenet run train --data {data} --results {results} -s num_epochs={epochs} -s batch_size={BATCH_SIZE} "
        f"-s model.classify.second_look={SECOND_LOOK:g} --trials {trials} --parallel {parallel} "
        f"--range lr={low:g}..{high:g}"
    )
    values = {
        "train.num_epochs": epochs,
        "dataset.classify.batch_size": BATCH_SIZE,
        "model.classify.second_look": SECOND_LOOK,
    }
    request = Request(action="train", data=str(data), results_root=str(results), overrides=values)
    settings = AutomlSettings(trials=trials, parallel=parallel, ranges={"train.optim.lr": LEARNING_RATES})
    skill = the_skill()
    search = plan(decide(request, skill), skill, settings)
    _say(plan_text(search))
    found = run_search(search)
    _say(result_text(found))
    if found.state == "interrupted" or not found.winner_job_id:
        remedy = f"go on with `changenet run --resume {command_name(found.folder)}`"
        raise JobFailedError(f"the search is {found.state}: {found.reason}", where=str(found.folder), remedy=remedy)
    return found


def _run(action: str, data: Path, results: Path, **slots: Any) -> Job:
    from runners.api import prepare_request
    from runners.planning.plan import open_questions

    _say(f"\n{action}")
    request = Request(action=action, data=str(data), results_root=str(results), **slots)
    decision, plan = prepare_request(request, the_skill())
    if plan is None:
        raise open_questions(decision.missing)
    job = run_plan(plan)
    if job_outcome(job).exit_code:
        raise JobFailedError(f"{job.id} ended as {job.state}", where=job.folder, remedy=f"read {job.folder}/log.txt")
    return job


def _summary(search: ExperimentResult, evaluate: Job, inference: Job, results: Path) -> str:
    from runners.jobs.inspection_report import report_path

    table = next((a.path for a in inference.artifacts if a.path.endswith("inference.csv")), "")
    return "\n".join(
        [
            "",
            *_comparison(search, evaluate),
            f"\nsearch: {search.folder / 'automl_report.html'}",
            f"report: {report_path(evaluate)}",
            f"scores and verdicts: {Path(inference.results_dir) / table}",
            f"\nnext: changenet result {evaluate.id} --results {results}",
            f"      changenet jobs --results {results}",
        ]
    )


def _comparison(search: ExperimentResult, evaluate: Job) -> list[str]:
    """Defaults against winner: what they were chosen by, and held-out boards, which had no say in the choice."""
    outcome, tested = search.outcome, search.outcome.evaluations
    winner, defaults, metric = outcome.winner, outcome.defaults, outcome.objectives[0].metric
    found = {name: tested.get(f"{name}.test", {}).get("metrics", {}) for name in ("defaults", "winner")}
    found["winner"] = found["winner"] or evaluate.metrics
    if winner is None or winner.trial == 0:
        said = f"None of {len(outcome.standings)} trials was better than the defaults: they are the winner."
        found["defaults"] = found["winner"]
    else:
        said = (
            f"Trial {winner.trial} of {len(outcome.standings)} is the winner, chosen by {metric} of validation boards."
        )
    rows = [("validation", metric, *(s.values[0] if s else None for s in (defaults, winner)))]
    rows += [("held out", name, *(found[who].get(name) for who in ("defaults", "winner"))) for name in _FIGURES]
    lines = [f"  {where:<10} {name:<24}{_number(one)}{_number(other)}" for where, name, one, other in rows]
    return [said, f"  {'':<35}{'defaults':>10}{'winner':>10}", *lines]


def _number(value: Any) -> str:
    return f"{value:>10.4g}" if isinstance(value, int | float) else f"{'':>10}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

# SPDX-License-Identifier: Apache-2.0
"""`demo`: the whole path on synthetic boards, with the embedded engine, in a few minutes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, NotReadyError
from interfaces.options import option, words_of
from interfaces.outcome import Outcome
from interfaces.verbs.request import route
from interfaces.verbs.run import RunOptions

if TYPE_CHECKING:
    from automl.experiment import ExperimentResult
    from automl.plan import ExperimentPlan
    from interfaces.outcome import Reporter
    from interfaces.verbs.request import Routed
    from runners.jobs.job import Job

# As a line chooses its optics by the smallest defect, boards with the defects of crops of 128 px are photographed finer
# (benchmarks/README.md, "The boards of `make demo`").
_SIDE, _DEFECTS_FOR = 256, 128
# Two trainings of one thread each are done sooner than one of two threads after the other, and fit into small memory.
_PARALLEL = 2
# Few boards and one epoch are few steps: smaller batches make more of them. The rates are those that the starter's
# weights bear, not all magnitudes of the schema: two trials are few.
# After one epoch a model doubts most pairs by the profile's measure: by this one it looks at one in fifty again.
_LOOK = "model.classify.second_look=1"
# Who inspects looks at a few good boards again rather than let a defect pass: on further boards half as many pass as
# with a cost of 1, for four false alarms in a hundred good pairs more ("What an escape costs in the demo", there).
_COST = "model.classify.escape_cost=5"
_SPEC = ("batch_size=8", f"image_width={_SIDE}", f"image_height={_SIDE}", _LOOK, _COST)
# At three quarters of that side the starter's threshold makes fewer errors: no false alarm, where it makes 12 of 700.
_STARTER = ("evaluate.checkpoint=package:starter", "image_width=192", "image_height=192", _LOOK)
_RANGES = ("lr=0.0003..0.001",)
_FIGURES = (
    *("recall_at_threshold", "false_alarm_rate_at_threshold", "f1_at_threshold", "escapes_at_threshold"),
    *("precision_at_threshold", "auc"),
)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Where the demo works, and for how long."""

    out: str = option("folder for data and jobs", metavar="DIR", default="demo")
    trials: int = option("configurations to try, the defaults first", metavar="N", default=2)
    epochs: int = option("epochs of each trial", metavar="N", default=1)


def demo(options: DemoOptions, reporter: Reporter) -> Outcome:
    """Draw boards (once), look at them with the starter, tune a training, and run its winner on held-out boards."""
    data, results = Path(options.out) / "boards", Path(options.out) / "results"
    _draw(data, reporter)
    plan = _planned(options, data, results, reporter)
    first = _first_look(data, results, reporter)
    search = _search(plan, reporter)
    evaluate = _run("evaluate", data, results, search.winner_job_id, reporter)
    inference = _run("inference", data, results, search.winner_job_id, reporter)
    document: dict[str, Any] = {"automl": search.to_json(), "results": str(results)}
    document["jobs"] = [job.to_json() for job in (first, evaluate, inference)]
    return Outcome(document, _summary(search, first, evaluate, inference, results))


def _draw(data: Path, reporter: Reporter) -> None:
    from automl.budget import machine_threads
    from boards import SynthesisSettings, synthesize

    if data.is_dir() and any(data.iterdir()):
        reporter.say(f"using the boards in {data}")
        return
    reporter.say(f"drawing synthetic boards into {data}")
    settings = SynthesisSettings(size=_SIDE, defects_for=_DEFECTS_FOR, jobs=min(_PARALLEL, machine_threads()))
    synthesize(data, settings, progress=reporter.progress("draw"))


def training(options: DemoOptions, data: Path, results: Path) -> RunOptions:
    """The search of the demo, as `run` takes it."""
    from automl.budget import machine_threads

    return RunOptions(
        request=("train",),
        data=str(data),
        results_root=str(results),
        overrides=(f"num_epochs={options.epochs}", *_SPEC),
        trials=options.trials,
        parallel=min(_PARALLEL, machine_threads()),
        range=_RANGES,
        no_test=True,  # the demo evaluates the winner itself, and the starter before all
    )


def _planned(options: DemoOptions, data: Path, results: Path, reporter: Reporter) -> ExperimentPlan:
    """The search, planned and told; what is wrong with it is told before anything runs."""
    from automl.plan_text import plan_text

    routed = _routed(training(options, data, results), reporter)
    if routed.search is None:
        decision = routed.decision
        why = "; ".join((*decision.reasons, *decision.warnings))
        raise NotReadyError(f"the training is not tuned: {why}", remedy="see `changenet plan train`")
    reporter.say(plan_text(routed.search))
    return routed.search


def _search(plan: ExperimentPlan, reporter: Reporter) -> ExperimentResult:
    from automl.lookup import command_name
    from automl.result_text import result_text
    from interfaces.verbs.tuning import follow_search

    found = follow_search(plan, reporter)
    reporter.say(result_text(found))
    if found.state == "interrupted" or not found.winner_job_id:
        remedy = f"go on with `changenet run --resume {command_name(found.folder)}`"
        raise JobFailedError(f"the search is {found.state}: {found.reason}", where=str(found.folder), remedy=remedy)
    return found


def _first_look(data: Path, results: Path, reporter: Reporter) -> Job:
    """What the starter makes of the held-out boards: pictures and figures before anything is trained."""
    from runners.jobs.inspection_report import report_path

    options = RunOptions(
        request=("evaluate",), data=str(data), results_root=str(results), profile="laptop", overrides=_STARTER
    )
    job = _finished(options, reporter)
    reporter.say(f"before any training, the starter that ships with the skill: {report_path(job)}")
    return job


def _run(action: str, data: Path, results: Path, parent: str | None, reporter: Reporter) -> Job:
    options = RunOptions(request=(action,), data=str(data), results_root=str(results), parent_job_id=parent)
    return _finished(options, reporter)


def _finished(options: RunOptions, reporter: Reporter) -> Job:
    from interfaces.verbs.job_outcome import follow_plan, job_outcome
    from runners.planning.plan import open_questions

    routed = _routed(options, reporter)
    if routed.plan is None:
        raise open_questions(routed.decision.missing)
    job = follow_plan(routed.plan, reporter, memory=routed.memory)
    if job_outcome(job).exit_code:
        raise JobFailedError(f"{job.id} ended as {job.state}", where=job.folder, remedy=f"read {job.folder}/log.txt")
    return job


def _routed(options: RunOptions, reporter: Reporter) -> Routed:
    reporter.say(f"\nchangenet run {words_of(options)}")
    return route(options)


def _summary(search: ExperimentResult, first: Job, evaluate: Job, inference: Job, results: Path) -> str:
    from runners.jobs.inspection_report import report_path

    table = next((a.path for a in inference.artifacts if a.path.endswith("inference.csv")), "")
    return "\n".join(
        [
            "",
            *_comparison(search, first, evaluate),
            f"\nsearch: {search.folder / 'automl_report.html'}",
            f"report: {report_path(evaluate)}",
            f"scores and verdicts: {Path(inference.results_dir) / table}",
            f"\nnext: changenet result {evaluate.id} --results {shlex.quote(str(results))}",
            f"      changenet jobs --results {shlex.quote(str(results))}",
        ]
    )


def _comparison(search: ExperimentResult, first: Job, evaluate: Job) -> list[str]:
    """What the winner was chosen by, and how starter and winner do on held-out boards, which had no say in it."""
    outcome = search.outcome
    winner, defaults, metric = outcome.winner, outcome.defaults, outcome.objectives[0].metric
    values = [one.values[0] if one else None for one in (defaults, winner)]
    reached = " and ".join(_said(metric, value).strip() for value in values)
    if winner is None or winner.trial == 0:
        said = f"None of {len(outcome.standings)} trials was better than the defaults: they are the winner."
    else:
        said = (
            f"Trial {winner.trial} of {len(outcome.standings)} is the winner, chosen by {metric} of validation boards "
            f"(defaults and winner: {reached})."
        )
    both = (first.metrics, evaluate.metrics)
    lines = [f"  {name:<31}" + "".join(_said(name, found.get(name)) for found in both) for name in _FIGURES]
    return [said, f"  {'on held-out boards':<31}{'starter':>10}{'winner':>10}", *lines]


def _said(name: str, value: Any) -> str:
    from runners.figures import figure

    return f"{figure(name, value, 'classify').short_text if isinstance(value, int | float) else '':>10}"

# SPDX-License-Identifier: Apache-2.0
"""Searches whose trials are real jobs: processes that keep the contract of `visual_changenet`, killed for real."""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment
from automl.files import STORAGE
from automl.ledger import Ledger
from automl.plan import ExperimentPlan
from automl.plan_text import plan_text
from automl.settings import AutomlSettings
from automl.types import Run, RunResult, RunState
from core.errors import JobFailedError, PlatformError, RequestError, SpecError
from reports.page import SHARED
from router.declarations import load_skill
from router.types import Request
from runners.api import prepare_request
from runners.jobs.job import Job, JobState
from runners.jobs.store import JobStore
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from automl.events import Update
    from automl.experiment import ExperimentResult

Planned = Callable[..., ExperimentPlan]
# Runs what a caller would; told to, it says on standard output what happens.
CALLER = """
import json, sys
from pathlib import Path
from automl import experiment
from automl.settings import AutomlSettings
from router.decision import decide
from router.declarations import load_skill
from router.types import Request

given = json.loads(sys.argv[1])
say = lambda update: print(update.kind, update.run.number, update.job_id, flush=True)
if "resume" in given:
    result = experiment.resume(given["resume"], say, standby=given.get("standby", False))
else:
    skill = load_skill(Path(given["skill"]))
    decision = decide(Request.from_json(given["request"]), skill)
    settings = AutomlSettings.from_json(given["settings"])
    result = experiment.run(experiment.plan(decision, skill, settings, engine=given["engine"]), say)
print("state", result.state, flush=True)
"""


@pytest.fixture
def simulate(tmp_path: Path) -> Callable[..., None]:
    def tell(**told: Any) -> None:
        (tmp_path / "simulation.json").write_text(json.dumps(told))

    return tell


@pytest.fixture
def caller(project_root: Path) -> Iterator[Callable[[dict[str, Any]], subprocess.Popen[str]]]:
    with ExitStack() as stack:

        def start(given: dict[str, Any]) -> subprocess.Popen[str]:
            argv = [sys.executable, "-c", CALLER, json.dumps(given)]
            return stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=project_root))

        yield start


def given_of(plan: ExperimentPlan) -> dict[str, Any]:
    return {
        "skill": str(plan.skill.root),
        "request": plan.decision.request.to_json(),
        "settings": plan.settings.to_json(),
        "engine": plan.engine,
    }


def line_with(process: subprocess.Popen[str], word: str) -> list[str]:
    """The next line that begins with this word."""
    assert process.stdout
    for line in process.stdout:
        if line.startswith(word):
            return line.split()
    raise AssertionError(f"it ended without '{word}'")


def jobs_of(result: ExperimentResult) -> list[Job]:
    store = JobStore(result.folder.parent)
    return [store.read(job_id) for job_id in reversed(store.ids())]


def found(result: ExperimentResult) -> list[tuple[Any, ...]]:
    return [(s.trial, s.state, s.values, s.setting, s.epochs_trained) for s in result.outcome.standings]


def last_of(result: ExperimentResult, run: int) -> str | None:
    with Ledger(result.folder, read_only=True) as ledger:
        return ledger.results()[run].last


def history(checkpoint: str) -> list[float]:
    with zipfile.ZipFile(checkpoint) as archive:
        content = pickle.loads(archive.read("archive/data.pkl"))  # noqa: S301 - written by the simulation itself
    return list(content["history"])


def test_a_search_leaves_jobs_record_files_and_a_winner_that_is_a_parent(
    planned: Planned, project_root: Path, boards: Path, simulate: Callable[..., None]
) -> None:
    simulate(fail_below=1e-5)
    updates: list[Update] = []

    result = experiment.run(planned(trials=4, objectives=("val_loss:minimize",)), updates.append)

    assert (result.state, result.reason) == ("finished", "every trial has ended")
    winner, states = result.outcome.winner, [s.state for s in result.outcome.standings]
    assert winner is not None
    assert states == ["complete", "complete", "complete", "failed"]
    assert {u.kind for u in updates} >= {"decided", "started", "ended"}
    _check_best_record(result)
    rows = list(csv.DictReader((result.folder / "leaderboard.csv").read_text().splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "3", ""]
    assert rows[0]["checkpoint"] == winner.checkpoint
    assert rows[-1]["val_loss"] == ""
    # Every trial is a job whose plan names the experiment; its checkpointer watches the objective.
    for job in jobs_of(result):
        document = json.loads((Path(job.folder) / "plan.json").read_text())
        assert result.id in document["decision"]["reasons"][-1]
        if job.action == "train":
            checkpointer = document["spec"]["train"]["checkpointer"]
            assert (checkpointer["monitor"], checkpointer["mode"]) == ("val_loss", "min")
    # The test data were met once by the winner, and once by the defaults.
    assert set(result.outcome.evaluations) == {"winner.test", "defaults.test"}
    assert result.outcome.evaluations["winner.test"]["metrics"]["test_acc"] == 90.0
    kept = {str(path) for path in result.folder.parent.rglob("*.pth") if not path.is_symlink()}
    defaults = result.outcome.defaults
    assert defaults is not None
    assert kept == {winner.checkpoint, defaults.checkpoint, last_of(result, winner.run)}
    slots = {"data": str(boards), "parent_job_id": winner.job_id, "results_root": str(result.folder.parent)}
    _, plan = prepare_request(Request(action="evaluate", **slots), load_skill(project_root))  # type: ignore[arg-type]
    assert plan is not None
    assert plan.spec["evaluate"]["checkpoint"] == winner.checkpoint


def _check_best_record(result: ExperimentResult) -> None:
    best, winner = json.loads((result.folder / "best_rec.json").read_text()), result.outcome.winner
    assert winner is not None
    assert (best["trial"], best["score"], best["job_id"]) == (winner.trial, winner.values[0], winner.job_id)
    assert (best["metric"], best["direction"], best["epoch"]) == ("val_loss", "minimize", 2)
    assert best["step"] == 20
    assert [trial["state"] for trial in best["trials"]] == ["complete"] * 3 + ["failed"]
    assert "num_epochs" not in best["spec"]["train"]
    assert "results_dir" not in best["spec"]
    if winner.trial:
        assert best["spec"]["train"]["optim"]["lr"] == winner.setting["train.optim.lr"]


@pytest.mark.long
def test_the_report_needs_nothing_beside_it_and_the_storage_opens_in_optuna(planned: Planned) -> None:
    import optuna

    result = experiment.run(planned(trials=5, algorithm="bayesian", test=False, epochs=1))

    page = (result.folder / "automl_report.html").read_text()
    for title in ("Each trial, and the best so far", "Learning curves; the winner stands out", "Parallel coordinates"):
        assert title in page
    assert "Which parameters matter can't be told from fewer than 10 trials with figures." in unescape(page)
    assert not re.search(r"<script|src=|https?://| style=", page)
    assert page.count("<svg") == 3
    assert (SHARED / "page.css").read_text() in page  # as in reports on inspections
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'; script-src 'none'" in unescape(page)
    backend = optuna.storages.journal.JournalFileBackend(str(result.folder / STORAGE))
    study = optuna.load_study(study_name=result.id, storage=optuna.storages.JournalStorage(backend))
    winner = result.outcome.winner
    assert winner is not None
    assert (study.best_value, len(study.trials)) == (winner.values[0], 5)
    assert study.direction is optuna.study.StudyDirection.MINIMIZE
    for standing, trial in zip(result.outcome.standings, study.trials, strict=True):
        assert {key: trial.params[key] for key in standing.setting} == standing.setting


def test_promotions_go_on_from_the_exact_checkpoint_as_jobs_with_a_parent(planned: Planned) -> None:
    result = experiment.run(planned(trials=3, algorithm="hyperband", epochs=3, test=False))

    with Ledger(result.folder, read_only=True) as ledger:
        runs, results = ledger.runs(), ledger.results()
    promoted = [run for run in runs if run.after is not None]
    assert [run.epochs for run in promoted] == [3]
    last = results[promoted[0].number]
    # The checkpoint holds the learning rate of every epoch that was trained into it.
    assert len(set(history(str(last.best)))) == 1
    assert len(history(str(last.best))) == last.epoch == 3
    store = JobStore(result.folder.parent)
    assert store.read(str(last.job_id)).parent_job_id == results[int(promoted[0].after or 0)].job_id
    assert [epoch for epoch, _ in result.outcome.standings[promoted[0].trial].curve] == [1, 2, 3]


def test_a_population_copies_weights_alone_so_that_the_new_learning_rate_counts(planned: Planned) -> None:
    result = experiment.run(planned(trials=2, algorithm="pbt", population=2, generation_epochs=1, epochs=2, test=False))

    with Ledger(result.folder, read_only=True) as ledger:
        runs, results = ledger.runs(), ledger.results()
    specs = {
        run.number: json.loads((result.folder.parent / str(results[run.number].job_id) / "plan.json").read_text())[
            "spec"
        ]
        for run in runs
    }
    copy = next(run for run in runs if run.weights_only)
    survivor = next(run for run in runs if run.after is not None and not run.weights_only)
    paths = ("pretrained_model_path", "resume_training_checkpoint_path", "num_epochs")
    donor, own = results[int(copy.after or 0)].last, results[int(survivor.after or 0)].last
    assert [specs[copy.number]["train"][name] for name in paths] == [donor, None, 1]
    assert [specs[survivor.number]["train"][name] for name in paths] == [None, own, 2]
    assert specs[copy.number]["train"]["optim"]["lr"] == copy.values["train.optim.lr"]


def test_several_objectives_leave_a_front_in_record_and_report(planned: Planned) -> None:
    asked = ("seconds_per_epoch:minimize", "val_loss:minimize")
    result = experiment.run(planned(trials=3, objectives=asked, test=False, epochs=1))

    best = json.loads((result.folder / "best_rec.json").read_text())
    # The better a trial is, the longer its epochs take: nobody is beaten in both.
    assert best["pareto"] == [0, 1, 2]
    assert [entry["direction"] for entry in best["objectives"]] == ["minimize", "minimize"]
    assert "Pareto front, filled" in (result.folder / "automl_report.html").read_text()
    kept = {str(path) for path in result.folder.parent.rglob("*.pth") if not path.is_symlink()}
    assert kept == {standing.checkpoint for standing in result.outcome.standings}


def test_a_batch_larger_than_the_data_is_refused_before_launch_and_costs_nothing(planned: Planned) -> None:
    ranges = {"dataset.classify.batch_size": (20, 32)}
    plan = planned(trials=3, ranges=ranges, remove=tuple(OTHERS), test=False, epochs=1, seed=2)

    result = experiment.run(plan)

    with Ledger(result.folder, read_only=True) as ledger:
        results = ledger.results()
    states = [r.state for r in results.values()]
    assert states.count(RunState.COMPLETE) == 3
    assert RunState.REFUSED in states
    refused = [r for r in results.values() if r.state is RunState.REFUSED]
    assert all("batch" in r.message for r in refused)
    assert len(jobs_of(result)) == 3


OTHERS = tuple(
    key
    for key in json.loads((Path(__file__).resolve().parents[2] / "schemas" / "train.schema.json").read_text())[
        "automl_default_parameters"
    ]
)


def test_a_rule_between_keys_is_caught_before_anything_runs(planned: Planned) -> None:
    with pytest.raises(SpecError, match="fpratio"):
        planned(request={"overrides": {"dataset.classify.fpratio_sampling": 7}})
    with pytest.raises(RequestError, match="in which direction"):
        planned(objectives=("val_auc",))
    with pytest.raises(RequestError, match="val_nonsense"):
        planned(objectives=("val_nonsense:maximize",))
    with pytest.raises(RequestError, match="val_nonsense"):
        planned(objectives=("val_loss:minimize", "val_nonsense:minimize"))
    with pytest.raises(RequestError, match="seconds_per_epoch"):
        planned(objectives=("seconds_per_epoch:minimize",))


def test_what_the_request_sets_is_pinned_and_reaches_every_trial(planned: Planned) -> None:
    plan = planned(trials=2, request={"overrides": {"lr": 5e-4}}, test=False, epochs=1)

    assert plan.space.left_out["train.optim.lr"] == "the request sets it to 0.0005"
    result = experiment.run(plan)
    specs = [json.loads((Path(job.folder) / "plan.json").read_text())["spec"] for job in jobs_of(result)]
    assert [spec["train"]["optim"]["lr"] for spec in specs] == [5e-4, 5e-4]


def test_from_a_checkpoint_the_network_is_pinned_and_measured_before_the_search(
    planned: Planned,
) -> None:
    first = experiment.run(planned(trials=1, test=False))
    assert first.winner_job_id
    plan = planned(trials=2, request={"parent_job_id": first.winner_job_id})

    assert plan.start
    assert "the network comes from" in plan.space.left_out["model.classify.learnable_difference_modules"]
    result = experiment.run(plan)

    evaluations = result.outcome.evaluations
    assert {"baseline.validation", "baseline.test", "winner.test"} <= set(evaluations)
    assert evaluations["baseline.validation"]["checkpoint"] == plan.start
    jobs = [job for job in jobs_of(result) if job.created_at > jobs_of(first)[0].created_at]
    assert [job.action for job in jobs[:2]] == ["evaluate", "train"]
    validation, test = (json.loads((Path(job.folder) / "plan.json").read_text())["spec"] for job in (jobs[0], jobs[-1]))
    key = "csv_path"
    assert validation["dataset"]["classify"]["test_dataset"][key].endswith("val/dataset.csv")
    assert test["dataset"]["classify"]["test_dataset"][key].endswith("test/dataset.csv")
    spec = json.loads((Path(jobs[1].folder) / "plan.json").read_text())["spec"]
    assert spec["train"]["pretrained_model_path"] == plan.start
    assert spec["train"]["resume_training_checkpoint_path"] is None


def test_parallel_trials_really_run_at_the_same_time(planned: Planned, simulate: Callable[..., None]) -> None:
    simulate(epoch_seconds=1.6)
    result = experiment.run(planned(trials=4, parallel=2, test=False, epochs=1))

    spans = [json.loads((Path(job.results_dir) / "interval.json").read_text()) for job in jobs_of(result)]
    overlaps = [a[0] < b[1] and b[0] < a[1] for n, a in enumerate(spans) for b in spans[n + 1 :]]
    assert sum(overlaps) >= 2
    plans = [json.loads((Path(job.folder) / "plan.json").read_text()) for job in jobs_of(result)]
    assert {plan["resources"]["threads"] for plan in plans} == {max(1, len(os.sched_getaffinity(0)) // 2)}


@pytest.fixture
def whole(planned: Planned) -> ExperimentResult:
    """The search of the tests below, uninterrupted."""
    return experiment.run(planned(trials=3, parallel=1, algorithm="random", test=False, epochs=2))


def test_killed_controller_and_killed_trials_change_nothing_in_the_end(
    planned: Planned, caller: Callable[..., Any], simulate: Callable[..., None], whole: ExperimentResult, tmp_path: Path
) -> None:
    simulate(epoch_seconds=0.4)
    plan = planned(trials=3, algorithm="random", test=False, epochs=2, request={"results_root": str(tmp_path / "r2")})
    process = caller(given_of(plan))
    job_id = line_with(process, "started")[2]
    process.kill()
    process.wait()
    store = JobStore(tmp_path / "r2")
    # The trial does not die with the controller; then it is killed as well.
    assert store.read(job_id).state is JobState.RUNNING
    action = processes_in(store.handle(job_id))["action"]
    os.kill(action.pid, signal.SIGKILL)
    (name,) = experiment.list_experiments(str(tmp_path / "r2"))

    second = caller({"resume": str(tmp_path / "r2" / name)})
    line_with(second, "started")
    first_of_second = line_with(second, "started")
    second.send_signal(signal.SIGTERM)
    assert line_with(second, "state")[1] == "interrupted"
    second.wait()
    assert store.read(first_of_second[2]).state is JobState.CANCELED

    simulate()
    result = experiment.resume(name, results_root=str(tmp_path / "r2"))

    assert found(result) == found(whole)
    with Ledger(result.folder, read_only=True) as ledger:
        jobs = ledger.jobs()
    assert [len(ids) for ids in jobs.values()] == [2, 2, 1]
    assert (result.folder / "best_rec.json").is_file()


def test_a_resumed_search_takes_the_same_settings_and_no_others(whole: ExperimentResult) -> None:
    again = experiment.resume(str(whole.folder))
    assert found(again) == found(whole)

    changed = AutomlSettings(algorithm="random", trials=3, parallel=1, seed=8, test=False)
    with pytest.raises(RequestError, match=r"settings.seed: was 7, is 8"):
        experiment.resume(str(whole.folder), settings=changed)
    request = whole.plan.decision.request.to_json()
    request["overrides"] = request["overrides"] | {"train.optim.lr": 0.5}
    with pytest.raises(RequestError, match="lr"):
        experiment.resume(str(whole.folder), request=request)
    with pytest.raises(RequestError, match="Did you mean"):
        experiment.resume(whole.id[:-1] + "x", results_root=str(whole.folder.parent))


def test_a_full_disk_stops_the_search_and_a_resume_goes_on(
    planned: Planned, simulate: Callable[..., None], tmp_path: Path
) -> None:
    simulate(fail_above=1e-9, message="[Errno 28] No space left on device")
    with pytest.raises(PlatformError, match="for want of room"):
        experiment.run(planned(trials=2, test=False, epochs=1))
    simulate()

    (name,) = experiment.list_experiments(str(tmp_path / "results"))
    result = experiment.resume(name, results_root=str(tmp_path / "results"))

    assert [s.state for s in result.outcome.standings] == ["complete", "complete"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can't be mounted here (it takes root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(handle, b"x" * 4096):
            pass
    os.close(handle)


def _write_until_full(ledger: Ledger) -> int:
    for number in range(500):
        try:
            ledger.add_run(Run(number, number, {"k": "v" * 2000}, 1))
        except PlatformError as problem:
            assert "full" in problem.message  # noqa: PT017 - how far it came is what is asked for
            return number
    raise AssertionError("the disk never got full")


def test_a_record_on_a_full_disk_keeps_what_was_written(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with Ledger(small_disk / "search", create=True) as ledger:
        _fill(filler)
        written = _write_until_full(ledger)
    filler.unlink()
    with Ledger(small_disk / "search") as ledger:
        assert len(ledger.runs()) == written
        ledger.add_run(Run(written, written, {}, 1))
        ledger.add_result(written, RunResult(RunState.FAILED))


def test_hopeless_searches_stop_after_three_trials(planned: Planned, simulate: Callable[..., None]) -> None:
    simulate(fail_above=1e-9)
    with pytest.raises(JobFailedError, match="the loss is not finite"):
        experiment.run(planned(trials=8, test=False, epochs=1))


def test_a_plan_starts_nothing_writes_nothing_and_loads_no_optimiser(
    planned: Planned, project_root: Path, tmp_path: Path
) -> None:
    plan = planned(trials=12, algorithm="bayesian", wall_minutes=30)

    text, document = plan_text(plan), plan.to_json()
    assert not (tmp_path / "results").exists()
    for words in (
        "val_loss (minimize)",
        "12 trials of 2 epochs, 30 minutes in all",
        "train.optim.lr",
        "0: the defaults",
    ):
        assert words in text
    lines = plan_text(plan, ["  train.num_gpus  0"]).splitlines()
    assert lines[0].startswith("AutoML on train (classify)")
    assert lines.index("    train.num_gpus  0") > lines.index("    0: the defaults")
    assert "True" not in text
    assert "one of false, true" in text
    assert len(document["automl"]["first_trials"]) == 4
    assert json.loads(json.dumps(document))["automl"]["objectives"] == [{"metric": "val_loss", "direction": "minimize"}]
    code = "import sys, automl.experiment, automl.plan; print(*sys.modules)"
    argv = [sys.executable, "-c", code]
    loaded = subprocess.run(argv, capture_output=True, text=True, cwd=project_root, check=True).stdout.split()
    assert not {"optuna", "torch", "numpy", "jinja2", "yaml", "scipy", "pydantic"} & set(loaded)


def test_the_first_trials_of_the_plan_are_those_that_run(planned: Planned) -> None:
    plan = planned(trials=3, algorithm="bayesian", test=False, epochs=1)

    result = experiment.run(plan)

    assert [standing.setting for standing in result.outcome.standings] == plan.first_trials()


def test_time_is_only_spent_while_somebody_works(planned: Planned) -> None:
    result = experiment.run(planned(trials=1, test=False, epochs=1))
    with Ledger(result.folder, read_only=True) as ledger:
        before = ledger.seconds_worked()
        time.sleep(0.05)
        assert ledger.seconds_worked() == before
        assert before > 0

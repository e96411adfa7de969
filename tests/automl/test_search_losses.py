# SPDX-License-Identifier: Apache-2.0
"""Jobs, machines and controllers that are lost: what counts, what is waited for, and what is signalled."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment, losses
from automl.controller import Controller, Search
from automl.draws import random_of
from automl.events import Hooks, Update
from automl.ledger import Ledger
from automl.lookup import overview, stop
from automl.samplers import Suggester
from automl.schedule import FlatSchedule
from automl.settings import AutomlSettings
from automl.simulated import SimulatedTrainer
from automl.space import Space
from automl.trainer import Work, WorkState
from automl.types import Objective, RunState
from automl.writer_lock import writer_of
from core.errors import PlatformError
from runners.jobs.job import JobState
from runners.jobs.store import JobStore
from runners.jobs.watch import look
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from automl.plan import ExperimentPlan
    from runners.planning.plan import Plan

LOSS = Objective("val_loss", "minimize")


class Crash(BaseException):
    """The controller is gone."""


class Unlucky(SimulatedTrainer):
    """A trainer whose jobs are in the state that `states` says, by job id; `crashing` ends whoever waits for them."""

    def __init__(self) -> None:
        super().__init__(lambda run, _: {"val_loss": random_of(run.number).random()})
        self.states: dict[str, WorkState] = {}
        self.heard, self.crashing, self.stopped_at = 0, False, 0.0

    def look(self, job_id: str) -> Work:
        state = self.states.get(job_id)
        if job_id in self.stopped or state is None:
            return super().look(job_id)
        return Work(job_id, state, message=str(state), heard=self.heard)

    def wait(self, seconds: float) -> None:
        del seconds
        if self.crashing and any(self.states.get(job_id) is WorkState.RUNNING for job_id in self._jobs):
            raise Crash

    def stop(self, job_id: str, reason: str) -> None:
        super().stop(job_id, reason)
        self.stopped_at = time.monotonic()


def controller_of(ledger: Ledger, trainer: SimulatedTrainer, updates: list[Update] | None = None) -> Controller:
    settings = AutomlSettings(algorithm="random", trials=2)
    space = Space((), {}, {})
    schedule = FlatSchedule(space, Suggester(space, (LOSS,), "random", 1), trials=2, epochs=1)
    told = updates if updates is not None else []
    return Controller(Search(ledger, schedule, trainer, (LOSS,), settings), Hooks(told.append))


def test_a_trial_that_is_lost_thrice_under_the_eyes_of_its_controller_has_failed(tmp_path: Path) -> None:
    trainer = Unlucky()
    trainer.states = {f"job-{n}": WorkState.LOST for n in range(3)}
    with Ledger(tmp_path, create=True) as ledger:
        controller = controller_of(ledger, trainer)
        controller.run()
        assert [result.state for result in controller.results.values()] == [RunState.FAILED, RunState.COMPLETE]
        assert [len(jobs) for jobs in ledger.jobs().values()] == [3, 1]


@pytest.mark.parametrize("before", [0, 2])
def test_losses_together_with_the_controller_do_not_count(tmp_path: Path, before: int) -> None:
    """`before` are losses that a controller saw; five more went with their controllers."""
    trainer = Unlucky()
    trainer.states = {f"job-{n}": WorkState.LOST for n in range(before)}
    for number in range(before, before + 5):
        trainer.crashing, trainer.states[f"job-{number}"] = True, WorkState.RUNNING
        with Ledger(tmp_path, create=True) as ledger, suppress(Crash):
            controller_of(ledger, trainer).run()
        trainer.states[f"job-{number}"] = WorkState.LOST
    trainer.crashing = False
    with Ledger(tmp_path) as ledger:
        controller = controller_of(ledger, trainer)
        controller.run()
        assert [result.state for result in controller.results.values()] == [RunState.COMPLETE] * 2
        assert ledger.losses() == ({0: {"job-0", "job-1"}} if before else {})


def test_the_last_loss_counts_though_the_controller_died_before_it_wrote_the_result(tmp_path: Path) -> None:
    trainer = Unlucky()
    trainer.states = {f"job-{n}": WorkState.LOST for n in range(3)}
    with Ledger(tmp_path, create=True) as ledger:
        controller = controller_of(ledger, trainer)
        ledger.add_result = lambda *_: (_ for _ in ()).throw(Crash)  # type: ignore[method-assign]
        with pytest.raises(Crash):
            controller.run()
    with Ledger(tmp_path) as ledger:
        controller = controller_of(ledger, trainer)
        controller.run()
        assert [result.state for result in controller.results.values()] == [RunState.FAILED, RunState.COMPLETE]
        assert [len(jobs) for jobs in ledger.jobs().values()] == [3, 1]


def test_a_trial_whose_machine_can_not_be_asked_is_waited_for_a_stated_while_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(losses.time, "monotonic", lambda: clock[0])
    trainer, updates = Unlucky(), []
    trainer.states = {"job-0": WorkState.UNREACHABLE}

    def wait(_: float) -> None:
        clock[0] += 60
        trainer.heard = min(5, int(clock[0] // 60))  # it says something for five minutes

    trainer.wait = wait  # type: ignore[method-assign]
    with Ledger(tmp_path, create=True) as ledger:
        controller = controller_of(ledger, trainer, updates)
        controller.run()

        assert [result.state for result in controller.results.values()] == [RunState.COMPLETE] * 2
        assert [len(jobs) for jobs in ledger.jobs().values()] == [2, 1]
        assert ledger.losses() == {}
    assert trainer.stopped_at == 5 * 60 + losses.SILENT_SECONDS
    told = [update.message for update in updates if update.kind == "unreachable"]
    assert told == ["its machine can't be asked; taken as lost after 10 minutes without a word"]
    assert trainer.stopped == {"job-0": "its machine can't be asked, and it said nothing for too long"}


def told(tmp_path: Path, **words: Any) -> None:
    """What the simulated training is told."""
    (tmp_path / "simulation.json").write_text(json.dumps(words))


def begin_and_die(plan: ExperimentPlan) -> tuple[JobStore, str, str]:
    """A search whose controller ends as soon as its first trial runs; returns the store, that job and the search."""

    def die(update: Update) -> None:
        if update.kind == "started":
            raise Crash

    with pytest.raises(Crash):
        experiment.run(plan, die)
    store = JobStore(Path(plan.base.results_root))
    (name,) = experiment.list_experiments(str(store.root))
    return store, store.ids()[0], name


def test_a_restarted_container_does_not_keep_a_search_from_going_on(
    planned: Callable[..., ExperimentPlan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told(tmp_path, epoch_seconds=30)
    store, job_id, name = begin_and_die(planned(trials=1, test=False, epochs=1))
    handle = store.handle(job_id)
    for process in processes_in(handle).values():
        if process.pid != os.getpid():
            process.signal(signal.SIGKILL)
    details = {role: asdict(replace(p, namespace="pid:[1]")) for role, p in processes_in(handle).items()}
    store.add_handle(job_id, replace(handle, details=handle.details | details))
    assert look(store, job_id).state is JobState.UNKNOWN

    monkeypatch.setattr(losses, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr("runners.jobs.watch._ANSWER_SECONDS", 0.0)
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "1")
    told(tmp_path)
    updates: list[Update] = []
    result = experiment.resume(name, updates.append, results_root=str(store.root))

    assert [s.state for s in result.outcome.standings] == ["complete"]
    assert result.outcome.standings[0].job_id != job_id
    assert [u.kind for u in updates if u.job_id == job_id] == ["unreachable", "lost"]


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "a plan"])
def test_a_search_killed_between_a_record_and_its_folder_goes_on(
    left: str, planned: Callable[..., ExperimentPlan], tmp_path: Path
) -> None:
    told(tmp_path, epoch_seconds=30)
    store, job_id, name = begin_and_die(planned(trials=1, test=False, epochs=1))
    # As a kill -9 of the caller would have left it, before anything was started.
    people = processes_in(store.handle(job_id))
    for process in people.values():
        if process.pid != os.getpid():
            process.signal(signal.SIGKILL)
    folder = store.root / job_id
    plan = (folder / "plan.json").read_bytes()
    shutil.rmtree(folder)
    if left != "nothing":
        folder.mkdir()
    if left == "a plan":
        (folder / "plan.json").write_bytes(plan)
    told(tmp_path)

    result = experiment.resume(name, results_root=str(store.root))

    assert (result.state, [s.state for s in result.outcome.standings]) == ("finished", ["complete"])
    assert store.read(job_id).state is JobState.ERROR


def test_test_figures_that_were_interrupted_are_made_up_for(
    planned: Callable[..., ExperimentPlan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from runners import api

    launch = api.launch

    def interrupted(plan: Plan, **named: Any) -> Any:
        job = launch(plan, **named)
        if plan.action == "evaluate":
            os.kill(os.getpid(), signal.SIGINT)
        return job

    told(tmp_path, evaluate_seconds=30)
    monkeypatch.setattr(api, "launch", interrupted)
    result = experiment.run(planned(trials=1, epochs=1))
    assert (result.state, result.outcome.evaluations) == ("interrupted", {})
    assert overview(result.folder).state == "interrupted"
    store = JobStore(result.folder.parent)
    assert store.read(store.ids()[0]).state is JobState.CANCELED

    monkeypatch.setattr(api, "launch", launch)
    told(tmp_path)
    again = experiment.resume(str(result.folder))
    assert again.state == "finished"
    assert again.outcome.evaluations["winner.test"]["metrics"]["test_acc"] == 90.0


def test_test_figures_that_a_crash_took_are_made_up_for(
    planned: Callable[..., ExperimentPlan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from automl.evaluation import Evaluator

    def crash(_: Evaluator, job_id: str) -> None:
        for process in processes_in(store.handle(job_id)).values():
            if process.pid != os.getpid():
                process.signal(signal.SIGKILL)
        raise Crash

    plan = planned(trials=1, epochs=1)
    store = JobStore(Path(plan.base.results_root))
    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "_follow", crash)
        with pytest.raises(Crash):
            experiment.run(plan)
    (name,) = experiment.list_experiments(str(store.root))
    assert overview(store.root / name).state == "stopped"

    again = experiment.resume(name, results_root=str(store.root))
    assert again.outcome.evaluations["winner.test"]["metrics"]["test_acc"] == 90.0
    assert tmp_path in again.folder.parents


def test_cancel_stops_trials_whose_controller_is_gone(planned: Callable[..., ExperimentPlan], tmp_path: Path) -> None:
    told(tmp_path, epoch_seconds=30)
    store, job_id, name = begin_and_die(planned(trials=1, test=False, epochs=1))
    people = [p for p in processes_in(store.handle(job_id)).values() if p.pid != os.getpid()]
    assert all(process.is_alive() for process in people)

    assert stop(store.root / name)

    assert store.read(job_id).state is JobState.CANCELED
    assert store.open_parts(name) == []
    assert not people[-1].is_alive()
    told(tmp_path)
    again = experiment.resume(name, results_root=str(store.root))
    assert [s.state for s in again.outcome.standings] == ["complete"]


HOLDER = """
import sys, time
from pathlib import Path
from automl.ledger import Ledger
with Ledger(Path(sys.argv[1]), create=True):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path, project_root: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that works on the search in `tmp_path / "search"`."""
    argv = [sys.executable, "-c", HOLDER, str(tmp_path / "search")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=project_root) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_cancel_signals_the_process_that_holds_the_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    writer = writer_of(tmp_path / "search")
    assert writer is not None
    assert writer.process is not None
    assert (writer.process.pid, writer.process.is_alive()) == (holder.pid, True)
    assert stop(tmp_path / "search")
    assert holder.wait() == -signal.SIGTERM
    assert writer_of(tmp_path / "search") is None
    assert stop(tmp_path / "search")


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "pid:[1]"},
        {"pid": 0},
        {"pid": -1},
        {"pid": 2**70},
        {"pid": True},
        {"started": None},
        {"started": ""},
        {"boot": ""},
        None,
    ],
)
def test_no_other_process_is_ever_signalled(
    change: dict[str, Any] | None, tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    lock = tmp_path / "search" / ".writer.lock"
    identity = json.loads(lock.read_text())
    lock.write_text(str(identity["pid"]) if change is None else json.dumps(identity | change))

    with pytest.raises(PlatformError) as refused:
        stop(tmp_path / "search")

    assert refused.value.code == "automl.writer"
    assert holder.poll() is None


def test_cancel_stops_what_a_dead_controller_left_running(
    planned: Callable[..., ExperimentPlan], tmp_path: Path
) -> None:
    told(tmp_path, epoch_seconds=30)
    store, job_id, name = begin_and_die(planned(trials=1, test=False, epochs=1))
    assert look(store, job_id).state is JobState.RUNNING
    assert stop(store.root / name)
    assert look(store, job_id).state is JobState.CANCELED
    assert overview(store.root / name).state == "stopped"
    told(tmp_path)
    assert experiment.resume(name, results_root=str(store.root)).state == "finished"


def test_a_stranger_with_the_same_number_is_let_be(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    lock = tmp_path / "search" / ".writer.lock"
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"started": "1"}))
    writer = writer_of(tmp_path / "search")
    assert writer is not None
    writer.ask_to_stop()
    time.sleep(0.2)
    assert holder.poll() is None

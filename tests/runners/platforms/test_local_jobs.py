# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import InputError, MissingInputError, PlatformError, RequestError
from router.types import Question
from runners import api
from runners.jobs.job import Job, JobState
from runners.planning.plan import Plan
from runners.platforms.handles import ACTION, SUPERVISOR, process_of, processes_in, with_process
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from runners.jobs.follow import Update
    from runners.jobs.store import JobStore

MakePlan = Callable[..., Plan]
WaitFor = Callable[..., Any]


def states(job: Job) -> list[str]:
    return [step.state.value for step in job.transitions]


def ready(job: Job, command: str = "train") -> Callable[[], bool]:
    return (Path(job.folder) / "results" / command / "ready").exists


def action_of(store: JobStore, job: Job) -> ProcessId:
    action = process_of(store.handle(job.id), ACTION)
    assert action
    return action


def test_a_job_runs_to_its_end_and_is_recorded_whole(make_plan: MakePlan, store: JobStore) -> None:
    plan = make_plan()
    updates: list[Update] = []

    job = api.launch(plan, store=store, follow=updates.append)

    assert states(job) == ["PENDING", "RUNNING", "COMPLETE"]
    assert (job.exit_code, job.failure, job.plan_id) == (0, None, plan.id)
    assert job.metrics == {"val_loss": 0.25}
    assert "train begins" in [update.line for update in updates]
    assert [u.progress.epoch for u in updates if u.progress and u.progress.kpi] == [0, 1]
    assert updates[-1].state is JobState.COMPLETE
    folder = Path(job.folder)
    assert (folder.parent, folder.name) == (store.root, job.id)
    assert Plan.from_json(json.loads((folder / "plan.json").read_text())) == plan
    assert not [path.name for path in folder.rglob("*.tmp")]


def test_the_manifest_holds_every_file_with_hash_and_the_checkpoints_own_epoch(
    make_plan: MakePlan, store: JobStore
) -> None:
    job = api.launch(make_plan(best=[0]), store=store)

    checkpoints = {a.path: (a.roles, a.epoch, a.step) for a in job.artifacts if a.kind == "checkpoint"}
    assert checkpoints == {
        "model_best_000.pth": (("best", "top_k"), 0, 10),
        "model_epoch_000_step_00010.pth": (("periodic",), 0, 10),
        "model_epoch_001_step_00020.pth": (("latest", "periodic"), 1, 20),
    }
    assert {a.path: a.kind for a in job.artifacts if a.kind != "checkpoint"} == {
        "experiment.yaml": "spec",
        "status.json": "status",
    }
    manifest = json.loads((Path(job.folder) / "artifacts.json").read_text())
    assert manifest["artifacts"] == [artifact.to_json() for artifact in job.artifacts]


@pytest.mark.parametrize(
    ("behaviour", "kind", "exit_code"),
    [
        ({"exit": 1, "pass": False, "status": "FAILURE", "message": "no such csv"}, "action.failed", 1),
        ({"pass": False}, "action.unconfirmed", 0),
        ({"exit": 3}, "action.failed", 3),
    ],
)
def test_only_exit_code_0_and_a_log_that_says_pass_complete_a_job(
    make_plan: MakePlan, store: JobStore, behaviour: dict[str, Any], kind: str, exit_code: int
) -> None:
    job = api.launch(make_plan(**behaviour), store=store)

    assert job.state is JobState.ERROR
    assert job.failure
    assert (job.failure.code, job.exit_code) == (kind, exit_code)
    assert behaviour.get("message", "") in job.failure.message
    assert "train begins" in api.result(job)["failure"]["last_log_lines"]


def test_cancel_from_another_process_ends_an_action_that_ignores_sigterm(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "0.5")
    job = api.launch(make_plan(sleep=600, deaf=True), store=store, detach=True)
    wait_for(ready(job))
    program = "import sys; from pathlib import Path; from runners.api import cancel; "
    program += "from runners.jobs.store import JobStore; print(cancel(sys.argv[1], JobStore(Path(sys.argv[2]))).state)"

    answer = subprocess.run(
        [sys.executable, "-c", program, job.id, str(store.root)], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "CANCELED"
    assert store.read(job.id).exit_code == -signal.SIGKILL


def test_ctrl_c_while_following_cancels_the_job(make_plan: MakePlan, store: JobStore) -> None:
    def interrupt(update: Update) -> None:
        if update.line == "train begins":
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    job = api.launch(make_plan(sleep=600), store=store, follow=interrupt)

    assert job.state is JobState.CANCELED
    assert job.transitions[-1].reason == "interrupted from the keyboard"


def test_an_action_that_is_killed_is_an_error_that_names_the_signal(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(sleep=600, worker=True), store=store, detach=True)
    wait_for(ready(job))
    os.kill(action_of(store, job).pid, signal.SIGKILL)

    ended = wait_for(lambda: (now := api.get_job(job.id, store)).state.is_terminal and now)

    assert ended.failure.code == "process.killed"
    assert "SIGKILL" in ended.failure.message
    assert ProcessId.of(int((Path(job.results_dir) / "worker.pid").read_text())) is None


def test_a_job_whose_supervisor_and_action_were_killed_becomes_an_error_at_the_next_look(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(sleep=600, worker=True), store=store, detach=True)
    wait_for(ready(job))
    people = processes_in(store.handle(job.id))
    for role in (SUPERVISOR, ACTION):
        os.kill(people[role].pid, signal.SIGKILL)
    wait_for(lambda: not people[SUPERVISOR].is_alive() and not people[ACTION].is_alive())

    (ended,) = api.list_jobs(store)

    assert states(ended) == ["PENDING", "RUNNING", "ERROR"]
    assert ended.failure
    assert ended.failure.code == "process.lost"
    assert ProcessId.of(int((Path(job.results_dir) / "worker.pid").read_text())) is None


def test_an_action_outlives_its_supervisor_and_is_judged_by_its_log(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(sleep=2), store=store, detach=True)
    wait_for(ready(job))
    os.kill(processes_in(store.handle(job.id))[SUPERVISOR].pid, signal.SIGKILL)
    wait_for(lambda: not processes_in(store.handle(job.id))[SUPERVISOR].is_alive())
    assert api.get_job(job.id, store).state is JobState.RUNNING

    ended = wait_for(lambda: (now := api.get_job(job.id, store)).state.is_terminal and now)

    assert (ended.state, ended.exit_code) == (JobState.COMPLETE, None)
    assert "latest" in [role for artifact in ended.artifacts for role in artifact.roles]


def test_cancel_reaches_an_action_that_lost_its_supervisor(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(sleep=600), store=store, detach=True)
    wait_for(ready(job))
    os.kill(processes_in(store.handle(job.id))[SUPERVISOR].pid, signal.SIGKILL)
    wait_for(lambda: not processes_in(store.handle(job.id))[SUPERVISOR].is_alive())

    assert api.cancel(job.id, store).state is JobState.CANCELED


def test_a_process_with_the_number_of_a_dead_one_is_not_taken_for_it() -> None:
    own = ProcessId.own()
    assert own.is_alive()
    assert not replace(own, started="1").is_alive()
    assert not replace(own, boot="another boot").is_alive()


def test_a_job_of_another_machine_is_unknown_until_that_machine_answers(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(sleep=600), store=store, detach=True)
    wait_for(ready(job))
    supervisor = processes_in(store.handle(job.id))[SUPERVISOR]
    elsewhere = replace(supervisor, namespace="pid:[1]")
    store.add_handle(job.id, with_process(store.handle(job.id), SUPERVISOR, elsewhere))

    assert api.get_job(job.id, store).state is JobState.UNKNOWN
    assert api.cancel(job.id, store).state is JobState.CANCELED
    assert store.read(job.id).exit_code == 1


def test_a_plan_that_was_altered_after_sealing_is_refused(make_plan: MakePlan, store: JobStore) -> None:
    plan = make_plan()
    plan.spec["behaviour"]["exit"] = 9

    with pytest.raises(RequestError, match="altered") as error:
        api.launch(plan, store=store)

    assert error.value.code == "plan.altered"
    assert not store.root.exists()


def test_a_plan_with_open_questions_is_refused_and_says_them(make_plan: MakePlan, store: JobStore) -> None:
    parts = {name: getattr(make_plan(), name) for name in Plan.__slots__ if name not in {"id", "missing"}}
    plan = Plan.sealed(**parts, missing=(Question("eval_dataset", "Which data shall be evaluated?"),))

    with pytest.raises(MissingInputError, match="Which data shall be evaluated"):
        api.launch(plan, store=store)

    assert not store.root.exists()


def test_an_engine_that_is_not_there_is_told_before_anything_is_recorded(
    make_plan: MakePlan, store: JobStore, engine: Path
) -> None:
    plan = make_plan()
    engine.unlink()

    with pytest.raises(PlatformError) as error:
        api.launch(plan, store=store)

    assert (error.value.code, error.value.exit_code) == ("engine.missing", 5)
    assert "pip install" in error.value.remedy
    assert not store.root.exists()


def test_the_action_sees_no_secret_of_its_caller(
    make_plan: MakePlan, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "CHANGENET_API_KEY", "SOME_VARIABLE"):
        monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    job = api.launch(make_plan(), store=store)

    log = (Path(job.folder) / "log.txt").read_text()
    seen = json.loads(next(line for line in log.splitlines() if line.startswith("environment ")).partition(" ")[2])
    assert "hidden" not in log
    assert {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}.items() <= seen.items()


def test_files_that_lay_in_a_named_results_folder_are_not_the_jobs_own(
    make_plan: MakePlan, store: JobStore, tmp_path: Path
) -> None:
    named = tmp_path / "mine"
    named.mkdir()
    (named / "model_epoch_900_step_99999.pth").write_bytes(b"someone else's")

    job = api.launch(make_plan(spec={"train": {"results_dir": str(named)}}), store=store)

    assert job.results_dir == str(named)
    assert {a.path for a in job.artifacts if "latest" in a.roles} == {"model_epoch_001_step_00020.pth"}
    assert "model_epoch_900_step_99999.pth" not in {a.path for a in job.artifacts}


def test_an_input_that_nothing_fetches_is_refused_with_its_key(make_plan: MakePlan, store: JobStore) -> None:
    parts = {name: getattr(make_plan(), name) for name in Plan.__slots__ if name not in {"id", "inputs"}}
    key = "dataset.classify.train_dataset.csv_path"
    plan = Plan.sealed(**parts, inputs={key: "ngc://bucket/data/dataset.csv"})

    with pytest.raises(InputError) as error:
        api.launch(plan, store=store)

    assert (error.value.code, error.value.where) == ("runner.remote_input", key)


def test_eight_processes_create_jobs_at_once(make_plan: MakePlan, store: JobStore, launch_elsewhere: Any) -> None:
    launchers = [launch_elsewhere(make_plan(epochs=0), store) for _ in range(8)]
    assert [launcher.wait() for launcher in launchers] == [0] * 8

    jobs = api.list_jobs(store)

    assert [job.state for job in jobs] == [JobState.COMPLETE] * 8
    assert len({job.id for job in jobs}) == 8


def test_the_supervisor_is_ours_even_beside_a_folder_of_its_name(
    make_plan: MakePlan, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("runners", "core"):
        (tmp_path / "home" / package).mkdir(parents=True)
        (tmp_path / "home" / package / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path / "home")

    assert api.launch(make_plan(), store=store).state is JobState.COMPLETE


def test_a_log_is_read_without_waiting_for_its_end(make_plan: MakePlan, store: JobStore, wait_for: WaitFor) -> None:
    job = api.launch(make_plan(sleep=600), store=store, detach=True)
    wait_for(ready(job))
    lines: list[str | None] = []

    seen = api.follow_log(job, lambda update: lines.append(update.line), store=store, until_end=False)

    assert seen.state is JobState.RUNNING
    assert "train begins" in lines
    api.cancel(job.id, store)


def test_secrets_that_an_action_prints_are_masked_in_what_is_shown(make_plan: MakePlan, store: JobStore) -> None:
    lines: list[str] = []
    message = "can't read s3://user:hidden@bucket/x"
    plan = make_plan(message=message, status="FAILURE", exit=1, **{"pass": False})

    job = api.launch(plan, store=store, follow=lambda update: lines.append(str(update.progress or update.line)))

    assert job.failure
    assert "can't read s3://" in job.failure.message
    assert "hidden" not in job.failure.message + "".join(lines)


def test_best_checkpoints_of_an_older_run_in_a_folder_apart_are_not_the_jobs_own(
    make_plan: MakePlan, store: JobStore, tmp_path: Path
) -> None:
    apart = tmp_path / "best"
    plan = make_plan(spec={"train": {"checkpointer": {"dirpath": str(apart)}}}, epochs=1)
    apart.mkdir()
    (apart / "model_best_000.pth").write_bytes(b"of an older run")

    job = api.launch(plan, store=store)

    assert job.state is JobState.COMPLETE
    assert str(apart / "model_best_000.pth") not in {artifact.path for artifact in job.artifacts}

# SPDX-License-Identifier: Apache-2.0
"""What the neutral part of a job does with the word of a platform, on one that is told what to say."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError
from core.problem import Problem
from runners.jobs import watch
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.platforms.platform import Capabilities, Sight
from runners.platforms.table import PLATFORMS, Row

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

REMOTE = Capabilities(
    on_this_machine=False, reads_local_paths=False, needs_image=True, asked_from_anywhere=True, survives_caller=True
)


class Told:
    """A platform of which every look finds what was told last; its results lie elsewhere until they are collected."""

    def __init__(self) -> None:
        self.sight = Sight(JobState.PENDING, "queued")

    def check(self, plan: Plan) -> None:
        """Every plan can run there."""

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        del plan
        return store.handle(job.id)

    def look(self, job: Job, handle: Handle) -> Sight:
        del job
        assert handle.details == {"name": "pod-7"}
        return self.sight

    def cancel(self, job: Job, handle: Handle) -> None:
        """It takes its time."""

    def log(self, job: Job, handle: Handle) -> Path:
        del handle
        return Path(job.folder) / "log.txt"

    def collect(self, job: Job, handle: Handle) -> None:
        del handle
        Path(job.results_dir).mkdir(parents=True, exist_ok=True)
        (Path(job.results_dir) / "model.onnx").write_bytes(b"weights")
        self.log(job, Handle("told")).write_text("Execution status: PASS\n")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    module = ModuleType("told_platform")
    platform = Told()
    module.__dict__["PLATFORM"] = platform
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(PLATFORMS, "told", Row(REMOTE, module.__name__))
    return platform


@pytest.fixture
def job(store: JobStore) -> Job:
    folder = store.root / "train-20260101-000000-aaaaaa"
    first = Transition(JobState.PENDING, "2026-01-01T00:00:00.000+00:00", "the record is opened")
    results = str(folder / "results")
    job = Job(folder.name, "train", "t", "told", JobState.PENDING, str(folder), results, "plan", "config", (first,))
    store.open_record(job, Handle("told", {"name": "pod-7"}))
    folder.mkdir()
    return job


def test_a_state_that_the_platform_tells_is_recorded_with_its_own_word(told: Told, job: Job, store: JobStore) -> None:
    told.sight = Sight(JobState.RUNNING, "Running on node-3")

    seen = watch.look(store, job.id)

    assert (seen.state, seen.transitions[-1].reason) == (JobState.RUNNING, "Running on node-3")
    assert watch.look(store, job.id) == store.read(job.id) == seen


def test_results_are_collected_before_the_job_is_judged(told: Told, job: Job, store: JobStore) -> None:
    told.sight = Sight(JobState.COMPLETE, "Succeeded", exit_code=0)

    ended = watch.look(store, job.id)

    assert (ended.state, ended.exit_code) == (JobState.COMPLETE, 0)
    assert [artifact.path for artifact in ended.artifacts] == ["model.onnx"]


@pytest.mark.parametrize("exit_code", [None, 0, 1])
def test_why_the_platform_ended_a_job_is_its_failure_whatever_its_log_says(
    told: Told, job: Job, store: JobStore, exit_code: int | None
) -> None:
    cause = Problem("kubernetes.image", "nvcr.io/x", "the image can't be pulled", "changenet doctor")
    told.sight = Sight(JobState.ERROR, "ImagePullBackOff", exit_code, cause)
    (Path(job.folder) / "results").mkdir()
    (Path(job.folder) / "results" / "status.json").write_text('{"status": "SUCCESS"}\n')

    ended = watch.look(store, job.id)

    assert (ended.state, ended.failure) == (JobState.ERROR, cause)
    assert "Execution status: PASS" in (Path(job.folder) / "log.txt").read_text()


def test_a_job_that_somebody_stopped_on_the_platform_is_cancelled(
    told: Told, job: Job, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "collect", lambda *_: None)
    told.sight = Sight(JobState.CANCELED, "CANCELLED by 1000", exit_code=1)

    ended = watch.look(store, job.id)

    assert (ended.state, ended.transitions[-1].reason) == (JobState.CANCELED, "CANCELLED by 1000")


@pytest.mark.parametrize("anywhere", [True, False])
def test_a_break_in_the_connection_ends_no_job(
    told: Told, job: Job, store: JobStore, monkeypatch: pytest.MonkeyPatch, anywhere: bool
) -> None:
    monkeypatch.setattr(watch, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "0")
    monkeypatch.setitem(PLATFORMS, "told", replace(PLATFORMS["told"], capabilities=_asked(anywhere)))
    told.sight = Sight(JobState.UNKNOWN, "no route to host")
    assert watch.look(store, job.id).state is JobState.UNKNOWN

    if not anywhere:
        # Its machine alone could tell, and may be gone for good: the record is closed as was asked.
        assert watch.cancel(store, job.id).state is JobState.CANCELED
        return
    with pytest.raises(PlatformError):
        watch.cancel(store, job.id)
    assert store.read(job.id).state is JobState.PENDING


@pytest.mark.parametrize("began", [True, False])
def test_a_job_that_was_never_seen_running_has_run_if_its_platform_says_so(
    told: Told, job: Job, store: JobStore, began: bool
) -> None:
    told.sight = Sight(JobState.ERROR, "Failed", exit_code=1, began=began)

    steps = [step.state for step in watch.look(store, job.id).transitions]

    assert steps == [JobState.PENDING, *([JobState.RUNNING] if began else []), JobState.ERROR]


def test_a_cancel_waits_until_the_platform_says_that_the_job_ended(
    told: Told, job: Job, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([Sight(JobState.RUNNING, "Running"), Sight(JobState.RUNNING, "Terminating")])
    monkeypatch.setattr(told, "collect", lambda *_: None)
    monkeypatch.setattr(told, "look", lambda *_: next(looks, Sight(JobState.CANCELED, "Deleted")))

    ended = watch.cancel(store, job.id, "no time")

    assert (ended.state, ended.transitions[-1].reason) == (JobState.CANCELED, "no time")


def _asked(anywhere: bool) -> Capabilities:
    return replace(REMOTE, asked_from_anywhere=anywhere)

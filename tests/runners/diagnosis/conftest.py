# SPDX-License-Identifier: Apache-2.0
"""Jobs that failed, with the log that a test gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.file_names import LOG_FILE
from core.files import write_json
from core.problem import Problem
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import Ending, now

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

FailedJob = Callable[..., Job]


@pytest.fixture
def failed_job(store: JobStore) -> FailedJob:
    """A job that ended as ERROR, or otherwise, with this log and plan; in the store unless it is not `recorded`."""

    def make(
        log: str | bytes = "",
        *,
        name: str = "train-20260101-000000-0a1b2c",
        action: str = "train",
        runner: str = "local",
        exit_code: int | None = 1,
        failure: Problem | None = None,
        plan: Plan | None = None,
        state: JobState = JobState.ERROR,
        part_of: str | None = None,
        recorded: bool = True,
        **ending: Any,
    ) -> Job:
        folder = store.root / name
        folder.mkdir(parents=True)
        (folder / LOG_FILE).write_bytes(log if isinstance(log, bytes) else log.encode())
        if plan:
            write_json(folder / "plan.json", plan.to_json())
        code = "process.killed" if exit_code is not None and exit_code < 0 else "action.failed"
        why = failure or Problem(code, name, f"exit code {exit_code}.")
        job = Job(
            id=name,
            action=action,
            task="classify",
            runner=runner,
            state=JobState.PENDING,
            folder=str(folder),
            results_dir=str(folder / "results" / action),
            plan_id=plan.id if plan else "no plan",
            config_sha256="",
            transitions=(Transition(JobState.PENDING, now(), "the record is opened"),),
            part_of=part_of,
        )
        if not recorded:
            return replace(job, state=state, exit_code=exit_code, failure=why)
        store.open_record(job, Handle(runner))
        told = why if state is JobState.ERROR else None
        store.close(name, Ending(state, why.message, exit_code, failure=told, **ending))
        return store.read(name)

    return make

# SPDX-License-Identifier: Apache-2.0
"""A job whose end was recorded by a process that died before it launched the one that goes on with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.problem import Problem
from runners import api
from runners.jobs.job import JobState
from runners.jobs.record import open_job
from runners.jobs.store import Ending

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


@pytest.fixture
def lost(store: JobStore, make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Job:
    """A job of a cluster that can't be reached any more, closed as lost."""
    monkeypatch.setenv("PATH", str(tmp_path))  # where there is no sbatch
    job = open_job(store, (plan := make_plan(runner="slurm")), plan.spec)
    store.close(job.id, Ending(JobState.ERROR, "lost", failure=Problem("node.lost", job.id, "lost", "see its log")))
    return store.read(job.id)


def test_it_is_tried_at_the_next_look(store: JobStore, lost: Job) -> None:
    found = api.get_job(lost.id, store)

    assert found.failure
    assert "it could not be launched again" in found.failure.remedy
    assert store.ids() == [lost.id]


def test_one_of_long_ago_is_let_be(store: JobStore, lost: Job) -> None:
    steps = tuple(replace(step, at="2020-01-01T00:00:00.000+00:00") for step in lost.transitions)
    old = replace(lost, transitions=steps)

    assert api._looked_at(store, old, old) == old  # noqa: SLF001 - the store keeps no clock that could be set

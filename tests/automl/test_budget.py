# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os

import pytest

from automl.budget import Budget, machine_threads, parallel_trials
from automl.settings import AutomlSettings
from automl.types import Run


@pytest.mark.parametrize(
    ("gpus", "threads", "places"), [(0, 1, 1), (0, 7, 1), (0, 8, 2), (0, 16, 4), (1, 64, 1), (4, 64, 1)]
)
def test_one_trial_a_gpu_and_one_for_four_processors(gpus: int, threads: int, places: int) -> None:
    assert parallel_trials(gpus=gpus, threads=threads) == places


def test_minutes_that_were_worked_before_count() -> None:
    settings = AutomlSettings(wall_minutes=10)
    assert not Budget.of(settings).time_is_up()
    assert not Budget.of(settings, worked=9 * 60).time_is_up()
    spent = Budget.of(settings, worked=10 * 60)
    assert spent.time_is_up()
    assert spent.refuses(Run(0, 0, {}, 1)) == "the wall time of 10 minutes is used up"
    assert not Budget.of(AutomlSettings(), worked=1e9).time_is_up()


def test_a_run_is_refused_where_it_would_take_more_epochs_than_are_left() -> None:
    budget = Budget.of(AutomlSettings(epochs=10))
    budget.spend(Run(0, 0, {}, 6))
    assert budget.refuses(Run(1, 1, {}, 4)) is None
    assert budget.refuses(Run(1, 1, {}, 5)) == "6 of 10 epochs are used up; the next run needs 5"
    assert budget.refuses(Run(1, 0, {}, 9, start=6, after=0)) is None
    budget.give_back(Run(0, 0, {}, 6))
    assert budget.refuses(Run(1, 1, {}, 10)) is None


def test_a_cluster_places_four_trials_whatever_this_machine_has() -> None:
    assert {parallel_trials(gpus=g, threads=t, scheduled=True) for g in (0, 1, 8) for t in (2, 64)} == {4}


def test_the_processors_counted_are_those_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine_threads() == 1
    finally:
        os.sched_setaffinity(0, before)

# SPDX-License-Identifier: Apache-2.0
"""When Hyperband, ASHA and BOHB let trials go on; the schedules are asked and told directly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from automl import successive_halving
from automl.dimensions import Number
from automl.draws import even_point
from automl.schedule import Pause
from automl.scheduling import make_schedule
from automl.settings import AutomlSettings
from automl.space import Space
from automl.types import Objective, Run, RunResult, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.schedule import Schedule

LOSS = Objective("val_loss", "minimize")
SPACE = Space((Number("x", 0.0, 1.0),), {"x": 0.5}, {"x": {}})


class Teller:
    """Asks a schedule, and tells it of runs in their order."""

    def __init__(self, algorithm: str, trials: int, epochs: int, reduction: int = 3) -> None:
        settings = AutomlSettings(algorithm=algorithm, trials=trials, reduction=reduction)
        self.schedule: Schedule = make_schedule(settings, SPACE, (LOSS,), epochs)
        self.runs: list[Run] = []

    def begin(self) -> Run | Pause:
        """Ask for the next run, and begin it."""
        answer = self.schedule.decide(len(self.runs))
        if isinstance(answer, Run):
            self.schedule.begin(answer)
            self.runs.append(answer)
        return answer

    def begin_all(self) -> list[Run]:
        """Begin as many runs as there are now."""
        found = []
        while isinstance(run := self.begin(), Run):
            found.append(run)
        return found

    def end(self, run: Run, loss: float | None) -> None:
        """Tell the schedule of a figure, or of a failure."""
        state = RunState.FAILED if loss is None else RunState.COMPLETE
        self.schedule.end(run, RunResult(state, () if loss is None else (loss,)))

    def work(self, loss: Callable[[Run], float | None]) -> None:
        """One run after the other until there is none."""
        while isinstance(run := self.begin(), Run):
            self.end(run, loss(run))
        assert run is Pause.DONE


def test_nobody_goes_on_before_the_last_run_of_a_rung_has_ended() -> None:
    teller = Teller("hyperband", trials=9, epochs=9)
    first = teller.begin_all()
    assert [run.rung for run in first] == [0] * 9
    for run in first[:-1]:
        teller.end(run, float(run.trial))
        assert teller.begin() is Pause.WAIT
    teller.end(first[-1], -1.0)

    assert [run.trial for run in teller.begin_all()] == [8, 0, 1]


def test_brackets_have_the_sizes_of_the_paper_and_go_on_being_opened() -> None:
    """Li et al. 2018, table 1, for R = 81 and eta = 3: 81, 34, 15, 8 and 5 trials, then from the start again."""
    teller = Teller("hyperband", trials=143 + 81 + 34, epochs=81)
    teller.work(lambda run: float(run.trial))

    first = {bracket: min(r.rung for r in teller.runs if r.bracket == bracket) for bracket in range(7)}
    sizes = [sum(r.bracket == b and r.rung == first[b] for r in teller.runs) for b in range(7)]
    assert sizes == [81, 34, 15, 8, 5, 81, 34]
    assert [next(r.epochs for r in teller.runs if r.bracket == b) for b in range(7)] == [1, 3, 9, 27, 81, 1, 3]
    assert [sum(r.bracket == 0 and r.rung == rung for r in teller.runs) for rung in range(5)] == [81, 27, 9, 3, 1]
    # The trials of the last bracket are trained to the end at once.
    assert all(r.after is None and r.epochs == 81 for r in teller.runs if r.bracket == 4)


def test_the_next_bracket_begins_while_one_waits() -> None:
    teller = Teller("hyperband", trials=20, epochs=9)
    begun = teller.begin_all()
    assert Counter(run.bracket for run in begun) == {0: 9, 1: 5, 2: 3, 3: 3}
    assert all(run.after is None for run in begun)


def test_failed_trials_do_not_count_in_the_third_of_asha() -> None:
    teller = Teller("asha", trials=9, epochs=9)
    runs = [run for run in (teller.begin() for _ in range(9)) if isinstance(run, Run)]
    for run in runs[:4]:
        teller.end(run, None)
    for run in runs[4:6]:
        teller.end(run, float(run.trial))
    assert teller.begin() is Pause.WAIT  # six have ended, and two of them have a figure
    teller.end(runs[6], 100.0)

    promoted = teller.begin()
    assert isinstance(promoted, Run)
    assert (promoted.trial, promoted.after, promoted.rung) == (4, 4, 1)
    assert teller.begin() is Pause.WAIT


def test_asha_promotes_before_it_begins_anything_new_and_from_the_highest_rung_first() -> None:
    teller = Teller("asha", trials=30, epochs=9)
    teller.work(lambda run: float(run.trial))
    story = [(run.rung, run.trial) for run in teller.runs]
    assert story[:5] == [(0, 0), (0, 1), (0, 2), (1, 0), (0, 3)]
    assert story.index((2, 0)) == story.index((1, 2)) + 1


@pytest.mark.parametrize("reduction", [2, 3, 4])
def test_rungs_divide_a_whole_training(reduction: int) -> None:
    rungs = successive_halving.rung_epochs(27, reduction)
    assert rungs == {2: (1, 3, 6, 13, 27), 3: (1, 3, 9, 27), 4: (1, 6, 27)}[reduction]


def test_bohb_asks_the_model_of_the_longest_rung_that_has_enough_results() -> None:
    """Short trainings say that small x are good, long ones that large x are: the long ones are believed."""
    teller = Teller("bohb", trials=150, epochs=9)
    teller.work(lambda run: run.values.get("x", 0.5) if run.epochs < 9 else 1 - run.values.get("x", 0.5))
    whole = [run.number for run in teller.runs if run.epochs == 9]
    assert len(whole) > 2 * successive_halving.LEAST_RESULTS

    def mean(runs: list[Run]) -> float:
        suggested = [run.values["x"] for run in runs if run.origin == "suggested"]
        return sum(suggested) / len(suggested)

    late = [run for run in teller.runs if run.number > whole[2 * successive_halving.LEAST_RESULTS]]
    assert mean(late) > 0.6


@pytest.mark.parametrize(
    ("algorithm", "low", "high"), [("bohb", 0.2, 0.46), ("hyperband", 1.0, 1.0), ("asha", 1.0, 1.0)]
)
def test_bohb_asks_its_model_for_all_but_a_third_and_the_others_draw_evenly(
    algorithm: str, low: float, high: float
) -> None:
    teller = Teller(algorithm, trials=150, epochs=9)
    teller.work(lambda run: (run.values.get("x", 0.5) - 0.2) ** 2)
    suggested = [run for run in teller.runs if run.origin == "suggested"]
    drawn = [run.point == even_point(SPACE, AutomlSettings().seed, run.trial) for run in suggested]
    # Nothing is known of the first ones.
    assert all(drawn[: successive_halving.LEAST_RESULTS - 1])
    late = drawn[30:]
    assert low <= sum(late) / len(late) <= high

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

from automl.events import Update
from automl.live import LiveTable
from automl.types import Objective, Run, RunResult, RunState

LOSS = Objective("val_loss", "minimize")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def tell(table: LiveTable, losses: list[float | None]) -> None:
    for trial, loss in enumerate(losses):
        run = Run(trial, trial, {}, 2, origin="suggested")
        table(Update("decided", run))
        table(Update("started", run, f"job-{trial}"))
        if loss is None:
            table(Update("ended", run, result=RunResult(RunState.FAILED), message="no room\nmore"))
        else:
            table(Update("progress", run, curve=((1, (loss + 1,)),)))
            table(Update("ended", run, curve=((2, (loss,)),), result=RunResult(RunState.COMPLETE, (loss,))))


def test_without_a_terminal_there_is_a_line_for_each_start_and_end() -> None:
    out = io.StringIO()
    with LiveTable((LOSS,), 2, "classify", out) as table:
        tell(table, [0.5, None])

    assert out.getvalue().splitlines() == [
        "trial 0  started",
        "trial 0  complete  epoch 2/2  val_loss 0.5",
        "trial 1  started",
        "trial 1  failed  no room",
    ]


def test_a_rate_is_told_in_percent_whatever_unit_the_training_logs_it_in() -> None:
    for metric, value, told in (("val_f1", 0.5, "val_f1 50%"), ("val_far", 12.5, "val_far 12.5% at 100% recall")):
        out = io.StringIO()
        with LiveTable((Objective(metric, "maximize"),), 1, "classify", out) as table:
            tell(table, [value])
        assert out.getvalue().splitlines()[-1].endswith(told)


def test_on_a_terminal_there_is_a_table_that_always_shows_the_best_trial() -> None:
    out = Terminal()
    with LiveTable((LOSS,), 30, "classify", out) as table:
        tell(table, [0.125, *(0.5 + n / 100 for n in range(29))])

    last = out.getvalue().rpartition("AutoML, 30 of 30 trials")[2]
    assert "0.125" in last
    assert "0.78" in last

# SPDX-License-Identifier: Apache-2.0
"""Which checkpoints stay while a search goes on, with files that are really there or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from automl.controller import Controller, Search
from automl.dimensions import Number
from automl.draws import random_of
from automl.events import Hooks
from automl.ledger import Ledger
from automl.retention import Retention
from automl.scheduling import make_schedule
from automl.settings import AutomlSettings
from automl.simulated import SimulatedTrainer
from automl.space import Space
from automl.trainer import Prepared, Work
from automl.types import Objective, Run, RunResult

if TYPE_CHECKING:
    from pathlib import Path

LOSS = Objective("val_loss", "minimize")
SPACE = Space((Number("x", 0.0, 1.0),), {"x": 0.5}, {"x": {}})


class FileTrainer(SimulatedTrainer):
    """Writes the checkpoints of its jobs; a run that goes on needs that of its parent."""

    def __init__(self, folder: Path) -> None:
        super().__init__(lambda run, epoch: {"val_loss": random_of(run.trial).random() + 1 / epoch})
        self._folder = folder
        self.most = 0

    def prepare(self, run: Run, parent: RunResult | None) -> Prepared:
        assert parent is None or (self._folder / str(parent.last)).is_file(), f"run {run.number} lost its parent"
        self.most = max(self.most, len(list(self._folder.rglob("*.pth"))))
        return super().prepare(run, parent)

    def look(self, job_id: str) -> Work:
        work = super().look(job_id)
        places = {role: str(self._folder / f"{name}.pth") for role, name in work.checkpoints.items()}
        for place in places.values():
            path = self._folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        fields = (work.job_id, work.state, work.history, work.message, work.seconds, places, tuple(places.values()))
        return Work(*fields)


def search(folder: Path, settings: AutomlSettings, epochs: int) -> tuple[Controller, FileTrainer]:
    trainer = FileTrainer(folder / "files")
    with Ledger(folder / "search", create=True) as ledger:
        schedule = make_schedule(settings, SPACE, (LOSS,), epochs)
        retention = Retention(ledger, (LOSS,), ())

        def recorded(number: int) -> None:
            retention.note(controller.runs[number], controller.results[number])
            retention.sweep(controller.parents())

        parts = Search(ledger, schedule, trainer, (LOSS,), settings, settings.parallel or 1)
        controller = Controller(parts, Hooks(result=recorded))
        controller.run()
        retention.sweep(())
    return controller, trainer


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("algorithm", ["hyperband", "asha", "bohb", "pbt"])
def test_parents_of_possible_promotions_stay(algorithm: str, parallel: int, tmp_path: Path) -> None:
    settings = AutomlSettings(algorithm=algorithm, trials=27, parallel=parallel, population=9, generation_epochs=3)
    controller, _ = search(tmp_path, settings, epochs=9)

    runs, results = controller.runs, controller.results
    promoted = [run.after for run in runs.values() if run.after is not None]
    assert len(promoted) >= 9
    assert all(result.is_complete for result in results.values())
    # Others than the best so far went on as well.
    best = {min((n for n in results if n <= number), key=lambda n: results[n].values) for number in results}
    assert set(promoted) - best


def test_what_can_not_be_promoted_any_more_is_not_kept(tmp_path: Path) -> None:
    settings = AutomlSettings(algorithm="asha", trials=60, reduction=4)
    controller, trainer = search(tmp_path, settings, epochs=16)

    # A quarter of the trials at each rung, the best, the defaults and what ended last; two files each at most.
    assert len(controller.runs) > 60
    assert trainer.most <= 2 * (60 // 4 + 60 // 16 + 4)

# SPDX-License-Identifier: Apache-2.0
"""One sitting of a search: what comes before the loop, the loop, and what comes after it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from automl.controller import Controller, Search
from automl.evaluation import Evaluator, Subject
from automl.events import INTERRUPTED, Hooks, ignore
from automl.files import REPORT
from automl.importance import importance
from automl.job_trainer import JobTrainer
from automl.optuna_study import write_storage
from automl.outcome import Outcome
from automl.outputs import write_outputs
from automl.report import write_report
from automl.retention import Retention
from automl.scheduling import make_schedule
from core.errors import ChangenetError, PlatformError
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from automl.evaluation import Split
    from automl.events import Update
    from automl.ledger import Ledger
    from automl.plan import ExperimentPlan


class Session:
    """Holds together what one process does for a search."""

    def __init__(self, plan: ExperimentPlan, ledger: Ledger, callback: Callable[[Update], None] | None) -> None:
        self._plan, self._ledger = plan, ledger
        self._store = JobStore(Path(plan.base.results_root))
        schedule = make_schedule(plan.settings, plan.space, plan.objectives, plan.epochs)
        self._retention = Retention(ledger, plan.objectives, plan.settings.pin)
        self._stop = threading.Event()
        trainer = JobTrainer(plan, ledger.folder.name, self._store)
        search = Search(ledger, schedule, trainer, plan.objectives, plan.settings, plan.parallel)
        self._controller = Controller(search, Hooks(callback or ignore, self._result_recorded, self._stop.is_set))
        self._evaluator = Evaluator(plan, self._store, ledger, self._stop.is_set)

    def work(self) -> tuple[str, str, Outcome]:
        """Baseline, search, test, files; returns state, reason and outcome."""
        runs = {run.number: run for run in self._ledger.runs()}
        for number, result in self._ledger.results().items():
            self._retention.note(runs[number], result)
        with _signals(self._stop):
            try:
                self._evaluate_start("validation")
                ending = self._controller.run()
                if ending.state == "finished" and not self._evaluate_end():
                    ending = INTERRUPTED
            except KeyboardInterrupt:
                self._ask_jobs_to_stop()
                raise
            self._ledger.add_ending(ending.state, ending.reason)
            if ending.state == "finished":
                self._retention.sweep(())
        outcome = self._write()
        return ending.state, ending.reason, outcome

    def _ask_jobs_to_stop(self) -> None:
        """All that the search has at work ends by itself from here on: nobody waits for it any more."""
        from runners.jobs.watch import ask_to_stop

        for job in self._store.open_parts(self._ledger.folder.name):
            with suppress(ChangenetError):
                ask_to_stop(self._store, job, "the search was interrupted twice")

    def _result_recorded(self, number: int) -> None:
        controller = self._controller
        self._retention.note(controller.runs[number], controller.results[number])
        self._retention.sweep(controller.parents())

    def _evaluate_start(self, split: Split) -> bool:
        plan = self._plan
        if not plan.start:
            return True
        subject = Subject("baseline", plan.start, plan.decision.request.parent_job_id)
        return self._evaluator.evaluate(subject, split) is not None

    def _evaluate_end(self) -> bool:
        """Winner, defaults and start checkpoint on the test data, once each; False when that was interrupted."""
        outcome = self._outcome()
        if not self._plan.settings.test or outcome.winner is None:
            return True
        found = {"winner": outcome.winner, "defaults": outcome.defaults}
        for name, standing in found.items():
            if standing and standing.checkpoint and (name == "winner" or standing != outcome.winner):
                subject = Subject(name, standing.checkpoint, standing.job_id)
                if self._evaluator.evaluate(subject, "test") is None:
                    return False
        return self._evaluate_start("test")

    def _outcome(self) -> Outcome:
        controller, ledger = self._controller, self._ledger
        return Outcome.of(
            controller.runs,
            controller.results,
            self._plan.objectives,
            ledger.evaluations(),
            frozenset(ledger.removed()),
        )

    def _write(self) -> Outcome:
        outcome, folder, plan = self._outcome(), self._ledger.folder, self._plan
        try:
            told = importance(plan.space, outcome)
            write_outputs(folder, plan, outcome, told)
            write_storage(folder, plan.space, outcome)
            write_report(folder / REPORT, plan, outcome, told)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            remedy = "make room, then resume: nothing is lost, and the files are written then"
            message = f"the search's files can't be written: {reason}"
            raise PlatformError(message, code="automl.outputs", where=str(folder), remedy=remedy) from None
        return outcome


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets the search stop its trials and close; a second one waits for none of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {int(number): signal.getsignal(number) for number in numbers}

    def take(number: int, frame: object) -> None:
        del number, frame
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in numbers:
        signal.signal(number, take)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

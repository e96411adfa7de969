# SPDX-License-Identifier: Apache-2.0
"""The loop of a search: decide, prepare, launch, look, tell; everything is written down before it is relied on.

With N places for trials, a run is decided from the results of all runs at least N before it, in the order of their
numbers. So the decisions do not depend on which of two parallel trials is quicker, and a search that was killed and is
taken up again decides as one that was not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from automl.budget import Budget
from automl.events import INTERRUPTED, Ending, Hooks, Update
from automl.losses import SILENT_SECONDS, Losses, Silence
from automl.objective import curve_of
from automl.schedule import Pause
from automl.trainer import WorkState, result_of
from automl.types import Run, RunResult, RunState
from core.errors import InputError, JobFailedError, PlatformError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.events import Kind
    from automl.ledger import Ledger
    from automl.schedule import Schedule
    from automl.settings import AutomlSettings
    from automl.trainer import Trainer, Work
    from automl.types import Objective

_POLL_SECONDS = 0.2
_MOST_REFUSED = 25
_HOPELESS = 3


@dataclass(frozen=True, slots=True)
class Search:
    """What a search consists of; `parallel` is how many trials run side by side."""

    ledger: Ledger
    schedule: Schedule
    trainer: Trainer
    objectives: Sequence[Objective]
    settings: AutomlSettings
    parallel: int = 1


class Controller:
    """Runs one search; what the ledger holds already is read back first."""

    def __init__(self, search: Search, hooks: Hooks | None = None) -> None:
        self._search, self._hooks = search, hooks or Hooks()
        self._ledger, self._schedule, self._trainer = search.ledger, search.schedule, search.trainer
        self._parallel, self._say = search.parallel, self._hooks.update
        minutes = search.settings.trial_minutes
        self._limit = minutes * 60 if minutes else None
        self._budget = Budget.of(search.settings, search.ledger.seconds_worked())
        self.runs: dict[int, Run] = {}
        self.results: dict[int, RunResult] = {}
        self._told = 0
        self._waiting: list[Run] = []
        self._active: dict[int, str] = {}
        self._losses, self._silence = Losses(search.ledger), Silence()
        self._seen_epochs: dict[int, int] = {}
        self._attempts = Counter[int]()  # how many jobs each run has had
        self._refused_in_a_row = 0
        self._over = ""

    def run(self) -> Ending:
        """Work until the budget is used up, nothing is left to try, or somebody interrupts.

        Raises:
            InputError: the defaults can't be run, or suggestion after suggestion is refused.
            JobFailedError: the first trials failed, all of them.
            PlatformError: the disk is full, or the platform is gone; the search can be resumed.
        """
        self._ledger.open_session()
        self._read_back()
        while not self._hooks.interrupted():
            self._collect()
            self._fill()
            if self._over and not self._active and not self._waiting:
                return Ending("finished", self._over)
            if self._active:
                self._trainer.wait(_POLL_SECONDS)
        for job_id in self._active.values():
            self._trainer.stop(job_id, "the search was interrupted")
        return INTERRUPTED

    def parents(self) -> set[int]:
        """The runs whose last checkpoint is gone on from, or may yet be; what the schedule is not told of yet may."""
        open_runs = (run for number, run in self.runs.items() if number not in self.results)
        untold = {number for number in self.results if number >= self._told}
        return self._schedule.parents() | untold | {run.after for run in open_runs if run.after is not None}

    def _read_back(self) -> None:
        """Bring the schedule to where it stood; take up the runs that have no result yet."""
        results, jobs = self._ledger.results(), self._ledger.jobs()
        plans = dict(self._ledger.launches())
        known = {job_id for ids in jobs.values() for job_id in ids}
        self.results = results
        self._attempts.update({number: len(ids) for number, ids in jobs.items()})
        for run in self._ledger.runs():
            self._tell(run.seen)
            self.runs[run.number] = run
            self._schedule.begin(run)
            result = results.get(run.number)
            if result is None or result.state is not RunState.REFUSED:
                self._budget.spend(run)
            if result is not None:
                self._say(Update("kept", run, result.job_id, result.curve, result, result.message))
            else:
                self._take_up(run, jobs.get(run.number, []), plans.get(run.number), known)

    def _take_up(self, run: Run, jobs: list[str], plan_id: str | None, known: set[str]) -> None:
        """Attach to the run's job; one that was never launched, or was stopped with the search, is launched again."""
        job_id = jobs[-1] if jobs else None
        orphan = self._trainer.find(plan_id, known) if plan_id else None
        if orphan:
            self._ledger.add_job(run.number, orphan)
            self._attempts[run.number] += 1
            known.add(orphan)
            job_id = orphan
        work = self._trainer.look(job_id) if job_id else None
        lost = work and work.state is WorkState.LOST and not self._losses.is_used_up(run.number)
        if work is None or work.state is WorkState.CANCELED or work.disk_full or lost:
            self._waiting.append(run)
        else:
            self._active[run.number] = str(job_id)

    def _tell(self, count: int) -> None:
        """Tell the schedule the first `count` results, as far as they are there, in order."""
        while self._told < count and self._told in self.results:
            self._schedule.end(self.runs[self._told], self.results[self._told])
            self._told += 1

    def _fill(self) -> None:
        """Launch until every place is taken or nothing may be decided yet."""
        while len(self._active) < self._parallel:
            if self._waiting:
                self._launch(self._waiting.pop(0))
                continue
            run = None if self._over else self._decide()
            if run is None:
                return
            self._ledger.add_run(run)
            self.runs[run.number] = run
            self._schedule.begin(run)
            self._budget.spend(run)
            self._say(Update("decided", run))
            self._launch(run)

    def _decide(self) -> Run | None:
        """The next run; None while results are missing for it, and when the search is over."""
        number = len(self.runs)
        self._tell(number - self._parallel + 1)
        if self._told < number - self._parallel + 1:
            return None
        answer = self._schedule.decide(number)
        while isinstance(answer, Pause) and self._told in self.results:
            self._tell(self._told + 1)
            answer = self._schedule.decide(number)
        if isinstance(answer, Pause):
            self._over = answer.value if self._told == number else ""
            return None
        if reason := self._budget.refuses(answer):
            self._over = reason
            return None
        return replace(answer, seen=self._told)

    def _launch(self, run: Run) -> None:
        parent = self.results[run.after] if run.after is not None else None
        try:
            claim = f"run {run.number} attempt {self._attempts[run.number]}"
            prepared = replace(self._trainer.prepare(run, parent), claim=claim)
            self._ledger.add_launch(run.number, prepared.plan_id)
            job_id = self._trainer.start(prepared)
        except InputError as problem:
            self._refuse(run, problem)
            return
        self._ledger.add_job(run.number, job_id)
        self._attempts[run.number] += 1
        self._refused_in_a_row = 0
        self._active[run.number] = job_id
        self._say(Update("started", run, job_id))

    def _refuse(self, run: Run, problem: InputError) -> None:
        """A configuration that is not valid was caught before it was launched, and costs no budget."""
        self._refused_in_a_row += 1
        self._budget.give_back(run)
        result = RunResult(RunState.REFUSED, message=f"{problem.where}: {problem.message}".lstrip(": "))
        self._record(run, result, "refused")
        if run.trial == 0 or self._refused_in_a_row >= _MOST_REFUSED:
            raise problem

    def _collect(self) -> None:
        """Look at every job; write down those that have ended."""
        for number, job_id in sorted(self._active.items()):
            work, run = self._trainer.look(job_id), self.runs[number]
            if work.state in {WorkState.RUNNING, WorkState.UNREACHABLE}:
                self._watch(run, work)
                continue
            del self._active[number]
            if work.disk_full:
                message = f"trial {run.trial} failed for want of room: {work.message}"
                remedy = "make room on the disk, then resume; the trial is run again"
                raise PlatformError(message, code="automl.disk_full", where=job_id, remedy=remedy)
            if self._losses.let_run_again(number, work):
                self._waiting.append(run)
                self._say(Update("lost", run, job_id, message=work.message))
                continue
            self._record(run, result_of(work, self._search.objectives), "ended")
        self._give_up_when_hopeless()

    def _watch(self, run: Run, work: Work) -> None:
        curve = curve_of(work.history, self._search.objectives)
        if curve and curve[-1][0] > self._seen_epochs.get(run.number, 0):
            self._seen_epochs[run.number] = curve[-1][0]
            self._say(Update("progress", run, work.job_id, curve))
        if work.state is WorkState.UNREACHABLE:
            self._wait_for_word(run, work)
        elif self._limit is not None and work.seconds > self._limit:
            self._trainer.stop(work.job_id, "the time per trial is used up")
        elif self._budget.time_is_up():
            self._trainer.stop(work.job_id, "the wall time of the search is used up")

    def _wait_for_word(self, run: Run, work: Work) -> None:
        if self._silence.is_news(work.job_id):
            message = f"its machine can't be asked; taken as lost after {SILENT_SECONDS / 60:g} minutes without a word"
            self._say(Update("unreachable", run, work.job_id, message=message))
        if self._silence.is_too_long(work.job_id, work.heard):
            self._losses.give_up(work)
            self._trainer.stop(work.job_id, "its machine can't be asked, and it said nothing for too long")

    def _record(self, run: Run, result: RunResult, kind: Kind) -> None:
        self._ledger.add_result(run.number, result)
        self.results[run.number] = result
        self._say(Update(kind, run, result.job_id, result.curve, result, result.message))
        self._hooks.result(run.number)

    def _give_up_when_hopeless(self) -> None:
        """When the first trials all fail, the fault is not theirs."""
        if any(result.is_complete for result in self.results.values()):
            return
        failed = [result for result in self.results.values() if result.state is RunState.FAILED]
        if len(failed) < _HOPELESS:
            return
        for job_id in self._active.values():
            self._trainer.stop(job_id, "the first trials failed")
        remedy = "mend the cause (`changenet result JOB`), and start a new search"
        message = f"the first {len(failed)} trials failed, the last one so: {failed[-1].message}"
        raise JobFailedError(message, code="automl.hopeless", where=failed[-1].job_id or "", remedy=remedy)

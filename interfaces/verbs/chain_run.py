# SPDX-License-Identifier: Apache-2.0
"""Several steps are launched, and run by a process of their own that keeps the chain's record."""

from __future__ import annotations

import os
import secrets
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import INTERRUPTED, ChangenetError, RequestError
from interfaces.outcome import Outcome
from interfaces.verbs import chain_record as record
from interfaces.verbs.chain_record import Chain, find_chain, new_chain
from interfaces.verbs.chains import document_of, name_of, status_of
from interfaces.verbs.steps import Book, run_steps
from runners.jobs.store import ROOT_VARIABLE

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from interfaces.verbs.request import Routed
    from interfaces.verbs.request_options import RequestOptions

_LAUNCHED = "CHANGENET_CHAIN"  # tells the process that was launched from one that goes on by hand


def start_chain(routed: Routed, options: RequestOptions, plan_id: str) -> Outcome:
    """Let a process of its own run the steps that were planned, one after the other; returns at once."""
    from interfaces.verbs.tuning import start_process

    chain = new_chain(options, plan_id, [str(step.decision.action) for step in routed.steps])
    folder = Path(chain.folder)
    words = ["run", "--resume", chain.folder]
    start_process(words, folder / record.LOG, chain.place, {_LAUNCHED: chain.id})
    lines = [f"{chain.id}: started, {len(chain.steps)} steps", f"next: changenet status {name_of(chain)}"]
    return Outcome({"chain": document_of(chain, None)}, "\n".join(lines))


def go_on(name: str, results_root: str | None, reporter: Reporter) -> Outcome:
    """Run what is left of a chain, in this process.

    Raises:
        RequestError: another process works on it, it was cancelled before it began, its jobs were removed, or what it
            would run is not what was shown.
    """
    from automl.writer_lock import take_lock

    launched = os.environ.pop(_LAUNCHED, "")
    chain = find_chain(name, results_root)
    if chain.state == record.FINISHED:
        return status_of(chain)
    lock = take_lock(Path(chain.folder))
    try:
        chain = record.recorded(Path(chain.folder))
        _require_wanted(chain, is_launch=launched == chain.id)
        chain = replace(chain, state=record.RUNNING, reason="").write()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        os.chdir(chain.place)
        if "results_root" not in chain.options:  # the plan that was shown did not name it either
            os.environ[ROOT_VARIABLE] = str(Path(chain.folder).parent)
        return _ended(chain, reporter)
    finally:
        os.close(lock)


def _require_wanted(chain: Chain, *, is_launch: bool) -> None:
    """Refuse what was cancelled between the launch and now; whoever asks for it by hand afterwards wants it."""
    if is_launch and chain.state == record.CANCELED:
        message, remedy = "it was cancelled before it began", f"changenet run --resume {name_of(chain)}"
        raise RequestError(message, code="chain.canceled", where=chain.folder, remedy=remedy)
    if chain.removed_at:
        message, remedy = "the files of its jobs were removed", "launch the steps again, by their words"
        raise RequestError(message, code="chain.removed", where=chain.folder, remedy=remedy)


def _ended(chain: Chain, reporter: Reporter) -> Outcome:
    """Run the steps, and record how that ended, whatever happens."""
    book = _Book(chain)
    try:
        outcome = run_steps(_as_shown(chain), chain.request(), reporter, book)
    except KeyboardInterrupt:
        book.close(record.CANCELED, "stopped by a signal")
        raise
    except ChangenetError as problem:
        book.close(record.FAILED, str(problem))
        raise
    if outcome.exit_code == INTERRUPTED:
        book.close(record.CANCELED, "stopped by a signal")
    else:
        book.close(record.FAILED if outcome.exit_code else record.FINISHED, "")
    return outcome


def _as_shown(chain: Chain) -> Routed:
    """The steps, planned again: they have to be those that the plan id names.

    Raises:
        RequestError: they are not.
    """
    from interfaces.verbs.reviewed import reviewed

    return reviewed(chain.request(), chain.plan_id, asked_at=chain.created_at)


class _Book(Book):
    """Keeps the chain's record while its steps run."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def done(self, number: int) -> str | None:
        """The job, or search, of a step that has ended well before."""
        step = self.chain.steps[number]
        return step.name if step.exit_code == 0 else None

    def begins(self, number: int, *, plan_id: str = "", name: str = "") -> str:
        """A step is about to be launched, by its plan; of a search, its id. Returns what its job is known by."""
        claim = f"{self.chain.id}/{number}/{secrets.token_hex(4)}"
        facts = {"plan_id": plan_id, "claim": claim, "name": name, "exit_code": None}
        self.chain = self.chain.with_step(number, **facts).write()
        return claim

    def ends(self, number: int, name: str, exit_code: int) -> None:
        """A step has ended."""
        self.chain = self.chain.with_step(number, name=name, exit_code=exit_code).write()

    def close(self, state: str, reason: str) -> None:
        """All is over."""
        self.chain = replace(self.chain, state=state, reason=reason).write()

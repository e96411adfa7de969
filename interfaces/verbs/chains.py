# SPDX-License-Identifier: Apache-2.0
"""The verbs that take a job, for a chain of steps that run by themselves."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, NotReadyError, RequestError
from interfaces.outcome import Outcome
from interfaces.verbs import chain_record as record
from interfaces.verbs.chain_record import Chain, chains, find_chain, read_chain
from runners.names import names_search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.writer_lock import Writer
    from interfaces.outcome import Reporter
    from interfaces.verbs.searches import LogsOptions, NamedOptions
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

_POLL_SECONDS, _STOP_SECONDS = 0.1, 60.0
_OVER = {record.FINISHED, record.FAILED, record.CANCELED}


def summaries(root: Path, most: int | None, *, running: bool = False) -> tuple[list[tuple[dict[str, Any], str]], int]:
    """The `most` newest chains of a results root, each as a JSON object and a line, and how many more there are."""
    found = [one for one in chains(root) if not running or one.state in {record.STARTING, record.RUNNING}]
    return [(document_of(one, None), _headline(one)) for one in found[:most]], len(found[most:]) if most else 0


def status(options: NamedOptions) -> Outcome:
    """How each step stands."""
    return status_of(find_chain(options.job, options.results_root))


def status_of(chain: Chain) -> Outcome:
    """The same for a chain that was read."""
    store = _store(chain)
    return Outcome({"chain": document_of(chain, store)}, "\n".join(_lines(chain, store)))


def result(options: NamedOptions) -> Outcome:
    """How it ended: exit code 3 while it runs, 4 where a step failed or it was stopped."""
    chain = find_chain(options.job, options.results_root)
    shown = status_of(chain)
    if chain.state not in _OVER:
        return replace(shown, exit_code=NotReadyError.exit_code)
    return replace(shown, exit_code=0 if chain.state == record.FINISHED else JobFailedError.exit_code)


def logs(options: LogsOptions, reporter: Reporter) -> Outcome:
    """What the chain has said."""
    chain = find_chain(options.job, options.results_root)
    path = Path(chain.folder) / record.LOG
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    total, lines = len(lines), lines[options.after or 0 :]
    for line in lines:
        reporter.line(line)
    return Outcome({"chain": chain.id, "state": chain.state, "lines": lines, "total": total})


def cancel(options: NamedOptions) -> Outcome:
    """Stop the step that runs, and let none follow; what has ended stays.

    Raises:
        JobFailedError: its process was asked to stop and still works.
        PlatformError: that process can't be reached from here.
    """
    from automl.writer_lock import writer_of

    chain = find_chain(options.job, options.results_root)
    if chain.state in _OVER:
        shown = status_of(chain)
        return replace(shown, text=f"{shown.text}\n(it had ended before; nothing was stopped)")
    folder, deadline = Path(chain.folder), time.monotonic() + _STOP_SECONDS
    asked: Writer | None = None
    while not _closed(folder):
        if (writer := writer_of(folder)) and writer != asked:
            writer.ask_to_stop()
            asked = writer
        if time.monotonic() > deadline:
            raise JobFailedError("it was asked to stop and still works", where=chain.folder, remedy="ask again")
        time.sleep(_POLL_SECONDS)
    chain = read_chain(folder)
    _stop_what_runs(chain)
    return status_of(chain)


def _closed(folder: Path) -> bool:
    """Whether no process works on the chain; its record says that none is to begin, before one can."""
    from automl.writer_lock import held

    with held(folder) as is_free:
        if is_free and (chain := record.recorded(folder)).state not in _OVER:  # its process died, or has yet to begin
            replace(chain, state=record.CANCELED, reason="canceled by the user").write()
        return is_free


def _stop_what_runs(chain: Chain) -> None:
    from automl.lookup import find_experiment, stop
    from runners.api import cancel as cancel_job

    store = _store(chain)
    for step in chain.steps:
        if step.exit_code is None and names_search(step.name):
            with suppress(RequestError):
                stop(find_experiment(step.name, str(store.root)))
        elif step.exit_code is None and (job := job_of(step, store)):
            cancel_job(job.id, store)


def _store(chain: Chain) -> JobStore:
    from runners.api import open_store

    return open_store(str(Path(chain.folder).parent))


def job_of(step: record.ChainStep, store: JobStore) -> Job | None:
    """The job that a step became, or the last that goes on with it, once its record is open."""
    from runners.api import get_job

    if names_search(step.name):
        return None
    name = step.name or (store.claimed_by(step.claim) if step.claim else "")
    job = get_job(name, store) if name else None
    while job and (following := store.retry_of(job.id)):
        job = get_job(following.id, store)
    return job


def document_of(chain: Chain, store: JobStore | None) -> dict[str, Any]:
    """The chain as a JSON object; with the `store`, each step with its job as it is now."""
    steps = []
    for step in chain.steps:
        job = job_of(step, store) if store else None
        own = {name: value for name, value in asdict(step).items() if name != "claim"}
        steps.append(own | ({"job": job.id, "job_state": job.state} if job else {}))
    own = {"id": chain.id, "folder": chain.folder, "state": chain.state, "plan_id": chain.plan_id}
    own |= {"removed": True} if chain.removed_at else {}
    return own | {"created_at": chain.created_at, "reason": chain.reason, "steps": steps}


def _headline(chain: Chain) -> str:
    ended = sum(step.exit_code == 0 for step in chain.steps)
    actions = ", ".join(step.action for step in chain.steps)
    return f"{chain.id:<40} {chain.state:<9} {ended} of {len(chain.steps)} steps: {actions}"


def _lines(chain: Chain, store: JobStore) -> Iterator[str]:
    removed = ", files removed" if chain.removed_at else ""
    yield f"{chain.id}: {chain.state}{removed}" + (f" ({chain.reason.partition(chr(10))[0]})" if chain.reason else "")
    last = ""
    for number, step in enumerate(chain.steps, 1):
        job = job_of(step, store)
        last = (job.id if job else step.name) or last
        yield f"  {number} {step.action:<10} {_told(step, job)}"
    if chain.state in {record.STOPPED, record.CANCELED, record.FAILED} and not chain.removed_at:
        yield f"  to go on: changenet run --resume {name_of(chain)}"
    if last:
        yield f"next: changenet {'result' if chain.state in _OVER else 'status'} {last}{_results(chain)}"


def _told(step: record.ChainStep, job: Job | None) -> str:
    if job:
        from runners.figures import leading_of

        figures = "  ".join(f"{figure.label} {figure.text}" for figure in leading_of(job.metrics, job.task))
        return f"{job.state:<9} {job.id}  {figures}".rstrip()
    return step.name or "has not begun"


def _results(chain: Chain) -> str:
    from automl.lookup import results_option

    return results_option(Path(chain.folder))


def name_of(chain: Chain) -> str:
    """What to type for a chain after a command."""
    from automl.lookup import command_name

    return command_name(Path(chain.folder))

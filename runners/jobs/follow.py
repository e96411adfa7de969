# SPDX-License-Identifier: Apache-2.0
"""A running job as its caller sees it: log lines, progress and state, as they come."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import STATUS_FILE
from core.redaction import Redactor
from core.tail import Tail
from runners.jobs.job import Job, JobState
from runners.jobs.status_log import Progress, parse_line
from runners.jobs.watch import NO_ANSWER, log_of, look
from runners.platforms.table import capabilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runners.jobs.store import JobStore

_POLL_SECONDS = 0.1
_POLLS_PER_LOOK = 4


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that is new about a job: exactly one of a log line, progress, or the state it is in now."""

    line: str | None = None
    progress: Progress | None = None
    state: JobState | None = None


class _Log:
    """The lines that a log has got since the last look, secrets masked, in bounded memory."""

    def __init__(self, path: Path) -> None:
        self.tail = Tail(path)
        self._text = getincrementaldecoder("utf-8")(errors="replace")
        self._redactor = Redactor()

    def lines(self, *, over: bool) -> Iterator[str]:
        for piece in self.tail.pieces(to_the_end=over):
            yield from self._redactor.feed(self._text.decode(piece).replace("\r", "\n")).splitlines()
        if over:
            yield from self._redactor.flush().splitlines()


def follow(store: JobStore, job_id: str, callback: Callable[[Update], None], *, until_end: bool = True) -> Job:
    """Call back for everything that the job has said and says until it ends, or can't be asked any more.

    Without `until_end`, only for what it has said so far.
    """
    job = look(store, job_id)
    log, status = _Log(log_of(store, job)), Tail(Path(job.results_dir) / STATUS_FILE)
    state: JobState | None = None
    for poll in count():
        if poll % _POLLS_PER_LOOK == 0:
            job = look(store, job_id)
            log.tail.path = log_of(store, job)
        over = job.state.is_terminal or _is_out_of_reach(job) or not until_end
        _report(log, status, callback, over=over)
        if job.state is not state:
            state = job.state
            callback(Update(state=state))
        if over:
            break
        time.sleep(_POLL_SECONDS)
    return job


def _is_out_of_reach(job: Job) -> bool:
    """Whether waiting helps nothing: a platform that every machine can ask answers again some time."""
    passes = job.failure is not None and job.failure.code == NO_ANSWER
    return job.state is JobState.UNKNOWN and not (passes and capabilities(job.runner).asked_from_anywhere)


def _report(log: _Log, status: Tail, callback: Callable[[Update], None], *, over: bool) -> None:
    for line in log.lines(over=over):
        callback(Update(line=line))
    for piece in status.pieces(to_the_end=over):
        for record in piece.splitlines():
            if progress := parse_line(record):
                callback(Update(progress=progress))

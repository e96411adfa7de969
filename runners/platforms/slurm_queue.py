# SPDX-License-Identifier: Apache-2.0
"""What Slurm says of all our jobs on a host at once: squeue, and sacct for those that squeue has forgotten.

A look at a job is a look into the last answer, as long as that is fresh: a list of a thousand jobs, or a search that
watches its trials, asks the controller once.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from core.errors import PlatformError
from runners.platforms.scripted_jobs import code_of_shell
from runners.platforms.slurm_commands import CommandError, Host

POLL_VARIABLE = "CHANGENET_SLURM_POLL_SECONDS"
_POLL_SECONDS = 2.0
_FIELDS = ("JobID", "State", "exit_code", "Reason", "NodeList", "Name")  # a name may hold the mark between fields
_SQUEUE = ("squeue", "--me", "--noheader", "--states=all", "--Format", ",".join(f"{name}:|" for name in _FIELDS))
_SACCT = ("sacct", "--allocations", "--parsable2", "--noheader", "--format=JobID,State,ExitCode,NodeList,JobName")
_SECONDS_PER_DAY = 86400


@dataclass(frozen=True, slots=True)
class Listed:
    """A job as Slurm lists it; `exit_code` is negative for a signal, and None where it is not known."""

    job_id: str
    name: str
    native: str
    reason: str = ""
    nodes: str = ""
    exit_code: int | None = None


@dataclass(slots=True)
class Queue:
    """The jobs of one host, as it listed them last."""

    host: Host
    _queued: dict[str, Listed] = field(default_factory=dict)
    _accounted: dict[str, Listed] = field(default_factory=dict)
    _asked_at: float = float("-inf")
    _accounted_at: float = float("-inf")

    def refresh(self, since: float = float("-inf")) -> None:
        """Ask squeue, where its last answer is not fresh any more, or older than `since` (seconds of the epoch).

        Raises:
            PlatformError: nobody answered.
        """
        if self._asked_at < max(time.time() - poll_seconds(), since):
            self._queued, self._asked_at = self._ask_squeue(), time.time()

    def find(self, name: str, since: float, job_id: str | None = None) -> Listed | None:
        """The job with this number as it is now; while the number is not known, the one of this name.

        `since` is when it was submitted. A script that somebody submits again by hand has the same name.

        Raises:
            PlatformError: nobody answered.
        """
        self.refresh(since)
        key = job_id or name
        if key in self._queued:
            return self._queued[key]
        if self._accounted_at < max(time.time() - poll_seconds(), since):
            self._accounted, self._accounted_at = self._ask_sacct(since), time.time()
        return self._accounted.get(key)

    def forget(self) -> None:
        """What was listed is no longer true: something was submitted or cancelled."""
        self._asked_at = self._accounted_at = float("-inf")

    def _ask_squeue(self) -> dict[str, Listed]:
        lines = self.host.run(_SQUEUE).splitlines()
        jobs = [job for line in lines if (job := _queued(line.split("|", len(_FIELDS) - 1)))]
        return _by_name_and_number(jobs)

    def _ask_sacct(self, since: float) -> dict[str, Listed]:
        """What the accounting knows; nothing where a cluster has none, as that is no failure of a job."""
        begin = datetime.fromtimestamp(max(0.0, since - _SECONDS_PER_DAY), UTC)
        with suppress(CommandError):
            lines = self.host.run([*_SACCT, f"--starttime={begin:%Y-%m-%d}"]).splitlines()
            jobs = [job for line in lines if (job := _accounted(line.split("|", 4)))]
            return _by_name_and_number(jobs)
        return {}


@cache
def queue_of(host: str) -> Queue:
    """The queue of a host, the same for all who ask in this process."""
    return Queue(Host(host))


def require_answer(queue: Queue) -> None:
    """The controller of the cluster answers.

    Raises:
        PlatformError: it does not, with its words.
    """
    try:
        queue.refresh()
    except PlatformError as problem:
        where = queue.host.name or "this machine"
        remedy = f"check that `squeue` works on {where}; $SLURM_CONF, if set, names the cluster's slurm.conf"
        raise PlatformError(problem.message, code="slurm.no_answer", where=where, remedy=remedy) from None


def poll_seconds() -> float:
    """How old an answer of the controller may be: $CHANGENET_SLURM_POLL_SECONDS, else 2 s."""
    with suppress(ValueError):
        return max(0.0, float(os.environ.get(POLL_VARIABLE, _POLL_SECONDS)))
    return _POLL_SECONDS


def _by_name_and_number(jobs: list[Listed]) -> dict[str, Listed]:
    """The first job of each name is ours: later ones were submitted by hand."""
    first = {job.name: job for job in sorted(jobs, key=_number, reverse=True)}
    return first | {job.job_id: job for job in jobs}


def _number(job: Listed) -> int:
    digits = job.job_id.partition("_")[0].partition("+")[0]
    return int(digits) if digits.isdigit() else 0


def _queued(columns: list[str]) -> Listed | None:
    if len(columns) < len(_FIELDS):
        return None
    job_id, native, status, reason, nodes, name = columns
    return Listed(job_id, name.rstrip("|"), native, reason, nodes, _of_wait_status(status))


def _accounted(columns: list[str]) -> Listed | None:
    if len(columns) < 5:
        return None
    job_id, native, status, nodes, name = columns
    code, _, number = status.partition(":")
    nodes = "" if nodes == "None assigned" else nodes
    exit_code = None if not code.isdigit() else -int(number) if number.strip("0") else code_of_shell(int(code))
    return Listed(job_id, name, native.partition(" ")[0].rstrip("+"), "", nodes, exit_code)


def _of_wait_status(text: str) -> int | None:
    if not text.isdigit():
        return None
    status = int(text)
    return -(status & 0x7F) if status & 0x7F else code_of_shell(status >> 8)

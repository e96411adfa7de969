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
_ACCOUNTED = ("JobID", "State", "ExitCode", "NodeList", "MaxRSS", "ReqMem", "JobName")
_SACCT = ("sacct", "--parsable2", "--noheader", "--format=" + ",".join(_ACCOUNTED))
_OUT_OF_MEMORY, _KILLED = "OUT_OF_MEMORY", 9
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
            return _by_name_and_number(accounted([line.split("|", len(_ACCOUNTED) - 1) for line in lines]))
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


def accounted(rows: list[list[str]]) -> list[Listed]:
    """The jobs among the rows of `_ACCOUNTED` that sacct lists, with what their steps tell of memory.

    A job whose script outlived a step that had run out of memory is FAILED for Slurm, and OUT_OF_MEMORY its step alone.
    Without control groups the daemon that counts a step's memory kills it (JobAcctGatherParams=OverMemoryKill): a
    signal 9, and more memory (MaxRSS) than the job was given.
    """
    rows = [row for row in rows if len(row) == len(_ACCOUNTED)]
    given = {row[0]: _bytes(row[5]) for row in rows if "." not in row[0]}
    killed = {row[0] for row in rows if "." not in row[0] and _signal(row[2]) == _KILLED}
    short: set[str] = set()
    for number, native, status, _, used, _, _ in rows:
        job, step, _ = number.partition(".")
        by_signal = _signal(status) == _KILLED or (step and job in killed)
        if native == _OUT_OF_MEMORY or (by_signal and _bytes(used) > given.get(job, 0) > 0):
            short.add(job)
    return [_accounted(row, row[0] in short) for row in rows if "." not in row[0]]


def _accounted(row: list[str], short_of_memory: bool) -> Listed:
    job_id, native, status, nodes, _, _, name = row
    code, nodes = status.partition(":")[0], "" if nodes == "None assigned" else nodes
    number = _signal(status)
    exit_code = None if not code.isdigit() else -number if number else code_of_shell(int(code))
    native = native.partition(" ")[0].rstrip("+")
    return Listed(
        job_id, name, _OUT_OF_MEMORY if short_of_memory and native == "FAILED" else native, "", nodes, exit_code
    )


def _signal(status: str) -> int:
    number = status.partition(":")[2]
    return int(number) if number.isdigit() else 0


def _bytes(text: str) -> int:
    """A size as sacct prints it: `200M`, `233072K`; 0 for none. Older releases add `n` or `c` (a node, a core)."""
    text = text.rstrip("nc")
    factor = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}.get(text[-1:], 1)
    with suppress(ValueError):
        return int(float(text.rstrip("KMGT")) * factor)
    return 0


def _of_wait_status(text: str) -> int | None:
    if not text.isdigit():
        return None
    status = int(text)
    return -(status & 0x7F) if status & 0x7F else code_of_shell(status >> 8)

# SPDX-License-Identifier: Apache-2.0
"""Processes told apart by more than a number, and groups of them stopped whole."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: a number is given out again, its start time on one boot of one machine is not.

    `namespace` tells containers apart, whose processes are numbered on their own.
    """

    pid: int
    started: str
    host: str
    boot: str
    namespace: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The identity of the process that has this number now; None when there is none, or it is a zombie."""
        started = _start_time(pid)
        return cls(pid, started, os.uname().nodename, _boot(), _namespace()) if started else None

    @classmethod
    def own(cls) -> ProcessId:
        """The identity of this process."""
        pid = os.getpid()
        return cls.of(pid) or cls(pid, "", os.uname().nodename, _boot(), _namespace())

    def is_foreign(self) -> bool:
        """Whether the process belongs to a machine, or a container, whose processes can't be seen from here."""
        elsewhere = self.boot != _boot() and self.host != os.uname().nodename
        return elsewhere or self.namespace != _namespace()

    def is_alive(self) -> bool:
        """Whether this very process still runs; ask only of processes that are not foreign."""
        return self.boot == _boot() and _start_time(self.pid) == self.started


def stop_group(group: int, grace_seconds: float) -> None:
    """End every process of a group: SIGTERM, time to close files, then SIGKILL."""
    if not _signal_group(group, signal.SIGTERM):
        return
    # A process that is stopped (SIGSTOP) would never see the request.
    _signal_group(group, signal.SIGCONT)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and group_is_alive(group):
        time.sleep(_POLL_SECONDS)
    _signal_group(group, signal.SIGKILL)


def stop_orphans(leader: ProcessId, grace_seconds: float) -> None:
    """End what is left of the group that `leader` led, unless its number belongs to another process by now."""
    if leader.is_foreign() or leader.boot != _boot():
        return
    if leader.is_alive() or _start_time(leader.pid) is None:
        stop_group(leader.pid, grace_seconds)


def group_is_alive(group: int) -> bool:
    """Whether the group has a process that is more than a zombie waiting for its parent."""
    if not _signal_group(group, 0):
        return False
    if not (_PROC / "self").exists():
        return True
    return any(_belongs(int(entry.name), group) for entry in _PROC.iterdir() if entry.name.isdigit())


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether a child is over; it stays a zombie, where the system has a way to ask so, and keeps its number."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _belongs(pid: int, group: int) -> bool:
    fields = _stat_fields(pid)
    return bool(fields) and fields[0] not in "ZX" and int(fields[2]) == group


def _signal_group(group: int, number: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


def _start_time(pid: int) -> str | None:
    if not (_PROC / "self").exists():
        return _start_time_by_ps(pid)
    fields = _stat_fields(pid)
    return fields[19] if fields and fields[0] not in "ZX" else None


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from `state` on (proc(5)); the name before them may hold spaces and brackets."""
    with suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def _start_time_by_ps(pid: int) -> str | None:
    question = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)
    state, _, started = answer.stdout.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def _namespace() -> str:
    with suppress(OSError):
        return str((_PROC / "self/ns/pid").readlink())
    return ""


def _boot() -> str:
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""

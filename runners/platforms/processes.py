# SPDX-License-Identifier: Apache-2.0
"""Processes told apart by more than a number, so that no other one is asked about, or signalled, in their place."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc")
_MACHINE_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MOST_PID = 2**31
_BEGINNING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: a number is given out again, its start time on one boot of one machine is not.

    `namespace` tells containers apart, whose processes are numbered on their own. `machine` is empty where a machine
    has nothing to tell it from another one of its name.
    """

    pid: int
    started: str
    host: str
    boot: str
    namespace: str
    machine: str = ""

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The identity of the process that has this number now; None when there is none, or it is a zombie."""
        started = _start_time(pid)
        return cls(pid, started, *here()) if started else None

    @classmethod
    def own(cls) -> ProcessId:
        """The identity of this process."""
        pid = os.getpid()
        return cls.of(pid) or cls(pid, "", *here())

    @classmethod
    def from_json(cls, document: Any) -> ProcessId | None:
        """The identity that a record names; None for anything that is none, such as a bare number or a group."""
        with suppress(TypeError):
            found = cls(**document)
            texts = (found.started, found.host, found.boot, found.namespace, found.machine)
            is_whole = type(found.pid) is int and 0 < found.pid < _MOST_PID
            return found if is_whole and found.started and all(isinstance(text, str) for text in texts) else None
        return None

    def is_foreign(self) -> bool:
        """Whether the process belongs, or may belong, to a machine or container whose processes can't be seen here.

        A machine that was started again since is known by its id: its name alone can be that of another one.
        """
        present = here()
        if self.namespace != present.namespace or bool(self.boot) != bool(present.boot):
            return True
        if self.boot and self.boot == present.boot:
            return False
        is_unnamed = bool(self.boot) and not self.machine
        return is_unnamed or (self.machine, self.host) != (present.machine, present.host)

    def is_alive(self) -> bool:
        """Whether this very process still runs; ask only of processes that are not foreign."""
        return self.boot == here().boot and _start_time(self.pid) == self.started

    def signal(self, number: int) -> bool:
        """Signal this very process; False where it has ended, or can't be reached from here."""
        if self.is_foreign():
            return False
        with suppress(ProcessLookupError, PermissionError):
            handle = _open(self.pid)
            try:
                return self._signal(handle, number)
            finally:
                if handle is not None:
                    os.close(handle)
        return False

    def _signal(self, handle: int | None, number: int) -> bool:
        if not self.is_alive():
            return False
        if handle is None:
            os.kill(self.pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
        return True


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether a child is over; it stays a zombie, where the system has a way to ask so, and keeps its number."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


class Row(NamedTuple):
    """A process in the table of all: its number, that of its parent, and its group's."""

    pid: int
    parent: int
    group: int


def table() -> list[Row]:
    """Every process of this machine, or container, that is more than a zombie."""
    if not (_PROC / "self").exists():
        return table_by_ps()
    pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    found = [(pid, _stat_fields(pid)) for pid in pids]
    return [Row(pid, int(fields[1]), int(fields[2])) for pid, fields in found if fields and fields[0] not in "ZX"]


def has_in_environment(pid: int, entry: str) -> bool:
    """Whether a process was started with this `NAME=value`; False where that can't be seen."""
    process, deadline = _PROC / str(pid), time.monotonic() + _BEGINNING_SECONDS
    with suppress(OSError):
        # A process that has just begun has no environment for a moment, and would be missed by who ends its job.
        while not (found := (process / "environ").read_bytes()) and _begins(process) and time.monotonic() < deadline:
            time.sleep(0.001)
        return f"\0{entry}\0".encode() in b"\0" + found
    return False


def _begins(process: Path) -> bool:
    """Whether its program is known and its arguments are not yet; threads of the kernel have neither."""
    return not (process / "cmdline").read_bytes() and bool((process / "exe").readlink())


class Here(NamedTuple):
    """What tells the processes of one machine, boot and container from those of others."""

    host: str
    boot: str
    namespace: str
    machine: str


@cache
def here() -> Here:
    """Where this process runs."""
    boot = _text_of(_PROC / "sys/kernel/random/boot_id")
    machine = next((found for file in _MACHINE_FILES if (found := _text_of(file))), "")
    # As machine-id(5) asks: the id itself does not leave its machine.
    known = hashlib.sha256(f"changenet {machine}".encode()).hexdigest()[:16] if machine else ""
    namespace = ""
    with suppress(OSError):
        namespace = str((_PROC / "self/ns/pid").readlink())
    return Here(os.uname().nodename, boot, namespace, known)


def _text_of(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return ""


def _open(pid: int) -> int | None:
    """A handle of a process that no other one of its number can slip into, where the system has such."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:
        return None


def _start_time(pid: int) -> str | None:
    if not (_PROC / "self").exists():
        return _start_time_by_ps(pid)
    fields = _stat_fields(pid)
    return fields[19] if fields and fields[0] not in "ZX" else None


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from `state` on (proc(5)); the name before them may hold spaces and brackets."""
    with suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def table_by_ps() -> list[Row]:
    """The same where the system has no files that say so."""
    rows = [line.split() for line in _ps("-ax", "-o", "pid=,ppid=,pgid=,stat=").splitlines()]
    return [Row(int(pid), int(parent), int(group)) for pid, parent, group, state in rows if not state.startswith("Z")]


def _start_time_by_ps(pid: int) -> str | None:
    state, _, started = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def _ps(*words: str) -> str:
    command = ["ps", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

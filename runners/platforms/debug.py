# SPDX-License-Identifier: Apache-2.0
"""The runner `debug`: the action as a child that the calling process waits for, on its own terminal.

The child has the caller's standard input, and what it prints is shown on standard error as it comes, so that a
`breakpoint()` in the engine can be answered. Nothing else is started: when the caller dies, whoever looks at the job
next ends the action, and the job is lost.
"""

from __future__ import annotations

import re
import sys
import time
from codecs import getincrementaldecoder
from dataclasses import replace
from io import IncrementalNewlineDecoder
from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import LOG_FILE
from core.problem import Problem
from core.redaction import Redactor, redact_text
from core.terminal import printable
from runners.jobs.job import JobState
from runners.platforms import belongings
from runners.platforms.handles import ACTION, LAUNCHER, process_of, sight_of, with_detail, with_process
from runners.platforms.platform import BY_KEYBOARD, Sight, grace_seconds
from runners.platforms.processes import ProcessId, has_ended
from runners.platforms.this_machine import ThisMachine, start_action

if TYPE_CHECKING:
    import subprocess

    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_EXIT_CODE = "exit_code"
_POLL_SECONDS = 0.05
_PIECE = 1024 * 1024
_PROMPT = re.compile(r"[^\n]{0,4000}\s")


class DebugPlatform(ThisMachine):
    """Its handle names the calling process, then the action, then the exit code."""

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Run the action to its end; Ctrl-C ends it, and is raised again then."""
        handle, log = store.handle(job.id), Path(job.folder) / LOG_FILE
        if not store.move(job.id, JobState.RUNNING, "the action is started"):
            return handle
        shown = log.stat().st_size
        child = start_action(log.parent, plan, stdin=None)
        try:
            if identity := ProcessId.of(child.pid):
                handle = with_process(handle, ACTION, identity)
                store.add_handle(job.id, handle)
            _show(child, log, shown)
        except KeyboardInterrupt:
            store.request_cancel(job.id, BY_KEYBOARD)
            raise
        finally:
            belongings.stop(job.id, process_of(handle, ACTION), grace_seconds())
            handle = with_detail(handle, _EXIT_CODE, child.wait())
            store.add_handle(job.id, handle)
        return handle

    def look(self, job: Job, handle: Handle) -> Sight:
        """A job has ended when its exit code is recorded, or its caller is gone."""
        code = handle.details.get(_EXIT_CODE)
        if code is not None:
            return Sight(JobState.ERROR if code else JobState.COMPLETE, f"exit code {code}", code)
        sight = sight_of(job, process_of(handle, LAUNCHER))
        if sight.state.is_terminal and not process_of(handle, ACTION):
            return replace(sight, cause=Problem("launch.lost", job.id, "the caller died before the action was started"))
        return sight

    def cancel(self, job: Job, handle: Handle) -> None:
        """End the action; the process that waits for it records that."""
        self.collect(job, handle)


def _show(child: subprocess.Popen[bytes], log: Path, begin: int) -> None:
    """Copy what is added to the log from `begin` on to standard error, until the action has ended."""
    screen = _Screen()
    with log.open("rb") as said:
        said.seek(begin)
        over = False
        while not over:
            over = has_ended(child)
            while piece := said.read(_PIECE):
                screen.add(piece)
            screen.rest(over=over)
            time.sleep(0 if over else _POLL_SECONDS)


class _Screen:
    """Whole lines, their secrets masked; a prompt, which has no line break yet, when nothing more comes."""

    def __init__(self) -> None:
        self._decoder = IncrementalNewlineDecoder(getincrementaldecoder("utf-8")(errors="replace"), translate=True)
        self._redactor = Redactor()
        self._line = ""  # what has no line break yet
        self._prompt = ""  # what of it was shown, masked
        self._grows = False

    def add(self, piece: bytes) -> None:
        text = self._decoder.decode(piece)
        self._line = (self._line + text).rpartition("\n")[2][-_PIECE:]
        self._grows = True
        self._write(self._redactor.feed(text))

    def rest(self, *, over: bool) -> None:
        """Called when all that was said is added."""
        if over:
            self._write(self._redactor.feed(self._decoder.decode(b"", final=True)) + self._redactor.flush())
        elif not self._grows and _PROMPT.fullmatch(self._line):
            shown = redact_text(self._line)
            self._write(shown)
            self._prompt = shown
        self._grows = False

    def _write(self, masked: str) -> None:
        if masked:
            sys.stderr.write(printable(masked.removeprefix(self._prompt)))
            sys.stderr.flush()
            self._prompt = ""


PLATFORM = DebugPlatform()

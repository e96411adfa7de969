# SPDX-License-Identifier: Apache-2.0
"""The runner `local`: the action's own command line as a child of a supervisor, on this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlatformError
from core.problem import Problem
from core.record_places import client_environment
from runners.jobs.job import JobState
from runners.jobs.status_log import last_lines
from runners.names import SUPERVISOR_LOG
from runners.platforms import belongings
from runners.platforms.handles import ACTION, LAUNCHER, SUPERVISOR, process_of, sight_of
from runners.platforms.interrupts import interrupts_held
from runners.platforms.platform import Sight
from runners.platforms.this_machine import ThisMachine, action_environment

if TYPE_CHECKING:
    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


class LocalPlatform(ThisMachine):
    """Its handle names the launching process, the supervisor, which closes the record, and the action."""

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Start the job's supervisor and wait until the action runs, or the job has ended."""
        log = Path(job.folder) / SUPERVISOR_LOG
        argv = [sys.executable, "-P", "-m", "runners.platforms.supervise", job.folder]
        # A supervisor that is not there yet could not be asked to stop.
        with log.open("ab") as errors, interrupts_held():
            starter = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=action_environment(plan.resources) | client_environment(),
                start_new_session=True,
                check=False,
            )
        # One that died later than that may have left an action that goes on, as the next look tells.
        if starter.returncode and store.read(job.id).state is JobState.PENDING:
            said = " ".join(last_lines(log, 1))
            raise PlatformError(f"the supervisor could not start. {said}".strip(), code="launch.failed", where=job.id)
        return store.handle(job.id)

    def look(self, job: Job, handle: Handle) -> Sight:
        """A job is as recorded while its supervisor lives, or its action without one: the log judges that one later."""
        supervisor, launcher = process_of(handle, SUPERVISOR), process_of(handle, LAUNCHER)
        sight = sight_of(job, supervisor or launcher, process_of(handle, ACTION))
        if supervisor and sight.state.is_terminal and not process_of(handle, ACTION) and belongings.belongings(job.id):
            return Sight(job.state, "its supervisor died before it could record the action")
        if supervisor is None and sight.state.is_terminal:
            message = "the launching process died before the action was started"
            return replace(sight, cause=Problem("launch.lost", job.id, message))
        return sight

    def cancel(self, job: Job, handle: Handle) -> None:
        """Ask the supervisor to end the action; end it from here where there is no supervisor any more."""
        supervisor = process_of(handle, SUPERVISOR)
        if supervisor and supervisor.signal(signal.SIGTERM):
            supervisor.signal(signal.SIGCONT)  # one that is stopped (SIGSTOP) would never see the request
        else:
            self.collect(job, handle)


PLATFORM = LocalPlatform()

# SPDX-License-Identifier: Apache-2.0
"""What a platform is: six functions by which jobs are started, watched and stopped wherever their actions run."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.file_names import LOG_FILE

if TYPE_CHECKING:
    from core.problem import Problem
    from runners.jobs.job import Handle, Job, JobState
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

GRACE_VARIABLE = "CHANGENET_GRACE_SECONDS"
BY_KEYBOARD = "interrupted from the keyboard"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What holds for every job of a platform; plans, launches and looks depend on nothing else of it.

    `on_this_machine`: the action has the GPUs of the machine that plans it, and the engine that is installed there.
    `reads_local_paths`: it reads the files of that machine under their own paths.
    `needs_image`: it runs in a container image. `asked_from_anywhere`: every machine can ask how a job is, so that no
    answer means a break in the connection. `survives_caller`: it goes on when the process that launched it dies.
    `reads_stores`: it reads data in stores (`s3://…`) by itself; for others that is fetched to the launching machine.
    """

    on_this_machine: bool
    reads_local_paths: bool
    needs_image: bool
    asked_from_anywhere: bool
    survives_caller: bool
    reads_stores: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look found: our state, and the platform's own word for it.

    A terminal state says that the action has ended, not how: that is judged by exit code (None: nobody could read it)
    and log, unless `cause` says why the job ends. UNKNOWN says that the platform gave no answer. `began` says that the
    action ran, though it may have ended before anybody looked.
    """

    state: JobState
    native: str
    exit_code: int | None = None
    cause: Problem | None = None
    began: bool = False


class PlatformSettings(Protocol):
    """What a user may set about a platform: a frozen dataclass whose fields are named as the flags are.

    Making one raises RequestError where a value can't be used. The values that are not the defaults stand in the plan.
    """

    def adapted(self, usual: Capabilities) -> Capabilities:
        """What holds for jobs with these settings, where `usual` holds for the platform."""


class Platform(Protocol):
    """Where actions run. Whoever calls these functions opens, moves and closes the record."""

    def check(self, plan: Plan) -> None:
        """What must hold before a record is opened.

        Raises:
            ChangenetError: the plan can't run there.
        """

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Start the action, or run it; each handle is recorded as soon as it is known, and the latest returned.

        Raises:
            PlatformError, OSError: it could not be started; the job is closed as ERROR then.
        """

    def look(self, job: Job, handle: Handle) -> Sight:
        """How the job is now; changes nothing."""

    def cancel(self, job: Job, handle: Handle) -> None:
        """Ask that the action ends, with all that it started; need not wait for the end."""

    def log(self, job: Job, handle: Handle) -> Path:
        """The file on this machine with all that the action has printed so far."""

    def collect(self, job: Job, handle: Handle) -> None:
        """Once the action has ended: end what it left running, and bring its results into the job's results folder."""


class OwnLog:
    """The half of a platform whose actions print into the log of the job itself."""

    def log(self, job: Job, handle: Handle) -> Path:
        """The job's own log: nothing has to be fetched."""
        del handle
        return Path(job.folder) / LOG_FILE


def grace_seconds() -> float:
    """How long an action that is stopped may take to close its files: $CHANGENET_GRACE_SECONDS, else 10 s."""
    with suppress(ValueError):
        return max(0.0, float(os.environ.get(GRACE_VARIABLE, "10")))
    return 10.0

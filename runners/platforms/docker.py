# SPDX-License-Identifier: Apache-2.0
"""The runner `docker`: each job is a container of an engine, named after the job.

The engine keeps the container when the caller dies; whoever looks at the job next finds it by its name, takes its log
and its end, and removes it. An engine that does not answer says nothing about the job.
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import InputError, PlatformError
from core.file_names import LOG_FILE
from core.files import write_json
from core.problem import Problem
from core.terminal import printable
from runners.jobs.job import JobState
from runners.planning.container import SPEC_FOLDER
from runners.planning.plan import at_job
from runners.platforms import docker_container as containers
from runners.platforms.container_end import end_of
from runners.platforms.container_files import mounts_of_job
from runners.platforms.docker_engine import (
    EngineSilentError,
    GoneError,
    asked,
    connect,
    find_container,
    host_named,
    identity,
)
from runners.platforms.docker_gpus import share_of
from runners.platforms.docker_image import find_image, get_image
from runners.platforms.docker_log import add_to_log
from runners.platforms.docker_probe import require_seen
from runners.platforms.handles import LAUNCHER, process_of, sight_of, with_detail
from runners.platforms.platform import Sight, grace_seconds

if TYPE_CHECKING:
    from docker.models.containers import Container

    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_HOST, _ENGINE, _CONTAINER, _LOG_BEGIN = "host", "engine", "container", "log_begin"
_ENDED = "ended.json"


class DockerPlatform:
    """Its handle names the engine, by address and identity, and the container."""

    def check(self, plan: Plan) -> None:
        """An engine answers, and what the container reads is here; the image is looked for when the job starts.

        Where the engine need not be this machine's, a container that has its image already looks at the results root.
        """
        containers.require_one_machine(plan)
        containers.require_sources(plan)
        containers.require_secrets(plan)
        host = host_named()
        connect(host)
        if not host.startswith("unix://"):
            image = find_image(host, str(plan.image))
            require_seen(host, image.id if image else None, Path(plan.results_root))

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Get the image, and start the container; what is known of both is recorded first."""
        host = host_named()
        handle = with_detail(with_detail(store.handle(job.id), _HOST, host), _ENGINE, identity(host))
        handle = with_detail(handle, _CONTAINER, containers.container_name(job.id))
        store.add_handle(job.id, handle)
        log = Path(job.folder) / LOG_FILE
        image = get_image(host, str(plan.image), lambda line: _say(log, line))
        store.set_image_digest(job.id, image.digest)
        handle = with_detail(handle, _LOG_BEGIN, log.stat().st_size)
        store.add_handle(job.id, handle)
        container = _create(host, containers.creation(job, plan, image, mounts_of_job(job, plan), share_of(host, plan)))
        if store.cancel_reason(job.id) is None and store.move(job.id, JobState.RUNNING, "the container is started"):
            _begin(host, container)
            return handle
        container.remove(force=True)
        raise PlatformError("the job was called off before its container was started", code="launch.off", where=job.id)

    def look(self, job: Job, handle: Handle) -> Sight:
        """A job is as its container is; without one, it ended as noted, was never started, or is lost."""
        if ended := _noted(job):
            return ended
        try:
            container = self._container(handle)
            if container is not None:
                return _sight(job, handle, container)
            return _noted(job) or _without_container(job, handle)
        except EngineSilentError as problem:
            return Sight(JobState.UNKNOWN, problem.message)

    def cancel(self, job: Job, handle: Handle) -> None:
        """SIGTERM to the action, and SIGKILL to the container when it takes too long."""
        container = self._container(handle, patiently=True)
        if container is not None and container.status == "running":
            with suppress(GoneError):
                asked(_host_of(handle), lambda: container.stop(timeout=math.ceil(grace_seconds())))
        elif not _noted(job):
            _note(job, None, "it was never started")
            self.collect(job, handle)

    def log(self, job: Job, handle: Handle) -> Path:
        """The job's own log, to which what the container has said since the last look is added."""
        log = Path(job.folder) / LOG_FILE
        begin = handle.details.get(_LOG_BEGIN)
        with suppress(PlatformError):  # what was said so far can be read all the same
            if begin is not None and not job.state.is_terminal and (container := self._container(handle)):
                asked(_host_of(handle), lambda: add_to_log(container, log, begin))
        return log

    def collect(self, job: Job, handle: Handle) -> None:
        """Take the rest of the log, note how the container ended, and remove it."""
        container = self._container(handle, patiently=True)
        if container is not None:
            with suppress(GoneError):  # another process took it all, and removed it
                asked(_host_of(handle), lambda: _take(job, handle, container), patiently=True)

    def _container(self, handle: Handle, *, patiently: bool = False) -> Container | None:
        host, name = handle.details.get(_HOST), handle.details.get(_CONTAINER)
        return find_container(str(host), str(name), patiently=patiently) if host and name else None


def _host_of(handle: Handle) -> str:
    return str(handle.details[_HOST])


def _take(job: Job, handle: Handle, container: Container) -> None:
    if _LOG_BEGIN in handle.details:
        add_to_log(container, Path(job.folder) / LOG_FILE, handle.details[_LOG_BEGIN], at_once=True)
    if not _noted(job):
        state = container.attrs["State"]
        _note(job, state["ExitCode"], state["Status"], out_of_memory=state["OOMKilled"])
    container.remove(force=True, v=True)


def _create(host: str, arguments: dict[str, Any]) -> Container:
    """The container; one of its name was made by an attempt whose answer was lost."""
    client = connect(host)
    from docker.errors import APIError

    def create() -> Any:
        try:
            return client.containers.create(**arguments)
        except APIError as problem:
            if problem.status_code == 409:
                return client.containers.get(arguments["name"])
            raise

    container: Container = asked(host, create, patiently=True)
    return container


def _begin(host: str, container: Container) -> None:
    """Start the container, or leave nothing of it; one whose start nobody confirmed may run, as a look tells later."""
    try:
        asked(host, container.start, patiently=True)
    except EngineSilentError:
        return
    except PlatformError:
        container.remove(force=True)
        raise


def _sight(job: Job, handle: Handle, container: Container) -> Sight:
    state = container.attrs["State"]
    if state["Status"] in {"running", "paused", "restarting"}:
        return Sight(JobState.RUNNING, state["Status"])
    if state["Status"] == "created":
        sight = sight_of(job, process_of(handle, LAUNCHER))
        return _never_started(job) if sight.state.is_terminal else sight
    return end_of(job, state["ExitCode"], state["Status"], out_of_memory=state["OOMKilled"])


def _without_container(job: Job, handle: Handle) -> Sight:
    """Whether the launch goes on, or died; a container that was there, and is not, was removed by somebody."""
    host, known = handle.details.get(_HOST), handle.details.get(_ENGINE)
    if job.state is not JobState.RUNNING:
        sight = sight_of(job, process_of(handle, LAUNCHER))
        return _never_started(job) if sight.state.is_terminal else sight
    if host and identity(str(host)) != known:
        return Sight(JobState.UNKNOWN, f"another engine answers at {host} now")
    message = "the container was removed before anybody saw how it ended"
    return Sight(JobState.ERROR, message, cause=Problem("process.lost", job.id, message))


def _never_started(job: Job) -> Sight:
    message = "the launching process died before the container was started"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


def _note(job: Job, exit_code: int | None, native: str, *, out_of_memory: bool = False) -> None:
    """Write down how the container ended, before it is removed."""
    document = {"exit_code": exit_code, "native": native, "out_of_memory": out_of_memory}
    write_json(Path(at_job(SPEC_FOLDER, job.folder)) / _ENDED, document)


def _noted(job: Job) -> Sight | None:
    try:
        return end_of(job, **read_json(Path(at_job(SPEC_FOLDER, job.folder)) / _ENDED))
    except (InputError, TypeError):
        return None


def _say(log: Path, line: str) -> None:
    """What happens before the action can say anything: on standard error, and in the job's log."""
    sys.stderr.write(f"{printable(line)}\n")
    with log.open("a") as file:
        file.write(f"{line}\n")


PLATFORM = DockerPlatform()

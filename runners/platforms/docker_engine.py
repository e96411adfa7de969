# SPDX-License-Identifier: Apache-2.0
"""Connections to Docker engines, what their errors mean, and which of them go by themselves."""

from __future__ import annotations

import errno
import os
import re
import socket
from functools import cache
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from core.installation import require
from runners.platforms.docker_refusals import MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import DockerClient
    from docker.models.containers import Container

    from runners.platforms.docker_refusals import Refusal

_DEFAULT_HOST = "unix:///var/run/docker.sock"
_SECONDS = 30
_ATTEMPTS = 4
_MOST_WAIT_SECONDS = 8.0
_OF_DISKS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_ERRNO = re.compile(r"Max retries exceeded.*?\[Errno -?\d+\] ([^\"')]+)")
_REMOVAL = "is already in progress"


class EngineSilentError(PlatformError):
    """The engine gives no answer, which says nothing about its containers."""

    code = "docker.unreachable"


class GoneError(PlatformError):
    """The engine has no such container, or image; or somebody removes it right now."""

    code = "docker.gone"


def host_named() -> str:
    """Where the engine is that new jobs go to: $DOCKER_HOST, else the local one."""
    return os.environ.get("DOCKER_HOST") or _DEFAULT_HOST


def connect(host: str) -> DockerClient:
    """The engine at an address: unix://, tcp:// or ssh://; TLS as the variables of Docker's own client say.

    Raises:
        PlatformError: the Python package `docker` is not installed.
        EngineSilentError: nobody answers there.
    """
    require("docker", "docker", "tenacity")
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        _require_listener(host)
        return _client(host)
    except (DockerException, RequestException, OSError) as problem:
        raise silent(host, problem) from None


def _require_listener(host: str) -> None:
    """Somebody listens on the socket: Docker's client would leave one open that nobody answers."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_SECONDS)
            probe.connect(host.removeprefix("unix://"))


@cache
def _client(host: str) -> DockerClient:
    from docker import DockerClient
    from docker.utils import kwargs_from_env

    secured = {"tls": found} if (found := kwargs_from_env().get("tls")) and host.startswith("tcp://") else {}
    return DockerClient(base_url=host, timeout=_SECONDS, use_ssh_client=host.startswith("ssh://"), **secured)


def silent(host: str, problem: Exception) -> EngineSilentError:
    """The error of an engine that does not answer."""
    reason = str(problem).removeprefix("Error while fetching server API version: ")
    if within := _ERRNO.search(reason):  # within what the HTTP client's layers made of it
        reason = within[1]
    remedy = "start Docker, or name another engine by $DOCKER_HOST; your account needs access to it"
    return EngineSilentError(f"no Docker engine answers: {reason}", where=host, remedy=remedy)


def asked(host: str, question: Callable[[], Any], *, patiently: bool = False, about: str = "") -> Any:
    """What the engine answers; with `patiently` a question that failed for want of a connection is put again.

    `about` is the place that an error names, if that is not the engine.

    Raises:
        EngineSilentError: it does not answer.
        GoneError: what is asked about is not there.
        PlatformError: it refuses.
    """
    import tenacity
    from docker.errors import DockerException, NotFound
    from requests.exceptions import RequestException

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_ATTEMPTS if patiently else 1),
        wait=tenacity.wait_exponential(multiplier=0.25, max=_MOST_WAIT_SECONDS),
        retry=tenacity.retry_if_exception(passes),
        reraise=True,
    )
    try:
        return retrying(question)
    except NotFound as problem:
        raise GoneError(str(problem.explanation or problem), where=about or host) from None
    except DockerException as problem:
        said = str(getattr(problem, "explanation", None) or problem)
        if _REMOVAL in said:
            raise GoneError(said, where=about or host) from None
        raise refused(about or host, said) from None
    except (RequestException, OSError) as problem:
        if not isinstance(problem, RequestException) and problem.errno in _OF_DISKS:
            raise unwritten(problem) from None
        raise silent(host, problem) from None


def unwritten(problem: OSError) -> PlatformError:
    """The error of a disk of this machine that does not take what the engine said."""
    remedy = "make room there, or mend its rights; what the container said is asked for again"
    where = str(problem.filename or "")
    return PlatformError(f"can't be written: {problem.strerror}", code="job.unwritten", where=where, remedy=remedy)


def passes(problem: BaseException) -> bool:
    """Whether an error is one of the infrastructure, which a second try may not meet."""
    from docker.errors import APIError
    from requests.exceptions import RequestException

    if isinstance(problem, APIError):
        meaning = _meaning(str(problem))
        return meaning.passes if meaning else problem.is_server_error()
    if isinstance(problem, PlatformError):
        return problem.code in {"image.unreachable", "image.rate_limit"}
    return isinstance(problem, RequestException | ConnectionError)


def refused(where: str, said: str) -> PlatformError:
    """The error of an engine, or registry, that refuses; in our words where they are known."""
    if meaning := _meaning(said):
        message = f"{meaning.message}. It said: {said}"
        return PlatformError(message, code=meaning.code, where=where, remedy=meaning.remedy)
    remedy = "mend what the message names; `docker info` and the engine's own log say more"
    return PlatformError(f"the Docker engine refuses: {said}", code="launch.failed", where=where, remedy=remedy)


def _meaning(said: str) -> Refusal | None:
    return next((meaning for meaning in MEANINGS if meaning.sign.lower() in said.lower()), None)


def find_container(host: str, name: str, *, patiently: bool = False) -> Container | None:
    """The container of this name as it is now; None where the engine has none.

    Raises:
        PlatformError, EngineSilentError: see `connect` and `asked`.
    """
    client = connect(host)
    try:
        found: Container = asked(host, lambda: client.containers.get(name), patiently=patiently)
    except GoneError:
        return None
    return found


def identity(host: str) -> str:
    """What tells an engine from another one that answers at the same address."""
    client = connect(host)
    return str(asked(host, client.info)["ID"])

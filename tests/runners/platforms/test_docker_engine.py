# SPDX-License-Identifier: Apache-2.0
"""How engines are reached, and what their refusals mean; each is one that a real engine gave."""

from __future__ import annotations

import gc
import os
import shutil
import socketserver
import sys
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker.types import Mount as Bind

from core.errors import PlatformError
from runners.jobs.job import JobState
from runners.platforms import docker_engine as docker_engine_module
from runners.platforms.docker_engine import asked, connect
from tests.conftest import free_ports
from tests.runners.platforms.docker_bench import IMAGE, Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


@contextmanager
def _listening(path: Path, answer: bytes | None) -> Iterator[list[bytes]]:
    """A server on a Unix socket that gives one answer to every request, or none at all."""
    seen: list[bytes] = []
    done = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            seen.append(self.rfile.readline())
            if answer is None:
                done.wait(5)
            elif seen[-1]:
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
                self.wfile.write(head.encode() + answer)

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield seen
        done.set()
        server.shutdown()
        thread.join()


SSH = """#!{python}
import os, sys
assert sys.argv[1:] == ["-l", "me", "-p", "22", "--", "line-3", "docker system dial-stdio"], sys.argv
os.environ["DOCKER_HOST"] = "{host}"
os.execv("{docker}", ["docker", "system", "dial-stdio"])
"""


def test_a_job_runs_on_an_engine_that_is_reached_by_ssh(
    on_docker: Any,
    docker_engine: Engine,
    make_plan: Callable[..., Plan],
    launch_elsewhere: Any,
    store: JobStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of ssh a stand-in is called, which runs on this machine what it is asked to run on the other."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = SSH.format(python=sys.executable, host=docker_engine.host, docker=shutil.which("docker"))
    (tools / "ssh").write_text(program)
    (tools / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@line-3")

    # In a process of its own: Docker's client leaves the processes and pipes of ssh to the end of its process.
    with launch_elsewhere(on_docker.fit(make_plan(runner="docker")), store) as launch:
        assert launch.wait() == 0

    (job,) = store.newest()
    assert (job.state, store.handle(job.id).details["host"]) == (JobState.COMPLETE, "ssh://me@line-3")


def test_a_place_that_the_engine_does_not_see_is_told_as_such(docker_engine: Engine, tmp_path: Path) -> None:
    mounts = [Bind("/data", str(tmp_path / "elsewhere"), type="bind")]

    with pytest.raises(PlatformError) as error:
        asked(docker_engine.host, lambda: docker_engine.client.containers.create(IMAGE, "true", mounts=mounts))

    assert (error.value.code, error.value.where) == ("docker.mount", docker_engine.host)
    assert str(tmp_path / "elsewhere") in error.value.message
    assert "under one path" in error.value.remedy


def test_what_nobody_has_words_for_is_told_as_the_engine_says_it(docker_engine: Engine) -> None:
    with pytest.raises(PlatformError) as error:
        asked(docker_engine.host, lambda: docker_engine.client.containers.create(IMAGE, "true", name="no good name"))

    assert error.value.code == "launch.failed"
    assert "Invalid container name (no good name)" in error.value.message
    assert "http" not in error.value.message


@pytest.mark.parametrize(
    ("command", "code"), [(["visual_changenet", "train"], "image.no_command"), (["/etc"], "launch.failed")]
)
def test_a_command_that_the_image_does_not_have_is_no_missing_image(
    command: list[str], code: str, docker_engine: Engine
) -> None:
    container = docker_engine.client.containers.create(IMAGE, command)

    with pytest.raises(PlatformError) as error:
        asked(docker_engine.host, container.start)

    container.remove()
    assert error.value.code == code
    assert error.value.remedy


def test_less_memory_than_the_engine_can_give_is_told_as_such(docker_engine: Engine) -> None:
    with pytest.raises(PlatformError) as error:
        asked(docker_engine.host, lambda: docker_engine.client.containers.create(IMAGE, mem_limit="1m"))

    assert error.value.code == "docker.memory"


def test_an_address_where_nobody_listens_is_told_without_the_layers_of_the_client() -> None:
    with pytest.raises(PlatformError) as error:
        connect(f"tcp://127.0.0.1:{free_ports(1)}")

    assert error.value.message == "no Docker engine answers: Connection refused"


@pytest.mark.parametrize("answer", [None, b"[]", b'{"Version": "29"}', b"no JSON"])
def test_what_listens_and_is_no_engine_is_told_and_leaves_no_connection_open(
    answer: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine_module, "_SECONDS", 0.3)
    with _listening(tmp_path / "some.sock", answer) as seen, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(PlatformError) as error:
            connect(f"unix://{tmp_path / 'some.sock'}")
        code, message = error.value.code, error.value.message
        del error  # what it came from holds the client, and so its connection
        gc.collect()

    assert code == "docker.unreachable"
    assert message.startswith("no Docker engine answers: ")
    assert any(line.startswith(b"GET /version ") for line in seen)
    assert [str(warning.message) for warning in told if issubclass(warning.category, ResourceWarning)] == []


def test_a_disk_of_this_machine_that_is_full_is_no_silence_of_the_engine(docker_engine: Engine) -> None:
    with pytest.raises(PlatformError) as error:
        asked(docker_engine.host, lambda: Path("/dev/full").write_text("what the container said"))

    assert (error.value.code, error.value.message) == ("job.unwritten", "can't be written: No space left on device")

# SPDX-License-Identifier: Apache-2.0
"""What stands where Ray is looked for, and is no Ray."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runners import api
from runners.jobs.job import JobState
from runners.jobs.record import open_job
from runners.planning.plan import Plan
from runners.platforms.handles import with_detail
from runners.platforms.ray import PLATFORM
from runners.platforms.ray_api import Cluster, RefusedError, SilentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runners.jobs.store import JobStore

_TEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: text/plain\r\n\r\n# HELP a_sum"


def _ask(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError), server.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            Cluster(f"http://127.0.0.1:{server.getsockname()[1]}").refresh()
        finally:
            thread.join()


@pytest.mark.parametrize("said", [b"SSH-2.0-server\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[]"])
def test_a_server_that_gives_no_whole_answer_is_told_with_its_address(said: bytes) -> None:
    with pytest.raises(SilentError, match="gave no answer") as told:
        _ask(said)

    assert told.value.where.startswith("http://127.0.0.1:")
    assert "--ray-address" in told.value.remedy


def test_a_server_of_another_kind_is_no_ray() -> None:
    with pytest.raises(RefusedError, match="no Ray"):
        _ask(_TEXT)


@pytest.mark.long
def test_a_job_that_ray_forgot_is_lost_only_once_its_action_writes_no_more(
    ray_head: str, make_plan: Callable[..., Plan], store: JobStore
) -> None:
    """The head was killed and began anew: what it had started may go on, and write to the same folder."""
    plan = make_plan(runner="ray")
    job = open_job(store, plan, plan.spec)
    handle = with_detail(store.handle(job.id), "ray", {"address": ray_head, "submitted_at": 0.0, "taken": True})
    log = Path(job.folder) / "log.txt"
    log.write_text("epoch 1\n")

    at_work = PLATFORM.look(job, handle)
    os.utime(log, (0, 0))
    lost = PLATFORM.look(job, handle)

    assert (at_work.state, "still writes" in at_work.native) == (JobState.UNKNOWN, True)
    assert (lost.state, lost.cause and lost.cause.code) == (JobState.ERROR, "node.lost")


@pytest.mark.long
def test_a_job_that_waits_for_more_than_there_is_can_be_cancelled(
    ray_head: str, make_plan: Callable[..., Plan], store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", ray_head)
    plan = make_plan(runner="ray")
    parts = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "id"}
    job = api.launch(Plan.sealed(**parts | {"platform": {"memory": "9000g"}}), store=store, detach=True)

    ended = api.cancel(job.id, store)

    assert (ended.state, ended.transitions[-1].reason) == (JobState.CANCELED, "canceled by the user")
    late = subprocess.run(["sh", "job.sh"], cwd=job.folder, capture_output=True, text=True, check=False)
    assert (late.returncode, "nothing is run" in late.stderr) == (1, True)


@pytest.mark.long
@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (3, "FAILED")])
def test_ray_lists_a_job_with_the_exit_code_of_its_action(
    code: int,
    status: str,
    ray_head: str,
    make_plan: Callable[..., Plan],
    store: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the script stops at its end is never the shell by which Ray knows how the job ended."""
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", ray_head)

    job = api.launch(make_plan(runner="ray", exit=code), store=store)

    listed = Cluster(ray_head).find_now(Path(job.folder).name)
    assert listed
    assert (listed["status"], listed["driver_exit_code"], job.exit_code) == (status, code, code)

# SPDX-License-Identifier: Apache-2.0
"""Slurm's commands on a login node that is reached by a real ssh: a server of its own on this machine."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import PlatformError
from runners import api
from runners.jobs.job import JobState
from runners.jobs.store import JobStore
from runners.planning.plan import Plan
from tests.conftest import free_ports, is_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PidFile none
SetEnv SLURM_CONF={slurm}
"""
CLIENT = """Host login
HostName 127.0.0.1
Port {port}
User {user}
IdentityFile {folder}/user
IdentitiesOnly yes
UserKnownHostsFile {folder}/known
StrictHostKeyChecking accept-new
LogLevel ERROR
"""


@pytest.fixture
def login_node(
    slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., Any]
) -> Iterator[None]:
    """The host `login`, where Slurm is known; this machine itself does not know of one any more."""
    server = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
    if server is None:
        pytest.skip("no sshd on this machine (Debian's openssh-server)")
    folder, port = tmp_path / "ssh", free_ports(1)
    folder.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    facts = {"port": port, "folder": folder, "slurm": slurm, "user": getpass.getuser()}
    (folder / "server").write_text(SERVER.format(**facts))
    (folder / "client").write_text(CLIENT.format(**facts))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # which sshd wants for its unprivileged half
    with subprocess.Popen([server, "-D", "-f", str(folder / "server")], stderr=subprocess.DEVNULL) as daemon:
        wait_for(lambda: not is_free(port) or daemon.poll() is not None)
        if daemon.poll() is not None:
            pytest.skip("sshd can't be started here")
        monkeypatch.setenv("CHANGENET_SSH_COMMAND", f"ssh -F {folder / 'client'}")
        monkeypatch.delenv("SLURM_CONF")
        monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "0.5")
        yield
        daemon.terminate()


def over_ssh(plan: Plan, host: str = "login") -> Plan:
    parts = {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}
    return Plan.sealed(**parts | {"platform": {"slurm_host": host}})


@pytest.mark.usefixtures("login_node")
def test_jobs_are_submitted_looked_at_and_cancelled_over_ssh(
    make_plan: Callable[..., Plan], tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    store = JobStore(tmp_path / "results of $(touch here)")

    done = api.launch(over_ssh(make_plan(runner="slurm")), store=store)
    assert (done.state, done.exit_code) == (JobState.COMPLETE, 0)

    job = api.launch(over_ssh(make_plan(runner="slurm", sleep=600)), store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists)
    assert api.cancel(job.id, store).state is JobState.CANCELED
    assert not Path("here").exists()
    assert not (Path.home() / "here").exists()


@pytest.mark.usefixtures("login_node")
def test_a_login_node_that_is_not_there_opens_no_record(make_plan: Callable[..., Plan], store: JobStore) -> None:
    with pytest.raises(PlatformError, match=r"ssh elsewhere\.invalid") as error:
        api.launch(over_ssh(make_plan(runner="slurm"), "elsewhere.invalid"), store=store)

    assert "without a password" in error.value.remedy
    assert not store.root.exists()

# SPDX-License-Identifier: Apache-2.0
"""What tests of several rooms share."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Networks of tests are too small to be shared out, and other tests run on the other cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell starts background work with Ctrl-C ignored, and children inherit that; tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests, and the processes that they start, keep nothing in the cache of the user."""
    os.environ["CHANGENET_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Has a folder filled once for all processes that tests are shared out to, and gives it: `once(name, fill)`.

    Whoever comes later waits until it is full.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def filled(name: str, fill: Callable[[Path], None]) -> Path:
        folder, full = shared / f"once-{name}", shared / f"once-{name}.full"
        with (shared / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not full.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                full.touch()
        return folder

    return filled


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real inspection pictures, or a skip that says why."""
    folder = Path(os.environ.get("CHANGENET_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "deeppcb").is_dir():
        pytest.skip(f"no real inspection data at {folder} (set CHANGENET_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout: SKILL.md, skill_info.yaml, schemas/ and references/ stand here."""
    return ROOT


@pytest.fixture(scope="session")
def postgres_server(project_root: Path) -> Iterator[tuple[str, str]]:
    """The URL of a real PostgreSQL that runs for these tests, and its password; or a skip that says why not."""
    pytest.importorskip("psycopg", reason="needs the extra `postgres`")
    script = str(project_root / "scripts" / "postgres_server.sh")
    folder = Path(tempfile.mkdtemp(prefix="changenet-pg-"))  # the server's own user has to reach it
    folder.chmod(0o755)
    try:
        begun = subprocess.run(["sh", script, "start", str(folder)], capture_output=True, text=True, check=False)
        if begun.returncode == 3:
            pytest.skip(begun.stderr.strip())
        assert begun.returncode == 0, begun.stderr
        yield begun.stdout.strip(), (folder / "password").read_text()
        subprocess.run(["sh", script, "stop", str(folder), "immediate"], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """New results roots are recorded by a real PostgreSQL, whose URL this is."""
    url, password = postgres_server
    monkeypatch.setenv("CHANGENET_STORE", url)
    monkeypatch.setenv("PGPASSWORD", password)
    return url


@pytest.fixture(scope="session")
def ray_head() -> Iterator[str]:
    """The address of a real Ray on this machine, or a skip that says why there is none."""
    program = Path(sys.executable).parent / "ray"
    if not program.is_file():
        pytest.skip("no Ray here (make .venv/.ray)")
    folder, port = Path(tempfile.mkdtemp(prefix="ray-")), free_ports(5)  # sockets take a short path
    ports = ("port", "dashboard-port", "ray-client-server-port", "dashboard-agent-listen-port", "metrics-export-port")
    argv = [str(program), "start", "--head", "--block", "--disable-usage-stats", "--num-cpus=8", "--num-gpus=0"]
    argv += [f"--{name}={port + number}" for number, name in enumerate(ports)]
    argv += ["--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", "--object-store-memory=80000000"]
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    with (folder / "log.txt").open("wb") as log:
        head = subprocess.Popen(
            [*argv, f"--temp-dir={folder}"], stdout=log, stderr=log, env=clean, start_new_session=True
        )
    address = f"http://127.0.0.1:{port + 1}"
    try:
        if not _answers(f"{address}/api/jobs/", head):
            pytest.skip(f"Ray can't be started here: {(folder / 'log.txt').read_text()[-300:]}")
        yield address
    finally:
        head.terminate()
        with suppress(subprocess.TimeoutExpired):
            head.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(head.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, ValueError), urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310
            return isinstance(json.load(answer), list)  # another server may answer as well
        time.sleep(0.2)
    return False


@pytest.fixture(scope="session")
def slurm_cluster(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The slurm.conf of a real Slurm of two nodes that runs for these tests, or a skip that says why not."""
    if missing := [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if not shutil.which(name)]:
        pytest.skip(f"no {missing[0]} on this machine (scripts/slurm_cluster.sh install)")
    script, folder = str(project_root / "scripts" / "slurm_cluster.sh"), tmp_path_factory.mktemp("slurm")
    begun = subprocess.run(
        ["sh", script, "start", str(folder), str(free_ports(3))], capture_output=True, text=True, check=False
    )
    if begun.returncode:
        pytest.skip(f"Slurm can't be started here: {' '.join(begun.stderr.split())[-300:]}")
    yield folder / "slurm.conf"
    subprocess.run(["sh", script, "stop", str(folder)], check=True)


@pytest.fixture
def slurm(slurm_cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same for one test, which need not wait long for news."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_cluster))
    monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "0.1")
    from runners.platforms.slurm_queue import queue_of

    queue_of.cache_clear()
    return slurm_cluster


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody listens on, and that no other process of tests was given.

    A server takes seconds to listen on them: until this process ends, a locked file for each says that it is taken.
    """
    folder = Path(tempfile.gettempdir()) / f"changenet-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for first in range(20000 + os.getpid() % 10000, 60000, count):
        ports = range(first, first + count)
        locks = [os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC) for port in ports]
        if all(_can_lock(lock) for lock in locks) and all(is_free(port) for port in ports):
            return first
        for lock in locks:
            os.close(lock)
    raise AssertionError("no free ports")


def _can_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0

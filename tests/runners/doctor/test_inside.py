# SPDX-License-Identifier: Apache-2.0
"""Data and results as the side that computes sees them: a real container, Slurm and Ray, and other file systems."""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError
from interfaces.cli import main
from runners import api
from runners.doctor import inside
from runners.doctor.doctor import Reach, examine
from runners.platforms import docker_probe
from runners.platforms.compute_side import asking_folder, question, seen
from runners.platforms.docker_probe import require_seen, smallest_image
from runners.platforms.slurm_queue import queue_of
from tests.runners.platforms.docker_bench import Engine, started_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from router.declarations import Skill
    from runners.doctor.check import Check
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


@pytest.fixture
def engine_of_containers() -> Iterator[Engine]:
    yield from started_engine()


def named(found: list[Check], name: str) -> Check:
    return next(check for check in found if check.name == name)


def run(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_the_script_tells_places_that_are_there_from_those_that_are_not(tmp_path: Path) -> None:
    data = tmp_path / "my data"
    (data / "empty").mkdir(parents=True)
    (data / "images").mkdir()
    (data / "images" / "a b.png").write_text("x")
    with asking_folder(tmp_path / "results" / "deeper") as folder:
        good = seen(run(question(str(folder), str(data), "/bin/sh")), folder, data=True, engine=True)
        (folder / "answer").unlink()
        absent = seen(run(question(str(folder), str(tmp_path / "no"), "/no")), folder, data=True, engine=True)
        gone = seen(run(question(str(folder / "no"))), folder)
        silent = seen("", folder, data=True)

    assert (good.results, good.data, good.engine) == ("ok", "ok", "ok")
    assert (absent.data, absent.engine) == ("missing", "missing")
    assert (gone.results, gone.data) == ("missing", None)
    assert (silent.results, silent.data) == ("silent", "silent")
    assert [path.name for path in tmp_path.iterdir()] == ["my data"]


def test_an_answer_that_was_written_on_another_file_system_is_told_from_one_that_arrived(tmp_path: Path) -> None:
    with asking_folder(tmp_path) as folder:
        said = run(question(str(folder)))
        (folder / "answer").unlink()  # as where the same path is another place there

        assert seen(said, folder).results == "elsewhere"


def test_a_node_of_slurm_is_asked_by_a_step_of_its_own(
    slurm: Path, skill: Skill, store: JobStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slurm.is_file()
    (tmp_path / "a.png").write_text("x")
    words = [
        "doctor",
        "--runner",
        "slurm",
        "--partition",
        "main",
        "--data",
        str(tmp_path),
        "--results",
        str(store.root),
    ]

    assert main([*words, "--json"]) == 0

    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert (checks["data on a Slurm node"]["status"], checks["results on a Slurm node"]["status"]) == ("ok", "ok")
    refused = examine(skill, store, "slurm", str(tmp_path), Reach(partition="nowhere"))
    assert named(refused, "results on a Slurm node").status == "warning"
    assert "invalid partition" in named(refused, "results on a Slurm node").found


def ssh_to_another_file_system(slurm: Path, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that ssh reaches sees everything but the results root, under which another folder lies there."""
    ssh = tmp_path / "ssh"
    ssh.write_text(
        f"#!/bin/sh\nfor last; do :; done\nexport SLURM_CONF={slurm}\n"
        f'eval "$(echo "$last" | sed "s|{store.root.parent}/.changenet|{tmp_path}/other/.changenet|g")"\n'
    )
    ssh.chmod(0o755)
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("CHANGENET_SSH_COMMAND", str(ssh))


def test_over_ssh_a_node_that_has_another_file_system_is_an_error(
    slurm: Path, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh_to_another_file_system(slurm, store, tmp_path, monkeypatch)

    (check,) = inside.on_slurm_node(store, None, "login")

    assert (check.status, "is not there" in check.found) == ("error", True)
    assert "share" in check.remedy


@pytest.mark.long
def test_a_container_is_asked_as_jobs_run(
    engine_of_containers: Engine, skill: Skill, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_of_containers.host)
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.png").write_text("x")

    found = list(inside.in_container(skill, store, str(data)))
    absent = list(inside.in_container(skill, store, str(tmp_path / "no")))

    assert [(check.name, check.status) for check in found] == [
        ("data in a container", "ok"),
        ("results in a container", "ok"),
    ]
    assert named(absent, "data in a container").status == "error"
    assert not engine_of_containers.client.containers.list(all=True)


@pytest.mark.long
def test_a_job_of_ray_is_asked_for_data_results_and_engine(
    ray_head: str, skill: Skill, store: JobStore, tmp_path: Path
) -> None:
    found = list(inside.ray(skill, store, str(tmp_path), ray_head))

    assert {check.name: check.status for check in found} == {
        "ray": "ok",
        "data on a Ray node": "ok",
        "results on a Ray node": "ok",
        "engine on a Ray node": "ok",
    }


def test_a_ray_that_does_not_answer_is_an_error(skill: Skill, store: JobStore) -> None:
    found = examine(skill, store, "ray", reach=Reach(ray_address="http://127.0.0.1:9"))

    assert named(found, "ray").status == "error"
    assert "http://127.0.0.1:9" in named(found, "ray").found
    assert "--ray-address" in named(found, "ray").remedy


def test_a_launch_over_ssh_where_the_results_root_is_another_one_is_refused_before_anything_is_recorded(
    slurm: Path,
    make_plan: Callable[..., Plan],
    store: JobStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ssh_to_another_file_system(slurm, store, tmp_path, monkeypatch)
    draft = replace(make_plan(runner="slurm"), platform={"container": "none", "slurm_host": "login"})
    queue_of.cache_clear()

    with pytest.raises(PlatformError, match="the results root is not there on login") as caught:
        api.launch(replace(draft, id=draft.fingerprint()), store=store)

    assert caught.value.code == "slurm.results"
    assert not store.exists()


@pytest.fixture
def by_network(engine_of_containers: Engine) -> Iterator[str]:
    """The address of the engine behind TCP, as one of another machine is reached."""
    place = engine_of_containers.host.removeprefix("unix://")

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(place)
                back = threading.Thread(target=copied, args=(other, self.request), daemon=True)
                back.start()
                copied(self.request, other)
                back.join(5)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forward) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def copied(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.long
def test_an_engine_behind_the_network_is_asked_before_a_launch_whether_it_writes_here(
    by_network: str, engine_of_containers: Engine, tmp_path: Path
) -> None:
    image = smallest_image(by_network)
    require_seen(by_network, image, tmp_path / "results")

    assert not list(tmp_path.iterdir())
    assert not engine_of_containers.client.containers.list(all=True)
    assert docker_probe.was_asked(by_network, tmp_path / "results")

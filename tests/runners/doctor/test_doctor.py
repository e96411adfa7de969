# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds: real programs on the PATH, real sockets, real folders."""

from __future__ import annotations

import json
import socketserver
import threading
import tomllib
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import PlatformError, RequestError
from interfaces.cli import main
from runners import api
from runners.doctor import machine
from runners.doctor.doctor import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from router.declarations import Skill
    from runners.doctor.check import Check
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

NVIDIA = {"nvidia": {"path": "nvidia-container-runtime"}}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


class _Engine(socketserver.ThreadingUnixStreamServer):
    """Answers as a container engine does, over a Unix socket."""

    answers: dict[str, Any]

    def get_request(self) -> tuple[Any, Any]:
        return super().get_request()[0], ("here", 0)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers: dict[str, Any] = self.server.answers  # type: ignore[attr-defined]
        found = answers.get(self.path)
        body = json.dumps(found if found is not None else {"message": "no such image"}).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def container_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the engine at $DOCKER_HOST answers, by path."""
    path = tmp_path / "engine.sock"
    with _Engine(str(path), _Handler) as server:
        server.answers = {"/info": {"ServerVersion": "27.1", "Runtimes": {"runc": {}}}}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield server.answers
        server.shutdown()


def named(found: list[Check], name: str) -> Check:
    return next(check for check in found if check.name == name)


def test_this_machine_is_ready_for_what_the_tests_run(
    skill: Skill, store: JobStore, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examine(skill, store, "local")

    assert [check.name for check in found if check.status == "error"] == []
    assert "with PyTorch 2." in named(found, "engine").found
    assert main(["doctor", "--runner", "local", "--json", "--results", str(store.root)]) == 0
    assert json.loads(capsys.readouterr().out)["ready"] is True
    assert not store.root.exists()


def test_what_stops_every_run_is_an_error_with_a_remedy(
    skill: Skill, store: JobStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    nowhere = tmp_path / "nowhere"

    assert main(["doctor", "--runner", "local", "--data", str(nowhere)]) == 5

    out = capsys.readouterr().out
    assert f"error    data: {nowhere} is not there" in out
    assert out.endswith("not ready\n")
    assert all(check.remedy for check in examine(skill, store, data=str(nowhere)) if check.status != "ok")


def test_a_results_root_that_is_a_file_or_full_of_damage_is_found(tmp_path: Path, store: JobStore) -> None:
    from runners.jobs.store import JobStore as Store

    store.root.mkdir(parents=True)
    (store.root / "jobs.sqlite3").write_text("no database")

    assert machine.results_root(store).status == "error"
    (store.root / "jobs.sqlite3").unlink()
    assert machine.results_root(Store(tmp_path / "new" / "deeper")).status == "ok"


def test_credentials_are_named_and_never_shown(skill: Skill, store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345")
    monkeypatch.delenv("NGC_API_KEY", raising=False)

    found = examine(skill, store, "local")

    assert named(found, "credentials").found.startswith("set: HF_TOKEN; not set: NGC_API_KEY")
    assert "hf_aBc" not in json.dumps([check.to_json() for check in found])


def test_every_extra_of_the_package_is_looked_for(project_root: Path) -> None:
    declared = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert machine.EXTRAS.keys() == declared.keys() - {"test", "bench"}


def test_gpus_are_those_that_nvidia_smi_lists_and_a_broken_driver_is_an_error(programs: Path) -> None:
    assert machine.gpus().status == "warning"
    program(programs, "nvidia-smi", "echo 'NVIDIA L4, 23034 MiB, 550.54.14'")
    assert machine.gpus().found == "NVIDIA L4, 23034 MiB, 550.54.14"
    program(programs, "nvidia-smi", "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
    assert machine.gpus().status == "error"
    assert "version mismatch" in machine.gpus().found


def test_an_engine_that_does_not_start_is_told_with_its_words(
    skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "visual_changenet"
    monkeypatch.setattr("runners.planning.resolved.embedded_engine", lambda _: str(broken))
    assert machine.engine(skill).status == "error"
    program(tmp_path, "visual_changenet", "echo 'ModuleNotFoundError: torch' >&2; exit 1")
    assert "does not start: ModuleNotFoundError: torch" in machine.engine(skill).found


def test_the_container_engine_is_asked_for_gpus_and_images(
    skill: Skill, store: JobStore, programs: Path, container_engine: dict[str, Any]
) -> None:
    image = skill.image("train")
    found = examine(skill, store, "docker")
    assert named(found, "containers").found.startswith("version 27.1")
    assert (named(found, "container gpus").status, named(found, "gpus").status) == ("warning", "warning")
    assert "docker pull" in named(found, "image").remedy

    program(programs, "nvidia-smi", "echo 'NVIDIA L4, 23034 MiB, 550.54.14'")
    assert named(examine(skill, store, "docker"), "container gpus").status == "error"

    container_engine["/info"]["Runtimes"] |= NVIDIA
    container_engine[f"/images/{image}/json"] = {"Size": 30_000_000_000}
    found = examine(skill, store, "docker")
    assert named(found, "container gpus").status == "ok"
    assert f"{image} is there, 30.0 GB" in [check.found for check in found]


def test_a_container_engine_that_is_not_there_stops_docker_alone(
    skill: Skill, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere.sock")

    assert named(examine(skill, store, "docker"), "containers").status == "error"
    assert named(examine(skill, store), "containers").status == "warning"


def test_slurm_is_asked_by_its_own_commands(skill: Skill, store: JobStore, programs: Path) -> None:
    assert "not on the PATH: sbatch" in named(examine(skill, store, "slurm"), "slurm").found
    for name in ("sbatch", "squeue", "scontrol", "scancel", "sacct"):
        program(programs, name, "exit 1")
    program(programs, "sinfo", "echo 'gpu* up 2 nodes, gpu:l4:4'")
    found = examine(skill, store, "slurm")
    assert named(found, "slurm").found == "gpu* up 2 nodes, gpu:l4:4"
    assert named(found, "slurm accounting").found.startswith("none")


def test_a_program_that_hangs_is_waited_for_a_bounded_time(programs: Path) -> None:
    from runners.doctor.commands import ask

    program(programs, "sinfo", "exec /bin/sleep 60")

    answer = ask("sinfo", seconds=0.2)

    assert answer is not None
    assert not answer.worked
    assert "no answer" in answer.text


def test_a_launch_on_a_disk_that_is_about_to_be_full_is_refused_and_records_nothing(
    make_plan: Callable[..., Plan], store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.preflight.LEAST_FREE_BYTES", 2**62)

    with pytest.raises(PlatformError, match="MB free") as caught:
        api.launch(make_plan(), store=store)

    assert (caught.value.code, caught.value.exit_code) == ("disk.low", 5)
    assert not store.exists()


def test_an_unknown_runner_is_refused(skill: Skill, store: JobStore) -> None:
    with pytest.raises(RequestError, match="there is no runner 'cloud'"):
        examine(skill, store, "cloud")

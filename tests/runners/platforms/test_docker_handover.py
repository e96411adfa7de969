# SPDX-License-Identifier: Apache-2.0
"""A hand-over folder, carried, run by `sh run.sh` against a real engine, and taken back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.errors import ChangenetError, InputError, NotReadyError, RequestError
from router.types import Request
from runners import api
from runners.handover.folder import write_folder
from runners.handover.importing import import_job
from runners.jobs.job import JobState
from tests.runners.platforms.docker_bench import OWN_IMAGE, PROGRAM, Engine, own_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from router.declarations import Skill
    from runners.planning.plan import Plan


@pytest.fixture
def make_handover_plan(skill: Skill, boards: Path, tmp_path: Path, engine: Path) -> Callable[..., Plan]:
    """The plan of a training on boards, in an image whose program is the stand-in."""

    def make(**overrides: Any) -> Plan:
        mounts = [f"{mount.source}:{mount.target}" for mount in own_places()]
        platform = {"image": "changenet", "mount": [*mounts, f"{engine}:{PROGRAM}"], "memory": "2g"}
        request = Request(
            action="train",
            automl_policy="off",
            data=str(boards),
            runner="docker",
            profile="laptop",
            platform=platform,
            results_root=str(tmp_path / "results"),
            overrides={"num_epochs": 2} | overrides,
        )
        plan = api.prepare_request(request, skill)[1]
        assert plan
        return plan

    return make


def sh(folder: Path, script: str, engine: Engine, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": engine.host, **variables}
    command = ["sh", str(folder / script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def carried(plan: Plan, tmp_path: Path) -> Path:
    folder = tmp_path / "hand over"
    write_folder(plan, folder)
    return folder


def test_a_folder_is_run_by_its_script_and_taken_back_as_a_parent(
    docker_engine: Engine, make_handover_plan: Callable[..., Plan], tmp_path: Path, skill: Skill, boards: Path
) -> None:
    plan = make_handover_plan()
    folder = carried(plan, tmp_path)
    assert read_yaml(folder / "specs" / "spec.yaml")["results_dir"] == "/results"

    missing = sh(folder, "run.sh", docker_engine)
    assert (missing.returncode, missing.stderr.count("remedy: sh fetch.sh")) == (1, missing.stderr.count("there is no"))
    with pytest.raises(NotReadyError, match=r"there is no ended\.txt"):
        import_job(folder)
    fetched = sh(folder, "fetch.sh", docker_engine)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    done = sh(folder, "run.sh", docker_engine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Execution status: PASS" in done.stdout

    job = import_job(folder)
    assert (job.state, job.plan_id, job.runner, job.exit_code) == (JobState.COMPLETE, plan.id, "docker", 0)
    assert job.image_digest == docker_engine.client.images.get(OWN_IMAGE).id
    assert job.metrics == {"val_loss": 0.25}
    assert docker_engine.client.containers.list(all=True) == []
    with pytest.raises(RequestError, match=f"taken back as {job.id}"):
        import_job(folder)
    child = Request(action="evaluate", data=str(boards), parent_job_id=job.id, results_root=plan.results_root)
    found = api.prepare_request(child, skill)[1]
    assert found
    assert found.spec["evaluate"]["checkpoint"].startswith(f"{job.folder}/results/train/model_epoch_001")


@pytest.mark.long
def test_a_run_whose_shell_was_killed_is_taken_up_by_the_next(
    docker_engine: Engine,
    make_handover_plan: Callable[..., Plan],
    tmp_path: Path,
    engine: Path,
    wait_for: Callable[..., Any],
) -> None:
    engine.write_text(engine.read_text().replace('if "sleep" in', 'import time; time.sleep(4)\nif "sleep" in', 1))
    folder = carried(make_handover_plan(), tmp_path)
    assert sh(folder, "fetch.sh", docker_engine).returncode == 0
    another = tmp_path / "copy"
    shutil.copytree(folder, another, symlinks=True)
    environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": docker_engine.host}

    shell = subprocess.Popen(
        ["sh", str(folder / "run.sh")], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    wait_for(docker_engine.client.containers.list)
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    refused = sh(another, "run.sh", docker_engine)
    done = sh(folder, "run.sh", docker_engine)

    assert refused.returncode == 1
    assert "another folder's run" in refused.stderr
    assert (done.returncode, "is taken up" in done.stdout) == (0, True)
    assert not docker_engine.client.containers.list(all=True)
    job = import_job(folder)
    assert (job.state, job.exit_code) == (JobState.COMPLETE, 0)
    log = (folder / "log.txt").read_text()
    assert (log.count("train begins"), log.splitlines()[-1]) == (1, "Execution status: PASS")


def test_a_run_that_fails_comes_back_as_a_job_that_failed(
    docker_engine: Engine, make_handover_plan: Callable[..., Plan], tmp_path: Path, engine: Path
) -> None:
    engine.write_text(engine.read_text().replace("sys.exit(behaviour", "sys.exit(3 or behaviour"))
    folder = carried(make_handover_plan(), tmp_path)
    assert sh(folder, "fetch.sh", docker_engine).returncode == 0

    assert sh(folder, "run.sh", docker_engine).returncode == 3

    job = import_job(folder)
    assert job.failure
    assert (job.state, job.failure.code, job.exit_code) == (JobState.ERROR, "action.failed", 3)


def test_files_that_were_changed_on_the_way_are_told(
    docker_engine: Engine, make_handover_plan: Callable[..., Plan], tmp_path: Path, boards: Path
) -> None:
    folder = carried(make_handover_plan(), tmp_path)
    assert sh(folder, "fetch.sh", docker_engine).returncode == 0
    assert sh(folder, "check.sh", docker_engine).stdout == "everything is in place\n"

    table = boards / "train" / "dataset.csv"
    table.write_text(table.read_text().replace("MISSING", "SHIFT", 1))
    told = sh(folder, "check.sh", docker_engine)
    assert told.returncode == 1
    assert "data/boards/train/dataset.csv: FAILED" in told.stderr

    spec = folder / "specs" / "spec.yaml"
    spec.write_text(spec.read_text().replace("num_epochs: 2", "num_epochs: 3"))
    assert "not as they were written" in sh(folder, "check.sh", docker_engine).stderr
    with pytest.raises(InputError, match=r"specs/spec\.yaml is not as it was written"):
        import_job(folder)


def test_data_and_packed_pictures_are_brought_from_another_machine(
    docker_engine: Engine,
    make_handover_plan: Callable[..., Plan],
    write_boards: Callable[..., Path],
    boards: Path,
    tmp_path: Path,
) -> None:
    """Of `scp` a stand-in is called: it finds the files of the other machine in a folder."""
    for name in ("images", "train", "val", "test"):
        (boards / name).rename(tmp_path / f"old-{name}")
    write_boards(tmp_path / "fresh", archived=True)
    for path in (tmp_path / "fresh").iterdir():
        path.rename(boards / path.name)
    plan = make_handover_plan()
    boards.rename(tmp_path / "elsewhere")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "scp").write_text(
        f'#!/bin/sh\nfrom=${{2#me@there:{boards}}}\nexec cp -R "{tmp_path}/elsewhere$from" "$3"\n'
    )
    (tools / "scp").chmod(0o755)
    folder = carried(plan, tmp_path)
    lacking = sh(folder, "fetch.sh", docker_engine)
    assert lacking.returncode == 1
    assert "FROM=user@host sh fetch.sh" in lacking.stderr

    fetched = sh(folder, "fetch.sh", docker_engine, FROM="me@there", PATH=f"{tools}:{os.environ['PATH']}")

    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert (folder / "data" / "boards" / "images" / "golden" / "C0.png").is_file()
    assert (folder / "data" / "boards" / "train" / "dataset.csv").is_file()


def test_data_in_a_store_is_brought_by_the_client_of_the_store(
    docker_engine: Engine, skill: Skill, write_boards: Callable[..., Path], tmp_path: Path
) -> None:
    """Of `aws` a stand-in is called: it finds the bucket in a folder."""
    write_boards(tmp_path / "bucket" / "boards", archived=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "aws").write_text(
        f'#!/bin/sh\n[ "$1 $2" = "s3 cp" ] && exec cp "{tmp_path}/bucket/${{3#s3://line/}}" "$4"\n'
    )
    (tools / "aws").chmod(0o755)
    split = {"train_datasets": ("s3://line/boards/train",), "eval_dataset": "s3://line/boards/val"}
    images = "s3://line/boards/images.tar.gz"
    request = Request(
        action="train",
        automl_policy="off",
        runner="docker",
        overrides={"train_images": images, "val_images": images, "pretrained_backbone": str(tools / "aws")},
        **split,
    )
    plan = api.prepare_request(request, skill)[1]
    assert plan
    folder = carried(plan, tmp_path)

    fetched = sh(folder, "fetch.sh", docker_engine, PATH=f"{tools}:{os.environ['PATH']}")

    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert (folder / "data" / "boards" / "images" / "golden" / "C0.png").is_file()
    assert (folder / "data" / "boards" / "val" / "dataset.csv").is_file()


@pytest.mark.parametrize("runner", ["local", "debug"])
def test_what_has_no_form_is_refused(runner: str, skill: Skill, boards: Path, tmp_path: Path) -> None:
    request = Request(action="train", automl_policy="off", data=str(boards), runner=runner)
    plan = api.prepare_request(request, skill)[1]
    assert plan

    with pytest.raises(ChangenetError, match=f"plans for runner {runner} are not carried"):
        write_folder(plan, tmp_path / "folder")


def test_a_folder_with_other_files_is_left_alone(make_handover_plan: Callable[..., Plan], boards: Path) -> None:
    with pytest.raises(RequestError, match="holds other files"):
        write_folder(make_handover_plan(), boards)

# SPDX-License-Identifier: Apache-2.0
"""A folder that is carried to a real Ray, run there by its script, and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.errors import RequestError
from router.types import Request
from runners import api
from runners.handover.folder import write_folder
from runners.handover.importing import import_job
from runners.jobs.job import JobState
from runners.planning.plan import Resources

if TYPE_CHECKING:
    from router.declarations import Skill
    from runners.planning.plan import Plan


@pytest.fixture
def plan(skill: Skill, boards: Path, tmp_path: Path) -> Plan:
    request = Request(
        action="train",
        automl_policy="off",
        data=str(boards),
        runner="ray",
        profile="laptop",
        results_root=str(tmp_path / "results"),
        overrides={"num_epochs": 2, "model.backbone.pretrained_backbone_path": ""},
    )
    found = api.prepare_request(request, skill)[1]
    assert found
    return found


def sh(folder: Path, script: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **variables}
    argv = ["sh", str(folder / script), *words]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def test_the_folder_has_its_own_paths_in_the_spec_and_says_what_is_missing(plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "carried"

    names = write_folder(plan, folder)

    assert {"run.sh", "job.sh.in", "check.sh", "fetch.sh", "README.md", "plan.json", "specs/spec.yaml"} <= set(names)
    spec = read_yaml(folder / "specs" / "spec.yaml")
    assert spec["results_dir"] == "@HERE@/results"
    assert spec["dataset"]["classify"]["train_dataset"]["images_dir"].startswith("@HERE@/data/")
    assert str(tmp_path) not in (folder / "specs" / "spec.yaml").read_text()
    assert len((folder / "README.md").read_text().splitlines()) <= 10
    checked = sh(folder, "check.sh", PATH="/usr/bin:/bin", ENGINE="/no/engine")
    assert checked.returncode == 1
    assert "remedy: sh fetch.sh" in checked.stderr
    assert "there is no /no/engine here" in checked.stderr
    assert "there is no ray command" in checked.stderr


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"resources": Resources(nodes=2)}, "runner.nodes"),
        ({"secrets": ("HF_TOKEN",)}, "runner.secrets"),
        ({"outputs": {"train.log_dir": "{results}-beside/log"}}, "handover.outputs"),
    ],
)
def test_what_a_job_of_ray_can_not_have_is_refused_before_anything_is_written(
    parts: dict[str, Any], code: str, plan: Plan, tmp_path: Path
) -> None:
    outputs = {key: place.format(results=tmp_path / "results") for key, place in parts.get("outputs", {}).items()}
    spec = dict(plan.spec) | {"results_dir": str(tmp_path / "results")}
    draft = replace(plan, **parts | ({"outputs": outputs, "spec": spec} if outputs else {}))

    with pytest.raises(RequestError) as caught:
        write_folder(replace(draft, id=draft.fingerprint()), tmp_path / "carried")

    assert caught.value.code == code
    assert not (tmp_path / "carried").exists()


@pytest.mark.long
def test_a_folder_is_submitted_by_its_script_and_taken_back(
    ray_head: str, plan: Plan, engine: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "carried"
    write_folder(plan, folder)
    there = {"RAY_API_SERVER_ADDRESS": ray_head, "ENGINE": str(engine)}
    assert sh(folder, "fetch.sh").returncode == 0

    done = sh(folder, "run.sh", **there)

    assert done.returncode == 0, done.stderr
    assert "changenet import-job" in done.stdout
    job = import_job(folder)
    assert (job.state, job.plan_id, job.runner, job.exit_code) == (JobState.COMPLETE, plan.id, "ray", 0)
    assert job.metrics == {"val_loss": 0.25}
    with pytest.raises(RequestError, match=f"taken back as {job.id}"):
        import_job(folder)

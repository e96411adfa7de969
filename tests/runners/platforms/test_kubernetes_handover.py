# SPDX-License-Identifier: Apache-2.0
"""A folder that is carried to a cluster: run by its script with the real kubectl against the cluster of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
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
from tests.runners.platforms.docker_bench import sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from router.declarations import Skill
    from runners.planning.plan import Plan
    from tests.runners.platforms.kubernetes_cluster import Cluster


@pytest.fixture
def carried_plan(skill: Skill, boards: Path, tmp_path: Path, engine: Path) -> Callable[..., Plan]:
    """The plan of a training on boards, whose program is the stand-in."""

    def make(**slots: Any) -> Plan:
        platform = {
            "image": "changenet",
            "mount": [f"{engine}:/engine/visual_changenet"],
            "claim": [f"work:{tmp_path}"],
        }
        request = Request(
            action="train",
            automl_policy="off",
            data=str(boards),
            runner="kubernetes",
            profile="laptop",
            platform=platform,
            results_root=str(tmp_path / "results"),
            **slots,
        )
        plan = api.prepare_request(request, skill)[1]
        assert plan
        return sealed(plan, command=("/engine/visual_changenet", *plan.command[1:]))

    return make


def sh(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(folder / script)], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


def test_a_folder_runs_by_its_script_and_is_taken_back(
    carried_plan: Callable[..., Plan], tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl on this machine")
    folder, plan = tmp_path / "carried", sealed(carried_plan(), secrets=("HF_TOKEN",))
    monkeypatch.setenv("HF_TOKEN", "hidden-value")
    write_folder(plan, folder)
    assert len((folder / "README.md").read_text().splitlines()) <= 10

    elsewhere = sh(folder, "check.sh", CLAIM="other:/no/such/place")
    assert (elsewhere.returncode, "does not lie below /no/such/place" in elsewhere.stderr) == (1, True)
    assert "sh fetch.sh" in elsewhere.stderr
    assert sh(folder, "fetch.sh", COPY="1").returncode == 0

    done = sh(folder, "run.sh")

    assert (done.returncode, "changenet import-job" in done.stdout) == (0, True), done.stderr
    written = [
        path for path in folder.rglob("*") if path.is_file() and path.name != "log.txt"
    ]  # the stand-in tells all
    assert not [path for path in written if b"hidden-value" in path.read_bytes()]
    secret = next(iter(cluster.objects["secrets"].values()))
    assert (
        secret["metadata"]["ownerReferences"][0]["uid"]
        == next(iter(cluster.objects["jobs"].values()))["metadata"]["uid"]
    )
    job = import_job(folder)
    assert (job.state, job.plan_id, job.exit_code) == (JobState.COMPLETE, plan.id, 0)
    assert job.metrics == {"val_loss": 0.25}


def test_the_manifest_names_the_places_of_the_folder(carried_plan: Callable[..., Plan], tmp_path: Path) -> None:
    write_folder(carried_plan(), tmp_path / "carried")

    pod = read_yaml(tmp_path / "carried" / "job.yaml.in")["spec"]["template"]["spec"]

    inside = {mount["mountPath"]: mount.get("subPath") for mount in pod["containers"][0]["volumeMounts"]}
    assert inside["/specs"] == "@HERE@/specs"
    assert inside["/results"] == "@HERE@/results"
    assert str(tmp_path) not in (tmp_path / "carried" / "job.yaml.in").read_text()


def test_a_plan_of_several_nodes_is_not_carried(carried_plan: Callable[..., Plan], tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="a carried job has one node"):
        write_folder(sealed(carried_plan(), resources=Resources(nodes=2)), tmp_path / "carried")

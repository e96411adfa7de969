# SPDX-License-Identifier: Apache-2.0
"""The embedded engine in containers of our own image, asked for by the commands that a user types; and a search."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.documents import read_yaml
from runners.jobs.store import JobStore
from tests.runners.platforms.docker_bench import PROGRAM, Engine, own_places

pytestmark = [pytest.mark.slow, pytest.mark.long]
CHANGENET = str(Path(sys.executable).with_name("changenet"))
PLACES = [word for mount in own_places() for word in ("--mount", f"{mount.source}:{mount.target}")]
OWN = ("--runner", "docker", "--gpus", "0", *PLACES)
SMALL = ("-s", "epochs=1", "-s", "image_width=32", "-s", "image_height=32", "-s", "batch_size=4", "-s", "num_workers=0")


class Workplace:
    """A folder with boards in it, and commands that are typed there."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self._environment = os.environ | {"DOCKER_HOST": engine.host, "OMP_WAIT_POLICY": "PASSIVE"}

    def changenet(self, *words: str, expect: int = 0) -> dict[str, Any]:
        command = [CHANGENET, *words, "--json"]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, env=self._environment
        )
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, docker_engine: Engine) -> Workplace:
    found = Workplace(tmp_path_factory.mktemp("workplace"), docker_engine)
    found.changenet("data", "synthesize", "boards", "--boards", "3", "--size", "64", "--defect-rate", "0.4")
    return found


@pytest.fixture(scope="module")
def trained(workplace: Workplace) -> dict[str, Any]:
    words = ("train", "--data", "boards", "--automl", "off", "--profile", "laptop", "--image", "changenet")
    job: dict[str, Any] = workplace.changenet("run", *words, *OWN, *SMALL)["job"]
    return job


def test_a_container_trains(workplace: Workplace, trained: dict[str, Any]) -> None:
    assert (trained["state"], trained["runner"], trained["image"]) == ("COMPLETE", "docker", "changenet:0.1.0-cpu")
    assert trained["image_digest"].startswith("sha256:")
    assert "val_loss" in trained["metrics"]
    seen = read_yaml(Path(trained["results_dir"]) / "experiment.yaml")
    assert seen["dataset"]["classify"]["train_dataset"]["images_dir"] == "/data/boards/images"
    assert seen["results_dir"] == "/results/train"
    kept = read_yaml(Path(trained["folder"]) / "spec.yaml")
    assert kept["dataset"]["classify"]["train_dataset"]["images_dir"] == str(workplace.folder / "boards" / "images")


def test_a_container_evaluates_and_infers_with_its_parents_checkpoint(
    workplace: Workplace, trained: dict[str, Any]
) -> None:
    parent = ("--data", "boards", "--parent", trained["id"], "--image", "changenet", *OWN)
    evaluated = workplace.changenet("run", "evaluate", *parent)["job"]
    inferred = workplace.changenet("run", "inference", *parent)["job"]

    assert evaluated["parent_job_id"] == trained["id"]
    assert (Path(evaluated["results_dir"]) / "report.html").is_file()
    with (Path(inferred["results_dir"]) / "inference.csv").open(newline="") as table:
        assert all(0 <= float(row["siamese_score"]) <= 1 for row in csv.DictReader(table))
    result = workplace.changenet("result", inferred["id"])["result"]
    assert all(Path(artifact["path"]).is_file() for artifact in result["artifacts"])


def test_the_trials_of_a_search_are_containers(workplace: Workplace, engine: Path) -> None:
    settings = ("--image", "changenet", "--mount", f"{engine}:{PROGRAM}", "--trials", "4", "--parallel", "2")
    words = ("train", "--data", "boards", "--profile", "laptop", "--no-test", *SMALL, *OWN, *settings)
    search = workplace.changenet("run", *words)

    jobs = JobStore(workplace.folder / "results").newest()
    trials = [job for job in jobs if job.part_of and job.action == "train"]
    assert [(job.state.value, job.runner) for job in trials] == [("COMPLETE", "docker")] * 4
    assert search["automl"]["state"] == "finished", search

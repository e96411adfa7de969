# SPDX-License-Identifier: Apache-2.0
"""The whole path as a user walks it: real commands, real pictures, the real engine."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.documents import read_yaml
from pairs.classify_csv import image_file, light_names
from reports.pictures import PictureFolder, data_uri, heat
from runners.jobs.store import JobStore
from runners.platforms.handles import processes_in

pytestmark = pytest.mark.slow
CHANGENET = str(Path(sys.executable).with_name("changenet"))
EVAL_MARGIN = 0.5  # of the laptop profile
SMALL = ("-s", "image_width=64", "-s", "image_height=64", "-s", "batch_size=8")


def changenet(folder: Path, *words: str, expect: int = 0) -> dict[str, Any]:
    """Run one command with --json in `folder`; returns its document."""
    command = [CHANGENET, *words, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=_environment())
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small synthetic data set in it."""
    folder = tmp_path_factory.mktemp("workplace")
    changenet(folder, "data", "synthesize", "boards", "--boards", "4", "--size", "64", "--defect-rate", "0.4")
    return folder


@pytest.fixture(scope="module")
def trained(workplace: Path) -> dict[str, Any]:
    """A finished training job on it."""
    words = ("run", f"train ChangeNet classify on {workplace / 'boards'} for 2 epochs without HPO", *SMALL)
    job: dict[str, Any] = changenet(workplace, *words)["job"]
    return job


def test_training_leaves_a_complete_job_with_checkpoints_and_figures(trained: dict[str, Any]) -> None:
    assert trained["state"] == "COMPLETE"
    assert {"val_loss", "val_acc", "train_loss"} <= trained["metrics"].keys()
    latest = [a for a in trained["artifacts"] if "latest" in a["roles"]]
    assert [a["epoch"] for a in latest] == [1]
    folder = Path(trained["folder"])
    assert (folder / "log.txt").read_text().rstrip().endswith("Execution status: PASS")
    assert (folder / "results" / "train" / "changenet_model_classify_latest.pth").is_symlink()


def test_evaluation_and_inference_take_the_parents_checkpoint(workplace: Path, trained: dict[str, Any]) -> None:
    parent = ("--data", "boards", "--parent", trained["id"])
    evaluated = changenet(workplace, "run", "evaluate", *parent)["job"]
    assert evaluated["parent_job_id"] == trained["id"]
    assert 0 <= evaluated["metrics"]["test_acc"] <= 100
    results = Path(evaluated["results_dir"])
    kinds = {artifact["path"]: artifact["kind"] for artifact in evaluated["artifacts"]}
    assert (kinds["predictions.csv"], kinds["report.html"]) == ("table", "report")
    figures = json.loads((results / "figures.json").read_text())
    with (results / "predictions.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    escaped = [row for row in rows if row["label"] != "PASS" and row["verdict"] == "PASS"]
    assert figures["escapes"] == len(escaped)
    assert float(rows[0]["threshold"]) == pytest.approx(evaluated["metrics"]["threshold"])
    again = changenet(workplace, "report", evaluated["id"], "--out", "again.html", "--target", "escapes<=0%")
    assert again["report"] == "again.html"
    assert again["verdict"].startswith("Target escapes<=0%: ")
    assert "<title>" in (workplace / "again.html").read_text()
    _check_maps(evaluated, rows)
    inferred = changenet(workplace, "run", "inference", *parent)["job"]
    with (Path(inferred["results_dir"]) / "inference.csv").open(newline="") as handle:
        scored = list(csv.DictReader(handle))
    with (workplace / "boards" / "test" / "dataset.csv").open(newline="") as handle:
        given = list(csv.DictReader(handle))
    assert [row["object_name"] for row in scored] == [row["object_name"] for row in given]
    assert all(0 <= float(row["siamese_score"]) <= 1 for row in scored)
    assert [row["verdict"] for row in scored] == [row["verdict"] for row in rows]
    correct = sum((float(row["siamese_score"]) <= EVAL_MARGIN) == (row["label"] == "PASS") for row in scored)
    assert evaluated["metrics"]["test_acc"] == pytest.approx(100 * correct / len(scored), abs=0.01)
    listed = [job["id"] for job in changenet(workplace, "jobs")["jobs"]]
    assert listed[:2] == [inferred["id"], evaluated["id"]]


def _check_maps(job: dict[str, Any], rows: list[dict[str, str]]) -> None:
    """Every pair on the report comes with the engine's own map of it, laid over its test picture."""
    results = Path(job["results_dir"])
    data = read_yaml(Path(job["folder"]) / "spec.yaml")["dataset"]["classify"]
    images, light = PictureFolder(Path(data["test_dataset"]["images_dir"])), light_names(data["input_map"])[0]
    page = (results / "report.html").read_text()
    shown = 0
    for row in rows:
        file = image_file(Path(), row["input_path"], row["object_name"], light, data["image_ext"])
        with Image.open(results / row["evidence"]) as evidence:
            assert (evidence.size, evidence.mode) == ((64, 64), "L")
            shown += data_uri(heat(evidence, images.read(str(file)).image)) in page
    assert shown == page.count('data-view="evidence"') > 0


@pytest.mark.long
def test_a_model_leaves_as_one_file_which_is_quantised_and_judges(workplace: Path, trained: dict[str, Any]) -> None:
    """Each step knows its model, and its data, by the id of the job before it alone."""
    exported = changenet(workplace, "run", "export", "--parent", trained["id"])["job"]
    assert exported["metrics"]["parity_flipped"] == 0
    (model,) = [artifact["path"] for artifact in exported["artifacts"] if artifact["kind"] == "onnx"]
    bearing = ("-s", "quantize.most_flips=100", "-s", "quantize.least_speedup=0")
    quantised = changenet(workplace, "run", "quantize", "--parent", exported["id"], *bearing)["job"]
    spec = read_yaml(Path(quantised["folder"]) / "spec.yaml")
    assert spec["quantize"]["model_path"] == str(Path(exported["results_dir"]) / model)
    data = spec["dataset"]["classify"]
    assert data["train_dataset"]["csv_path"] == str(workplace / "boards" / "train" / "dataset.csv")
    evaluated = changenet(workplace, "run", "evaluate", "--data", "boards", "--parent", quantised["id"])["job"]
    assert evaluated["state"] == "COMPLETE"
    assert "int8, ONNX Runtime" in (Path(evaluated["folder"]) / "log.txt").read_text()
    _deploy(workplace, exported)


def _deploy(workplace: Path, exported: dict[str, Any]) -> None:
    """The same file as a deployment, which says that it is no TensorRT engine wherever it is named."""
    built = changenet(workplace, "run", "gen_trt_engine with max batch 6", "--parent", exported["id"])["job"]
    assert {artifact["kind"] for artifact in built["artifacts"]} >= {"deployment", "graph"}
    assert not any(artifact["kind"] in {"engine", "onnx"} for artifact in built["artifacts"])
    told = json.loads((Path(built["results_dir"]) / "deployment.json").read_text())
    assert (told["kind"], told["batch"]["largest"]) == ("onnxruntime-deployment", 6)
    assert "no TensorRT engine" in told["notice"]
    for action in ("evaluate", "inference"):
        job = changenet(
            workplace, "run", f"{action} with the TensorRT engine", "--data", "boards", "--parent", built["id"]
        )
        assert "no TensorRT engine" in (Path(job["job"]["folder"]) / "log.txt").read_text()
    with (Path(job["job"]["results_dir"]) / "inference.csv").open(newline="") as handle:
        scored = list(csv.DictReader(handle))
    plain = changenet(workplace, "run", "inference", "--data", "boards", "--parent", exported["id"])["job"]
    with (Path(plain["results_dir"]) / "inference.csv").open(newline="") as handle:
        expected = list(csv.DictReader(handle))
    assert len(scored) % 6  # the last batch is a short one, and scored as well
    assert [row["verdict"] for row in scored] == [row["verdict"] for row in expected]
    _inspect_crop(workplace, exported, expected)
    scores = [float(row["output_score"]) for row in scored]
    assert scores == pytest.approx([float(row["siamese_score"]) for row in expected], abs=1e-5)


def _inspect_crop(workplace: Path, exported: dict[str, Any], rows: list[dict[str, str]]) -> None:
    """One pair gets from the shell the score that it got in the table, and PyTorch is not loaded for that.

    Whether the file is named or the job that wrote it makes no difference.

    The boards of the test have a colour that those of the training had not: tables tell so in a column beside the
    verdict, an inspection passes nothing of the kind.
    """
    model = next(Path(exported["results_dir"]) / a["path"] for a in exported["artifacts"] if a["kind"] == "onnx")
    data = read_yaml(Path(exported["folder"]) / "spec.yaml")["dataset"]["classify"]
    light, images = light_names(data["input_map"])[0], workplace / "boards" / "images"
    row = rows[0]
    places = (row["golden_path"], row["input_path"])
    pictures = [image_file(images, place, row["object_name"], light, data["image_ext"]) for place in places]
    code = (
        "import sys; from interfaces.cli import main; code = main(sys.argv[1:]);"
        "print(code, 'torch' in sys.modules, file=sys.stderr)"
    )
    judged = []
    for named in (str(model), exported["id"]):
        words = [sys.executable, "-c", code, "inspect", named, *map(str, pictures), "--json"]
        done = subprocess.run(words, cwd=workplace, capture_output=True, text=True, check=True, env=_environment())
        assert done.stderr.split() == ["0", "False"]
        judged.append(json.loads(done.stdout))
    found = judged[0]
    assert judged[1] == found | {"model": judged[1]["model"]}
    unlike = row.get("unlike_training", "")
    assert found["verdict"] == ("NOT_INSPECTED" if unlike and row["verdict"] == "PASS" else row["verdict"])
    assert bool(found["warnings"]) == bool(unlike)
    assert found["score"] == pytest.approx(float(row["siamese_score"]), abs=1e-5)
    assert found["self_test"]["pairs"] == 4


def test_a_child_that_contradicts_its_parents_network_is_refused(workplace: Path, trained: dict[str, Any]) -> None:
    words = ("run", "evaluate", "--data", "boards", "--parent", trained["id"], "-s", "difference_module=euclidean")
    error = changenet(workplace, *words, expect=3)["error"]
    assert "difference_module" in error["message"]


def _logs(workplace: Path) -> set[Path]:
    return set(workplace.glob("results/*/log.txt"))


@pytest.mark.long
def test_control_c_ends_the_job_and_the_next_run_goes_on_from_its_checkpoint(workplace: Path) -> None:
    before = _logs(workplace)
    words = ["run", "train", "--data", "boards", "--automl", "off", "-s", "num_epochs=60", *SMALL, "--json"]
    with subprocess.Popen(
        [CHANGENET, *words],
        cwd=workplace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        while not any(re.search(r"epoch ([2-9]|\d\d)/60", log.read_text()) for log in _logs(workplace) - before):
            assert process.poll() is None
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    job = json.loads(out)["job"]
    assert job["state"] == "CANCELED"
    assert "Execution status: PASS" not in (Path(job["folder"]) / "log.txt").read_text()
    done = len([a for a in job["artifacts"] if a["kind"] == "checkpoint" and "periodic" in a["roles"]])
    assert done >= 1
    words = ["run", "train", "--parent", job["id"], "--automl", "off", "-s", f"num_epochs={done + 1}"]
    resumed = changenet(workplace, *words)["job"]
    assert resumed["state"] == "COMPLETE"
    assert f"after epoch {done}" in (Path(resumed["folder"]) / "log.txt").read_text()


@pytest.mark.long
def test_a_detached_job_is_found_followed_and_cancelled(workplace: Path) -> None:
    words = ("run", "train", "--data", "boards", "--automl", "off", "-s", "num_epochs=60", *SMALL, "--detach")
    job = changenet(workplace, *words)["job"]
    deadline = time.monotonic() + 300  # so that a hang ends
    while not (status := changenet(workplace, "status", job["id"]))["progress"].get("epoch"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert status["job"]["state"] == "RUNNING"
    assert changenet(workplace, "result", job["id"], expect=3)["result"]["state"] == "RUNNING"
    assert changenet(workplace, "cancel", job["id"])["job"]["state"] == "CANCELED"
    lines = changenet(workplace, "logs", job["id"])["lines"]
    assert lines[-1].endswith("Execution status: FAIL")


@pytest.mark.long
def test_a_training_tunes_itself_and_outlives_kill_9_of_controller_and_trial(workplace: Path) -> None:
    place = ("--results", "searches")
    words = ["run", "train", "--data", "boards", "--trials", "2", "-s", "num_epochs=1", "--no-test", *SMALL, *place]
    with subprocess.Popen(
        [CHANGENET, *words], cwd=workplace, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        assert any("trial 0  started" in line for line in process.stderr)
        process.kill()
    (start, trial) = reversed(changenet(workplace, "jobs", *place)["jobs"])
    assert start["action"] == "evaluate"  # of what trainings start from, before the search
    store = JobStore(workplace / "searches")
    while "action" not in processes_in(store.handle(trial["id"])):
        time.sleep(0.05)
    os.kill(processes_in(store.handle(trial["id"]))["action"].pid, signal.SIGKILL)
    (name,) = [path.name for path in (workplace / "searches").glob("automl-*")]
    search = changenet(workplace, "run", "--resume", name, *place)["automl"]
    assert [found["state"] for found in search["trials"]] == ["complete", "complete"]
    states = {job["id"]: job["state"] for job in changenet(workplace, "jobs", *place)["jobs"]}
    assert (states.pop(trial["id"]), set(states.values()), len(states)) == ("ERROR", {"COMPLETE"}, 3)
    assert search["score"] == min(found["values"][0] for found in search["trials"])
    evaluated = changenet(workplace, "run", "evaluate", "--data", "boards", "--parent", name, *place)["job"]
    assert (evaluated["state"], evaluated["parent_job_id"]) == ("COMPLETE", search["job_id"])

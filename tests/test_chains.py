# SPDX-License-Identifier: Apache-2.0
"""Chains of jobs in which each knows its model, and its data, by the id of the job before it alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.long]
BIN = Path(sys.executable).parent
CLASSIFY = ("-s", "image_width=64", "-s", "image_height=64", "-s", "batch_size=8")
SEGMENT = ("-s", "dataset.segment.img_size=64", "-s", "batch_size=2", "-s", "dataset.segment.workers=0")


def called(folder: Path, program: str, *words: str, code: int = 0) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
    command = [str(BIN / program), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def ran(folder: Path, request: str, parent: str, *more: str) -> dict[str, Any]:
    """The job of a request, which is the child of the job named and ended well."""
    job: dict[str, Any] = json.loads(called(folder, "changenet", "run", request, "--parent", parent, *more, "--json"))[
        "job"
    ]
    assert (job["state"], job["parent_job_id"]) == ("COMPLETE", parent)
    return job


def files_of(job: dict[str, Any], kind: str) -> list[Path]:
    return [Path(job["results_dir"]) / artifact["path"] for artifact in job["artifacts"] if artifact["kind"] == kind]


def test_classify_from_one_sentence_to_a_deployment_and_by_way_of_8_bits(tmp_path: Path) -> None:
    called(
        tmp_path, "changenet", "data", "synthesize", "boards", "--boards", "4", "--size", "64", "--defect-rate", "0.4"
    )
    words = f"train on {tmp_path / 'boards'} for 1 epoch with automl off, evaluate, run inference and export"
    document = json.loads(called(tmp_path, "changenet", "run", words, *CLASSIFY, "--json"))
    jobs = [step["job"] for step in document["steps"]]
    assert [job["action"] for job in jobs] == ["train", "evaluate", "inference", "export"]
    assert all(job["state"] == "COMPLETE" for job in jobs)
    trained, evaluated, inferred, exported = jobs
    assert [job["parent_job_id"] for job in jobs] == [None, *[trained["id"]] * 3]
    assert (Path(evaluated["results_dir"]) / "predictions.csv").is_file()
    assert (Path(inferred["results_dir"]) / "inference.csv").is_file()
    (file,) = files_of(exported, "onnx")
    assert file.stat().st_size < 8_000_000
    built = ran(tmp_path, "gen_trt_engine", exported["id"])
    assert files_of(built, "deployment")
    measured = ran(tmp_path, "evaluate the TensorRT engine", built["id"], "--data", "boards")
    assert measured["action"] == "deploy_classify_evaluate"
    scored = ran(tmp_path, "inference with the TensorRT engine", built["id"], "--data", "boards")
    assert (Path(scored["results_dir"]) / "inference.csv").is_file()
    bearing = ("-s", "quantize.most_flips=100", "-s", "quantize.least_speedup=0")
    quantised = ran(tmp_path, "quantize", trained["id"], *bearing)
    judged = ran(tmp_path, "evaluate", quantised["id"], "--data", "boards")
    assert "int8, ONNX Runtime" in (Path(judged["folder"]) / "log.txt").read_text()


def test_segment_from_training_to_a_deployment(tmp_path: Path) -> None:
    called(tmp_path, "changenet", "data", "synthesize", "masks", "--task", "segment", "--boards", "6", "--size", "96")
    words = ("run", f"segment_train on {tmp_path / 'masks'} for 1 epoch with automl off", *SEGMENT, "--json")
    trained = json.loads(called(tmp_path, "changenet", *words))["job"]
    assert trained["state"] == "COMPLETE"
    ran(tmp_path, "segment_evaluate", trained["id"], "--data", "masks")
    ran(tmp_path, "segment_inference", trained["id"], "--data", "masks")
    latest = next(artifact["path"] for artifact in trained["artifacts"] if "latest" in artifact["roles"])
    checkpoint = Path(trained["results_dir"]) / latest
    spec = next(Path(trained["folder"]).rglob("experiment.yaml"))
    file = tmp_path / "masks.onnx"
    places = (f"results_dir={tmp_path / 'export'}", f"export.checkpoint={checkpoint}", f"export.onnx_file={file}")
    assert "every verdict is the same" in called(tmp_path, "visual_changenet", "export", "-e", str(spec), *places)
    words = ("run", "build a TensorRT engine for segment", "-s", f"gen_trt_engine.onnx_file={file}")
    refused = json.loads(called(tmp_path, "changenet", *words, "-s", "img_size=128", "--json", code=2))["error"]
    assert (refused["code"], refused["where"]) == ("spec.contradiction", "dataset.segment.img_size")
    built = json.loads(called(tmp_path, "changenet", *words, "--json"))["job"]
    assert (built["action"], built["state"]) == ("deploy_segment_gen_trt_engine", "COMPLETE")
    for request in ("deploy_segment_evaluate", "deploy_segment_inference"):
        ran(tmp_path, request, built["id"], "--data", "masks")


@pytest.mark.parametrize("name", ["levir", "dsifn"])
def test_real_pairs_of_two_dates_as_they_were_published(name: str, real_data: Path, tmp_path: Path) -> None:
    source = str(real_data / "real" / "change" / name)
    imported = called(tmp_path, "changenet", "data", "import", "masks", source, "pairs")
    assert "not used: list 'test' of the source" in imported
    words = ("run", f"segment_train on {tmp_path / 'pairs'} for 1 epoch with automl off", *SEGMENT, "--json")
    trained = json.loads(called(tmp_path, "changenet", *words))["job"]
    for data in ("pairs", source):
        judged = ran(tmp_path, "segment_evaluate", trained["id"], "--data", data)
        sheet = json.loads((Path(judged["results_dir"]) / "figures.json").read_text())
        assert sheet["regions"]["defects"] > 0
        assert (Path(judged["results_dir"]) / "report.html").is_file()

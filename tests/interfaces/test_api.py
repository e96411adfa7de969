# SPDX-License-Identifier: Apache-2.0
"""The skill from Python, with real jobs of an engine that does nothing but keep its contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from automl.experiment import ExperimentResult
from automl.settings import AutomlSettings
from core.errors import MissingInputError, NotReadyError, RequestError, SpecError
from interfaces.api import create_job
from runners.jobs.job import Job, JobState

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = """#!{python}
import json, sys
from pathlib import Path
import yaml
command, spec = sys.argv[1], yaml.safe_load(Path(sys.argv[3]).read_text())
out = Path((spec.get(command) or {{}}).get("results_dir") or Path(spec["results_dir"]) / command)
out.mkdir(parents=True, exist_ok=True)
with (out / "status.json").open("w") as handle:
    for epoch in range((spec.get("train") or {{}}).get("num_epochs", 1)):
        kpi = {{"val_loss": 1 / (epoch + 1)}}
        handle.write(json.dumps({{"status": "RUNNING", "epoch": epoch, "kpi": kpi, "message": ""}}) + "\\n")
    handle.write(json.dumps({{"status": "SUCCESS", "message": "done"}}) + "\\n")
if command == "train":
    (out / "model_epoch_001_step_00020.pth").write_bytes(b"weights")
print("Execution status: PASS")
"""
SMALL = {"backbone": "fan_tiny_8_p4_hybrid", "epochs": 2}


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    engine = tmp_path / "bin" / "visual_changenet"
    engine.parent.mkdir()
    engine.write_text(ENGINE.format(python=sys.executable))
    engine.chmod(0o755)
    monkeypatch.setenv("CHANGENET_ENGINE", str(engine))
    monkeypatch.setenv("CHANGENET_RESULTS", str(tmp_path / "results"))
    root = tmp_path / "boards"
    for split in ("train", "val", "test"):
        (root / split).mkdir(parents=True)
        rows = [f"{split}_unit,golden,{('PASS', 'missing')[n % 2]},R{n}" for n in range(16)]
        text = "\n".join(["input_path,golden_path,label,object_name", *rows, ""])
        (root / split / "dataset.csv").write_text(text)
        for folder in (f"{split}_unit", "golden"):
            (root / "images" / folder).mkdir(parents=True, exist_ok=True)
            for n in range(16):
                (root / "images" / folder / f"R{n}.png").touch()
    return str(root)


def test_a_job_in_one_call(boards: str) -> None:
    parent = create_job("train", data=boards, spec_overrides=SMALL, automl_policy="off")
    assert isinstance(parent, Job)

    child = create_job("evaluate", data=boards, parent_job_id=parent.id)

    assert isinstance(child, Job)
    assert (child.state, child.parent_job_id) == (JobState.COMPLETE, parent.id)
    with pytest.raises(SpecError):
        create_job("train", data=boards, automl_policy="off", spec_overrides={"train.epochs": 2})
    with pytest.raises(MissingInputError):
        create_job("train", automl_policy="off")


def test_a_training_is_a_search_by_default_as_on_the_command_line(boards: str) -> None:
    result = create_job("train", data=boards, spec_overrides=SMALL, settings=AutomlSettings(trials=2, parallel=1))

    assert isinstance(result, ExperimentResult)
    assert len(result.outcome.standings) == 2
    child = create_job("evaluate", data=boards, parent_job_id=result.winner_job_id)
    assert isinstance(child, Job)
    assert child.state is JobState.COMPLETE
    with pytest.raises(RequestError, match="not detached"):
        create_job("train", data=boards, spec_overrides=SMALL, detach=True)
    with pytest.raises(NotReadyError):
        create_job("train")

# SPDX-License-Identifier: Apache-2.0
"""The published client nvidia-tao-automl, as it is, tunes the embedded engine through the packaged skill."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = "tao-train-visual-changenet"
_SMALL = ("num_epochs=1", "dataset.classify.image_width=64", "dataset.classify.image_height=64", "train.num_gpus=0")


def _done(*words: str, folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.long
def test_its_runner_tunes_two_trials_and_what_it_found_loads_here(project_root: Path, tmp_path: Path) -> None:
    finder = ["sh", str(project_root / "scripts/tao_client.sh"), "python"]
    client = subprocess.run(finder, capture_output=True, text=True, check=False).stdout.strip()
    if not client:
        pytest.skip("no nvidia-tao-automl here: sh scripts/tao_client.sh install")
    changenet = str(Path(sys.executable).with_name("changenet"))
    _done(changenet, "package", "bank", folder=tmp_path)
    _done(changenet, "data", "synthesize", "boards", "--boards", "4", folder=tmp_path)
    settings = [word for one in _SMALL for word in ("-s", one)]
    train = ["plan", "train", "--data", "boards", "--automl", "off", *settings, "--full", "--json"]
    spec = json.loads(_done(changenet, *train, folder=tmp_path))["plan"]["spec"]
    (tmp_path / "spec.json").write_text(json.dumps(spec), encoding="utf-8")

    script = str(project_root / "tests/packaging/tune_with_client.py")
    skill, environment = str(tmp_path / "bank/skills" / MODEL), sys.prefix
    printed = _done(client, script, skill, environment, "spec.json", str(tmp_path / "work"), folder=tmp_path)
    found = json.loads(printed.splitlines()[-1])
    assert [one["status"] for one in found["history"]] == ["success", "success"], found
    metrics = [one["metric"] for one in found["history"]]
    assert found["best"]["metric_value"] == min(metrics)

    best = found["best"]["specs"]
    again = [*train[:-1], *(word for key, value in best.items() for word in ("-s", f"{key}={value}")), "--json"]
    planned = json.loads(_done(changenet, *again, folder=tmp_path))["plan"]["spec"]
    assert planned["train"]["optim"]["lr"] == pytest.approx(best["train.optim.lr"])
    (checkpoint,) = Path(found["results"]).rglob("changenet_model_classify_latest.pth")
    evaluate = ["plan", "evaluate", "--eval", "boards/val", "-s", f"evaluate.checkpoint={checkpoint}", "--json"]
    assert json.loads(_done(changenet, *evaluate, folder=tmp_path))["missing"] == []

# SPDX-License-Identifier: Apache-2.0
"""What an agent reads from SKILL.md to the boards to look at, in one call of three steps, counted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from interfaces.cli import main
from tests.interfaces.test_api import ENGINE, boards

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["boards"]
SCORES = """
if command == "inference":
    rows = [f"t,g,part{n},board_{n % 9},{n / 99},NO_PASS" for n in range(90)]
    head = "input_path,golden_path,object_name,board,siamese_score,verdict"
    (out / "inference.csv").write_text("\\n".join([head, *rows, ""]))
    for n in range(40):
        (out / f"evidence{n}.png").write_bytes(b"")
"""
MOST_LETTERS = 4_000


@pytest.mark.usefixtures("boards")
def test_train_evaluate_and_inference_fit_a_small_context(
    tmp_path: Path,
    project_root: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = ENGINE.format(python=sys.executable).replace(
        'print("Exec', f'{SCORES}\nfor n in range(200): print("step", n)\nprint("Exec'
    )
    (tmp_path / "bin/visual_changenet").write_text(engine)
    monkeypatch.chdir(tmp_path)
    words = "train on ./boards for 2 epochs without HPO, then evaluate it on ./boards and score ./boards/test"
    assert main(["run", words, "-s", "backbone=fan_tiny_8_p4_hybrid"]) == 0
    read = "".join(capfd.readouterr())
    assert "boards to look at, in this order:" in read
    assert "and 4 boards more" in read
    for line in ("step 1 of 3: train", "step 2 of 3: evaluate", "step 3 of 3: inference"):
        assert line in read.splitlines()
    page = (project_root / "SKILL.md").read_text()
    paths = read.count(str(tmp_path)) * len(str(tmp_path))  # which are as long as this machine makes them
    assert len(page) + len(read) - paths <= MOST_LETTERS


FILES = """
made = {"export": "changenet_classify.onnx", "quantize": "quantized_torchao.pth", "gen_trt_engine": "model.engine"}
if command in made:
    (out / made[command]).write_bytes(b"model")
"""
MOST_LETTERS_OF_CHAIN = 6_000


@pytest.mark.usefixtures("boards")
def test_train_to_deploy_is_planned_and_run_in_two_calls_that_fit(
    tmp_path: Path,
    project_root: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = ENGINE.format(python=sys.executable).replace('print("Exec', f'{FILES}\nprint("Exec')
    (tmp_path / "bin/visual_changenet").write_text(engine)
    monkeypatch.chdir(tmp_path)
    words = (
        "train on ./boards for 2 epochs without HPO, then evaluate it on ./boards, export it to ONNX, "
        "quantize it and deploy it"
    )
    settings = ["-s", "backbone=fan_tiny_8_p4_hybrid"]
    calls = [["plan", words, *settings], ["run", words, *settings]]
    read = ""
    for call in calls:
        assert main(call) == 0, capfd.readouterr()
        read += "".join(capfd.readouterr())
    for line in ("step 1 of 5: train", "step 5 of 5: deploy_classify_gen_trt_engine"):
        assert line in read.splitlines()
    page = (project_root / "SKILL.md").read_text()
    paths = read.count(str(tmp_path)) * len(str(tmp_path))
    assert len(page) + len(read) - paths <= MOST_LETTERS_OF_CHAIN

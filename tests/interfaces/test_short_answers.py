# SPDX-License-Identifier: Apache-2.0
"""Answers that fit: plans and jobs in a dozen lines, and the verbs that compare, remove and advise."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from interfaces.brief import fitting
from interfaces.cli import main
from interfaces.present_job import job_brief
from interfaces.present_plan import LETTERS, LINES, fitted, plan_brief
from router.decision import decide
from router.declarations import load_skill
from router.types import Question, Request
from runners import api
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from scoring.sheet import figure_sheet
from scoring.targets import parse

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "input_path,golden_path,label,object_name,siamese_score,verdict,threshold\n"


def record(root: Path, name: str, state: JobState = JobState.COMPLETE, **parts: object) -> Job:
    """A job that was recorded, as any platform records one."""
    job_id = f"{name}-20260101-120000-{len(list(root.glob('*')) if root.is_dir() else []):06x}"
    folder = root / job_id
    (folder / "results").mkdir(parents=True)
    began = Transition(JobState.PENDING, "2026-01-01T12:00:00+00:00", "launched")
    job = Job(
        job_id, name, "classify", "local", JobState.PENDING, str(folder), str(folder / "results"), "p" * 64, "c" * 64,
        (began,),
    )  # fmt: skip
    artifacts = parts.pop("artifacts", ())
    job = replace(job, **parts)  # type: ignore[arg-type]
    store = JobStore(root)
    store.open_record(job, Handle("local"))
    if state is not JobState.PENDING:
        store.close(job.id, Ending(state, "ended", 0, {}, artifacts, None))  # type: ignore[arg-type]
    return store.read(job.id)


def evaluated(root: Path, parent: Job, verdicts: str) -> Job:
    """An evaluation with a defect and good pairs; `verdicts` has a letter each: P for PASS, N for NO_PASS."""
    artifact = Artifact("evaluate/predictions.csv", "table", 1, "0" * 64)
    job = record(root, "evaluate", parent_job_id=parent.id, artifacts=(artifact,))
    rows = "".join(
        f"a/{n},g/{n},{'open' if n < 4 else 'PASS'},part,0.5,{'PASS' if letter == 'P' else 'NO_PASS'},0.5\n"
        for n, letter in enumerate(verdicts)
    )
    (root / job.id / "results/evaluate").mkdir()
    (root / job.id / "results/evaluate/predictions.csv").write_text(TABLE + rows)
    return job


@pytest.mark.parametrize("lines", [["a"] * 40, ["x" * 500] * 11, ["head", *["y" * 150] * 10, "next"]])
def test_what_does_not_fit_is_cut_and_said(lines: list[str]) -> None:
    text = fitted(lines)
    assert len(text.splitlines()) <= LINES
    assert len(text) <= LETTERS
    assert text.splitlines()[-1][:5] == lines[-1][:5]
    assert "more lines: --full" in text


def test_what_is_missing_stands_first(project_root: Path) -> None:
    skill = load_skill(project_root)
    plan = api.prepare_decision(decide(Request(text="evaluate ChangeNet classify"), skill), skill)
    told = tuple(f"{'w' * 150} {number}" for number in range(9))
    asked = Question("data", "Which address does the data have in the store?")
    text = plan_brief(replace(plan, warnings=told, missing=(asked,)), "changenet doctor")
    assert text.splitlines()[1] == f"  missing  {asked.text}"  # what is cut stands further down


def test_two_models_are_compared_on_the_pairs_that_both_saw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = record(tmp_path, "train"), record(tmp_path, "train")
    evaluated(tmp_path, first, "NNPP" + "P" * 20)
    evaluated(tmp_path, second, "NNNN" + "N" * 20)

    assert main(["compare", first.id, second.id, "--results", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "24 pairs in common" in told
    assert "escapes (defects that passed): A 2, B 0 of 4" in told
    assert "no difference can be told: they differ on 2 pairs" in told
    assert "A is better: B minus A is +100.00 points" in told
    assert main(["compare", first.id, second.id, "--results", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["comparison"]["differences"]
    assert (found["false_alarms"]["second_wrong"], found["escapes"]["told"]) == (20, False)


def test_what_was_not_evaluated_is_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = record(tmp_path, "train"), record(tmp_path, "train")
    assert main(["compare", first.id, second.id, "--results", str(tmp_path)]) == 3
    assert f"changenet run evaluate --data DIR --parent {first.id}" in capsys.readouterr().err


def test_removal_tells_what_goes_first_and_the_record_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parent = record(tmp_path, "train")
    child = evaluated(tmp_path, parent, "NNNN")
    weights = tmp_path / parent.id / "results" / "model.pth"
    weights.write_bytes(b"w" * 1000)

    assert main(["remove", parent.id, "--results", str(tmp_path)]) == 3
    told = capsys.readouterr().out
    assert "1,000 bytes" in told
    assert child.id in told
    assert weights.exists()

    assert main(["remove", parent.id, "--yes", "--results", str(tmp_path)]) == 0
    capsys.readouterr()
    assert not weights.exists()
    assert JobStore(tmp_path).read(parent.id).removed_at
    assert main(["jobs", "--results", str(tmp_path)]) == 0
    assert f"{parent.id:<40} COMPLETE" in (listed := capsys.readouterr().out)
    assert "files removed 20" in listed
    asked = ["plan", "evaluate", "--parent", parent.id, "--results", str(tmp_path), "--json"]
    assert main(asked) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "parent.removed"
    for verb in ("status", "result", "jobs"):
        named = [] if verb == "jobs" else [parent.id]
        assert main([verb, *named, "--results", str(tmp_path), "--full", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        shown = found.get("job") or found.get("result") or found["jobs"][-1]
        assert (shown["id"], bool(shown["removed_at"])) == (parent.id, True)
    assert main(["status", parent.id, "--results", str(tmp_path)]) == 0
    assert "COMPLETE, files removed" in capsys.readouterr().out


def test_what_has_not_ended_is_not_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = record(tmp_path, "train", JobState.PENDING)
    assert main(["remove", job.id, "--yes", "--results", str(tmp_path)]) == 2
    assert f"changenet cancel {job.id}" in capsys.readouterr().err
    assert (tmp_path / job.id / "results").is_dir()


def test_an_inference_tells_the_boards_to_look_at_in_order(tmp_path: Path) -> None:
    artifact = Artifact("inference/inference.csv", "table", 1, "0" * 64)
    job = record(tmp_path, "inference", artifacts=(artifact,))
    rows = [("b1", 0.7), ("b1", 0.9), ("b2", 0.6), ("b3", 0.1)]
    (tmp_path / job.id / "results/inference").mkdir()
    (tmp_path / job.id / "results/inference/inference.csv").write_text(
        "input_path,golden_path,object_name,board,siamese_score,verdict\n"
        + "".join(f"t,g,p{n},{b},{s},{'NO_PASS' if s > 0.5 else 'PASS'}\n" for n, (b, s) in enumerate(rows))
    )
    lines = [line.strip() for line in job_brief(job).splitlines()]
    assert "flagged  3 of 4 pairs are NO_PASS, on 2 of 3 boards; boards to look at, in this order:" in lines
    assert lines.index("b1: 2 of 2, worst pair p1 (score 0.9)") < lines.index("b2: 1 of 1, worst pair p2 (score 0.6)")
    assert any("most pairs are flagged" in line for line in lines)


def test_a_verdict_is_told_to_its_end_and_files_are_counted_in_words(tmp_path: Path) -> None:
    kinds = {"a.onnx": "onnx", "b.pth": "checkpoint", "c.pth": "checkpoint", "status.json": "status"}
    job = record(tmp_path, "evaluate", artifacts=tuple(Artifact(name, kinds[name], 1, "0" * 64) for name in kinds))
    target = parse("far<=1% at recall=99%")
    sheet = figure_sheet(["open"] * 8 + ["PASS"] * 16, [0.9] * 8 + [0.1] * 16, 0.5, target=target)
    (tmp_path / job.id / "results/figures.json").write_text(json.dumps(sheet))
    lines = [line.strip() for line in job_brief(job).splitlines()]
    place = lines.index(
        "verdict  target far<=1% at recall=99%: met (0 of 8 defects escaped, 0 of 16 good pairs flagged)"
    )
    assert lines[place + 1].startswith("at 95% confidence recall is at least 68.76%")
    assert "showing this recall takes 299 defects without an escape" in lines[place + 2 :]
    assert any(line.startswith("left     1 ONNX file, 2 checkpoints, 1 status file, in ") for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--board", "30x20", "--defect", "0.1"], "1216 x 800 px"),
        (["--board", "10 x 10", "--defect", "0.5"], "-s image_width=96 -s image_height=96"),
        ([], "give --board WxH"),
    ],
)
def test_an_image_size_follows_from_board_and_defect(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", *words]) == 0
    assert said in capsys.readouterr().out


def test_gpu_memory_is_estimated_for_the_backbone_and_batch_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--backbone", "C-RADIO", "--batch", "16"]) == 0
    told = capsys.readouterr().out
    assert "GB on each GPU to train c_radio_v2_vit_base_patch16_224, batch 16" in told
    assert main(["advise", "--backbone", "C-RADIO", "--batch", "16", "--json"]) == 0
    small = json.loads(capsys.readouterr().out)["advice"]["gpu_memory_bytes"]
    assert main(["advise", "--backbone", "C-RADIO", "--batch", "32", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["advice"]["gpu_memory_bytes"] > small


@pytest.mark.parametrize("words", [["--board", "large", "--defect", "1"], ["--board", "3x3", "--defect", "0"]])
def test_sizes_that_are_none_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", *words]) == 2
    assert "--board 30x20" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "meant"), [("--epochs", "-s num_epochs=N"), ("--dataset", "--data"), ("--no-hpo", "--automl")]
)
def test_options_of_other_tools_are_told_as_ours(flag: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "train", flag, "5"]) == 2
    assert f"use {meant}" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("changenet ")


def test_a_comparison_names_the_worse_model_only_where_it_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (record(tmp_path, "train") for _ in range(3))
    for model, verdicts in ((first, "NNNN" + "P" * 20), (second, "NNNN" + "N" * 20), (third, "NNPP" + "P" * 20)):
        evaluated(tmp_path, model, verdicts)

    assert main(["compare", first.id, second.id, "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"next: B is the worse one; `changenet remove {second.id}` tells what would go with it"
    )
    assert main(["compare", first.id, third.id, "--results", str(tmp_path)]) == 0
    assert "neither is the worse one" in capsys.readouterr().out


def test_the_two_models_are_the_last_two_that_are_still_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [record(tmp_path, "train") for _ in range(4)]
    for model in models:
        evaluated(tmp_path, model, "NNNN" + "P" * 20)
    assert main(["remove", models[-1].id, "--yes", "--results", str(tmp_path)]) == 0
    capsys.readouterr()

    assert main(["plan", "compare the two models", "--results", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"changenet compare {models[1].id} {models[2].id} --results ")
    assert "24 pairs in common" in told


def test_what_is_missing_is_never_cut() -> None:
    missing = [{"slot": f"slot {number}", "question": "which one? " * 20} for number in range(12)]
    shown = fitting({"missing": missing, "plan": {f"key{n}": "value" * 20 for n in range(80)}})
    assert (shown["missing"], shown["has_more"]) == (missing, True)
    assert len(json.dumps(shown["plan"])) < 1_000

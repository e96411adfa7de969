# SPDX-License-Identifier: Apache-2.0
"""What nobody means to type, and what nobody means to record: told as an error with its place, never a traceback."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from interfaces.cli import main
from interfaces.command_line import parse
from interfaces.options import declared
from interfaces.outcome import Reporter
from interfaces.verbs.request_options import RequestOptions
from interfaces.verbs.searches import NamedOptions

if TYPE_CHECKING:
    from pathlib import Path

LONG = "n" * 300  # longer than any disk allows
OTHER = os.fsdecode(b"name\xff")  # no UTF-8
QUIET = ("--automl", "off", "-s", "batch_size=2", "--json")
TRAIN = ("plan", "train", "--data", "boards", "--automl", "off")


@pytest.fixture(autouse=True)
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two splits of eight rows, below the current folder."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "val"):
        (tmp_path / "boards" / split).mkdir(parents=True)
        rows = [f"unit,golden,{('PASS', 'missing')[i % 2]},R{i}" for i in range(8)]
        text = "\n".join(["input_path,golden_path,label,object_name", *rows, ""])
        (tmp_path / "boards" / split / "dataset.csv").write_text(text)
    for folder in ("unit", "golden"):
        (tmp_path / "boards" / "images" / folder).mkdir(parents=True)
        for i in range(8):
            (tmp_path / "boards" / "images" / folder / f"R{i}.png").write_bytes(b"only listed, not decoded")
    return tmp_path / "boards"


def error_of(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> dict[str, Any]:
    """Run a command with --json that is refused; returns its error."""
    assert main([*words, "--json"]) == code
    error: dict[str, Any] = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] != "defect"
    assert error["remedy"] or error["where"]
    return error


@pytest.mark.parametrize(
    ("override", "code", "said"),
    [
        ("task=abc", "request.slot", "'abc'"),
        ("task=[classify]", "request.slot", "classify"),
        ("task={a: b}", "request.slot", "'a'"),
        ("lr=!!binary aGk=", "yaml", "!!binary"),
        ("lr=!!set {a}", "yaml", "!!set"),
        ("lr=!!python/name:os.system", "yaml", "python/name"),
        ("lr=1e999", "yaml", "1e999"),
        ("lr=.inf", "yaml", ".inf"),
        ("lr=2020-01-01", "spec.value", "2020-01-01"),
        ("seed=" + "9" * 5000, "yaml", ""),
        ("lr=" + OTHER, "usage.encoding", "UTF-8"),
        ("results_dir=\x1b[31m", "yaml", "control characters"),
        ("train=5", "spec.value", "section"),
    ],
)
def test_a_value_that_can_not_be_used_is_named(
    override: str, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = error_of(capsys, *TRAIN, "-s", override)
    assert error["code"].startswith(code)
    assert said in error["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "train", "--data", LONG),
        ("plan", "train", "--train", LONG),
        (*TRAIN, "-s", f"model.backbone.pretrained_backbone_path={LONG}"),
        ("jobs", "--results", LONG),
        ("status", "train-x", "--results", LONG),
        ("run", "--resume", LONG),
        ("status", f"automl-{LONG}"),
        ("stage", "backbone", "--out", LONG),
        ("demo", "--out", LONG),
        ("report", "train-x", "--out", LONG),
    ],
)
def test_a_name_longer_than_the_system_allows_is_an_error_of_the_path(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    error_of(capsys, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["boards"]


@pytest.mark.parametrize("place", ["--data", "--train", "--eval", "--results", "--parent", "--engine", "--target"])
def test_bytes_that_are_not_utf_8_are_refused_where_a_plan_would_hold_them(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = error_of(capsys, "plan", "train", place, OTHER)
    assert (error["code"], error["where"]) == ("usage.encoding", place)


def test_words_that_are_not_utf_8_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, "plan", f"train on {OTHER}")["where"] == "ACTION or WORDS"


@pytest.mark.parametrize(
    "option",
    [entry.flag for entry in declared(RequestOptions) if entry.kind is str and entry.flag and not entry.choices],
)
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_is_not_taken_for_none(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = error_of(capsys, "plan", "train", option, value)
    assert (error["code"], error["where"]) == ("usage.value", option)
    assert "empty" in error["message"]


@pytest.mark.parametrize("words", [("status", ""), ("cancel", " "), ("run", "--resume", ""), ("data", "check", "")])
def test_an_empty_name_is_no_name(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *words)["code"] == "usage.value"


def test_a_nul_character_from_another_face_is_refused() -> None:
    with pytest.raises(RequestError, match="NUL"):
        parse(["status", "x"]).verb.call(NamedOptions("train\0x"), Reporter())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "--automl", "off", "--infer", "/nonexistent"), "inference_dataset has no effect"),
        (("train", "--automl", "off", "--calibration", "/nonexistent"), "calibration_dataset has no effect"),
        (("segment_train", "--runner", "docker", "--eval", "elsewhere"), "eval_dataset has no effect"),
        (("evaluate", "--train", "boards/train"), "train_datasets has no effect"),
        (("train", "--automl", "off", "-s", "train.gpu_ids=[0]"), "train.gpu_ids has no effect"),
    ],
)
def test_what_has_no_effect_is_told(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.planning.prepare.has_gpu", lambda: False)
    assert main(["plan", *words, "--json"]) == 3
    warnings = json.loads(capsys.readouterr().out)["plan"]["warnings"]
    assert [warning for warning in warnings if warning.startswith(said)]


def test_what_is_given_and_read_is_not_said_to_have_no_effect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "train", "--train", "boards/train", "--eval", "boards/val", *QUIET]) == 0
    assert "no effect" not in " ".join(json.loads(capsys.readouterr().out)["plan"]["warnings"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-s", "results_dir=s3://bucket/run", "--automl", "off"), "data.remote"),
        (("-s", "train.results_dir=s3://bucket/run", "--automl", "off"), "data.remote"),
        (("--results", "s3://bucket/run"), "store.uri"),
        (("--results", "http://user:correct-horse-battery@host/run"), "store.secret"),
        (("--results", "runs/hf_abcdefghijklmnopqrstuvwxyz"), "store.secret"),
        (("--range", "encryption_key=correct-horse,battery-staple"), "automl.secret"),
        (("--range", "encryption_key=4711471147..4711471148"), "automl.secret"),
        (("--range", "backbone=fan_tiny_8_p4_hybrid,hf_abcdefghijklmnopqrstuvwxyz"), "automl.secret"),
        (("--test", "http://user:correct-horse-battery@host/run"), "automl.secret"),
        (("-s", "wandb.tags=[hf_abcdefghijklmnopqrstuvwxyz]"), "spec.secret"),
        (("-s", "dataset.classify={}", "--automl", "off"), "spec.value"),
        (("--range", "lr=0.1,0.1"), "automl.space"),
        (("--range", "lr=1..1"), "automl.space"),
        (("--seed", "-1"), "automl.settings"),
        (("--no-search", "nonsense"), "spec.unknown_key"),
    ],
)
def test_what_can_not_be_done_is_refused(
    words: tuple[str, ...], code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refused = error_of(capsys, "plan", "train", "--data", "boards", "-s", "batch_size=2", *words)
    assert refused["code"] == code
    assert not re.search("horse|staple|4711|hf_a", json.dumps(refused))
    assert [path.name for path in tmp_path.iterdir()] == ["boards"]


def test_a_key_that_is_not_searched_anyway_is_told_when_it_is_to_be_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [
        "plan",
        "train",
        "--data",
        "boards",
        "-s",
        "batch_size=2",
        "--no-search",
        "task",
        "--no-search",
        "lr",
        "--full",
    ]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "not task: it is not searched anyway" in text
    assert "not train.optim.lr: left out by the user" in text

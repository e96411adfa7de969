# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interfaces.cli import main

BIN = Path(sys.executable).parent
HEAVY = ("torch", "docker", "optuna", "kubernetes", "pydantic", "numpy", "PIL", "jinja2", "rich", "jsonschema", "click")


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """Two splits of eight rows with pictures that a quick look finds in order."""
    for split in ("train", "val", "test"):
        (tmp_path / "boards" / split).mkdir(parents=True)
        rows = [f"unit,golden,{('PASS', 'missing')[i % 2]},R{i}" for i in range(8)]
        text = "\n".join(["input_path,golden_path,label,object_name", *rows, ""])
        (tmp_path / "boards" / split / "dataset.csv").write_text(text)
    for folder in ("unit", "golden"):
        (tmp_path / "boards" / "images" / folder).mkdir(parents=True)
        for i in range(8):
            (tmp_path / "boards" / "images" / folder / f"R{i}.png").write_bytes(b"only listed, not decoded")
    return tmp_path / "boards"


@pytest.mark.parametrize(
    ("words", "exit_code", "expected"),
    [
        (["plan", "trian"], 2, "train"),
        (["plan", "segment_export"], 2, "segment_train"),
        (["plan", "prune"], 2, "runnable"),
        (["plan", "train", "--dta", "x"], 2, "--data"),
        (["plan", "train", "-s", "novalue"], 2, "key=value"),
        (["plan", "train", "-s", "train.num_epoch=3"], 2, "train.num_epochs"),
        (["plan", "train", "-s", "train.num_epochs=many"], 2, "train.num_epochs"),
        (["plan", "train", "-s", "train.num_epochs=0"], 2, "train.num_epochs"),
        (["plan", "train", "-s", "seed=1", "-s", "seed=2"], 2, "more than once"),
        (["plan", "train", "--data", "nowhere"], 2, "nowhere"),
        (["plan", "train", "--target", "far<=1%"], 2, "at recall"),
        (["plan", "evaluate", "--target", "f1>=90%"], 2, "'f1'"),
        (["plan", "train", "-s", "model.classify.target=recall>=990%"], 2, "990%"),
        (["plan", "train"], 3, "missing"),
        (
            ["plan", "train", "-s", "model.backbone.pretrained_backbone_path=nvidia/C-RADIOv2-B"],
            2,
            "changenet stage backbone",
        ),
        (["status", "train-20260101-000000-abcdef"], 2, "train-20260101-000000-abcdef"),
        (["plan", "train", "--runner", "cloud"], 2, "cloud"),
        (["run", "train", "--runner", "cloud"], 2, "cloud"),
        (["data", "import", "deeppcb", "nowhere", "out"], 2, "nowhere"),
        (["data", "synthesize", "out", "--defect-rate", "7"], 2, "defect_rate"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_words_end_with_their_exit_code_and_say_what_is_wrong(
    words: list[str],
    exit_code: int,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == exit_code
    shown = capsys.readouterr()
    assert expected in shown.out + shown.err
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == [], "nothing may be written"


def test_errors_are_one_json_document_with_code_place_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "train", "-s", "train.num_epoch=3", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"].startswith("spec")
    assert "train.num_epochs" in error["message"] + error["remedy"]
    assert error["exit_code"] == 2


def test_a_plan_is_complete_repeatable_and_loads_nothing_heavy(boards: Path) -> None:
    script = (
        "import sys; from interfaces.cli import main; code = main(sys.argv[1:]); "
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules)); print(loaded, file=sys.stderr); sys.exit(code)"
    )
    words = ["plan", "train", "--data", str(boards), "-s", "num_epochs=3", "-s", "batch_size=2", "--full", "--json"]
    runs = [
        subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stdout + runs[0].stderr
    assert runs[0].stderr.strip() == "[]"
    plan = json.loads(runs[0].stdout)["plan"]
    assert plan["missing"] == []
    assert plan["spec"]["train"]["num_epochs"] == 3
    assert plan["spec"]["dataset"]["classify"]["image_ext"] == ".png"
    assert plan["id"] == json.loads(runs[1].stdout)["plan"]["id"]


def test_words_and_slots_make_the_same_spec(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def spec_of(*words: str) -> object:
        assert main(["plan", *words, "-s", "batch_size=2", "--full", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["plan"]["spec"]

    sentence = f"train ChangeNet classify on {boards} for 7 epochs, no HPO"
    assert spec_of(sentence) == spec_of("train", "--data", str(boards), "-s", "train.num_epochs=7", "--automl", "off")


def test_schemas_have_not_drifted_from_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"drift": [], "problems": []}


def test_a_file_name_of_other_bytes_is_told_in_valid_json(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/board\xff"
    done = subprocess.run([BIN / "changenet", "data", "check", name, "--json"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"")
    assert json.loads(done.stdout.decode())["error"]["code"] == "data.root_missing"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_behind_standard_output_is_told_as_such() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [BIN / "changenet", "jobs", "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 5
    assert done.stderr == "error: standard output can't be written: No space left on device\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [str(BIN / "changenet"), "jobs", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inpsect", "a", "b"], "Did you mean 'inspect'?"),
        (["data", "sythesize", "x"], "Did you mean 'synthesize'?"),
        (["data", "synthesize", "x", "--task", "segmentt"], "Did you mean 'segment'?"),
        (["frobnicate"], "'uninstall'"),
    ],
)
def test_a_misspelt_command_is_answered_by_the_one_that_is_near(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert said in told
    assert ("choose from" in told) == (words == ["frobnicate"])

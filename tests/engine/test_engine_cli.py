# SPDX-License-Identifier: Apache-2.0
"""The command line, from its help to the checks before anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import dump_yaml, parse_yaml, read_yaml
from core.dotted import get, put
from core.errors import SpecError
from engine.actions import AVAILABLE
from engine.cli import main
from engine.settings import load_run
from spec.load import default_tree, full_default_tree

if TYPE_CHECKING:
    from collections.abc import Callable


def test_help_is_light_and_has_examples() -> None:
    code = (
        "import sys; sys.argv = ['visual_changenet', '--help']\n"
        "from engine.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'torch', 'lightning', 'timm', 'numpy', 'PIL', 'pydantic', 'yaml', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert "visual_changenet train -e spec.yaml" in done.stdout


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "required: COMMAND"),
        (["trian", "-e", "s.yaml"], "Did you mean 'train'"),
        (["prune", "-e", "s.yaml"], f"available are {', '.join(AVAILABLE)}, default_specs"),
        (["train"], "there is no experiment spec"),
        (["train", "-e"], "expected one argument"),
        (["train", "-e", "none.yaml"], "there is no such file"),
        (["train", "--frobnicate"], "unrecognized arguments"),
    ],
)
def test_wrong_command_lines_are_one_clear_error(
    argv: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 1
    out, err = capsys.readouterr()
    assert told in err
    assert "Traceback" not in err
    assert out == "Execution status: FAIL\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.num_epoch=3", "did you mean train.num_epochs"),
        ("train.num_epochs=many", "train.num_epochs"),
        ("train.num_epochs=0", "at least 1"),
        ("train.optim.lr=-1", "train.optim.lr"),
        ("dataset.classify.batch_size=1", "more than 1 pair per batch"),
        ("dataset.classify.num_input=3", "3 lightings are expected"),
        ("model.backbone.type=resnet", "model.backbone.type"),
        ("model.classify.difference_module=euclidean", "has no difference head to pool"),
        (
            "train.classify.loss=contrastive;model.classify.difference_module=learnable",
            "the loss contrastive can't train",
        ),
        ("train.validation_interval=5", "an interval of 5 is more than the 2 epochs"),
        ("train.checkpointer.mode=best", "train.checkpointer.mode"),
        ("task=detect", "task"),
        ("justakey", "not of the form key=value"),
        ("train.num_epochs={a: [1}", "invalid YAML"),
        ("evaluate.batch_size=${dataset.nothing}", "points to no key"),
        ("results_dir=null", "no folder for the results"),
        ("results_dir=7", "7 is no path"),
        ("results_dir=???", "still to be filled in"),
        ("model.backbone.pretrained_backbone_path=???", "still to be filled in"),
        ("results_dir=~nobody-of-that-name/results", "nobody's home folder"),
        ('results_dir="a\\0b"', "a character that no path"),
        ('dataset.classify.train_dataset.csv_path="a\\0b"', "a character that no path"),
        ("task=[]", "[] is not one of"),
        ("task={a: 1}", "is not one of"),
        ("train=[1]", "is a value, not a section"),
    ],
)
def test_a_wrong_spec_creates_nothing(
    override: str,
    told: str,
    spec: dict[str, Any],
    write_spec: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write_spec(spec)
    assert main(["train", "-e", str(path), *override.split(";")]) == 1
    out, err = capsys.readouterr()
    assert told in err
    assert "Traceback" not in err
    assert out.endswith("Execution status: FAIL\n")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("text", ["[1, 2]", "a: 1\na: 2", "a: [", "task: !!python/object/apply:os.getcwd []", "\x00"])
def test_a_broken_spec_file_is_an_error(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(text)
    assert main(["train", "-e", str(tmp_path / "spec.yaml")]) == 1
    err = capsys.readouterr().err
    assert "spec.yaml" in err
    assert "Traceback" not in err


def test_default_specs_writes_every_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["default_specs", f"results_dir={tmp_path / 'new'}"]) == 0
    assert read_yaml(tmp_path / "new" / "experiment.yaml") == full_default_tree()
    assert main(["default_specs", "task=segment"]) == 0
    assert parse_yaml(capsys.readouterr().out) == full_default_tree("segment")
    assert main(["default_specs", "train.num_epochs=3"]) == 1
    assert "does not take 'train.num_epochs'" in capsys.readouterr().err


def test_a_default_spec_can_be_run_with_fewer_epochs(tmp_path: Path) -> None:
    main(["default_specs", f"results_dir={tmp_path}"])
    run = load_run("train", tmp_path / "experiment.yaml", ["train.num_epochs=30"])
    assert run.experiment.train.validation_interval == 30
    assert any("train.validation_interval is taken as 30 instead of 50" in notice for notice in run.notices)


def load(write_spec: Callable[..., Path], spec: dict[str, Any], *overrides: str, command: str = "train") -> Any:
    return load_run(command, write_spec(spec), list(overrides))


def test_results_go_to_the_action_s_folder(write_spec: Callable[..., Path], spec: dict[str, Any]) -> None:
    assert load(write_spec, spec, "results_dir=/r").results_dir == Path("/r/train")
    assert load(write_spec, spec, "results_dir=/r", command="evaluate").results_dir == Path("/r/evaluate")
    assert load(write_spec, spec, "results_dir=/r", "train.results_dir=/own").results_dir == Path("/own")
    own = load(write_spec, spec, "results_dir=/r", "train.results_dir=${results_dir}/mine/${task}")
    assert own.results_dir == Path("/r/mine/classify")


def test_results_dir_is_written_back_before_references_resolve(
    write_spec: Callable[..., Path], spec: dict[str, Any]
) -> None:
    run = load(write_spec, spec, "results_dir=/r", "evaluate.checkpoint=${results_dir}/m.pth", command="evaluate")
    assert run.experiment.evaluate.checkpoint == "/r/evaluate/m.pth"
    assert run.experiment.results_dir == run.experiment.evaluate.results_dir == "/r/evaluate"
    assert run.experiment.train.results_dir is None


def test_overrides_are_yaml_and_references_keep_types(write_spec: Callable[..., Path], spec: dict[str, Any]) -> None:
    run = load(
        write_spec,
        spec,
        "train.optim.lr=1e-3",
        "train.classify.cls_weight=[1, 2.5]",
        "evaluate.batch_size=${dataset.classify.batch_size}",
        "dataset.classify.input_map={White: 0}",
        "train.pretrained_model_path=null",
    )
    assert run.experiment.train.optim.lr == 0.001
    assert run.experiment.train.classify.cls_weight == [1.0, 2.5]
    assert run.experiment.evaluate.batch_size == 8
    assert run.experiment.dataset.classify.input_map == {"White": 0}


def test_an_override_that_breaks_a_rule_is_an_error_a_default_is_adjusted(
    write_spec: Callable[..., Path], spec: dict[str, Any]
) -> None:
    del spec["train"]["validation_interval"]
    assert load(write_spec, spec).experiment.train.validation_interval == 2
    with pytest.raises(SpecError, match="an interval of 50"):
        load(write_spec, spec, "train.validation_interval=50")


def test_home_and_values_to_fill_in_are_meant_as_people_write_them(
    write_spec: Callable[..., Path], spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    open_elsewhere = ("evaluate.checkpoint=???", "dataset.classify.infer_dataset.csv_path=???")
    run = load(write_spec, spec, "results_dir=~/results", "train.pretrained_model_path=~/a.pth", *open_elsewhere)
    assert run.results_dir == Path("/home/me/results/train")
    assert run.experiment.train.pretrained_model_path == "/home/me/a.pth"
    assert run.experiment.evaluate.checkpoint == full_default_tree()["evaluate"]["checkpoint"]
    assert load(write_spec, spec, "results_dir=/r", "encryption_key=~x").experiment.encryption_key == "~x"
    with pytest.raises(SpecError, match="still to be filled in"):
        load(write_spec, spec, "evaluate.checkpoint=???", command="evaluate")


def test_a_section_of_comments_alone_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("results_dir: /r\ntrain:\n  # nothing yet\nmodel:\n  backbone:\ndataset:\n  classify:\n")
    run = load_run("train", path, ["train.num_epochs=60"])
    assert run.experiment.train.num_epochs == 60
    assert run.experiment.model.model_dump() == full_default_tree()["model"]


def test_both_halves_of_a_contradiction_that_are_written_are_kept(tmp_path: Path) -> None:
    """One of them is the default; whoever writes it means it all the same."""
    path = tmp_path / "spec.yaml"
    written = {
        "results_dir": "/r",
        "model": {"classify": {"difference_module": "learnable", "difference_head": "pooled"}},
        "train": {"num_epochs": 100, "classify": {"loss": "contrastive"}},
    }
    path.write_text(dump_yaml(written))
    with pytest.raises(SpecError, match="the loss contrastive can't train the learnable") as caught:
        load_run("train", path, [])
    assert {"train.classify.loss", "model.classify.difference_module"} <= set(caught.value.where.split(", "))
    del written["model"]["classify"]["difference_module"]
    del written["model"]["classify"]["difference_head"]
    path.write_text(dump_yaml(written))
    assert load_run("train", path, []).experiment.model.classify.difference_module == "euclidean"


def test_a_written_default_is_chosen_unless_the_file_comes_from_a_template(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("results_dir: /r\ntrain: {num_epochs: 30, validation_interval: 50, checkpoint_interval: 30}\n")
    with pytest.raises(SpecError, match="an interval of 50 is more than the 30 epochs"):
        load_run("train", path, [])
    template = default_tree("train")
    put(template, "results_dir", "/r")
    put(template, "train.num_epochs", 30)
    path.write_text(dump_yaml(template))
    assert load_run("train", path, []).experiment.train.validation_interval == 30
    put(template, "train.classify.loss", "contrastive")
    path.write_text(dump_yaml(template))
    with pytest.raises(SpecError, match="the loss contrastive can't train the learnable"):
        load_run("train", path, [])


def test_a_key_that_no_template_holds_is_chosen_where_a_file_from_one_has_it(tmp_path: Path) -> None:
    path, look = tmp_path / "spec.yaml", "model.classify.second_look_scale"
    template = default_tree("export")
    put(template, "results_dir", "/r")
    assert get(template, look) is None
    path.write_text(dump_yaml(template))
    assert look not in load_run("export", path, []).chosen
    put(template, look, 1.0)  # its default, which a plan writes only where somebody asks for it
    path.write_text(dump_yaml(template))
    assert look in load_run("export", path, []).chosen
    everything = full_default_tree("classify")
    put(everything, "results_dir", "/r")
    path.write_text(dump_yaml(everything))
    assert look not in load_run("export", path, []).chosen


def test_a_template_of_the_segment_task_asks_for_its_data(
    project_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = project_root / "references" / "spec_template_segment_train.yaml"
    assert main(["train", "-e", str(template), f"results_dir={tmp_path}"]) == 1
    assert "dataset.segment.root_dir is not set" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["task=[]", "task=detect", "results_dir=[1]", "results_dir=/proc/none/there"])
def test_default_specs_tells_what_it_can_not_do(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["default_specs", given]) == 1
    assert "ERROR" in capsys.readouterr().err


def test_secrets_are_masked_in_what_is_written(write_spec: Callable[..., Path], spec: dict[str, Any]) -> None:
    run = load(write_spec, spec, "encryption_key=hush-hush")
    assert get(run.config, "encryption_key") == "********"
    assert "hush-hush" not in repr(run.config)


def test_a_results_folder_that_cannot_be_made_is_an_error(
    write_spec: Callable[..., Path], spec: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["train", "-e", str(write_spec(spec)), f"results_dir={tmp_path / 'file'}"]) == 1
    assert "results folder can't be written" in capsys.readouterr().err

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from core.documents import read_json, read_yaml
from core.dotted import get
from spec.actions import ACTIONS
from spec.constraints import settle
from spec.load import parse_experiment
from spec.schemas import SEGMENT_EXAMPLE, generate

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    generate(tmp_path)
    return tmp_path


def contents(root: Path) -> Mapping[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_repository_holds_what_the_models_say() -> None:
    assert generate(REPOSITORY, check=True) == []


def test_every_action_gets_a_schema_and_a_template(generated: Path) -> None:
    wanted = {f"schemas/{name}.schema.json" for name in ACTIONS} | {"schemas/manifest.json", SEGMENT_EXAMPLE}
    wanted |= {f"references/spec_template_{name}.yaml" for name in ACTIONS}
    assert set(contents(generated)) == wanted


@pytest.mark.parametrize("action", ACTIONS)
def test_template_equals_the_default_of_its_schema(action: str) -> None:
    schema = read_json(REPOSITORY / "schemas" / f"{action}.schema.json")
    template = REPOSITORY / "references" / f"spec_template_{action}.yaml"
    assert read_yaml(template) == schema["default"]
    assert yaml.safe_load(template.read_text()) == schema["default"]  # YAML 1.1 reads it the same


def test_manifest_tells_file_task_command_and_hash(generated: Path) -> None:
    actions = read_json(generated / "schemas/manifest.json")["actions"]
    assert list(actions) == list(ACTIONS)
    for entry in actions.values():
        assert hashlib.sha256((generated / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert hashlib.sha256((generated / entry["template"]).read_bytes()).hexdigest() == entry["template_sha256"]
    segment = actions["segment_evaluate"]
    assert (segment["task"], segment["command"]) == ("segment", "visual_changenet evaluate")
    schema = read_json(generated / "schemas/train.schema.json")
    assert actions["train"]["automl"] == {
        "enabled": True,
        "default_parameters": len(schema["automl_default_parameters"]),
        "disabled_parameters": len(schema["automl_disabled_parameters"]),
    }


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from spec.schemas import generate; generate(Path(sys.argv[1]))"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)], check=True, env=environment, cwd=REPOSITORY
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_second_run_changes_nothing(generated: Path) -> None:
    assert generate(generated) == []


def test_check_finds_a_changed_value_by_its_key_and_writes_nothing(generated: Path) -> None:
    path = generated / "schemas/train.schema.json"
    schema = read_json(path)
    schema["default"]["train"]["num_epochs"] = 7
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    before = contents(generated)
    assert generate(generated, check=True) == ["schemas/train.schema.json: differs at /default/train/num_epochs"]
    assert contents(generated) == before


def test_check_tells_an_integer_from_a_float_and_a_removed_key(generated: Path) -> None:
    path = generated / "schemas/export.schema.json"
    schema = read_json(path)
    schema["default"]["model"]["classify"]["eval_margin"] = "0.3"
    del schema["default"]["export"]
    path.write_text(json.dumps(schema, indent=2))
    assert generate(generated, check=True) == [
        "schemas/export.schema.json: differs at /default/model/classify/eval_margin"
    ]


def test_check_finds_an_edited_line_of_a_template(generated: Path) -> None:
    path = generated / "references/spec_template_train.yaml"
    lines = path.read_text().splitlines()
    number = lines.index("results_dir: /results") + 1
    path.write_text("\n".join(lines).replace("results_dir: /results", "results_dir: /elsewhere") + "\n")
    assert generate(generated, check=True) == [f"references/spec_template_train.yaml: differs at line {number}"]


def test_check_finds_broken_and_reformatted_json(generated: Path) -> None:
    broken, reformatted = generated / "schemas/train.schema.json", generated / "schemas/evaluate.schema.json"
    broken.write_text(broken.read_text()[:-3])
    reformatted.write_text(json.dumps(read_json(reformatted)))
    first, second = generate(generated, check=True)
    assert first.startswith("schemas/train.schema.json: differs at line ")
    assert second == "schemas/evaluate.schema.json: differs at line 1"


def test_missing_and_stale_files_are_drift_and_are_mended(generated: Path) -> None:
    (generated / "schemas/quantize.schema.json").unlink()
    (generated / "schemas/prune.schema.json").write_text("{}")
    (generated / "references/spec_template_prune.yaml").write_text("a: 1")
    (generated / "references/tuning.md").write_text("prose")
    messages = [
        "schemas/quantize.schema.json: is missing",
        "references/spec_template_prune.yaml: no action is described by this file any more",
        "schemas/prune.schema.json: no action is described by this file any more",
    ]
    assert generate(generated, check=True) == messages
    assert generate(generated) == messages
    assert generate(generated, check=True) == []
    assert (generated / "references/tuning.md").read_text() == "prose"


@pytest.mark.parametrize("command", ["train", "evaluate", "inference"])
def test_the_compact_segment_example_serves_every_command(command: str) -> None:
    experiment = parse_experiment(read_yaml(REPOSITORY / SEGMENT_EXAMPLE), command)
    assert experiment.task == "segment"
    settled = settle(experiment.model_dump(), command, ())
    assert (settled.adjustments, settled.problems) == ((), ())


def test_templates_leave_mandatory_paths_empty() -> None:
    train = read_yaml(REPOSITORY / "references/spec_template_train.yaml")
    names = [
        f"dataset.classify.{split}_dataset.{key}"
        for split in ("train", "validation")
        for key in ("csv_path", "images_dir")
    ]
    assert [get(train, name) for name in names] == [""] * 4
    assert get(train, "results_dir") == "/results"

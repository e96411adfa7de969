# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from core.errors import DeclarationError, RequestError
from router.declarations import SKILL_VARIABLE, generated_root, load_skill
from router.validation import SCHEMA_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def line_with(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_the_schema_of_the_declarations_is_a_2020_12_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text()))


def test_every_action_has_a_command_of_its_own_kind(skill: Skill) -> None:
    for action in (*skill.actions, *skill.deploy_actions):
        program, section, option, path = skill.command(action, "/a b/spec.yaml")
        assert (program, option, path) == ("visual_changenet", "-e", "/a b/spec.yaml")
        assert section == skill.section(action)
        assert action.endswith(section)


def test_the_declared_actions_are_those_of_the_skill_and_of_deploy(skill: Skill) -> None:
    assert skill.actions == (
        "train",
        "evaluate",
        "inference",
        "export",
        "quantize",
        "inspect",
        "segment_train",
        "segment_evaluate",
        "segment_inference",
        "segment_inspect",
    )
    deploys = {
        f"deploy_{task}_{a}" for task in ("classify", "segment") for a in ("gen_trt_engine", "evaluate", "inference")
    }
    assert set(skill.deploy_actions) == deploys


def test_each_action_is_packaged_and_belongs_to_a_task(skill: Skill) -> None:
    for action in (*skill.actions, *skill.deploy_actions):
        assert skill.packaged(action), skill.packaging_problem(action)
        assert skill.task_of(action) == ("segment" if "segment" in action else "classify")


def test_there_is_no_gpu_spec_key(skill: Skill) -> None:
    assert "gpu_spec_key" not in skill.info


def test_images_come_from_versions(skill: Skill) -> None:
    assert skill.image("train").endswith("-pyt")
    assert skill.image("deploy_segment_evaluate").endswith("-deploy")


def test_a_short_name_means_the_key_of_the_action(skill: Skill) -> None:
    assert skill.shorthand_keys("train")["batch_size"] == "dataset.classify.batch_size"
    assert skill.shorthand_keys("segment_train")["batch_size"] == "dataset.segment.batch_size"
    assert skill.shorthand_keys("inference")["checkpoint"] == "inference.checkpoint"
    assert skill.shorthand_keys("evaluate")["num_gpus"] == "evaluate.num_gpus"
    assert "checkpoint" not in skill.shorthand_keys("train")


def test_an_unknown_action_or_profile_gets_the_closest_name(skill: Skill) -> None:
    with pytest.raises(RequestError, match="Did you mean 'evaluate'"):
        skill.action_info("evalute")
    with pytest.raises(RequestError, match="Did you mean 'laptop'"):
        skill.profile_spec("lapttop", "train")


@pytest.mark.parametrize(
    ("old", "new", "key", "line_text"),
    [
        ("automl_enabled: true", "automl_enabled: perhaps", "automl_enabled", "automl_enabled: perhaps"),
        ("    mode: config\n", "    mode: magic\n", "actions > train > mode", "mode: magic"),
        ("    mode: config\n", "    moed: config\n", "actions > train > moed", "moed: config"),
        (
            "source: eval_dataset, path: dataset.csv",
            "source: evaluation, path: dataset.csv",
            "source",
            "source: evaluation",
        ),
        ("results_dir: output_dir", "results_dir: output_folder", "results_dir", "results_dir: output_folder"),
        ("container_image: pyt", "container_image: pyy", "container_image", "container_image: pyy"),
        ("train: segment_train", "train: segment_trian", "segment_trian", "segment_trian"),
        (
            "triggers:\n    - visual changenet",
            "trigger:\n    - visual changenet",
            "trigger",
            "trigger:",
        ),
        ("default_task: classify", "default_task: detect", "default_task", "default_task: detect"),
        ("train: segment_train", "Train it: segment_train", "no name for a key here", "Train it: segment_train"),
    ],
)
def test_a_broken_skill_info_is_named_by_line_and_key(
    skill_copy: Path, old: str, new: str, key: str, line_text: str
) -> None:
    path = skill_copy / "skill_info.yaml"
    replace_in(path, old, new)
    with pytest.raises(DeclarationError) as caught:
        load_skill(skill_copy)
    assert caught.value.where == f"{path}:{line_with(path, line_text)}"
    assert key in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "line_text", "told"),
    [
        ("export: export, ", "", "  export:\n    task: classify", "not under tasks > classify > actions"),
        (
            "inference: segment_inference",
            "inference: inference",
            "inference: inference, inspect: segment",
            "belongs to another task",
        ),
        ("    quantize:\n      verbs:", "    shrink:\n      verbs:", "quantize: quantize}", "not under language"),
        (
            "  export.checkpoint: {kind: ",
            "  export.chekpoint: {kind: ",
            "    export.checkpoint: parent_model",
            "parent job",
        ),
    ],
)
def test_parts_of_skill_info_that_contradict_each_other_are_named_by_line(
    skill_copy: Path, old: str, new: str, line_text: str, told: str
) -> None:
    path = skill_copy / "skill_info.yaml"
    replace_in(path, old, new)
    with pytest.raises(DeclarationError, match=told) as caught:
        load_skill(skill_copy)
    assert caught.value.where == f"{path}:{path.read_text().partition(line_text)[0].count(chr(10)) + 1}"


def test_a_missing_key_is_named(skill_copy: Path) -> None:
    replace_in(skill_copy / "skill_info.yaml", "network_arch: visual-changenet\n", "")
    with pytest.raises(DeclarationError, match="network_arch"):
        load_skill(skill_copy)


def test_a_misspelt_key_gets_the_closest_name(skill_copy: Path) -> None:
    path = skill_copy / "versions.yaml"
    replace_in(path, "    tag: 7.1.0-pyt", "    tag: 7.1.0-pyt\n    tagg: x")
    with pytest.raises(DeclarationError, match="Did you mean 'tag'") as caught:
        load_skill(skill_copy)
    assert caught.value.where == f"{path}:{line_with(path, 'tagg')}"


@pytest.mark.parametrize("text", ["a: [1,\nb: 2", "a: 1\na: 2", "a: !!python/object/apply:os.getcwd []"])
def test_yaml_that_is_none_is_named_by_line(skill_copy: Path, text: str) -> None:
    path = skill_copy / "skill_info.yaml"
    path.write_text(text)
    with pytest.raises(DeclarationError) as caught:
        load_skill(skill_copy)
    assert caught.value.where.startswith(f"{path}:")


@pytest.mark.parametrize("name", ["SKILL.md", "skill_info.yaml", "versions.yaml"])
def test_a_missing_file_is_named(skill_copy: Path, name: str) -> None:
    (skill_copy / name).unlink()
    with pytest.raises(DeclarationError) as caught:
        load_skill(skill_copy)
    assert name in caught.value.where


def test_a_broken_deploy_file_is_an_error_only_when_it_is_needed(skill_copy: Path) -> None:
    path = skill_copy / "deploy" / "skill_info.yaml"
    replace_in(path, "runtime: extracted_folder", "runtime: unpacked")
    skill = load_skill(skill_copy)
    assert skill.section("train") == "train"
    with pytest.raises(DeclarationError) as caught:
        skill.data_sources("deploy_classify_gen_trt_engine")
    assert caught.value.where == f"{path}:{line_with(path, 'runtime: unpacked')}"


@pytest.mark.parametrize(
    "head",
    [
        "# no head at all\n",
        "---\nname: x\n",
        "---\nname: Not A Name\ndescription: d\n---\n",
        "---\nname: a-name\n---\n",
        "---\nname: a-name\ndescription: d\ntags: [a]\n---\n",
        f"---\nname: a-name\ndescription: {'d' * 1025}\n---\n",
    ],
)
def test_a_head_against_the_rules_of_agent_skills_is_refused(skill_copy: Path, head: str) -> None:
    (skill_copy / "SKILL.md").write_text(head)
    with pytest.raises(DeclarationError) as caught:
        load_skill(skill_copy)
    assert "SKILL.md" in caught.value.where


@pytest.mark.parametrize(
    "damage", ["schema is gone", "schema is cut", "template is cut", "template is a list", "not listed"]
)
def test_an_action_whose_schema_or_template_is_unusable_is_not_packaged(skill_copy: Path, damage: str) -> None:
    schema, template = (
        skill_copy / "schemas/evaluate.schema.json",
        skill_copy / "references/spec_template_evaluate.yaml",
    )
    if damage == "schema is gone":
        schema.unlink()
    elif damage == "schema is cut":
        schema.write_text(schema.read_text()[:200])
    elif damage == "template is cut":
        template.write_text("a: [1,")
    elif damage == "template is a list":
        template.write_text("- a\n")
    else:
        (skill_copy / "schemas/manifest.json").write_text('{"actions": {"train": {}}}')
    skill = load_skill(skill_copy)
    assert not skill.packaged("evaluate")
    assert skill.packaged("train")


def test_without_a_manifest_nothing_is_packaged(skill_copy: Path) -> None:
    (skill_copy / "schemas/manifest.json").unlink()
    assert not load_skill(skill_copy).packaged("train")


def test_routing_imports_nothing_heavy(project_root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from router.decision import decide;"
        "from router.declarations import load_skill;"
        f"from router.types import Request; decide(Request(text='train'), load_skill(Path({str(project_root)!r})));"
        "print(sorted({'torch','numpy','PIL','pydantic','jinja2','rich','jsonschema','docker','optuna','kubernetes','click'}"
        " & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]", shlex.join(result.args[:1])


def test_what_was_read_before_is_read_again_where_a_byte_of_it_changed(
    skill_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    path = skill_copy / "skill_info.yaml"
    first = load_skill(skill_copy)
    assert len(list((tmp_path / "cache/declarations").iterdir())) == 3
    with monkeypatch.context() as patched:
        patched.setattr("router.validation.read_yaml", lambda *_: pytest.fail("it was parsed again"))
        assert load_skill(skill_copy) == first
    replace_in(path, "title: Visual ChangeNet", "title: Another")
    assert load_skill(skill_copy).info["title"] == "Another"
    replace_in(path, "automl_enabled: true", "automl_enabled: perhaps")
    with pytest.raises(DeclarationError, match="automl_enabled"):
        load_skill(skill_copy)


def test_schemas_are_generated_into_a_checkout_or_the_folder_that_is_named_and_into_no_installation(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SKILL_VARIABLE, raising=False)
    assert generated_root() == project_root
    monkeypatch.setattr("router.declarations.checkout", lambda: None)
    with pytest.raises(RequestError) as refused:
        generated_root()
    assert refused.value.code == "schemas.installed"
    monkeypatch.setenv(SKILL_VARIABLE, str(tmp_path))
    assert generated_root() == tmp_path

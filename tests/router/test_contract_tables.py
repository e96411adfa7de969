# SPDX-License-Identifier: Apache-2.0
"""The declared contract against the packaged schemas, and against the data tables that the field agreed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_json, read_yaml
from core.dotted import get, put
from core.memory import Memory
from runners.planning.schema import action_schema
from spec.constraints import settle

if TYPE_CHECKING:
    from router.declarations import Skill

ABSENT: Any = object()
IMAGES, CSV, ROOT = "images.tar.gz", "dataset.csv", ""


def pairs(split: str, source: str) -> dict[str, tuple[str, str, bool]]:
    key = f"dataset.classify.{split}"
    return {f"{key}.images_dir": (source, IMAGES, False), f"{key}.csv_path": (source, CSV, False)}


SEGMENT_ROOT = {"dataset.segment.root_dir": ("train_datasets", ROOT, False)}
CALIBRATION_LIST = {"gen_trt_engine.tensorrt.calibration.cal_image_dir": ("calibration_dataset", IMAGES, True)}
TABLES: dict[str, dict[str, tuple[str, str, bool]]] = {
    "train": pairs("train_dataset", "train_datasets") | pairs("validation_dataset", "eval_dataset"),
    "quantize": pairs("train_dataset", "train_datasets")
    | pairs("validation_dataset", "eval_dataset")
    | {"dataset.classify.quant_calibration_dataset.images_dir": ("train_datasets", IMAGES, False)},
    "export": pairs("validation_dataset", "eval_dataset"),  # our own: what an exported model is compared on
    "evaluate": pairs("validation_dataset", "eval_dataset") | pairs("test_dataset", "eval_dataset"),
    "inference": pairs("infer_dataset", "inference_dataset"),
    "deploy_classify_gen_trt_engine": CALIBRATION_LIST,
    "segment_train": SEGMENT_ROOT,
    "segment_quantize": SEGMENT_ROOT
    | {"dataset.segment.quant_calibration_dataset.images_dir": ("train_datasets", ROOT, False)},
    "segment_evaluate": SEGMENT_ROOT,
    "segment_inference": SEGMENT_ROOT,
    "deploy_segment_gen_trt_engine": SEGMENT_ROOT | CALIBRATION_LIST,
}
RUNNABLE = (
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
FUNCTIONS = {
    "output_dir",
    "key",
    "parent_model",
    "parent_model_folder",
    "resume_model",
    "create_onnx_file",
    "create_engine_file",
}


def every_action(skill: Skill) -> tuple[str, ...]:
    return (*skill.actions, *skill.deploy_actions)


@pytest.mark.parametrize("action", TABLES)
def test_the_data_sources_of_an_action_are_the_rows_of_the_tables(skill: Skill, action: str) -> None:
    rows = {key: (row["source"], row["path"], row["list"]) for key, row in skill.data_sources(action).items()}
    assert rows == TABLES[action]


def test_only_the_tables_and_the_engine_actions_declare_data_sources(skill: Skill) -> None:
    engine_runs = {f"deploy_{task}_{verb}" for task in ("classify", "segment") for verb in ("evaluate", "inference")}
    declared = {*skill.info["data_sources"], *(a for a in skill.deploy_actions if skill.data_sources(a))}
    assert declared == {*TABLES} | engine_runs


def test_the_runtime_follows_from_what_the_file_is(skill: Skill) -> None:
    expected = {IMAGES: "extracted_folder", CSV: "file", ROOT: "folder"}
    for action in (*TABLES, *skill.deploy_actions):
        for key, row in skill.data_sources(action).items():
            assert row["runtime"] == expected[row["path"]], key
            if row["path"] == ROOT:
                assert row["archives"] == ["A.tar.gz", "B.tar.gz", "list.tar.gz", "label.tar.gz"]


def test_every_declared_key_is_in_the_schema_of_its_action(skill: Skill) -> None:
    for action in every_action(skill):
        default = read_json(skill.schema_path(action))["default"]
        info = skill.action_info(action)
        for key in (*skill.data_sources(action), *skill.spec_params(action), *info["inputs"], *info["outputs"]):
            assert get(default, key, ABSENT) is not ABSENT, f"{action}: {key}"


def test_every_data_source_and_parent_is_an_input_of_its_action(skill: Skill) -> None:
    for action in every_action(skill):
        inputs = skill.action_info(action)["inputs"]
        parents = {key for key, function in skill.spec_params(action).items() if function == "parent_model"}
        assert {*skill.data_sources(action)} | parents <= set(inputs), action


def test_every_short_name_is_a_key_of_an_action_of_its_task(skill: Skill) -> None:
    for name, target in skill.info["spec_shorthand_keys"].items():
        found = 0
        for action in (*skill.actions, *skill.deploy_actions):
            key = skill.shorthand_keys(action).get(name)
            found += key is not None and action_schema(skill, action, Memory()).node(key) is not None
        assert found, f"{name}: {target}"


def test_every_profile_key_is_used_by_an_action_of_its_task(skill: Skill) -> None:
    schemas = {action: action_schema(skill, action, Memory()) for action in skill.actions}
    for name, profile in skill.profiles.items():
        for task, values in profile["spec"].items():
            for key in values:
                users = [a for a in skill.actions if skill.task_of(a) == task and schemas[a].node(key) is not None]
                assert users, f"{name}: {key}"


@pytest.mark.parametrize("profile", ["container", "laptop"])
@pytest.mark.parametrize("action", RUNNABLE)
def test_a_template_with_a_profile_keeps_the_rules_between_keys(skill: Skill, profile: str, action: str) -> None:
    spec, schema = read_yaml(skill.template_path(action)), action_schema(skill, action, Memory())
    values = {k: v for k, v in skill.profile_spec(profile, action).items() if schema.node(k) is not None}
    for key, value in values.items():
        put(spec, key, value)
    assert settle(spec, action, set(values)).problems == ()


def test_the_profiles_name_the_documented_backbones(skill: Skill) -> None:
    container = skill.profile_spec("container", "train")
    assert container["model.backbone.type"] == "c_radio_v2_vit_base_patch16_224"
    assert container["model.backbone.pretrained_backbone_path"] == "/data/pretrained_models/C-RADIOv2_B.safetensors"
    assert skill.profile_spec("container", "segment_train")["model.backbone.type"] == "vit_large_nvdinov2"
    assert skill.profile_spec("laptop", "train")["train.num_gpus"] == 0


def test_spec_params_name_every_function_and_each_train_and_parent_field(skill: Skill) -> None:
    assert set(skill.info["inference_functions"]) == FUNCTIONS
    for action in every_action(skill):
        params = skill.spec_params(action)
        assert params["results_dir"] == "output_dir"
        assert params["encryption_key"] == "key"
        for key, function in params.items():
            if function in ("parent_model", "resume_model"):
                assert skill.parent_artifact(key), key
    assert skill.spec_params("train")["train.resume_training_checkpoint_path"] == "resume_model"
    assert skill.spec_params("quantize")["quantize.model_path"] == "parent_model"
    assert skill.spec_params("export")["export.onnx_file"] == "create_onnx_file"
    engine = skill.spec_params("deploy_segment_gen_trt_engine")
    assert engine["gen_trt_engine.onnx_file"] == "parent_model"
    assert engine["gen_trt_engine.trt_engine"] == "create_engine_file"


def test_the_backbone_descriptor_says_what_is_staged_where_and_when_a_token_is_needed(skill: Skill) -> None:
    descriptor = skill.spec_params("train")["model.backbone.pretrained_backbone_path"]
    assert (descriptor["huggingface_repo"], descriptor["file"]) == ("nvidia/C-RADIOv2-B", "model.safetensors")
    container = skill.profile_spec("container", "train")
    assert descriptor["destination_path"] == container["model.backbone.pretrained_backbone_path"]
    assert descriptor["backbone_type"] == container["model.backbone.type"]
    assert descriptor["token"] == "HF_TOKEN"  # noqa: S105 - a variable's name
    assert descriptor["staged_path"] == "backbone/c_radio_v2_b.safetensors"


def test_each_task_states_its_dataset_type_intents_and_monitored_metric(skill: Skill) -> None:
    classify, segment = skill.info["tasks"]["classify"], skill.info["tasks"]["segment"]
    assert classify["dataset_type"] == "visual_changenet_classify"
    assert segment["dataset_type"] == "visual_changenet_segment"
    assert classify["dataset_intents"] == ["training", "evaluation", "testing", "calibration"]
    assert segment["dataset_intents"] == ["training", "calibration"]
    for task in (classify, segment):
        assert task["monitoring_metric"] == {"name": "val_loss", "direction": "minimize"}
        assert task["formats"] == ["default"]

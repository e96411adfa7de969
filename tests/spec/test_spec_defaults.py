# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any

import pytest

from core.dotted import get
from core.errors import SpecError
from core.redaction import is_secret_key
from router.declarations import load_skill, skill_root
from spec.actions import ACTIONS, COMMANDS
from spec.backbones import BACKBONES, NAMED, backbone_family, fitting_types
from spec.load import default_tree, full_default_tree
from spec.schema_tree import full_schema, leaf_keys, node_at

DOCUMENTED = {
    "task": "classify",
    "train.num_epochs": 100,
    "train.validation_interval": 50,
    "train.checkpoint_interval": 200,
    "train.num_nodes": 1,
    "train.seed": 1234,
    "train.precision": "32-true",
    "train.classify.loss": "ce",
    "train.classify.cls_weight": [1.0, 10.0],
    "train.checkpointer.filename": "model_best_{epoch:03d}",
    "model.backbone.type": "c_radio_v2_vit_base_patch16_224",
    "model.classify.difference_module": "learnable",
    "model.classify.difference_head": "flatten",
    "model.classify.eval_margin": 0.3,
    "model.classify.train_margin_euclid": 2.0,
    "model.classify.embedding_vectors": 5,
    "model.classify.embed_dec": 30,
    "model.classify.learnable_difference_modules": 4,
    "dataset.classify.batch_size": 16,
    "dataset.classify.fpratio_sampling": 0.25,
    "dataset.classify.image_ext": ".jpg",
    "export.opset_version": 17,
    "export.batch_size": -1,
    "export.input_height": 896,
    "export.input_width": 224,
}


@pytest.mark.parametrize(("key", "value"), DOCUMENTED.items())
def test_documented_default(key: str, value: Any) -> None:
    assert get(full_default_tree(), key) == value


def test_segment_has_its_own_backbone_and_a_head_that_fits_it() -> None:
    tree = default_tree("segment_train")
    assert get(tree, "task") == "segment"
    assert get(tree, "model.backbone.type") == "vit_large_nvdinov2"
    assert get(tree, "model.decode_head.in_channels") == [1024] * 4


def test_every_action_of_the_skill_is_there_and_nothing_unpackaged() -> None:
    skill = load_skill(skill_root())
    assert set(ACTIONS) == {*skill.actions, *skill.deploy_actions}


def test_action_without_a_spec_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(SpecError) as caught:
        default_tree("segment_export")
    assert "segment_evaluate" in caught.value.remedy


def node_of(key: str) -> dict[str, Any]:
    node = node_at(full_schema(), tuple(key.split(".")))
    assert node is not None
    return node


@pytest.mark.parametrize("key", leaf_keys(full_schema()))
def test_every_key_is_described_typed_and_has_a_default(key: str) -> None:
    node = node_of(key)
    assert node["description"].endswith(".")
    assert {"type", "anyOf", "enum", "const"} & node.keys()
    assert "default" in node


def test_no_default_is_infinite() -> None:
    numbers = [node_of(key)["default"] for key in leaf_keys(full_schema())]
    assert all(math.isfinite(value) for value in numbers if isinstance(value, int | float))


def test_quantities_name_their_unit() -> None:
    units = {
        "train.num_epochs": "epochs",
        "dataset.classify.image_width": "pixels",
        "dataset.classify.cache_images_mb": "MB",
        "gen_trt_engine.tensorrt.workspace_size": "MB",
        "dataset.classify.augmentation_config.random_rotate.angle_list": "degrees",
        "dataset.classify.batch_size": "pairs",
    }
    found = {key: node_of(key)["unit"] for key in units}
    assert found == units


def test_no_key_but_the_checkpoints_encryption_holds_a_secret() -> None:
    texts = [key for key in leaf_keys(full_schema()) if "boolean" not in node_of(key).get("type", "")]
    assert [key for key in texts if is_secret_key(key)] == ["encryption_key"]


def test_backbone_names_are_those_of_the_schema() -> None:
    node = node_of("model.backbone.type")
    assert node["anyOf"][0]["enum"] == list(NAMED)
    assert node["anyOf"][1]["engines"] == ["embedded"]


@pytest.mark.parametrize(
    ("name", "channels", "strides"),
    [
        ("fan_tiny_8_p4_hybrid", (128, 256, 192, 192), (4, 8, 16, 16)),
        ("fan_small_12_p4_hybrid", (128, 256, 384, 384), (4, 8, 16, 16)),
        ("vit_large_nvdinov2", (1024,) * 4, (4, 8, 16, 32)),
        ("c_radio_v2_vit_huge_patch16_224", (1280,) * 4, (4, 8, 16, 32)),
        ("vit_7b_dinov3", (4096,) * 4, (4, 8, 16, 32)),
    ],
)
def test_backbone_facts(name: str, channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
    assert (BACKBONES[name].channels, BACKBONES[name].strides) == (channels, strides)


@pytest.mark.parametrize(
    ("file_name", "types"),
    [
        ("NV_DINOV2_518_16_256.ckpt", ("vit_large_nvdinov2",)),
        ("C-RADIOv2_B.safetensors", ("c_radio_v2_vit_base_patch16_224",)),
        ("c_radio_v2_l.safetensors", ("c_radio_v2_vit_large_patch16_224",)),
        ("dinov3_vits16plus_pretrain_lvd1689m.pth", ("vit_small_plus_dinov3",)),
        ("dinov3_vits16_pretrain_lvd1689m.pth", ("vit_small_dinov3",)),
        ("fan_hybrid_small.pth", ("fan_small_12_p4_hybrid",)),
        ("model.safetensors", ()),
    ],
)
def test_weight_file_names_tell_their_backbone(file_name: str, types: tuple[str, ...]) -> None:
    assert fitting_types(file_name) == types


def test_a_timm_backbone_has_a_family_even_where_its_facts_are_unknown() -> None:
    assert backbone_family("timm/resnet18") == "timm"
    assert backbone_family("resnet18") is None


def test_actions_run_commands_of_the_engine() -> None:
    assert {action.command for action in ACTIONS.values()} == set(COMMANDS)


def test_a_file_of_a_family_fits_every_backbone_of_it_and_no_other() -> None:
    fitting = fitting_types("my_dinov3_weights.pth")
    assert {"vit_small_dinov3", "vit_7b_dinov3"} <= set(fitting)
    assert {backbone_family(name) for name in fitting} == {"dinov3"}

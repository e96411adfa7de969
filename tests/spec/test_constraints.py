# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import read_yaml
from core.dotted import flatten, get, put
from spec.actions import ACTIONS
from spec.constraints import CONSTRAINTS, check, settle
from spec.load import default_tree, full_default_tree
from spec.metrics import DEFAULT_MONITOR, EXAMPLES, metric_mode
from spec.rules_data import combined_size
from spec.rules_model import packaged_weights

if TYPE_CHECKING:
    from pathlib import Path

C, S, B, T = "dataset.classify", "dataset.segment", "model.backbone", "gen_trt_engine.tensorrt"
CROP = "with_scale_random_crop.scale_range"
LARGER = "model.classify.second_look_scale"

# rule, action, what breaks it, what keeps it
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("validation_interval", "train", {"train.num_epochs": 30}, {"train.num_epochs": 50}),
    ("checkpoint_interval", "train", {"train.num_epochs": 199}, {"train.num_epochs": 200}),
    ("checkpoint_interval", "segment_train", {}, {"train.checkpoint_interval_unit": "step"}),
    ("warmup", "train", {"train.optim.warmup_epochs": 100.0}, {"train.optim.warmup_epochs": 99.5}),
    (
        "loss_fits_module",
        "train",
        {"train.classify.loss": "contrastive"},
        {"train.classify.loss": "contrastive", "model.classify.difference_module": "euclidean"},
    ),
    ("loss_fits_module", "train", {"model.classify.difference_module": "euclidean"}, {}),
    (
        "class_weights",
        "train",
        {f"{C}.num_classes": 3},
        {f"{C}.num_classes": 3, "train.classify.cls_weight": [1, 2, 3]},
    ),
    (
        "best_checkpoint_metric",
        "train",
        {"train.checkpointer.enable_topk": True, "train.checkpointer.monitor": "val_los"},
        {"train.checkpointer.enable_topk": True, "train.checkpointer.monitor": "val_f1"},
    ),
    (
        "best_checkpoint_metric",
        "segment_train",
        {
            "train.checkpointer.enable_topk": True,
            "train.checkpointer.monitor": "val_miou",
            "train.checkpointer.mode": "min",
        },
        {
            "train.checkpointer.enable_topk": True,
            "train.checkpointer.monitor": "val_iou_1",
            "train.checkpointer.mode": "max",
        },
    ),
    (
        "replaced_periodic",
        "train",
        {"train.checkpointer.replace_periodic": True},
        {"train.checkpointer.replace_periodic": True, "train.checkpointer.enable_topk": True},
    ),
    ("gpu_ids", "train", {"train.num_gpus": 2}, {"train.num_gpus": 2, "train.gpu_ids": [2, 3]}),
    ("gpu_ids", "evaluate", {"evaluate.gpu_ids": [0, 0], "evaluate.num_gpus": 2}, {"evaluate.num_gpus": 0}),
    (
        "weights_are_local",
        "train",
        {f"{B}.pretrained_backbone_path": "hf://nvidia/C-RADIOv2-B"},
        {f"{B}.pretrained_backbone_path": "w/b.pth"},
    ),
    ("weights_are_local", "train", {"train.pretrained_model_path": "https://example.org/model.pth"}, {}),
    (
        "packaged_weights",
        "train",
        {f"{B}.pretrained_backbone_path": "package:efficientnet-lite0"},
        {f"{B}.pretrained_backbone_path": "package:efficientnet-lite0", f"{B}.type": "timm/tf_efficientnet_lite0"},
    ),
    ("packaged_weights", "train", {f"{B}.pretrained_backbone_path": "package:resnet"}, {}),
    (
        "weights_fit_backbone",
        "segment_train",
        {f"{B}.pretrained_backbone_path": "/w/NV_DINOV2_518_16_256.ckpt", f"{B}.type": "fan_small_12_p4_hybrid"},
        {f"{B}.pretrained_backbone_path": "/w/NV_DINOV2_518_16_256.ckpt"},
    ),
    (
        "weights_fit_backbone",
        "train",
        {f"{B}.pretrained_backbone_path": "/w/fan_hybrid_tiny.pth"},
        {f"{B}.pretrained_backbone_path": "/w/C-RADIOv2_B.safetensors"},
    ),
    (
        "dinov3_is_frozen",
        "train",
        {f"{B}.type": "vit_base_dinov3"},
        {f"{B}.type": "vit_base_dinov3", f"{B}.freeze_backbone": True},
    ),
    (
        "frozen_backbone_has_weights",
        "train",
        {f"{B}.freeze_backbone": True},
        {f"{B}.freeze_backbone": True, f"{B}.pretrained_backbone_path": "/w/own.pth"},
    ),
    (
        "frozen_levels_have_weights",
        "train",
        {f"{B}.frozen_levels": 2, f"{B}.type": "timm/resnet18"},
        {f"{B}.frozen_levels": 2, f"{B}.type": "timm/resnet18", f"{B}.pretrained_backbone_path": "/w/own.pth"},
    ),
    ("levels_are_timm", "train", {f"{B}.finest_stride": 2}, {f"{B}.finest_stride": 2, f"{B}.type": "timm/resnet18"}),
    ("levels_are_timm", "evaluate", {f"{B}.frozen_levels": 1}, {}),
    (
        "decoder_channels",
        "train",
        {f"{B}.finest_stride": 2, f"{B}.type": "timm/tf_efficientnet_lite0"},
        {
            f"{B}.finest_stride": 2,
            f"{B}.type": "timm/tf_efficientnet_lite0",
            "model.decode_head.in_channels": [16, 24, 40, 112],
        },
    ),
    ("decoder_channels", "train", {f"{B}.type": "c_radio_v2_vit_large_patch16_224"}, {f"{B}.type": "timm/resnet18"}),
    ("decoder_strides", "train", {f"{B}.type": "fan_tiny_8_p4_hybrid"}, {f"{B}.type": "vit_large_nvdinov2"}),
    (
        "pooled_head",
        "train",
        {"model.classify.difference_head": "pooled", "model.classify.difference_module": "euclidean"},
        {"model.classify.difference_head": "pooled"},
    ),
    (
        "golden_images",
        "train",
        {f"{C}.num_golden": 3, "model.classify.difference_module": "euclidean"},
        {f"{C}.num_golden": 3},
    ),
    ("golden_images", "train", {f"{C}.num_golden": 3, f"{B}.type": "fan_tiny_8_p4_hybrid"}, {}),
    (
        "second_look_scale",
        "train",
        {LARGER: 1.5, "model.classify.difference_head": "pooled", f"{B}.type": "timm/resnet18"},
        {
            LARGER: 1.5,
            "model.classify.second_look": 5.0,
            "model.classify.difference_head": "pooled",
            f"{B}.type": "timm/resnet18",
        },
    ),
    (
        "second_look_scale",
        "evaluate",
        {LARGER: 1.5, f"{B}.type": "timm/resnet18"},
        {LARGER: 1.5, f"{B}.type": "timm/resnet18", "model.classify.difference_head": "pooled"},
    ),
    ("second_look_scale", "evaluate", {LARGER: 1.5, "model.classify.difference_head": "pooled"}, {LARGER: 1.0}),
    ("second_look_scale", "export", {LARGER: 1.5}, {LARGER: 1.0}),
    ("second_look_scale", "quantize", {LARGER: 1.5}, {LARGER: 1.0}),
    (
        "hard_mining",
        "train",
        {f"{C}.hard_mining": 0.75},
        {f"{C}.hard_mining": 0.75, "train.pretrained_model_path": "package:starter"},
    ),
    (
        "hard_mining",
        "train",
        {f"{C}.hard_mining": 0.75, "train.pretrained_model_path": "package:starter", "train.num_gpus": 2},
        {},
    ),
    ("classify_batch", "train", {f"{C}.batch_size": 1}, {f"{C}.batch_size": 2}),
    ("lights", "train", {f"{C}.num_input": 1}, {f"{C}.num_input": 1, f"{C}.input_map": None}),
    ("lights", "train", {f"{C}.input_map": {}}, {}),
    ("light_places", "train", {f"{C}.input_map": {"A": 0, "B": 0, "C": 1, "D": 2}}, {}),
    (
        "grid",
        "train",
        {f"{C}.concat_type": "grid", f"{C}.grid_map": {"x": 3, "y": 2}},
        {f"{C}.concat_type": "grid", f"{C}.grid_map": {"x": 1, "y": 4}},
    ),
    (
        "grid",
        "train",
        {f"{C}.concat_type": "grid", f"{C}.grid_map": None},
        {f"{C}.concat_type": "linear", f"{C}.grid_map": None},
    ),
    ("image_size", "train", {f"{C}.image_width": 100}, {f"{C}.image_width": 96, f"{C}.image_height": 136}),
    ("image_size", "segment_train", {f"{S}.img_size": 250}, {f"{S}.img_size": 256}),
    (
        "scale_range",
        "train",
        {f"{C}.augmentation_config.{CROP}": [1.2, 1.0]},
        {f"{C}.augmentation_config.{CROP}": [1.0, 1.0]},
    ),
    ("scale_range", "segment_train", {f"{S}.augmentation.{CROP}": [1.2, 1.0]}, {}),
    (
        "label_transform",
        "segment_train",
        {f"{S}.num_classes": 4},
        {f"{S}.num_classes": 4, f"{S}.label_transform": "None"},
    ),
    (
        "color_map",
        "segment_evaluate",
        {f"{S}.color_map": {"0": [0, 0, 0], "2": [1, 1, 1]}},
        {f"{S}.color_map": {"0": [0, 0, 0], "1": [1, 1, 1]}},
    ),
    ("export_size", "export", {f"{C}.image_height": 128}, {f"{C}.image_height": 128, "export.input_height": 512}),
    ("batch_profile", "deploy_classify_gen_trt_engine", {f"{T}.opt_batch_size": 16}, {f"{T}.opt_batch_size": 8}),
    (
        "batch_profile",
        "gen_trt_engine",
        {f"{T}.min_batch_size": 2},
        {f"{T}.min_batch_size": 2, f"{T}.opt_batch_size": 2},
    ),
    (
        "int8_calibration",
        "deploy_segment_gen_trt_engine",
        {f"{T}.data_type": "INT8"},
        {f"{T}.data_type": "int8", f"{T}.calibration.cal_image_dir": ["/a"], f"{T}.calibration.cal_cache_file": "/c"},
    ),
    (
        "quantize_mode",
        "quantize",
        {"quantize.mode": "static_ptq"},
        {"quantize.mode": "static_ptq", "quantize.backend": "modelopt.pytorch"},
    ),
]
RULES = {rule.__name__: rule for rule in CONSTRAINTS}


def spec_with(action: str, changes: dict[str, Any]) -> dict[str, Any]:
    tree = default_tree(action) if action in ACTIONS else full_default_tree()
    for key, value in changes.items():
        put(tree, key, deepcopy(value))
    return tree


@pytest.mark.parametrize(("rule", "action", "broken", "kept"), CASES)
def test_rule_is_broken_and_kept(rule: str, action: str, broken: dict[str, Any], kept: dict[str, Any]) -> None:
    violation = RULES[rule](spec_with(action, broken), action)
    assert violation is not None
    assert violation.problem.message
    assert violation.problem.remedy
    assert violation.problem.code.startswith("spec.")
    if kept:
        assert RULES[rule](spec_with(action, kept), action) is None


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(RULES)


@pytest.mark.parametrize(("rule", "action", "broken", "kept"), CASES)
def test_an_adjustment_mends_the_rule(rule: str, action: str, broken: dict[str, Any], kept: dict[str, Any]) -> None:
    del kept
    spec = spec_with(action, broken)
    violation = RULES[rule](spec, action)
    assert violation is not None
    for changes in violation.adjustments:
        mended = spec_with(action, broken | changes)
        again = RULES[rule](mended, action)
        assert again is None or again.problem.message != violation.problem.message


@pytest.mark.parametrize("action", ACTIONS)
def test_defaults_settle_without_a_violation(action: str) -> None:
    settled = settle(default_tree(action), action, ())
    assert settled.problems == ()
    expected = {"train.checkpoint_interval"} if ACTIONS[action].command == "train" else set()
    assert {adjustment.key for adjustment in settled.adjustments} == expected


def test_a_default_is_adjusted_and_named() -> None:
    spec = spec_with("train", {"train.num_epochs": 30})
    settled = settle(spec, "train", {"train.num_epochs"})
    assert get(settled.spec, "train.validation_interval") == 30
    assert [(a.key, a.old, a.new) for a in settled.adjustments] == [
        ("train.validation_interval", 50, 30),
        ("train.checkpoint_interval", 200, 30),
    ]
    assert settled.problems == ()
    assert get(spec, "train.validation_interval") == 50, "the argument stays as it is"


def test_a_given_value_is_an_error() -> None:
    spec = spec_with("train", {"train.num_epochs": 30, "train.validation_interval": 40})
    settled = settle(spec, "train", {"train.num_epochs", "train.validation_interval"})
    assert [problem.code for problem in settled.problems] == ["spec.validation_interval"]
    assert get(settled.spec, "train.validation_interval") == 40


def test_the_side_that_was_not_given_is_adjusted() -> None:
    module, loss = "model.classify.difference_module", "train.classify.loss"
    by_module = settle(spec_with("train", {module: "euclidean"}), "train", {module})
    assert get(by_module.spec, loss) == "contrastive"
    by_loss = settle(spec_with("train", {loss: "contrastive"}), "train", {loss})
    assert get(by_loss.spec, module) == "euclidean"


def test_a_given_lighting_map_sets_the_number_and_the_grid() -> None:
    names = {name: i for i, name in enumerate("ABCDEF")}
    spec = spec_with("train", {f"{C}.input_map": names, f"{C}.concat_type": "grid"})
    settled = settle(spec, "train", {*(f"{C}.input_map.{name}" for name in names), f"{C}.concat_type"})
    assert get(settled.spec, f"{C}.num_input") == 6
    assert get(settled.spec, f"{C}.grid_map") == {"x": 3, "y": 2}
    assert settled.problems == ()


def test_one_given_cell_of_a_grid_keeps_the_whole_grid() -> None:
    spec = spec_with("train", {f"{C}.concat_type": "grid", f"{C}.grid_map.x": 3})
    settled = settle(spec, "train", {f"{C}.concat_type", f"{C}.grid_map.x"})
    assert [problem.code for problem in settled.problems] == ["spec.grid_map"]


def test_another_backbone_brings_its_decoder_head_and_export_size() -> None:
    settled = settle(spec_with("train", {f"{B}.type": "fan_base_16_p4_hybrid"}), "train", {f"{B}.type"})
    assert get(settled.spec, "model.decode_head.in_channels") == [128, 256, 448, 448]
    assert get(settled.spec, "model.decode_head.feature_strides") == [4, 8, 16, 16]
    export = settle(spec_with("export", {f"{C}.num_input": 1}), "export", {f"{C}.num_input"})
    assert (get(export.spec, f"{C}.input_map"), get(export.spec, "export.input_height")) == (None, 224)


def test_weights_that_fit_another_backbone_choose_it_only_where_none_was_named() -> None:
    weights = {f"{B}.pretrained_backbone_path": "/w/c_radio_v2_l.safetensors"}
    chosen = settle(spec_with("train", weights), "train", set(weights))
    assert get(chosen.spec, f"{B}.type") == "c_radio_v2_vit_large_patch16_224"
    named = settle(spec_with("train", weights), "train", {*weights, f"{B}.type"})
    assert [problem.code for problem in named.problems] == ["spec.weights_backbone"]


def test_dinov3_is_frozen_but_its_weights_have_to_be_given() -> None:
    settled = settle(spec_with("train", {f"{B}.type": "vit_small_dinov3"}), "train", {f"{B}.type"})
    assert get(settled.spec, f"{B}.freeze_backbone") is True
    assert [problem.code for problem in settled.problems] == ["spec.freeze_backbone"]


CHOICES: dict[str, list[Any]] = {
    "train.num_epochs": [1, 30, 60, 500],
    "train.validation_interval": [1, 40, 400],
    "train.checkpoint_interval": [5, 150],
    "train.classify.loss": ["ce", "contrastive"],
    "train.num_gpus": [0, 1, 4],
    "train.checkpointer.replace_periodic": [True],
    "model.classify.difference_module": ["learnable", "euclidean"],
    "model.classify.difference_head": ["pooled"],
    f"{B}.type": ["fan_tiny_8_p4_hybrid", "vit_base_dinov3", "timm/tf_efficientnet_lite0", "timm/resnet18"],
    f"{B}.pretrained_backbone_path": ["package:efficientnet-lite0", "/w/NV_DINOV2_518_16_256.ckpt", "/w/own.pth"],
    f"{B}.freeze_backbone": [True, False],
    f"{C}.num_input": [1, 2, 6],
    f"{C}.input_map": [None, {"A": 0}, {"A": 1, "B": 0}],
    f"{C}.concat_type": ["grid", "linear"],
    f"{C}.num_classes": [2, 3],
}


@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(options) for key, options in CHOICES.items()}))
@settings(max_examples=150, deadline=None)
def test_settling_ends_keeps_what_is_given_and_leaves_nothing_to_adjust(changes: dict[str, Any]) -> None:
    settled = settle(spec_with("train", changes), "train", set(changes))
    assert all(get(settled.spec, key) == value for key, value in changes.items())
    keys = [adjustment.key for adjustment in settled.adjustments]
    assert len(keys) == len(set(keys)), "no key is adjusted to and fro"
    assert settle(settled.spec, "train", set(changes)).adjustments == ()
    assert list(settled.problems) == [broken.problem for broken in check(settled.spec, "train")]
    assert flatten(settled.spec).keys() >= {"train.num_epochs", f"{B}.type"}


@pytest.mark.parametrize("key", [f"{B}.pretrained_backbone_path", "train.pretrained_model_path"])
def test_weights_that_are_no_file_are_a_broken_rule(key: str) -> None:
    for path in ("nvidia/C-RADIOv2-B", "hf://nvidia/C-RADIOv2-B", "S3://bucket/model.pth", "//host/model.pth"):
        codes = [found.problem.code for found in check(spec_with("train", {key: path}), "train")]
        assert "spec.weights_remote" in codes, path
    for path in ("/models/any.pth", "backbone/any.safetensors", "./weights", "C:\\weights\\any.pth"):
        codes = [found.problem.code for found in check(spec_with("train", {key: path}), "train")]
        assert "spec.weights_remote" not in codes, path


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (896, 224)),
        ({f"{C}.concat_type": "grid"}, (448, 448)),
        ({f"{C}.concat_type": "grid", f"{C}.grid_map": {"x": 4, "y": 1}}, (224, 896)),
        ({f"{C}.concat_type": "grid", f"{C}.num_input": 3}, (672, 224)),
        ({f"{C}.num_input": 1, f"{C}.image_width": 96}, (224, 96)),
    ],
)
def test_size_of_the_combined_lightings(changes: dict[str, Any], size: tuple[int, int]) -> None:
    assert combined_size(spec_with("train", changes)) == size


@pytest.mark.parametrize(
    ("metric", "task", "mode"),
    [
        ("val_loss", "classify", "min"),
        ("val_far", "classify", "min"),
        ("val_f1", "classify", "max"),
        ("val_latency_ms", "classify", "min"),
        ("train_acc", "classify", "max"),
        ("val_miou", "segment", "max"),
        ("val_F1_0", "segment", "max"),
        ("val_miou", "classify", None),
        ("loss", "classify", None),
    ],
)
def test_direction_of_a_metric(metric: str, task: str, mode: str | None) -> None:
    assert metric_mode(metric, task) == mode


def test_the_contract_watches_the_metric_that_the_spec_watches_in_its_direction(project_root: Path) -> None:
    info = read_yaml(project_root / "skill_info.yaml")
    modes = {"minimize": "min", "maximize": "max"}
    for task, declared in info["tasks"].items():
        metric = declared["monitoring_metric"]
        assert metric["name"] == DEFAULT_MONITOR
        assert modes[metric["direction"]] == metric_mode(DEFAULT_MONITOR, task)
    for task, names in EXAMPLES.items():
        assert all(metric_mode(name, task) for name in re.findall(r"val_\w+", names))


def test_rules_need_neither_pydantic_nor_yaml() -> None:
    script = "import sys, spec.constraints; sys.exit(bool({'pydantic', 'yaml', 'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("action", ACTIONS)
def test_a_spec_without_any_key_breaks_no_rule(action: str) -> None:
    assert check({}, action) == []


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("package:resnet", "there are no packaged weights 'package:resnet'"),
        ("package:efficientnet-lite0", "holds weights of timm/tf_efficientnet_lite0, not of"),
    ],
)
def test_packaged_weights_that_are_not_there_or_of_another_backbone_are_told_apart(weights: str, said: str) -> None:
    broken = packaged_weights(spec_with("train", {f"{B}.pretrained_backbone_path": weights}), "train")
    assert broken
    assert said in broken.problem.message


def test_an_export_of_another_size_is_told_with_height_and_width() -> None:
    size = {f"{C}.num_input": 1, f"{C}.image_height": 64, f"{C}.image_width": 96, f"{C}.input_map": None}
    found = next(b for b in check(spec_with("export", size), "export") if b.problem.code == "spec.export_size")
    assert found.adjustments == ({"export.input_height": 64, "export.input_width": 96},)
    assert found.problem.place == "export.input_height, export.input_width"
    one = spec_with("export", {**size, "export.input_width": 96})
    (found,) = [b for b in check(one, "export") if b.problem.code == "spec.export_size"]
    assert found.adjustments == ({"export.input_height": 64},)
    assert not check(spec_with("export", {**size, "export.input_width": 96, "export.input_height": 64}), "export")


@pytest.mark.parametrize(("count", "cells", "broken"), [(4, (2, 2), 0), (6, (2, 2), 1), (6, (3, 2), 0), (3, (2, 2), 0)])
def test_a_grid_holds_an_even_number_of_lightings_exactly(count: int, cells: tuple[int, int], broken: int) -> None:
    lights = {f"light{n}": n for n in range(count)}
    grid = {"x": cells[0], "y": cells[1]}
    changes = {f"{C}.concat_type": "grid", f"{C}.num_input": count, f"{C}.input_map": lights, f"{C}.grid_map": grid}
    found = [b for b in check(spec_with("train", changes), "train") if b.problem.code == "spec.grid_map"]
    assert len(found) == broken
    if broken:
        assert found[0].adjustments == ({f"{C}.grid_map": {"x": 3, "y": 2}},)


def test_single_pairs_are_for_engines_only() -> None:
    for action in ("train", "evaluate", "inference", "quantize"):
        codes = {found.problem.code for found in check(spec_with(action, {f"{C}.batch_size": 1}), action)}
        assert "spec.batch_size" in codes, action
    for action in ("deploy_classify_evaluate", "deploy_classify_inference"):
        codes = {found.problem.code for found in check(spec_with(action, {f"{C}.batch_size": 1}), action)}
        assert "spec.batch_size" not in codes, action


_LOWEST = ("loss", "fpr", "fpr_of_all", "far", "far_at_99_recall", "escapes", "latency_ms")
_HIGHEST = ("acc", "precision", "recall", "f1", "auc", "ap")
_SEGMENT = {"loss": "min"} | dict.fromkeys(("acc", "miou", "mf1", "mprecision", "mrecall", "iou_1", "F1_0"), "max")
_MONITORS = [("train", f"val_{n}", "min") for n in _LOWEST] + [("train", f"val_{n}", "max") for n in _HIGHEST]
_MONITORS += [("segment_train", f"val_{name}", mode) for name, mode in _SEGMENT.items()]


@pytest.mark.parametrize(("action", "monitor", "mode"), _MONITORS)
def test_each_metric_may_be_monitored_in_its_own_direction(action: str, monitor: str, mode: str) -> None:
    section = "train.checkpointer"

    def codes(direction: str | None) -> set[str]:
        changes = {f"{section}.enable_topk": True, f"{section}.monitor": monitor, f"{section}.mode": direction}
        codes = {found.problem.code for found in check(spec_with(action, changes), action)}
        return {code for code in codes if code.startswith("spec.monitor")}

    assert not codes(mode)
    assert not codes(None)
    assert codes("max" if mode == "min" else "min") == {"spec.monitor_mode"}


@pytest.mark.parametrize("monitor", ["val_miou", "val_iou_1", "test_loss", "loss", "val_", "val_losses"])
def test_a_metric_that_is_not_logged_is_no_monitor(monitor: str) -> None:
    changes = {"train.checkpointer.enable_topk": True, "train.checkpointer.monitor": monitor}
    assert "spec.monitor" in {found.problem.code for found in check(spec_with("train", changes), "train")}


def test_a_cache_that_exists_needs_no_calibration_images(tmp_path: Path) -> None:
    cache = tmp_path / "cal.bin"
    changes = {f"{T}.data_type": "int8", f"{T}.calibration.cal_cache_file": str(cache)}

    def codes() -> set[str]:
        return {found.problem.code for found in check(spec_with("gen_trt_engine", changes), "gen_trt_engine")}

    assert "spec.calibration" in codes()
    cache.write_bytes(b"ranges")
    assert "spec.calibration" not in codes()

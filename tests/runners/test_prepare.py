# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core import dotted
from core.documents import read_yaml
from core.errors import (
    ChangenetError,
    DataError,
    DeclarationError,
    MissingInputError,
    RequestError,
    SpecError,
    UnknownKeyError,
)
from router.declarations import load_skill
from router.types import Request
from runners import api
from runners.planning.plan import JOB_FOLDER, Plan, Provenance
from runners.planning.profiles import has_gpu

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.declarations import Skill

Values = dict[str, Any]


def plan_of(skill: Skill, action: str = "train", **slots: Any) -> Plan:
    request = Request(action=action, **{"automl_policy": "off", "profile": "laptop", **slots})
    plan = api.prepare_request(request, skill)[1]
    assert plan
    return plan


def write_masks(root: Path) -> Path:
    """Segment data: three lists, with the pictures and labels that they name (empty files)."""
    for folder in ("A", "B", "label", "list"):
        (root / folder).mkdir(parents=True)
    for split in ("train", "val", "test"):
        names = [f"{split}{n}.png" for n in range(10)]
        (root / "list" / f"{split}.txt").write_text("\n".join(names))
        for name in names:
            for folder in ("A", "B", "label"):
                (root / folder / name).touch()
    return root


def train(skill: Skill, boards: Path, overrides: Values | None = None, **slots: Any) -> Plan:
    return plan_of(skill, data=str(boards), overrides=overrides or {}, **slots)


def value(plan: Plan, key: str) -> Any:
    return dotted.get(plan.spec, key)


def test_each_layer_covers_those_below_it(skill: Skill, boards: Path) -> None:
    key = "dataset.classify.batch_size"
    template = plan_of(skill, data=str(boards), profile="container", overrides={"freeze_backbone": False})
    profile = train(skill, boards)
    short = train(skill, boards, {"image_width": 256})
    both = train(skill, boards, {"image_width": 256, "dataset.classify.image_width": 64})

    width = "dataset.classify.image_width"
    assert [value(plan, width) for plan in (template, profile, short, both)] == [224, 128, 256, 64]
    assert width not in template.provenance
    assert [plan.provenance[width].source for plan in (profile, short, both)] == ["profile", "shorthand", "override"]
    assert value(template, key) == value(profile, key) == 16


def test_data_covers_the_profile_and_overrides_cover_data(
    skill: Skill, tmp_path: Path, write_boards: Callable[..., Path]
) -> None:
    lit = write_boards(tmp_path / "lit", ("SolderLight", "WhiteLight"), ".jpeg")

    found = train(skill, lit)
    said = train(skill, lit, {"dataset.classify.input_map": {"SolderLight": 0}, "image_ext": ".jpeg"})

    keys = ("dataset.classify.num_input", "dataset.classify.input_map", "dataset.classify.image_ext")
    assert [value(found, key) for key in keys] == [2, {"SolderLight": 0, "WhiteLight": 1}, ".jpeg"]
    assert {found.provenance[key].source for key in keys} == {"data"}
    assert [value(said, key) for key in keys] == [1, {"SolderLight": 0}, ".jpeg"]
    assert [said.provenance[key].source for key in keys] == ["adjusted", "override", "shorthand"]


def test_a_direct_training_keeps_the_best_epoch_as_searches_do(skill: Skill, boards: Path) -> None:
    section = "train.checkpointer"
    for profile in ("laptop", "container"):
        plan = train(skill, boards, {"freeze_backbone": False}, profile=profile)
        assert value(plan, section) | {"enable_topk": True, "monitor": "val_loss", "mode": "min"} == value(
            plan, section
        )
        assert plan.provenance[f"{section}.enable_topk"].detail == "every training"
    named = train(skill, boards, {"model.backbone.type": "timm/resnet18"}, profile=None)
    assert value(named, f"{section}.enable_topk") is True
    assert value(train(skill, boards, {f"{section}.enable_topk": False}), f"{section}.enable_topk") is False
    other = train(skill, boards, {f"{section}.monitor": "val_f1"})
    assert (value(other, f"{section}.monitor"), value(other, f"{section}.mode")) == ("val_f1", None)
    for monitor in ("val_far", "val_far_at_99_recall"):
        assert value(train(skill, boards, {f"{section}.monitor": monitor}), f"{section}.monitor") == monitor
    assert "checkpointer" not in plan_of(skill, "evaluate", data=str(boards)).spec["train"]


def test_a_key_that_not_every_container_knows_is_in_a_plan_that_names_it_alone(skill: Skill, boards: Path) -> None:
    key = "model.precise_msda"
    given = {"freeze_backbone": False}
    for runner in ("local", "docker"):
        assert value(train(skill, boards, given, profile="container", runner=runner), key) is None
        named = train(skill, boards, {**given, key: True}, profile="container", runner=runner)
        assert value(named, key) is True
        assert named.provenance[key].source == "override"


def test_every_value_that_is_not_the_templates_has_an_origin(skill: Skill, boards: Path) -> None:
    plan = train(skill, boards, {"num_epochs": 3, "train.optim.lr": 1e-3, "train.seed": 1234}, gpus=0)
    default = json.loads(skill.schema_path("train").read_text())["default"]

    changed = {key for key, new in dotted.flatten(plan.spec).items() if dotted.get(default, key) != new}

    assert changed <= plan.provenance.keys()
    assert plan.provenance.keys() - changed == {"train.seed"}
    assert plan.provenance["train.seed"].source == "override"
    assert plan.provenance["train.num_epochs"] == Provenance("shorthand", "num_epochs")


def test_equal_requests_make_equal_plans_and_other_values_other_ids(skill: Skill, boards: Path) -> None:
    first, second = train(skill, boards), train(skill, boards)

    assert first == second
    assert Plan.from_json(json.loads(json.dumps(first.to_json()))) == first
    assert train(skill, boards, {"num_epochs": 7}).id != first.id


def test_an_altered_plan_is_no_longer_its_own_id(skill: Skill, boards: Path) -> None:
    document = train(skill, boards).to_json()
    document["spec"]["train"]["num_epochs"] = 5000

    with pytest.raises(RequestError, match="altered"):
        Plan.from_json(document).require_launchable()


def test_defaults_that_break_a_rule_are_adjusted_and_told(skill: Skill, boards: Path) -> None:
    plan = train(skill, boards, {"num_epochs": 3}, profile="container")

    assert value(plan, "train.validation_interval") == value(plan, "train.checkpoint_interval") == 3
    told = {change.key: (change.before, change.after) for change in plan.adjustments}
    assert told["train.validation_interval"] == (50, 3)
    assert plan.provenance["train.checkpoint_interval"].source == "adjusted"


def test_a_file_that_can_be_no_checkpoint_is_refused_by_its_ending(skill: Skill, boards: Path) -> None:
    (boards / "notes.md").write_text("no weights")
    with pytest.raises(SpecError) as error:
        plan_of(skill, "evaluate", data=str(boards), overrides={"checkpoint": str(boards / "notes.md")})

    assert error.value.code == "checkpoint.suffix"
    assert ".pth" in error.value.remedy


def test_values_of_the_user_that_break_a_rule_are_an_error(skill: Skill, boards: Path) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, {"num_epochs": 3, "validation_interval": 10})

    assert error.value.code == "spec.validation_interval"
    assert "train.num_epochs" in error.value.where


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("train.num_epochs", "three", ["a whole number", "at least 1", '"three"']),
        ("train.num_epochs", 0, ["at least 1"]),
        ("train.num_epochs", True, ["a whole number"]),
        ("train.num_epochs", 1.5, ["a whole number"]),
        ("train.optim.policy", "linaer", ["one of linear", "Did you mean 'linear'"]),
        ("model.backbone.type", "c_radio_v2_vit_base_patch16", ["Did you mean 'c_radio_v2_vit_base_patch16_224'"]),
        ("train.classify.cls_weight", 3, ["a list"]),
        ("train.classify.cls_weight", [1, "x"], ["a number"]),
        ("dataset.classify.input_map", {"SolderLight": -1}, ["at least 0"]),
        ("dataset.classify.augmentation_config.augment", "yes", ["true or false"]),
        ("train.optim", 3, ["section"]),
        ("dataset.classify.train_dataset.csv_path", 5, ["a text"]),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    skill: Skill, boards: Path, key: str, text: Any, said: list[str]
) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, {key: text})

    assert error.value.code == "spec.value"
    assert error.value.where.startswith(key)
    assert all(part in error.value.message for part in said), error.value.message
    assert error.value.remedy


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("train.num_epoch", "train.num_epochs"),
        ("num_epochz", "num_epochs"),
        ("epoch", "epochs"),
        ("train.lr", "train.optim.lr"),
        ("dataset.classify.train_dataset.csv", "dataset.classify.train_dataset.csv_path"),
    ],
)
def test_an_unknown_key_gets_the_closest_names(skill: Skill, boards: Path, key: str, hint: str) -> None:
    with pytest.raises(UnknownKeyError) as error:
        train(skill, boards, {key: 1})

    assert f"'{hint}'" in error.value.message
    assert error.value.where == key


def test_all_that_is_wrong_is_told_at_once(skill: Skill, boards: Path) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, {"train.num_epochs": 0, "train.lr": 1, "loss": "hinge", "infer_csv": "x.csv"})

    for part in ("4 values", "train.num_epochs", "'train.lr'", "train.classify.loss", "infer_dataset.csv_path"):
        assert part in error.value.message


def test_maps_are_replaced_sections_merged_and_entries_set(
    skill: Skill, tmp_path: Path, write_boards: Callable[..., Path]
) -> None:
    lit = write_boards(tmp_path / "lit", ("SolderLight", "WhiteLight"))
    plan = train(
        skill,
        lit,
        {
            "dataset.classify.input_map": {"SolderLight": 0},
            "train.optim": {"lr": 1e-3},
            "train.classify.cls_weight": [1.0, 4.0],
            "image_ext": ".png",
        },
    )
    assert value(plan, "dataset.classify.input_map") == {"SolderLight": 0}
    assert value(plan, "train.optim.optim") == "adamw"
    assert value(plan, "train.optim.lr") == 1e-3
    assert value(plan, "train.classify.cls_weight") == [1.0, 4.0]


def test_one_entry_of_a_map_can_be_set(skill: Skill, tmp_path: Path, write_boards: Callable[..., Path]) -> None:
    lit = write_boards(tmp_path / "lit", ("SolderLight", "WhiteLight"))
    plan = train(skill, lit, {"dataset.classify.input_map.WhiteLight": 0, "dataset.classify.input_map.SolderLight": 1})

    assert value(plan, "dataset.classify.input_map") == {"SolderLight": 1, "WhiteLight": 0}
    assert value(plan, "dataset.classify.num_input") == 2


def test_a_whole_number_in_exponent_form_is_a_whole_number(skill: Skill, boards: Path) -> None:
    epochs = value(train(skill, boards, {"train.num_epochs": 1e3}), "train.num_epochs")
    assert (epochs, type(epochs)) == (1000, int)


def test_a_key_that_two_short_names_set_is_refused(skill: Skill, boards: Path) -> None:
    with pytest.raises(SpecError, match="num_epochs and epochs"):
        train(skill, boards, {"num_epochs": 3, "epochs": 4})


_SKILL = load_skill(Path(__file__).parents[2])
ACTIONS_OF_THE_CONTAINER = [name for name in _SKILL.actions if _SKILL.action_info(name).get("container", True)]
SECRET = "correct-horse-battery"  # noqa: S105


@pytest.mark.parametrize(
    "overrides",
    [
        {"encryption_key": SECRET},
        {"wandb.entity": f"https://user:{SECRET}@example.com/x"},
        {"model.backbone.pretrained_backbone_path": f"s3://user:{SECRET}@bucket/x.pth"},
        {"wandb.tags": ["boards", f"hf_{SECRET.replace('-', '')}hf"]},
        {"wandb": {"tags": ["--password", SECRET]}},
        {"encryption_key": [SECRET]},
        {"encryption_key": f"env:{SECRET}"},
        {"encryption_key": 4711471147},
    ],
)
def test_a_secret_is_refused_and_not_repeated(skill: Skill, boards: Path, overrides: Values) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, overrides)

    assert error.value.code == "spec.secret"
    assert not re.search("horse|4711", str(error.value))


def test_a_secret_may_be_named_by_its_variable_and_words_are_masked(skill: Skill, boards: Path) -> None:
    token = "hf_abcdefghijklmnopqrstuvwxyz"  # noqa: S105
    plan = train(skill, boards, {"encryption_key": "env:TAO_KEY"}, text=f"train on {boards} with {token}")

    assert token not in json.dumps(plan.to_json())
    assert plan.spec["encryption_key"] == "env:TAO_KEY"
    assert plan.secrets == ("TAO_KEY",)
    with pytest.raises(SpecError, match="must not stand in a spec"):
        train(skill, boards, {"encryption_key": f"env:{SECRET}"})


def test_the_key_comes_from_the_declared_variable_and_is_its_name_wherever_it_is_written(
    skill: Skill, boards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (train(skill, boards).spec["encryption_key"], train(skill, boards).secrets) == (None, ())
    monkeypatch.setenv("TAO_ENCRYPTION_KEY", SECRET)
    monkeypatch.setenv("OTHER_KEY", f"{SECRET}-other")

    for runner, written in (("local", "env:{}"), ("docker", "${{oc.env:{}}}")):
        slots = {"runner": runner, "profile": None}
        for name, overrides in (("TAO_ENCRYPTION_KEY", {}), ("OTHER_KEY", {"encryption_key": "env:OTHER_KEY"})):
            plan = train(skill, boards, overrides, **slots)
            assert plan.spec["encryption_key"] == written.format(name)
            assert plan.secrets == (name,)
            assert SECRET not in json.dumps(plan.to_json())
            assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "weights", ["https://huggingface.co/nvidia/C-RADIOv2-B/resolve/main/model.safetensors", "nvidia/C-RADIOv2-B"]
)
def test_weights_that_would_have_to_be_downloaded_are_refused_with_the_staging_command(
    skill: Skill, boards: Path, weights: str
) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, {"pretrained_backbone": weights, "backbone": "c_radio_v2_vit_base_patch16_224"})

    assert error.value.code == "spec.weights_remote"
    assert "changenet stage backbone" in error.value.remedy


ADDRESSES = (
    "https://huggingface.co/nvidia/C-RADIOv2-B/resolve/main/model.safetensors",
    "HTTPS://huggingface.co/nvidia/C-RADIOv2-B",
    "//huggingface.co/nvidia/C-RADIOv2-B",
    "hf.co/nvidia/C-RADIOv2-B",
    "huggingface:nvidia/C-RADIOv2-B",
    "hf://nvidia/C-RADIOv2-B/model.safetensors",
    "nvidia/C-RADIOv2-B/model.safetensors",
)
FILE_KEYS = {
    "train": [
        "model.backbone.pretrained_backbone_path",
        "train.pretrained_model_path",
        "train.resume_training_checkpoint_path",
        "dataset.classify.train_dataset.csv_path",
        "dataset.classify.validation_dataset.images_dir",
    ],
    "evaluate": ["evaluate.checkpoint"],
    "quantize": ["quantize.model_path", "dataset.classify.quant_calibration_dataset.images_dir"],
    "deploy_classify_gen_trt_engine": ["gen_trt_engine.onnx_file", "gen_trt_engine.tensorrt.calibration.cal_image_dir"],
    "deploy_classify_inference": ["inference.trt_engine"],
}


@pytest.mark.parametrize("place", [*ADDRESSES, "nvidia/C-RADIOv2-B", "s3://bucket/model.pth"])
@pytest.mark.parametrize(("action", "key"), [(action, key) for action, keys in FILE_KEYS.items() for key in keys])
def test_hub_ids_and_addresses_are_refused_for_every_file_on_every_runner(
    skill: Skill, boards: Path, action: str, key: str, place: str
) -> None:
    is_data = key.startswith("dataset.") or "cal_image_dir" in key
    if is_data and place.startswith("s3:"):
        pytest.skip("data may lie in a store, which runners elsewhere read")
    embedded = action in {"train", "evaluate"}
    for runner in ("local", "docker", "kubernetes") if embedded else ("docker", "slurm"):
        given = [place] if key.endswith("cal_image_dir") else place
        with pytest.raises(SpecError) as error:
            plan_of(skill, action, data=str(boards), runner=runner, profile="container", overrides={key: given})
        assert key in str(error.value)
        if key == "model.backbone.pretrained_backbone_path" and error.value.code == "spec.weights_remote":
            assert "changenet stage backbone" in error.value.remedy


@pytest.mark.parametrize("place", [address for address in ADDRESSES if not address.startswith("nvidia/")])
def test_data_at_an_address_that_nothing_downloads_is_refused(skill: Skill, place: str) -> None:
    for slots in ({"data": place}, {"train_datasets": (place,)}, {"eval_dataset": place}):
        for runner in ("local", "kubernetes"):
            with pytest.raises(DataError) as error:
                plan_of(skill, runner=runner, profile="container", **slots)
            assert error.value.code == "data.address"


def test_data_in_a_store_is_fetched_for_runners_that_do_not_read_it(skill: Skill) -> None:
    plan = plan_of(skill, data="s3://bucket/boards")
    assert plan.missing == ()
    told = "s3://bucket/boards/train/images.tar.gz and 3 more are not on this machine yet"
    assert [warning for warning in plan.warnings if warning.startswith(told)]
    assert plan_of(skill, data="S3://bucket/boards", runner="kubernetes", profile=None).missing == ()


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("deploy_classify_gen_trt_engine", "gen_trt_engine.onnx_file"),
        ("deploy_classify_evaluate", "evaluate.trt_engine"),
    ],
)
def test_deploy_files_are_checked_by_their_ending(
    skill: Skill, boards: Path, tmp_path: Path, action: str, key: str
) -> None:
    wrong = tmp_path / "model.pth"
    wrong.touch()
    with pytest.raises(SpecError) as error:
        plan_of(skill, action, data=str(boards), runner="docker", profile=None, overrides={key: str(wrong)})
    assert error.value.code.endswith(".suffix")
    right = wrong.with_suffix(".onnx" if "onnx" in key else ".engine")
    right.touch()
    plan = plan_of(skill, action, data=str(boards), runner="docker", profile=None, overrides={key: str(right)})
    assert plan.inputs[key] == str(right)


@pytest.mark.skipif(has_gpu(), reason="for a machine that shows no GPU")
def test_a_machine_that_shows_less_than_the_container_profile_needs_is_told(skill: Skill, boards: Path) -> None:
    for profile, told in (("container", True), ("laptop", False)):
        warnings = train(skill, boards, {"freeze_backbone": False}, profile=profile).warnings
        assert any("at least 1 GPU with 16 GB" in text and "shows none" in text for text in warnings) == told


def test_a_section_without_a_value_is_answered_with_a_key_that_people_set(skill: Skill, boards: Path) -> None:
    with pytest.raises(SpecError) as error:
        train(skill, boards, {"train": {}})
    assert "train.num_gpus" in error.value.remedy
    with pytest.raises(SpecError) as error:
        train(skill, boards, {"model.classify": 3})
    assert "model.classify.eval_margin" in error.value.remedy


def test_data_that_is_asked_for_is_described_by_its_type_and_format(skill: Skill) -> None:
    (question,) = [q for q in plan_of(skill).missing if q.slot == "train_datasets"]
    assert "visual_changenet_classify, format default" in question.text
    segment = plan_of(skill, "segment_train", runner="docker", profile=None, eval_dataset="/data/val")
    assert any("visual_changenet_segment" in question.text for question in segment.missing)
    assert any("this task takes training and calibration data only" in text for text in segment.warnings)


def test_weights_of_another_backbone_are_refused(skill: Skill, boards: Path, tmp_path: Path) -> None:
    weights = tmp_path / "NV_DINOV2_518_16_256.ckpt"
    weights.touch()

    with pytest.raises(SpecError) as error:
        train(skill, boards, {"backbone": "fan_small_12_p4_hybrid", "pretrained_backbone": str(weights)})

    assert error.value.code == "spec.weights_backbone"


def test_a_path_that_is_not_there_gets_the_closest_name(skill: Skill, boards: Path) -> None:
    (boards / "labels.csv").touch()

    with pytest.raises(SpecError) as error:
        train(skill, boards, {"train_csv": str(boards / "label.csv"), "resume_checkpoint": str(boards / "x.pth")})

    assert "Did you mean 'labels.csv'" in error.value.message
    assert "train.resume_training_checkpoint_path" in error.value.message


def test_relative_paths_become_absolute_and_results_stay_where_the_user_wants_them(
    skill: Skill, boards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(boards.parent)
    plan = plan_of(skill, data="boards", results_root="kept", overrides={"results_dir": "mine"})

    assert value(plan, "dataset.classify.train_dataset.csv_path") == str(boards / "train/dataset.csv")
    assert plan.spec["results_dir"] == str(boards.parent / "mine")
    assert plan.results_root == str(boards.parent / "kept")


def test_results_go_into_the_jobs_own_folder(skill: Skill, boards: Path) -> None:
    plan = train(skill, boards)
    assert plan.spec["results_dir"] == f"{JOB_FOLDER}/results"
    assert plan.command[1:] == ("train", "-e", f"{JOB_FOLDER}/spec.yaml")


def test_devices_go_to_the_actions_own_keys(skill: Skill, boards: Path) -> None:
    plan = train(skill, boards, {"batch_size": 2}, profile="container", gpus=2, nodes=3, runner="slurm")
    assert (value(plan, "train.num_gpus"), value(plan, "train.gpu_ids")) == (2, [0, 1])
    assert (plan.resources.gpus, plan.resources.nodes) == (2, 3)


@pytest.mark.skipif(has_gpu(), reason="the laptop profile is for machines without a GPU")
def test_without_a_gpu_the_plan_takes_the_laptop_profile_and_says_so(skill: Skill, boards: Path) -> None:
    taken = plan_of(skill, data=str(boards), profile=None)
    named = plan_of(skill, data=str(boards), profile=None, overrides={"backbone": "fan_tiny_8_p4_hybrid"})

    assert (taken.profile, named.profile) == ("laptop", None)
    assert value(taken, "model.backbone.type") == "timm/tf_efficientnet_lite0"
    assert any("no GPU" in warning and "laptop" in warning for warning in taken.warnings)
    assert value(named, "model.backbone.type") == "fan_tiny_8_p4_hybrid"


def test_another_runner_takes_the_container_profile_its_image_and_none_of_our_own_keys(
    skill: Skill, boards: Path
) -> None:
    plan = train(skill, boards, profile=None, runner="docker")

    assert (plan.profile, plan.engine, plan.command[0]) == ("container", "container", "visual_changenet")
    assert plan.image == skill.image("train")
    assert "difference_head" not in plan.spec["model"]["classify"]
    assert "cache_images_mb" not in plan.spec["dataset"]["classify"]
    assert "nuisance" not in plan.spec["dataset"]["classify"]["augmentation_config"]  # not even as an empty section


@pytest.mark.parametrize("action", ACTIONS_OF_THE_CONTAINER)
def test_a_spec_for_the_container_holds_what_its_template_holds(skill: Skill, boards: Path, action: str) -> None:
    segment = action.startswith("segment")
    if segment:
        boards = write_masks(boards.parent / "masks")
    section = skill.section(action)
    key = "quantize.model_path" if section == "quantize" else f"{section}.checkpoint"
    overrides = {} if section == "train" else {key: "/models/any.pth"}
    data = {} if section == "export" else {"train_datasets": (str(boards),)} if segment else {"data": str(boards)}

    plan = plan_of(skill, action, runner="docker", profile=None, overrides=overrides, **data)

    template = dotted.flatten(read_yaml(skill.template_path(action)))
    spec = dotted.flatten(plan.spec)
    assert {key for key in spec if "input_map" not in key} <= template.keys()
    assert not [value for value in spec.values() if str(value).startswith(("package:", "timm/"))]
    if not segment:
        assert (spec["train.classify.loss"], spec["train.classify.cls_weight"]) == ("ce", [1.0, 10.0])


def test_what_the_embedded_engine_alone_knows_is_in_a_plan_where_something_sets_it(skill: Skill, boards: Path) -> None:
    laptop = train(skill, boards, {"target": "far<=1% at recall=100%"})
    plain = train(skill, boards, {"backbone": "fan_tiny_8_p4_hybrid"}, profile=None)

    found = {key: laptop.provenance[key].source for key in ("model.backbone.finest_stride", "model.classify.target")}
    assert found == {"model.backbone.finest_stride": "profile", "model.classify.target": "shorthand"}
    assert value(laptop, "model.classify.second_look") == 5.0
    for key in json.loads(skill.schema_path("train").read_text())["embedded_only_parameters"]:
        assert dotted.get(plain.spec, key, "absent") == "absent", key


def test_a_loss_that_the_difference_module_can_not_have_is_adjusted_for_evaluations_as_well(
    skill: Skill, boards: Path
) -> None:
    for action in ("evaluate", "inference"):
        given = {"difference_module": "euclidean", "checkpoint": "/models/any.pth"}
        plan = plan_of(skill, action, data=str(boards), runner="docker", profile=None, overrides=given)
        assert value(plan, "train.classify.loss") == "contrastive"


def test_the_laptop_profile_is_never_that_of_a_container(skill: Skill, boards: Path) -> None:
    for runner in ("docker", "slurm", "kubernetes"):
        assert train(skill, boards, profile=None, runner=runner).profile == "container"
        with pytest.raises(RequestError, match="profile laptop is for the embedded engine") as error:
            train(skill, boards, profile="laptop", runner=runner)
        assert "name container" in error.value.remedy


def test_what_only_the_embedded_engine_knows_is_refused_for_another(skill: Skill, boards: Path, engine: Path) -> None:
    request = Request(action="train", automl_policy="off", data=str(boards), profile="laptop")

    with pytest.raises(SpecError) as error:
        api.prepare_request(request, skill, engine=str(engine))

    for part in ("model.backbone.type=timm/", "model.classify.difference_head", "package:efficientnet-lite0"):
        assert part in error.value.message


def test_weights_that_a_profile_counts_on_are_asked_for(skill: Skill, boards: Path) -> None:
    plan = train(skill, boards, profile="container")

    assert [question.slot for question in plan.missing] == ["model.backbone.pretrained_backbone_path"]
    assert "changenet stage backbone" in plan.missing[0].text
    with pytest.raises(MissingInputError, match="C-RADIOv2_B"):
        plan.require_launchable()


def test_a_request_without_an_action_comes_back_as_questions(skill: Skill) -> None:
    decision, plan = api.prepare_request(Request(text="do something with my changenet model please"), skill)

    assert plan is None
    assert decision.missing
    with pytest.raises(MissingInputError):
        api.launch(plan_of(skill))


def test_preparing_writes_nothing(skill: Skill, boards: Path, tmp_path: Path) -> None:
    before = sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))

    train(skill, boards, results_root=str(tmp_path / "results"))
    with pytest.raises(ChangenetError):
        plan_of(skill, "evaluate", parent_job_id="train-20260101-000000-abcdef", results_root=str(tmp_path / "results"))

    assert sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


@pytest.fixture
def skill_copy(skill: Skill, tmp_path: Path) -> Path:
    """The skill in a folder of its own, whose schemas and templates may be broken."""
    root = tmp_path / "skill"
    for name in ("schemas", "references"):
        shutil.copytree(skill.root / name, root / name)
    for name in ("SKILL.md", "skill_info.yaml", "versions.yaml", "deploy", "automl"):
        (root / name).symlink_to(skill.root / name)
    return root


@pytest.mark.parametrize("broken", [None, "{", "[]"])
def test_without_a_train_schema_direct_training_is_planned_from_the_template_and_says_so(
    skill: Skill, skill_copy: Path, boards: Path, broken: str | None
) -> None:
    path = skill_copy / "schemas/train.schema.json"
    path.write_text(broken) if broken is not None else path.unlink()
    overrides = {"num_epochs": 3, "dataset.classify.input_map": {"SolderLight": 0}, "train.optim": {"lr": 0.002}}
    for picture in (boards / "images").rglob("*.png"):
        picture.with_name(f"{picture.stem}_SolderLight.png").touch()

    slots = {"data": str(boards), "overrides": overrides, "profile": "laptop"}
    decision, plan = api.prepare_request(Request(action="train", **slots), load_skill(skill_copy))

    assert plan is not None
    assert (decision.automl_policy, decision.route, plan.missing) == ("on", "direct", ())
    assert any("AutoML is enabled" in text and "changenet schemas" in text for text in decision.warnings)
    assert any("no value is checked" in text for text in plan.warnings)
    whole = plan_of(skill, **slots)
    assert plan.spec == whole.spec
    assert plan.inputs == whole.inputs


def test_a_schema_whose_template_is_missing_gives_the_same_plan_with_a_notice(
    skill: Skill, skill_copy: Path, boards: Path
) -> None:
    (skill_copy / "references/spec_template_train.yaml").unlink()
    decision, plan = api.prepare_request(Request(action="train", data=str(boards)), load_skill(skill_copy))

    assert plan is not None
    assert decision.route == "direct"
    assert any("template_train.yaml is missing" in text and "changenet schemas" in text for text in plan.warnings)
    assert plan.spec == plan_of(skill, data=str(boards), profile=plan.profile).spec


def test_without_schema_and_template_it_is_said_what_writes_them(skill_copy: Path, boards: Path) -> None:
    (skill_copy / "references/spec_template_train.yaml").unlink()
    (skill_copy / "schemas/train.schema.json").unlink()

    with pytest.raises(DeclarationError) as error:
        api.prepare_request(Request(action="train", data=str(boards)), load_skill(skill_copy))

    assert "changenet schemas" in error.value.remedy


HEAVY = ("torch", "pydantic", "jinja2", "rich", "numpy", "PIL", "jsonschema", "docker", "optuna", "lightning", "timm")


def test_preparing_imports_nothing_heavy(skill: Skill, boards: Path) -> None:
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom router.declarations import load_skill\n"
        "from router.types import Request\nfrom runners.api import prepare_request\n"
        "request = Request(action='train', automl_policy='off', data=sys.argv[2], profile='laptop')\n"
        "assert prepare_request(request, load_skill(Path(sys.argv[1])))[1].id\nprint(json.dumps(sorted(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(skill.root), str(boards)], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(json.loads(answer.stdout))


@pytest.mark.parametrize(
    ("overrides", "start"),
    [
        ({}, "package:starter"),
        ({"lr": 0.01}, "package:starter"),
        ({"dataset.classify.image_width": 256, "dataset.classify.image_height": 256}, "package:starter"),
        ({"difference_module": "learnable"}, "package:starter"),  # as it is anyway
        ({"pretrained_model": None}, None),
        ({"model.classify.difference_head": "flatten"}, None),
        ({"pretrained_backbone": None, "model.backbone.frozen_levels": 0}, None),
    ],
)
def test_trainings_of_the_laptop_profile_start_from_the_starter_unless_another_start_is_wanted(
    skill: Skill, boards: Path, overrides: Values, start: str | None
) -> None:
    plan = train(skill, boards, overrides)
    key = "train.pretrained_model_path"
    assert value(plan, key) == start
    if start:
        assert plan.provenance[key].source == "profile"
    told = [warning for warning in plan.warnings if "does not start from package:starter" in warning]
    assert bool(told) is (start is None and "pretrained_model" not in overrides)


def test_the_container_starts_from_no_starter(skill: Skill, boards: Path) -> None:
    assert value(train(skill, boards, profile="container"), "train.pretrained_model_path") is None

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.documents import parse_yaml
from core.errors import SpecError, UnknownKeyError
from spec.actions import ACTIONS, COMMANDS
from spec.fields import Section
from spec.load import default_tree, full_default_tree, parse_experiment


def refused(tree: dict[str, Any], action: str = "train") -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse_experiment(tree, action)
    return caught.value


def test_an_empty_spec_is_the_default() -> None:
    assert parse_experiment({}, "evaluate").model_dump() == full_default_tree()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_template_parses_for_its_own_action(action: str) -> None:
    assert parse_experiment(default_tree(action), action).task == ACTIONS[action].task


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("task", ["classify", "segment"])
def test_the_whole_spec_is_accepted_whichever_the_command(command: str, task: str) -> None:
    assert parse_experiment(full_default_tree(task), command).task == task


def test_the_task_of_a_spec_brings_its_defaults() -> None:
    experiment = parse_experiment({"task": "segment"}, "train")
    assert experiment.model.backbone.type == "vit_large_nvdinov2"
    assert parse_experiment({}, "segment_train").task == "segment"


def test_an_action_of_the_other_task_is_refused() -> None:
    error = refused({"task": "classify"}, "segment_train")
    assert (error.code, error.where) == ("spec.task", "task")


def test_an_unknown_action_is_refused_with_the_known_ones() -> None:
    assert "quantize" in refused({}, "prune").remedy


@pytest.mark.parametrize(
    ("tree", "key", "hint"),
    [
        ({"train": {"num_epoch": 3}}, "train.num_epoch", "train.num_epochs"),
        ({"num_epochs": 3}, "num_epochs", "train.num_epochs"),
        ({"dataset": {"classify": {"btach_size": 3}}}, "dataset.classify.btach_size", "dataset.classify.batch_size"),
        ({"dataset": {"classify": {"grid_map": {"z": 3}}}}, "dataset.classify.grid_map.z", ""),
    ],
)
def test_unknown_key_gets_the_closest_names(tree: dict[str, Any], key: str, hint: str) -> None:
    error = refused(tree)
    assert isinstance(error, UnknownKeyError)
    assert error.where == key
    assert hint in error.remedy


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("train: {seed: true}", "train.seed", "an integer"),
        ("train: {num_epochs: '3'}", "train.num_epochs", "an integer of at least 1"),
        ("train: {num_epochs: 2.5}", "train.num_epochs", "an integer"),
        ("train: {optim: {lr: 0}}", "train.optim.lr", "more than 0"),
        ("train: {optim: {optim: adamax}}", "train.optim.optim", "one of adamw, adam, sgd"),
        ("train: {cudnn: {benchmark: 'true'}}", "train.cudnn.benchmark", "true or false"),
        ("train: {gpu_ids: 0}", "train.gpu_ids", "a list"),
        ("train: {gpu_ids: [0, -1]}", "train.gpu_ids.1", "at least 0"),
        ("train:", "train", "a section"),
        ("train: {segment: {weights: [1, 1]}}", "train.segment.weights", "a list of 5"),
        ("dataset: {classify: {image_ext: png}}", "dataset.classify.image_ext", "matches"),
        ("dataset: {classify: {input_map: {A: x}}}", "dataset.classify.input_map.A", "an integer"),
        ("dataset: {segment: {color_map: {red: [1, 2, 3]}}}", "dataset.segment.color_map.red", ""),
        (
            "dataset: {classify: {augmentation_config: {rgb_input_mean: [1]}}}",
            "dataset.classify.augmentation_config.rgb_input_mean",
            "a list of 3",
        ),
        (
            "dataset: {classify: {augmentation_config: {rgb_input_std: [0, 1, 1]}}}",
            "dataset.classify.augmentation_config.rgb_input_std.0",
            "more than 0",
        ),
        ("evaluate: {batch_size: 0}", "evaluate.batch_size", "not 0"),
        ("model: {backbone: {type: resnet18}}", "model.backbone.type", "timm/"),
        ("results_dir: 3", "results_dir", "a text"),
    ],
)
def test_wrong_value_names_key_and_what_it_may_be(text: str, key: str, allowed: str) -> None:
    error = refused(parse_yaml(text))
    assert error.where == key
    assert allowed in error.message
    assert error.remedy


@pytest.mark.parametrize(("value", "allowed"), [(float("nan"), "a number"), (float("inf"), "at most 1")])
def test_a_value_that_is_no_finite_number_is_refused(value: float, allowed: str) -> None:
    error = refused({"train": {"optim": {"lr": value}}})
    assert error.where == "train.optim.lr"
    assert allowed in error.message


def test_every_problem_is_reported_at_once_and_unknown_keys_first() -> None:
    error = refused({"train": {"seed": "x", "num_epoch": 3}, "model": {"backbone": {"freeze_backbone": 1}}})
    assert isinstance(error, UnknownKeyError)
    assert error.where == "train.num_epoch"
    assert "train.seed" in error.message
    assert "model.backbone.freeze_backbone" in error.message


def test_a_value_of_wrong_type_under_a_secret_key_is_not_shown() -> None:
    assert "31415" not in str(refused({"encryption_key": 31415}))


def test_a_mistyped_option_gets_the_closest_one() -> None:
    assert "learnable" in refused({"model": {"classify": {"difference_module": "learnible"}}}).remedy


def test_integral_floats_are_integers_and_integers_are_floats() -> None:
    experiment = parse_experiment({"train": {"num_epochs": 1e3, "gpu_ids": [0.0], "optim": {"lr": 1}}}, "train")
    assert (experiment.train.num_epochs, experiment.train.gpu_ids) == (1000, [0])
    assert isinstance(experiment.train.optim.lr, float)


def test_class_ids_may_be_written_as_numbers() -> None:
    spec = parse_yaml("{task: segment, dataset: {segment: {color_map: {0: [0, 0, 0], 1: [255, 0, 0]}}}}")
    assert parse_experiment(spec, "train").dataset.segment.color_map == {"0": [0, 0, 0], "1": [255, 0, 0]}


def test_a_map_is_replaced_and_a_section_filled_up() -> None:
    tree = {"dataset": {"classify": {"input_map": {"Top": 0, "Side": 1}, "grid_map": {"x": 1}, "num_input": 2}}}
    dataset = parse_experiment(tree, "train").dataset.classify
    assert dataset.input_map == {"Top": 0, "Side": 1}
    assert dataset.grid_map is not None
    assert (dataset.grid_map.x, dataset.grid_map.y) == (1, 2)


def test_rules_between_keys_are_left_to_the_constraints() -> None:
    assert parse_experiment({"train": {"num_epochs": 30}}, "train").train.validation_interval == 50


def test_the_argument_is_not_changed_and_the_result_can_not_be() -> None:
    tree: dict[str, Any] = {"task": "segment", "train": {"num_epochs": 3}}
    experiment = parse_experiment(tree, "train")
    assert tree == {"task": "segment", "train": {"num_epochs": 3}}
    with pytest.raises(ValidationError):
        experiment.train.num_epochs = 4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_section_takes_no_number_that_is_not_finite(value: float) -> None:
    class Own(Section):
        ratio: float = 0.5

    with pytest.raises(ValidationError, match="finite"):
        Own(ratio=value)

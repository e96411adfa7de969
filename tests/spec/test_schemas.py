# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from core.dotted import flatten, get, put
from core.errors import SpecError
from router.declarations import load_skill, skill_root
from spec.action_schema import action_schema
from spec.actions import ACTIONS, COMMANDS, ActionSpec
from spec.experiment import Experiment
from spec.load import default_tree, parse_experiment
from spec.schema_tree import all_keys, full_schema, is_section, leaf_keys, node_at

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]
SKILL = load_skill(skill_root())
TRAINING = ("train", "segment_train")
NUISANCE = ("probability", "shift_pixels", "rotation_degrees", "blur_sigma", "gain", "noise_sigma", "enable")


@cache
def schema_of(action: str) -> Schema:
    return action_schema(action)


@cache
def quick_validator(action: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema_of(action))


def field(action: str, key: str) -> Schema:
    node = node_at(schema_of(action), tuple(key.split(".")))
    assert node is not None
    return node


def with_value(action: str, key: str, value: Any) -> Schema:
    tree: Schema = deepcopy(schema_of(action)["default"])
    put(tree, key, value)
    return tree


def searched(action: str) -> list[str]:
    return [key for key in leaf_keys(schema_of(action)) if "search" in field(action, key)]


SEARCHED = [(action, key) for action in TRAINING for key in searched(action)]


@pytest.mark.parametrize("action", ACTIONS)
def test_schema_keeps_the_2020_12_meta_schema(action: str) -> None:
    Draft202012Validator.check_schema(schema_of(action))
    assert schema_of(action)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("action", ACTIONS)
def test_schema_accepts_its_own_default(action: str) -> None:
    schema = schema_of(action)
    assert not list(Draft202012Validator(schema).iter_errors(schema["default"]))
    assert quick_validator(action).is_valid(schema["default"])


@pytest.mark.parametrize("action", ACTIONS)
def test_each_field_accepts_its_own_default(action: str) -> None:
    for key in leaf_keys(schema_of(action)):
        node = field(action, key)
        assert Draft202012Validator(node).is_valid(node["default"]), key
        extra = node.get("optional") or node.get("engines") == ["embedded"]
        assert get(schema_of(action)["default"], key, "absent") == ("absent" if extra else node["default"]), key


@pytest.mark.parametrize("action", [name for name in ACTIONS if SKILL.action_info(name).get("container", True)])
def test_a_template_holds_what_the_container_takes_and_nothing_else(action: str) -> None:
    lines = (Path(__file__).parent / "container_keys.txt").read_text().splitlines()
    default = schema_of(action)["default"]
    keys = {key for key in leaf_keys(schema_of(action)) if get(default, key, "absent") != "absent"}
    assert keys <= {line for line in lines if not line.startswith("#")}
    assert keys & set(schema_of(action)["embedded_only_parameters"]) == set()
    values = flatten(default).values()
    assert not [value for value in values if str(value).startswith(("package:", "timm/"))]


@pytest.mark.parametrize("action", ["train", "evaluate", "inference", "export", "quantize"])
def test_every_classify_action_of_a_checkpoint_names_the_loss_that_the_container_builds(action: str) -> None:
    default = schema_of(action)["default"]
    assert default["train"]["classify"] == {"loss": "ce", "cls_weight": [1.0, 10.0]}
    assert default["model"]["classify"]["difference_module"] == "learnable"


@pytest.mark.parametrize("action", ACTIONS)
def test_schema_is_strict_json_without_references(action: str) -> None:
    text = json.dumps(schema_of(action), allow_nan=False)
    assert '"$ref"' not in text
    assert '"$defs"' not in text


def _objects(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(tree, dict):
        yield path
        for name, value in tree.items():
            yield from _objects(value, (*path, name))


@pytest.mark.parametrize("action", ACTIONS)
def test_unknown_key_is_refused_at_every_level(action: str) -> None:
    default = schema_of(action)["default"]
    for path in _objects(default):
        tree = deepcopy(default)
        place = tree
        for part in path:
            place = place[part]
        # A map takes any name, but only for values of its type.
        place["surplus"] = {"is": "no value of any map"}
        assert not quick_validator(action).is_valid(tree), path
        assert not Draft202012Validator(schema_of(action)).is_valid(tree), path


def _sections(node: Any) -> Iterator[Schema]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for value in node.values():
            yield from _sections(value)
    if isinstance(node, list):
        for value in node:
            yield from _sections(value)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_section_is_closed(action: str) -> None:
    assert all(section["additionalProperties"] is False for section in _sections(schema_of(action)))


def test_entries_of_quantize_layers_are_closed_as_well() -> None:
    layer = {"module_name": "Linear", "weights": {"dtype": "int8"}}
    assert quick_validator("quantize").is_valid(with_value("quantize", "quantize.layers", [layer]))
    assert not quick_validator("quantize").is_valid(with_value("quantize", "quantize.layers", [layer | {"bits": 8}]))


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_keys_of_the_own_task_and_action(action: str) -> None:
    other = {"classify": "segment", "segment": "classify"}[ACTIONS[action].task]
    keys = leaf_keys(schema_of(action))
    assert not [key for key in keys if key.startswith((f"dataset.{other}.", f"train.{other}.", f"model.{other}."))]
    loss = {"train.classify.loss", "train.classify.cls_weight"}  # which every classify action of a checkpoint needs
    own = keys if ACTIONS[action].command == "train" else set(keys) - loss
    assert {key.partition(".")[0] for key in own} & set(COMMANDS) == {ACTIONS[action].command}
    assert field(action, "task")["enum"] == [ACTIONS[action].task]


def test_an_action_with_a_key_that_no_section_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIONS, "weigh", ActionSpec("weigh", "classify", "evaluate", ("task", "scales")))
    with pytest.raises(SpecError, match="weigh is declared with 'scales'") as caught:
        action_schema("weigh")
    assert "spec/experiment.py" in caught.value.remedy


def test_deploy_reads_an_engine_and_the_others_a_checkpoint() -> None:
    assert "evaluate.trt_engine" in leaf_keys(schema_of("deploy_classify_evaluate"))
    assert "evaluate.checkpoint" not in leaf_keys(schema_of("deploy_classify_evaluate"))
    assert "evaluate.checkpoint" in leaf_keys(schema_of("evaluate"))
    assert "evaluate.trt_engine" not in leaf_keys(schema_of("evaluate"))


@pytest.mark.parametrize(("action", "key"), SEARCHED)
def test_search_range_is_finite_holds_the_default_and_lies_within_the_bounds(action: str, key: str) -> None:
    node = field(action, key)
    low, high, scale = (node["search"][name] for name in ("minimum", "maximum", "scale"))
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high
    assert low <= node["default"] <= high
    assert scale in {"linear", "log"}
    assert scale == "linear" or low > 0
    for end in (low, high):
        assert quick_validator(action).is_valid(with_value(action, key, end)), f"{key}={end}"
        Experiment.model_validate(with_value(action, key, end))


@pytest.mark.parametrize("action", TRAINING)
def test_whatever_is_searched_by_default_has_a_finite_choice(action: str) -> None:
    keys = schema_of(action)["automl_default_parameters"]
    assert {"train.optim.lr", "train.optim.weight_decay"} <= set(keys)
    for key in keys:
        node = field(action, key)
        assert node["type"] == "boolean" or "enum" in node or "search" in node, key
        if "search" in node:
            assert {"minimum", "exclusiveMinimum"} & node.keys()
            assert {"maximum", "exclusiveMaximum"} & node.keys()


@pytest.mark.parametrize("action", ACTIONS)
def test_automl_lists_name_every_key_once(action: str) -> None:
    schema = schema_of(action)
    both = schema["automl_default_parameters"] + schema["automl_disabled_parameters"]
    assert sorted(both) == sorted(leaf_keys(schema))
    assert schema["automl_enabled"] is (ACTIONS[action].command == "train")
    assert schema["automl_enabled"] or not schema["automl_default_parameters"]


@pytest.mark.parametrize("action", ACTIONS)
def test_hints_point_at_keys_and_values_that_exist(action: str) -> None:
    keys = leaf_keys(schema_of(action))
    for key in keys:
        node = field(action, key)
        assert node.get("depends_on", key) in keys
        assert ("depends_on" in node) == bool("active_when" in node or "depends_on" in node.get("math_cond", "")), key
        assert len(node.get("option_weights", [])) in {0, len(node.get("enum", []))}
        for other, values in node.get("active_when", {}).items():
            assert other in keys
            assert all(Draft202012Validator(field(action, other)).is_valid(value) for value in values)


@pytest.mark.parametrize("action", TRAINING)
def test_a_parameter_that_others_depend_on_says_so(action: str) -> None:
    keys = leaf_keys(schema_of(action))
    parents = {field(action, key)["depends_on"] for key in keys if "depends_on" in field(action, key)}
    assert parents
    assert [key for key in parents if not field(action, key).get("parent_param")] == []


def test_keys_that_the_container_does_not_know_are_marked() -> None:
    assert schema_of("train")["embedded_only_parameters"] == [
        "model.backbone.frozen_levels",
        "model.backbone.finest_stride",
        "model.classify.target",
        "model.classify.escape_cost",
        "model.classify.second_look",
        "model.classify.second_look_scale",
        "model.classify.difference_head",
        "dataset.classify.hard_mining",
        "dataset.classify.enlarged_batches",
        *(f"dataset.classify.augmentation_config.nuisance.{name}" for name in NUISANCE),
        "dataset.classify.align_pixels",
        "dataset.classify.cache_images_mb",
        "train.optim.backbone_lr_scale",
        "train.optim.warmup_epochs",
    ]
    for action in ("evaluate", "inference"):
        assert schema_of(action)["embedded_only_parameters"][-1] == f"{action}.evidence_maps"
        assert f"{action}.evidence_maps" not in leaf_keys(schema_of(f"segment_{action}"))
        assert f"{action}.evidence_maps" not in leaf_keys(schema_of(f"deploy_classify_{action}"))
    assert field("train", "train.optim.policy")["option_engines"] == {"cosine": ["embedded"]}
    assert "engines" not in field("train", "train.optim.lr")


def test_popular_keys_are_listed_with_their_defaults() -> None:
    schema = schema_of("train")
    assert get(schema["popular"], "train.num_epochs") == 100
    assert field("train", "train.num_epochs")["popular"] is True
    assert get(schema["popular"], "train.seed") is None


CANDIDATES: list[Any] = [
    *(-2, -1, 0, 1, 2, 3, 4, 5, 12, 17, 64, 300, 9000, 10**12, -0.5, 0.5, 1.5, 1e-9),
    *(True, False, None, "", "x", ".png", "a/b", "cuda:1", "timm/resnet18", "timm/", "fp16", "None", "adam", "min"),
    *([], [1], [1, 2], [0.5, 0.5, 0.5], [0, 0.5, 0.5], [1, 2, 3, 4], [0, 1, 2, 3], [0.5] * 5, ["a"], [-1], [None]),
    *({}, {"a": 1}, {"a": -1}, {"a": "b"}, {"0": [0, 0, 255]}, {"0": [0, 0, 256]}, {"": 1}, {"x": 2}, {"x": 0, "y": 1}),
    *([{"module_name": "Linear"}], [{"module_name": ""}], [{"weights": {"dtype": "int4"}}], [{"weights": None}]),
]


def _bounds(node: Schema) -> list[Any]:
    names = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return [value for name in names if name in node for value in (node[name], node[name] - 1, node[name] + 1)]


def _accepted_by_models(tree: Schema) -> bool:
    try:
        Experiment.model_validate(tree)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("action", ["train", "segment_train", "quantize", "export", "deploy_classify_gen_trt_engine"])
def test_models_and_schema_accept_and_refuse_the_same(action: str) -> None:
    for key in leaf_keys(schema_of(action)):
        if key == "task":  # the models take both tasks, an action's schema its own
            continue
        tree = with_value(action, key, None)
        for value in [*CANDIDATES, *_bounds(field(action, key))]:
            put(tree, key, value)
            assert _accepted_by_models(tree) == quick_validator(action).is_valid(tree), f"{key} = {value!r}"


def test_a_key_that_not_every_container_knows_is_known_but_in_no_template() -> None:
    for action in ACTIONS:
        assert get(schema_of(action)["default"], "model.precise_msda", "absent") == "absent"
        if "model" in ACTIONS[action].keep:
            given = default_tree(action)
            given["model"]["precise_msda"] = True
            assert quick_validator(action).is_valid(given)
    assert parse_experiment({"model": {"precise_msda": True}}, "train").model.precise_msda


def test_the_models_tell_sections_as_the_schema_does() -> None:
    schema = full_schema()
    told = {key for key in [*all_keys(schema), "model.no_such", "task.name"] if is_section(key.split("."))}
    nodes = {key: node_at(schema, tuple(key.split("."))) or {} for key in all_keys(schema)}
    assert told == {key for key, node in nodes.items() if node.get("type") == "object" and "properties" in node}
    assert {"model", "dataset.classify"} <= told

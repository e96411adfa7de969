# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from automl.conditions import bounded, grid, parse_conditions
from automl.dimensions import Choice, Number, Ordered, Weighted, numeric
from automl.draws import first_points, random_of
from automl.settings import AutomlSettings, parse_ranges
from automl.space_builder import Source, build_space
from core import dotted
from core.errors import DeclarationError, RequestError, SpecError, UnknownKeyError
from runners.planning.schema import ActionSchema

if TYPE_CHECKING:
    from automl.space import Space

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "train.schema.json").read_text())
AUGMENT = "dataset.classify.augmentation_config.augment"
LR, BATCH = "train.optim.lr", "dataset.classify.batch_size"
ACTIONS = ("train", "segment_train")


def space_of(
    *, action: str = "train", pinned: dict[str, str] | None = None, engine: str = "embedded", **chosen: Any
) -> Space:
    schema = json.loads((ROOT / "schemas" / f"{action}.schema.json").read_text())
    base = ActionSchema(action, schema).filled(schema["default"], engine)
    source = Source(schema, base, pinned or {}, engine, {"lr": LR})
    return build_space(source, AutomlSettings(**chosen))


@pytest.mark.parametrize("action", ACTIONS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_every_point_is_a_valid_spec_of_the_tasks_own_parameters(action: str, seed: int) -> None:
    space = space_of(action=action)
    schema = json.loads((ROOT / "schemas" / f"{action}.schema.json").read_text())
    spec = deepcopy(schema["default"])

    values = space.values(space.draw(random_of(seed)))
    for key, value in values.items():
        dotted.put(spec, key, value)

    assert set(values) <= set(schema["automl_default_parameters"])
    assert list(Draft202012Validator(schema).iter_errors(spec)) == []


def test_the_space_is_the_default_parameters_that_have_an_effect_plus_and_minus_what_the_user_says() -> None:
    plain, changed = space_of(), space_of(add=("train.optim.optim",), remove=("train.optim.weight_decay",))

    assert set(plain.keys) | set(plain.left_out) == set(SCHEMA["automl_default_parameters"])
    assert plain.left_out["train.optim.momentum"] == "it has an effect only when train.optim.optim is sgd"
    # With the optimiser in the search, its momentum has an effect now and then.
    assert set(changed.keys) - set(plain.keys) == {"train.optim.optim", "train.optim.momentum"}
    assert changed.left_out["train.optim.weight_decay"] == "left out by the user"
    assert changed.keys.index("train.optim.optim") < changed.keys.index("train.optim.momentum")


def test_what_has_no_effect_is_not_set() -> None:
    space = space_of()
    point = space.draw(random_of(3)) | {AUGMENT: 0}

    below = [key for key in space.keys if AUGMENT in space.nodes[key].get("active_when", {})]
    assert below
    assert not set(below) & space.values(point).keys()
    assert set(below) & space.values(point | {AUGMENT: 1}).keys()


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_point_and_its_canonical_form_mean_the_same(seed: int) -> None:
    space = space_of(add=("train.optim.optim", "dataset.classify.batch_size"))
    point = space.draw(random_of(seed))

    assert space.values(space.canonical(point)) == space.values(point)


@pytest.mark.parametrize("key", ["train.optim.lr", "train.optim.weight_decay", "dataset.classify.batch_size"])
def test_both_ends_of_every_range_are_sampled(key: str) -> None:
    space = space_of(add=("dataset.classify.batch_size",))
    dimension = next(d for d in space.dimensions if d.key == key)
    entry = dimension.describe()
    random = random_of("ends", key)

    drawn = [dimension.decode(dimension.draw(random.random())) for _ in range(600)]

    assert min(drawn) == entry["low"]
    assert max(drawn) == entry["high"]
    assert entry["low"] < sorted(drawn)[300] < entry["high"]


@given(low=st.floats(1e-9, 1e3), ratio=st.floats(1.01, 1e6), log=st.booleans(), share=st.floats(0, 0.999999))
def test_numbers_stay_inside_their_range_and_their_ends_are_exact(
    low: float, ratio: float, log: bool, share: float
) -> None:
    dimension = Number("k", low, low * ratio, log=log)

    assert dimension.low <= dimension.decode(dimension.draw(share)) <= dimension.high
    assert dimension.decode(dimension.draw(0.0)) == dimension.low
    assert dimension.decode(dimension.draw(1.0)) == dimension.high
    assert dimension.decode(dimension.encode(dimension.low)) == dimension.low
    assert dimension.decode(dimension.encode(dimension.high)) == dimension.high


def test_few_whole_numbers_are_told_apart_and_all_are_as_likely() -> None:
    dimension = numeric("k", 1, 4, log=False, integer=True)

    assert isinstance(dimension, Ordered)
    assert Counter(dimension.decode(dimension.draw(n / 100)) for n in range(100)) == {1: 25, 2: 25, 3: 25, 4: 25}


def test_options_are_as_likely_as_their_weights_and_those_without_a_chance_are_left_out() -> None:
    space = space_of(add=("train.optim.optim", "train.optim.policy"))
    optim, policy = (next(d for d in space.dimensions if d.key == f"train.optim.{n}") for n in ("optim", "policy"))

    assert isinstance(optim, Weighted)
    counts = Counter(optim.decode(optim.draw(n / 100)) for n in range(100))
    assert counts == {"adamw": 70, "adam": 15, "sgd": 15}
    assert policy.describe()["options"] == ["linear", "step"]


def test_options_that_the_engine_does_not_know_are_left_out() -> None:
    asked = {"train.optim.policy": ("step", "cosine", "linear")}

    options = {engine: space_of(engine=engine, options=asked) for engine in ("embedded", "container")}

    found = {e: next(d for d in s.dimensions if d.key == "train.optim.policy").describe() for e, s in options.items()}
    assert found["container"]["options"] == ["step", "linear"]


@pytest.mark.parametrize(
    ("engine", "head", "searched"),
    [("embedded", "flatten", True), ("embedded", "pooled", False), ("container", None, True)],
)
def test_a_condition_on_a_key_that_the_engine_does_not_have_asks_nothing(
    engine: str, head: str | None, searched: bool
) -> None:
    classify = SCHEMA["default"]["model"]["classify"] | {"difference_head": head}
    kept = {name: value for name, value in classify.items() if value is not None or name != "difference_head"}
    base = SCHEMA["default"] | {"model": SCHEMA["default"]["model"] | {"classify": kept}}

    space = build_space(Source(SCHEMA, base, {}, engine, {}), AutomlSettings())

    assert ("model.classify.learnable_difference_modules" in space.keys) is searched


def test_booleans_and_categories_are_choices() -> None:
    dimension = next(d for d in space_of().dimensions if d.key == AUGMENT)

    assert isinstance(dimension, Choice)
    assert {dimension.decode(dimension.draw(share)) for share in (0.1, 0.9)} == {False, True}


def test_user_ranges_bound_the_search_under_short_names_too() -> None:
    space = space_of(
        **parse_ranges(["lr=1e-5..1e-3", "train.optim.optim=adamw,sgd", "dataset.classify.batch_size=8,16"])
    )
    described = space.describe()["searched"]

    assert (described[LR]["low"], described[LR]["high"]) == (1e-5, 1e-3)
    assert described["train.optim.optim"]["options"] == ["adamw", "sgd"]
    assert described["dataset.classify.batch_size"]["options"] == [8, 16]


@pytest.mark.parametrize(
    ("chosen", "error", "words"),
    [
        ({"add": ("train.optim.lrr",)}, UnknownKeyError, "Did you mean 'train.optim.lr'"),
        ({"remove": ("train.optm.lr",)}, UnknownKeyError, "Did you mean 'train.optim.lr'"),
        ({"ranges": {LR: (1e-5, 2.0)}}, SpecError, "1e-05 to 2.0 is no range of train.optim.lr"),
        ({"ranges": {LR: (0, 0.1)}}, SpecError, "0 to 0.1 is no range"),
        ({"ranges": {LR: (1e-2, 1e-3)}}, SpecError, "is no range"),
        ({"ranges": {LR: (1e-5, float("inf"))}}, SpecError, "the search range of train.optim.lr is not finite"),
        ({"add": ("train.seed",)}, SpecError, "the search range of train.seed is not finite"),
        ({"add": ("train.classify.cls_weight",)}, SpecError, "neither a finite range nor options"),
        ({"ranges": {"dataset.classify.batch_size": (2.5, 8)}}, SpecError, "takes whole numbers"),
        ({"options": {"train.optim.optim": ("adamw", "rmsprop")}}, SpecError, "give one of adamw, adam, sgd"),
        ({"options": {"dataset.classify.batch_size": (8, 9.5)}}, SpecError, "9.5 is no value"),
        ({"ranges": {"train.optim.optim": (1, 2)}}, SpecError, "is no number and has no range"),
        ({"add": (LR,), "remove": (LR,)}, SpecError, "it is to be left out as well"),
    ],
)
def test_what_can_not_be_searched_is_refused_by_name(
    chosen: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        space_of(**chosen)
    assert words in str(caught.value)


def test_pinned_parameters_are_left_out_and_can_not_be_added() -> None:
    pinned = {LR: "the request sets it to 0.001"}

    assert space_of(pinned=pinned).left_out[LR] == "the request sets it to 0.001"
    with pytest.raises(SpecError, match="the request sets it"):
        space_of(pinned=pinned, add=(LR,))


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("^ 2", (4, 8, 16, 32, 64)),
        ("/ 16", (16, 32, 48, 64)),
        ("^ 2, > 8", (16, 32, 64)),
        ("/ 8, ^ 2", (8, 16, 32, 64)),
    ],
)
def test_math_conditions_leave_multiples_and_powers(condition: str, values: tuple[int, ...]) -> None:
    rules = parse_conditions(condition, "k")

    assert grid(*bounded(4, 64, rules, None, integer=True), rules) == values


def test_a_parameter_with_a_condition_is_searched_among_the_values_that_it_leaves() -> None:
    schema = deepcopy(SCHEMA)
    schema["properties"]["dataset"]["properties"]["classify"]["properties"]["batch_size"]["math_cond"] = "^ 2"
    base = ActionSchema("train", schema).filled(schema["default"], "embedded")

    space = build_space(Source(schema, base, {}, "embedded", {"lr": LR}), AutomlSettings(add=(BATCH,)))

    assert space.describe()["searched"][BATCH]["options"] == [4, 8, 16, 32, 64]


@given(epochs=st.integers(1, 50))
def test_a_range_keeps_to_the_value_that_it_depends_on(epochs: int) -> None:
    rules = parse_conditions("< depends_on", "warmup")

    low, high = bounded(0.0, 5.0, rules, float(epochs), integer=False)

    assert low == 0.0
    assert high < epochs
    assert high == 5.0 or epochs - high < 0.06


def test_a_condition_on_a_searched_parameter_holds_in_every_point() -> None:
    schema = deepcopy(SCHEMA)
    warmup = schema["properties"]["train"]["properties"]["optim"]["properties"]["warmup_epochs"]
    assert (warmup["math_cond"], warmup["depends_on"]) == ("< depends_on", "train.num_epochs")
    base = ActionSchema("train", schema).filled(schema["default"], "embedded")
    asked = {"train.num_epochs": (1, 6), "train.optim.warmup_epochs": (0, 5)}
    space = build_space(Source(schema, base, {}, "embedded", {}), AutomlSettings(ranges=asked))

    for seed in range(60):
        values = space.values(space.draw(random_of(seed)))
        assert values["train.optim.warmup_epochs"] < values["train.num_epochs"]


def test_a_broken_condition_names_its_key() -> None:
    with pytest.raises(DeclarationError, match="'about 3' is no math_cond"):
        parse_conditions("about 3", "train.optim.lr")


def test_the_first_points_meet_every_stratum_of_every_parameter() -> None:
    space = space_of(ranges={LR: (1e-6, 1e-2)})
    dimension = next(d for d in space.dimensions if d.key == LR)

    shares = sorted(dimension.encode(space.values(point)[LR]) for point in first_points(space, 5, 8))

    assert all(abs(share - (n + 0.5) / 8) < 0.1 for n, share in enumerate(shares))


@pytest.mark.parametrize("text", ["lr", "lr=", "=1..2", "lr=a..b", "lr=1..2..3", "lr=0.1"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"no range|no numbers"):
        parse_ranges([text])

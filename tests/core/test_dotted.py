# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dotted import flatten, get, nest, parse_override, put
from core.errors import InputError, UnknownKeyError, closest, did_you_mean

names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
trees = st.recursive(
    st.dictionaries(names, st.integers(), max_size=3), lambda inner: st.dictionaries(names, inner, max_size=3)
)


@given(trees)
def test_flatten_and_nest_are_inverse(tree: dict[str, Any]) -> None:
    assert nest(flatten(tree)) == tree


def test_put_refuses_to_turn_a_value_into_a_section() -> None:
    tree = {"train": {"num_epochs": 3}}
    with pytest.raises(InputError, match="not a section"):
        put(tree, "train.num_epochs.more", 1)
    assert get(tree, "train.num_epochs") == 3
    assert get(tree, "train.num_epochs.more", "none") == "none"


@pytest.mark.parametrize("text", ["novalue", "=3", "a..b=3", ".a=1", "a.=1"])
def test_malformed_overrides_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="key=value"):
        parse_override(text)


def test_overrides_keep_equal_signs_in_values() -> None:
    assert parse_override("a.b= s3://bucket/x?y=1") == ("a.b", "s3://bucket/x?y=1")


def test_closest_names_are_found_in_other_sections_too() -> None:
    keys = ["train.num_epochs", "train.optim.lr", "dataset.classify.batch_size", "dataset.segment.batch_size"]
    assert closest("train.num_epoch", keys)[0] == "train.num_epochs"
    assert "dataset.classify.batch_size" in closest("train.batchsize", keys)
    assert did_you_mean("zzz", keys) == ""


def test_errors_tell_code_place_and_remedy() -> None:
    error = UnknownKeyError("there is no key 'x'", where="spec.yaml:3", remedy="use 'y'")
    assert str(error) == "spec.yaml:3: there is no key 'x'\n  remedy: use 'y'"
    document = error.as_dict()["error"]
    assert (document["code"], document["exit_code"]) == ("spec.unknown_key", 2)

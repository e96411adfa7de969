# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from core.errors import SpecError
from engine.interpolation import resolve

TREE: dict[str, Any] = {
    "root": "/r",
    "n": 3,
    "deep": {"folder": "${root}/x", "list": ["${n}", "a-${n}"]},
    "again": "${deep.folder}/y",
}


def test_a_whole_reference_keeps_its_type_and_a_part_becomes_text() -> None:
    solved = resolve(TREE, (TREE,))
    assert solved["deep"] == {"folder": "/r/x", "list": [3, "a-3"]}
    assert solved["again"] == "/r/x/y"


def test_what_the_user_left_out_is_found_among_the_defaults() -> None:
    assert resolve({"a": "${b.c}"}, ({"a": "${b.c}"}, {"b": {"c": 7}})) == {"a": 7}


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"a": "${b}", "b": "${a}"}, "circle"),
        ({"a": "${a}"}, "circle"),
        ({"a": "${nothing.here}"}, "points to no key"),
        ({"a": "x${b}", "b": None}, "which is no text"),
        ({"a": "${b", "b": 1}, "no complete reference"),
        ({"a": "${oc.env:HOME}"}, "points to no key"),
    ],
)
def test_references_that_lead_nowhere_are_errors(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        resolve(tree, (tree,))

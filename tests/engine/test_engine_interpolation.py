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


def doubling(text: str, last: object) -> dict[str, Any]:
    return {f"k{n}": text.format(f"${{k{n + 1}}}") for n in range(30)} | {"k30": last}


@pytest.mark.parametrize(
    "tree",
    [
        doubling("{0}{0}", "x" * 10),
        {f"k{n}": [f"${{k{n + 1}}}"] * 2 for n in range(30)} | {"k30": 1},
        {f"k{n}": f"${{k{n + 1}}}" for n in range(5000)} | {"k5000": 1},
        {f"k{n}": [[[f"${{k{n + 1}}}"]]] for n in range(30)} | {"k30": 1},
    ],
    ids=["texts that double", "lists that double", "a long chain", "deep"],
)
def test_references_that_would_blow_up_a_spec_are_refused_at_once(tree: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"too large|lead on|levels deep") as caught:
        resolve(tree, (tree,))
    assert caught.value.code == "spec.reference"


def test_twenty_references_in_a_row_are_followed() -> None:
    tree: dict[str, Any] = {f"k{n}": f"${{k{n + 1}}}" for n in range(20)} | {"k20": 7}
    assert resolve("${k0}", (tree,)) == 7

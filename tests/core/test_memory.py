# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from core import dotted
from core.errors import InputError
from core.memory import Memory

TREE: dict[str, Any] = {"data": {"csv": "a.csv", "map": {"one": 0}}, "train": {"batch": 4, "lr": 0.1}}


def test_an_answer_is_found_once_and_an_error_each_time() -> None:
    memory, asked = Memory(), []

    def fails() -> None:
        asked.append("fails")
        raise InputError("no")

    assert [memory.once("key", lambda: asked.append("found") or len(asked)) for _ in range(3)] == [1, 1, 1]
    for _ in range(2):
        with pytest.raises(InputError):
            memory.once("other", fails)
    assert asked == ["found", "fails", "fails"]


@pytest.mark.parametrize(
    ("find", "changes", "asked_again"),
    [
        (lambda tree: dotted.get(tree, "data.csv"), {"train.lr": 0.5}, False),
        (lambda tree: dotted.get(tree, "data.csv"), {"data.csv": "b.csv"}, True),
        (lambda tree: dotted.get(tree, "data.png", "none"), {"data.png": "c.png"}, True),
        (lambda tree: dotted.get(tree, "data.png", "none"), {"data.csv": "b.csv"}, False),
        (lambda tree: "yes" if tree["data"] else "no", {"data.csv": "b.csv"}, False),
        (lambda tree: "yes" if tree["data"] else "no", {"data": {}}, True),
        (lambda tree: sorted(tree["data"]["map"]), {"data.map.two": 1}, True),
        (lambda tree: {**tree["data"]["map"]}, {"data.map.one": 1}, True),
        (lambda tree: [value for _, value in tree["data"]["map"].items()], {"data.map": {"one": 2}}, True),
        (lambda tree: len(tree["data"]["map"]), {"data.map.two": 1}, True),
        (lambda tree: "csv" in (tree["data"] or ()), {"data": None}, True),
        (lambda tree: tree["data"]["map"] == {"one": 0}, {"data.map.one": 5}, True),
        (lambda tree: str(dict(tree["data"]["map"])), {"train.batch": 5}, False),
        (lambda tree: str(tree["data"]["map"]), {"data.map.one": 5}, True),
        (lambda tree: {"more": 1} | tree["data"]["map"], {"data.map.one": 5}, True),
    ],
)
def test_an_answer_holds_for_every_tree_that_agrees_in_what_was_read(
    find: Any, changes: dict[str, Any], asked_again: bool
) -> None:
    memory, seen = Memory(), []

    def watched(tree: dict[str, Any]) -> Any:
        seen.append(1)
        return find(tree)

    other = dotted.nest(dotted.flatten(TREE) | changes) if "data" not in changes else TREE | changes
    first, again = memory.once_for("key", TREE, watched), memory.once_for("key", other, watched)

    assert first == find(TREE)
    assert (len(seen) == 2) is asked_again
    if not asked_again:
        assert again == first

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from core.cache import kept_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "x.json"


class Finder:
    """Counts how often it was asked."""

    def __init__(self, value: Any) -> None:
        self.value, self.asked = value, 0

    def __call__(self) -> Any:
        self.asked += 1
        return self.value


def test_a_value_is_found_once_for_each_identity(cache: Path) -> None:
    find = Finder({"a": [1, 2.5, None, "ä"]})
    assert [kept_json("x.json", "one", find) for _ in range(3)] == [find.value] * 3
    assert find.asked == 1
    kept_json("x.json", "other", find)
    assert find.asked == 2
    assert json.loads(cache.read_text())["identity"] == "other"
    assert [path.name for path in cache.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize("text", ["", "[]", "null", '{"identity": "one"', '{"identity": "one"}', "\ud800"])
def test_what_can_not_be_read_is_found_again(cache: Path, text: str) -> None:
    cache.parent.mkdir()
    cache.write_bytes(text.encode("utf-8", "surrogatepass"))
    find = Finder(7)
    assert [kept_json("x.json", "one", find), kept_json("x.json", "one", find)] == [7, 7]
    assert find.asked == 1


def test_what_others_could_have_written_is_not_believed(cache: Path) -> None:
    find = Finder("right")
    kept_json("x.json", "one", find)
    cache.write_text(json.dumps({"identity": "one", "value": "wrong"}))
    assert kept_json("x.json", "one", find) == "wrong"  # this user's own file is
    cache.chmod(0o666)
    assert kept_json("x.json", "one", find) == "right"


def test_what_json_does_not_give_back_as_it_is_is_not_kept(cache: Path) -> None:
    for value in ((1, 2), {1: "a"}, float("nan"), object()):
        find = Finder(value)
        assert kept_json("x.json", "one", find) is value
        assert not cache.exists()


def test_a_cache_that_can_not_be_written_changes_no_answer(cache: Path) -> None:
    cache.parent.write_text("a file where the folder would be")
    find = Finder(3)
    assert [kept_json("x.json", "one", find), kept_json("x.json", "one", find)] == [3, 3]
    assert find.asked == 2

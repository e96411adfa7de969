# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from core.files import atomic_path, real_path, replace_link, sha256_file, write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "model.pth"
    write_text(target, "old")

    def fail_half_way() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.pth"]  # noqa: PTH208 - hidden files count


def test_json_that_is_not_strict_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("inf")})
    assert list(tmp_path.iterdir()) == []


def test_the_latest_link_is_relative_and_moves(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_text(tmp_path / name, name)
        replace_link(tmp_path / "latest", name)
    assert (tmp_path / "latest").readlink().as_posix() == "two"
    tmp_path.rename(tmp_path.with_name("moved"))
    assert (tmp_path.with_name("moved") / "latest").read_text() == "two"


def test_sha256_of_a_file_is_the_published_test_vector(tmp_path: Path) -> None:
    write_text(tmp_path / "abc", "abc")
    assert sha256_file(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_link_to_itself_has_a_real_path(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to("folder")
    assert real_path(tmp_path / "loop").name == "loop"
    assert real_path(str(tmp_path / "link" / "..") + "/a") == tmp_path.resolve() / "a"

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

from core.tail import Tail

if TYPE_CHECKING:
    from pathlib import Path


def test_each_look_gives_the_whole_lines_that_are_new(tmp_path: Path) -> None:
    path, tail = tmp_path / "log", Tail(tmp_path / "log")
    assert tail.read() == []

    path.write_bytes(b"one\ntwo\nthr")
    assert tail.read() == [b"one", b"two"]
    with path.open("ab") as log:
        log.write(b"ee\nfour")
    assert tail.read() == [b"three"]
    assert tail.read() == []
    assert tail.read(to_the_end=True) == [b"four"]
    assert not tail.anew


def test_a_file_that_shrank_is_read_anew(tmp_path: Path) -> None:
    path, tail = tmp_path / "log", Tail(tmp_path / "log")
    path.write_bytes(b"one\ntwo\n")
    tail.read()

    path.write_bytes(b"ten\n")
    assert tail.read() == [b"ten"]
    assert tail.anew
    assert tail.read() == []
    assert not tail.anew

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from core.sqlite_copies import copy_in_memory, is_full, is_read_only

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["plain", "#1?", "a%20b"])
def test_a_copy_has_what_is_in_the_file_and_what_is_in_its_journal_alone(tmp_path: Path, name: str) -> None:
    folder, aside = tmp_path / name, tmp_path / f"{name} aside"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "record", isolation_level=None)) as writer:
        writer.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with closing(copy_in_memory(folder / "record")) as copy:
            assert copy.execute("SELECT n FROM t").fetchall() == [(1,)]
        writer.execute("INSERT INTO t VALUES (2)")
        shutil.copytree(folder, aside)
    before = {path.name: path.read_bytes() for path in aside.iterdir()}

    with closing(copy_in_memory(aside / "record")) as copy:
        assert copy.execute("SELECT n FROM t").fetchall() == [(1,), (2,)]

    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        copy_in_memory(tmp_path / "record")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_written_is_told_from_a_full_disk(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "record")) as made:
        made.execute("CREATE TABLE t (n)")
    with closing(sqlite3.connect(f"file:{tmp_path / 'record'}?mode=ro", uri=True)) as reader:
        with pytest.raises(sqlite3.OperationalError) as caught:
            reader.execute("INSERT INTO t VALUES (1)")
        assert is_read_only(caught.value)
        assert not is_full(caught.value)
        with pytest.raises(sqlite3.OperationalError) as mistaken:
            reader.execute("SELECT n FROM other")
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "no folder" / "record")
    assert is_read_only(nowhere.value)
    assert not is_read_only(mistaken.value)

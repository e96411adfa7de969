# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from core.sqlite_migrations import append_only, bring_up_to_date, version_of

if TYPE_CHECKING:
    from pathlib import Path

FIRST = f"CREATE TABLE things (name TEXT); {append_only('things')}"
SECOND = "ALTER TABLE things ADD COLUMN size INTEGER; INSERT INTO things VALUES ('a;b', 1);"
BROKEN = "CREATE TABLE others (name TEXT); INSERT INTO nowhere VALUES (1);"


def opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None, timeout=30))


def test_a_new_record_and_an_older_one_end_the_same(tmp_path: Path) -> None:
    with opened(tmp_path / "new") as new, opened(tmp_path / "old") as old:
        bring_up_to_date(new, [FIRST, SECOND])
        bring_up_to_date(old, [FIRST])
        assert version_of(old) == 1
        bring_up_to_date(old, [FIRST, SECOND])

        for record in (new, old):
            assert version_of(record) == 2
            assert record.execute("SELECT * FROM things").fetchall() == [("a;b", 1)]
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                record.execute("DELETE FROM things")


def test_a_migration_that_fails_leaves_the_record_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path / "record") as record:
        bring_up_to_date(record, [FIRST])
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            bring_up_to_date(record, [FIRST, SECOND, BROKEN])
        assert version_of(record) == 1
        assert [row[0] for row in record.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")] == ["things"]
        assert record.execute("SELECT * FROM things").fetchall() == []


def test_several_at_once_migrate_once(tmp_path: Path) -> None:
    with opened(tmp_path / "record") as record:
        bring_up_to_date(record, [FIRST])

    def migrate(_: int) -> None:
        with opened(tmp_path / "record") as connection:
            bring_up_to_date(connection, [FIRST, SECOND])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(migrate, range(8)))
    with opened(tmp_path / "record") as record:
        assert record.execute("SELECT * FROM things").fetchall() == [("a;b", 1)]

# SPDX-License-Identifier: Apache-2.0
"""Records in SQLite that older versions of this project wrote, brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence


def version_of(connection: sqlite3.Connection) -> int:
    """The version that a record says it has; 0 where nothing was written yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up_to_date(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Run the scripts that a record has not seen, all of them in one transaction: the first one makes version 1.

    Another process may do the same at that moment. The connection has to leave transactions to its user
    (`isolation_level` None).
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for version, script in enumerate(migrations[version_of(connection) :], start=version_of(connection) + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def append_only(table: str) -> str:
    """A script that makes a table refuse changes of its rows."""
    return "".join(
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;\n"
        for event in ("UPDATE", "DELETE")
    )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; those that make triggers hold semicolons."""
    import sqlite3

    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement
            statement = ""

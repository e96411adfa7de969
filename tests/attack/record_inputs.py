# SPDX-License-Identifier: Apache-2.0
"""Records of jobs that were edited, damaged or taken away."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from arena import Case
from file_inputs import replaced

if TYPE_CHECKING:
    from pathlib import Path

    from draw import Draw


def record(draw: Draw, folder: Path) -> Case:
    """Jobs whose records or files were edited, damaged or taken away."""
    root = folder / "results"
    job = next(path for path in sorted(root.iterdir()) if path.is_dir())
    files = [
        path for path in sorted(job.rglob("*")) if path.is_file() and path.suffix in {".json", ".yaml", ".txt", ".csv"}
    ]
    kind = draw.chance.choice(("file", "file", "value", "gone", "pipe", "rows", "store"))
    path = draw.chance.choice(files)
    if kind == "file":
        path.write_bytes(draw.spoiled(path.read_bytes()))
    elif kind == "value":
        path = draw.chance.choice([path for path in files if path.suffix == ".json"])
        path.write_text(_odd_json(draw, path.read_text()), errors="surrogatepass")
    elif kind == "gone":
        path.unlink()
    elif kind == "pipe":
        replaced(path, os.mkfifo)
    elif kind == "store":
        store = root / "jobs.sqlite3"
        store.write_bytes(draw.spoiled(store.read_bytes()))
    else:
        _edit_rows(draw, root / "jobs.sqlite3")
    verb = draw.chance.choice(("jobs", "status", "result", "logs", "report", "plan", "cancel"))
    argv = [verb, *([] if verb == "jobs" else [job.name]), "--results", "results"]
    if verb == "plan":
        argv = ["plan", "evaluate", "--data", "boards", "--parent", job.name, "--results", "results"]
    argv += ["--json"] if draw.chance.random() < 0.5 else []
    return Case(
        "record", f"{kind} {path.name if kind not in {'rows', 'store'} else ''}: {verb}", "changenet", tuple(argv)
    )


def _odd_json(draw: Draw, text: str) -> str:
    odd = draw.chance.choice(
        ("NaN", "1e999", "9" * 5000, "null", '"\\ud800"', "[" * 3000, "{}", "[]", '"\\u001b[31m"', "-1")
    )
    with suppress(ValueError):
        document = json.loads(text.splitlines()[0] if "\n{" in text else text)
        if isinstance(document, dict) and document:
            name = draw.chance.choice(sorted(document))
            document[name] = "ODD"
            return json.dumps(document).replace('"ODD"', odd) + "\n"
    return odd


def _edit_rows(draw: Draw, store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table_name = draw.chance.choice([name for name in tables if not name.startswith("sqlite")])
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table_name})")]
        value = draw.chance.choice(
            ("x'ff'", "''", "'\x1b[31m'", "-1", "'{}'", "'NaN'", "9e999", "'[1]'", "CAST(x'fffe' AS TEXT)")
        )
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            change = draw.chance.choice(
                (f"UPDATE {table_name} SET {draw.chance.choice(columns)} = {value}", f"DELETE FROM {table_name}")
            )
            connection.execute(change)
            connection.commit()

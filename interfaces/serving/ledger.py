# SPDX-License-Identifier: Apache-2.0
"""The table of what was inspected in a folder. A pair is inspected when its row is on the disk, and not before.

So a process may be killed at any moment: a row that was torn is cut off, and its pair is inspected again.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, BinaryIO

from core.errors import InputError, NotReadyError
from core.verdicts import NO_PASS, PASS
from interfaces.serving.arrivals import Stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from interfaces.serving.arrivals import Part


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the part, how it was judged, or in `reason` why it was not."""

    time: str
    name: str
    bytes: int
    modified_ns: int
    verdict: str
    score: str
    threshold: str
    golden: str
    model: str
    reason: str = ""


_JUDGED = {PASS, NO_PASS}
COLUMNS = [field.name for field in fields(Row)]


class Ledger:
    """The table of a folder, which one process at a time may write; use `close` at the end.

    Raises:
        NotReadyError: another process watches the folder.
        InputError: the file is no such table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("ab+")
        self._judged_by: set[str] = set()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            message = "another process watches this folder"
            raise NotReadyError(message, code="watch.taken", where=str(path), remedy="end it first") from None
        try:
            self._verdicts = self._recovered()
        except InputError:
            self.close()
            raise

    def verdict_of(self, part: Part) -> str | None:
        """How a part was judged; None where it was not yet."""
        return self._verdicts.get((part.name, part.stamp))

    def has_judged(self, model: str) -> bool:
        """Whether a part was ever judged by a model."""
        return model in self._judged_by

    def add(self, rows: Sequence[Row]) -> None:
        """Put rows on the disk.

        Raises:
            OSError: the disk is full, or gone.
        """
        self._write([[getattr(row, name) for name in COLUMNS] for row in rows])
        self._judged_by |= {row.model for row in rows if row.verdict in _JUDGED}
        self._verdicts |= {(row.name, Stamp(row.bytes, row.modified_ns)): row.verdict for row in rows}

    def close(self) -> None:
        """Let others write."""
        self._file.close()

    def _recovered(self) -> dict[tuple[str, Stamp], str]:
        """What the table holds; a torn line at its end is cut off."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            self._file.truncate(len(whole))
            os.fsync(self._file.fileno())
        if not whole:
            self._write([COLUMNS])
            _sync_folder(self.path)
            return {}
        header, *rows = csv.reader(io.StringIO(whole.decode("utf-8", errors="surrogateescape"), newline=""))
        try:
            entries = [dict(zip(COLUMNS, row, strict=True)) for row in rows] if header == COLUMNS else None
            found = {(e["name"], Stamp(int(e["bytes"]), int(e["modified_ns"]))): e["verdict"] for e in entries or ()}
        except ValueError:
            entries, found = None, {}
        self._judged_by = {entry["model"] for entry in entries or () if entry["verdict"] in _JUDGED}
        if entries is None:
            message = "this is no table of `changenet watch`"
            raise InputError(message, code="watch.table", where=str(self.path), remedy="move it away") from None
        return found

    def _write(self, rows: Sequence[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode("utf-8", errors="surrogateescape"))
        self._file.flush()
        os.fsync(self._file.fileno())


def _sync_folder(path: Path) -> None:
    """A new file is there after a power cut only when its folder is on the disk."""
    number = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

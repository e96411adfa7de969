# SPDX-License-Identifier: Apache-2.0
"""What is wrong with one split of a classify data set, as far as the CSV and the folder listings tell.

Rows are streamed and every folder is listed once, so that a million rows take seconds; no picture is opened.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError
from core.problem import Problem, Severity
from core.verdicts import PASS
from pairs.classify_csv import PairRow, is_defect, iter_rows, light_names
from pairs.findings import Tally
from pairs.image_folders import ImageFolders, leaves_folder
from pairs.missing_pictures import Missing
from pairs.odd_text import ODD_REMEDY, odd_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


GOOD_WORDS = frozenset({"pass", "passed", "ok", "okay", "good", "normal"})  # what others write for PASS


@dataclass(frozen=True, slots=True)
class ClassifySource:
    """One split: its CSV, its pictures and how their names are put together."""

    csv_path: Path
    images_dir: Path
    image_ext: str = ".jpg"
    input_map: Mapping[str, int] | None = None
    num_golden: int = 1
    needs_label: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and how many rows of each label were read."""

    findings: list[Problem]
    rows: int
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def defects(self) -> int:
        """How many rows are labelled as defects."""
        return sum(count for label, count in self.labels.items() if is_defect(label))


def check_split(source: ClassifySource, visit: Callable[[PairRow], None] | None = None) -> Checked:
    """Check one split; `visit` is handed every readable row in passing, so that the CSV is read only once."""
    checker = _SplitChecker(source)
    unreadable: list[Problem] = []
    try:
        for row in iter_rows(source.csv_path, needs_label=source.needs_label, on_problem=checker.broken_row):
            checker.row(row)
            if visit:
                visit(row)
    except DataError as error:
        unreadable = [finding_of(error)]
    found = [*unreadable, *checker.findings()]
    if not (checker.rows or found):
        remedy = "add a line per pair below the header"
        found = [Problem("data.no_rows", str(source.csv_path), "the CSV has no rows", remedy)]
    return Checked(found, checker.rows, dict(checker.labels))


def finding_of(error: DataError, where: str = "") -> Problem:
    """An error as a finding."""
    return Problem(error.code, where or error.where, error.message, error.remedy, count=1)


class _SplitChecker:
    """Looks at one row after the other."""

    def __init__(self, source: ClassifySource) -> None:
        self.source = source
        self.folders = ImageFolders(source.images_dir, light_names(source.input_map), source.image_ext)
        self.rows = 0
        self.labels: Counter[str] = Counter()
        self._tally = Tally(str(source.csv_path))
        self._folder_problems: dict[str, DataError | None] = {}
        self._missing = Missing(self.folders)
        self._images_dir_exists = Path(source.images_dir).is_dir()

    def findings(self) -> list[Problem]:
        """All findings, those on the whole split first."""
        if self._images_dir_exists:
            return self._tally.findings()
        where, message = str(self.source.csv_path), f"the image folder {self.source.images_dir} does not exist"
        missing = Problem("data.images_dir_missing", where, message, "correct images_dir", count=1)
        return [missing, *self._tally.findings()]

    def broken_row(self, line: int, error: DataError) -> None:
        """Count a row that can't be used."""
        severity: Severity = "warning" if error.code == "data.csv_spaces" else "error"
        self._tally.note(error.code, severity, error.message, error.remedy, line)

    def row(self, row: PairRow) -> None:
        """Check one row."""
        self.rows += 1
        self.labels[row.label] += 1
        if self.source.needs_label and row.label != PASS and row.label.casefold() in GOOD_WORDS:
            self._label_variant(row)
        if odd := odd_text(row):
            self._tally.note("data.odd_text", "warning", odd, ODD_REMEDY, row.row)
        if not self._images_dir_exists:
            return
        if self._object_name_usable(row) and self._folder_usable(row.input_path, "input_path", row.row):
            self._pictures(row.input_path, "test picture", row)
        if self._folder_usable(row.golden_path, "golden_path", row.row):
            self._golden(row)

    def _label_variant(self, row: PairRow) -> None:
        message = f"the label {row.label!r} counts as a defect: only exactly PASS means a good board"
        if row.label.casefold() == PASS.casefold():
            self._tally.note("data.label_case", "warning", message, "write PASS in capitals", row.row)
        else:
            self._tally.note("data.label_word", "warning", message, f"write PASS if {row.label!r} means that", row.row)

    def _object_name_usable(self, row: PairRow) -> bool:
        name = row.object_name
        if "/" not in name:
            return True
        within = not leaves_folder(posixpath.join(row.input_path, name))
        if within or leaves_folder(row.input_path):  # a folder that leaves is a finding of its own
            return True
        message = f"object_name {name!r} leaves the image folder"
        remedy = "object_name is the start of a file name, without a folder"
        self._tally.note("data.object_name_leaves", "error", message, remedy, row.row)
        return False

    def _folder_usable(self, folder: str, column: str, line: int) -> bool:
        if folder not in self._folder_problems:
            self._folder_problems[folder] = self._missing.folder(folder, column)
        problem = self._folder_problems[folder]
        if problem:
            self._tally.note(problem.code, "error", problem.message, problem.remedy, line)
        return problem is None

    def _golden(self, row: PairRow) -> None:
        if self.source.num_golden < 2:
            self._pictures(row.golden_path, "golden image", row)
            if row.golden_path == row.input_path:
                message = (
                    f"input_path and golden_path are both {row.input_path!r}: the pair compares a picture to itself"
                )
                remedy = "keep golden images in a folder of their own"
                self._tally.note("data.golden_is_test", "warning", message, remedy, row.row)
            return
        found = len(self.folders.candidates(row.golden_path))
        if found < self.source.num_golden:
            message = f"{row.golden_path!r} holds {found} golden images to draw {self.source.num_golden} from"
            remedy = "add golden images or lower num_golden"
            severity: Severity = "warning" if found else "error"
            self._tally.note("data.golden_few", severity, message, remedy, row.row)

    def _pictures(self, folder: str, what: str, row: PairRow) -> None:
        missing = self.folders.missing_lights(folder, row.object_name)
        if missing:
            code = self._missing.why(folder, row.object_name, missing)
            if not self._tally.again(code, "error", row.row):
                problem = self._missing.told(code, folder, what, row.object_name, missing)
                self._tally.note(code, "error", problem.message, problem.remedy, row.row)

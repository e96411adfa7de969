# SPDX-License-Identifier: Apache-2.0
"""What is wrong with one split of a classify data set, as far as the CSV and the folder listings tell.

Rows are streamed and every folder is listed once, so that a million rows take seconds; no picture is opened.
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError
from core.problem import Problem, Severity
from core.verdicts import PASS
from pairs.classify_csv import PairRow, image_suffix, is_defect, iter_rows, light_names
from pairs.findings import READABLE, Tally
from pairs.image_folders import IMAGE_EXTENSIONS, ImageFolders, leaves_folder
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
        self._usable: dict[str, bool] = {}
        self._extensions: dict[str, Counter[str]] = {}
        self._dashed: dict[str, frozenset[str]] = {}
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
        usable = self._usable.get(folder)
        if usable:
            return True
        problem = self._folder_problem(folder, column)
        self._usable[folder] = problem is None
        if problem:
            self._tally.note(problem.code, "error", problem.message, problem.remedy, line)
        return problem is None

    def _folder_problem(self, folder: str, column: str) -> DataError | None:
        if folder.startswith(("/", "\\")) or folder[1:3] in {":\\", ":/"}:
            return DataError(
                f"{column} {folder!r} is an absolute path",
                code="data.absolute_path",
                remedy="write it relative to images_dir",
            )
        if leaves_folder(folder):
            return DataError(
                f"{column} {folder!r} leaves images_dir",
                code="data.path_leaves",
                remedy="move the pictures below images_dir, or set images_dir higher",
            )
        if self.folders.exists(folder):
            return None
        if folder.lower().endswith(IMAGE_EXTENSIONS):
            return DataError(
                f"{column} {folder!r} is a file name where a folder is needed",
                code="data.file_for_folder",
                remedy="give the folder; the file name is put together from object_name, lighting and image_ext",
            )
        if self.folders.is_shut(folder):
            return DataError(f"{column} {folder!r} can't be listed", code="data.folder_unreadable", remedy=READABLE)
        return DataError(
            f"the {column} {folder!r} is no folder below {self.source.images_dir}",
            code="data.folder_missing",
            remedy="correct the path or images_dir" + (", and use / between folders" if "\\" in folder else ""),
        )

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
            problem = self._picture_problem(folder, what, row.object_name, missing)
            self._tally.note(problem.code, "error", problem.message, problem.remedy, row.row)

    def _picture_problem(self, folder: str, what: str, name: str, missing: list[str | None]) -> DataError:
        lights = [light for light in self.folders.lights if light]
        ext = self.source.image_ext
        if name.lower().endswith(IMAGE_EXTENSIONS):
            return DataError(
                f"object_name {name!r} already carries an extension; {ext} is put behind it",
                code="data.object_name_extension",
                remedy="leave the extension out of object_name",
            )
        if any(name.endswith(f"_{light}") for light in lights):
            return DataError(
                f"object_name {name!r} already carries a lighting; each lighting of input_map is put behind it",
                code="data.object_name_light",
                remedy="leave the lighting out of object_name, and keep one row per object",
            )
        found = self._extensions_of(folder)
        if found and not found[ext]:
            other = found.most_common(1)[0][0]
            return DataError(
                f"the pictures in {folder!r} end in {other}, but image_ext is {ext}",
                code="data.image_ext",
                remedy=f"save them as {ext} where other splits are {ext}, or set dataset.classify.image_ext to {other}",
            )
        if near := self._with_other_extension(folder, name, missing, found):
            return DataError(
                f"the {what} {near!r} in {folder!r} ends otherwise than {ext}",
                code="data.image_ext",
                remedy=f"save it as {ext}, as the others are",
            )
        if name in self._with_dash(folder):
            return DataError(
                f"the pictures of {name!r} in {folder!r} join the lighting by a dash",
                code="data.light_joint",
                remedy=f"name them {name}_LIGHTING{ext}: lightings are joined by an underscore",
            )
        names = ", ".join(f"{name}{image_suffix(light, ext)}" for light in missing)
        return DataError(
            f"the {what} {names} is missing in {folder!r}",
            code="data.image_missing",
            remedy="add the pictures, or take the rows out (`changenet data check --fix` does that)",
        )

    def _with_other_extension(self, folder: str, name: str, missing: list[str | None], found: Counter[str]) -> str:
        others = [ending for ending in found if ending != self.source.image_ext]
        names = (f"{name}{image_suffix(light, ending)}" for light in missing for ending in others)
        return next((one for one in names if os.path.isfile(self.source.images_dir / folder / one)), "")  # noqa: PTH113

    def _with_dash(self, folder: str) -> frozenset[str]:
        """The names before a dash of a folder's pictures."""
        if folder not in self._dashed:
            self._dashed[folder] = self.folders.names_before("-", folder)
        return self._dashed[folder]

    def _extensions_of(self, folder: str) -> Counter[str]:
        if folder not in self._extensions:
            self._extensions[folder] = self.folders.extensions(folder)
        return self._extensions[folder]

# SPDX-License-Identifier: Apache-2.0
"""The folders of a segment data set, and what is wrong with them as far as listings tell."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError
from core.file_names import ARCHIVES
from core.files import read_ordinary
from core.problem import ROWS_NAMED, Problem, Severity
from pairs.findings import READABLE, Tally
from pairs.layout import CSV_NAME
from pairs.published_folders import published_remedy

if TYPE_CHECKING:
    from pathlib import Path

_LOSSY = (".jpg", ".jpeg")
_OTHER_TASK = "data.other_task"
_LONGEST_LIST = 256 * 2**20


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """A segment data set: before pictures, after pictures, labels, and a list of names per split."""

    root: Path
    before: str = "A"
    after: str = "B"
    labels: str = "label"
    lists: str = "list"
    label_suffix: str = ".png"

    def is_packed(self, folder: str) -> bool:
        """Whether one of its folders lies here as an archive only."""
        archives = (self.root / f"{folder}{ending}" for ending in ARCHIVES)
        return not (self.root / folder).is_dir() and any(path.is_file() for path in archives)

    def list_file(self, split: str) -> Path:
        """The names of one split, one a line."""
        return self.root / self.lists / f"{split}.txt"

    def splits(self) -> tuple[str, ...]:
        """The names of all lists."""
        return tuple(path.stem for path in sorted((self.root / self.lists).glob("*.txt")))

    def label_name(self, name: str) -> str:
        """The label file that belongs to a picture."""
        return os.path.splitext(name)[0] + self.label_suffix  # noqa: PTH122 - names, not paths


def read_names(source: SegmentSource, split: str) -> list[str]:
    """The file names of one split; blank lines are skipped.

    Raises:
        DataError: the list is missing, not text, or empty.
    """
    return list(read_lines(source, split).values())


def read_lines(source: SegmentSource, split: str) -> dict[int, str]:
    """The same by their 1-based lines in the list."""
    path = source.list_file(split)
    try:
        text = read_ordinary(path, _LONGEST_LIST, DataError).decode("utf-8-sig")
        names = [line.strip() for line in text.splitlines()]
    except (DataError, UnicodeDecodeError) as error:
        remedy = _list_remedy(source, path)
        reason = (
            error.message.removeprefix("can't be read: ") if isinstance(error, DataError) else "it is not UTF-8 text"
        )
        message = f"the list of the split {split!r} can't be read ({reason})"
        raise DataError(message, code="data.list_missing", where=str(path), remedy=remedy) from error
    listed = {line: name for line, name in enumerate(names, start=1) if name}
    if not listed:
        raise DataError("the list is empty", code="data.no_rows", where=str(path), remedy="add one file name a line")
    return listed


def _list_remedy(source: SegmentSource, path: Path) -> str:
    """Sets as published are imported, which shares their pairs out; other folders want the list itself."""
    by_hand = f"write one file name a line into {path}"
    import_it = published_remedy(source.root)
    return f"{import_it}; or {by_hand}" if import_it else by_hand


def check_folders(source: SegmentSource, splits: dict[str, bool]) -> tuple[list[Problem], dict[str, dict[int, str]]]:
    """Check the folders and the lists of `splits` (name to whether labels are needed).

    Returns the findings and, of each split that could be read, the names by their lines. What archives hold is told
    once they are unpacked.
    """
    found = _of_other_task(source) or _folder_findings(source, labels_needed=any(splits.values()))
    names: dict[str, dict[int, str]] = {}
    packed = any(map(source.is_packed, (source.before, source.after, source.labels, source.lists)))
    if packed or any(problem.code == _OTHER_TASK for problem in found):
        return found, names
    for split in splits:
        try:
            names[split] = read_lines(source, split)
        except DataError as error:
            found.append(Problem(error.code, error.where, error.message, error.remedy, count=1))
    listed = {folder: _listing(source.root / folder) for folder in (source.before, source.after, source.labels)}
    for split, listed_names in names.items():
        found += _partner_findings(source, split, listed_names, listed, labels_needed=splits[split])
    return found, names


def overlaps(source: SegmentSource, names: dict[str, dict[int, str]], severity: Severity) -> list[Problem]:
    """Names that stand in two lists, told for the later one."""
    found, splits = [], list(names)
    for i, split in enumerate(splits):
        for earlier in splits[:i]:
            known = set(names[earlier].values())
            rows = [row for row, name in names[split].items() if name in known]
            if rows:
                subject = "1 name stands" if len(rows) == 1 else f"{len(rows)} names stand"
                message = f"{subject} in the list {earlier!r} too: figures on that would be too good"
                remedy = "put each name into one list only"
                where = str(source.list_file(split))
                shown = tuple(rows[:ROWS_NAMED])
                found.append(Problem("data.split_overlap", where, message, remedy, severity, shown, len(rows)))
    return found


def _of_other_task(source: SegmentSource) -> list[Problem]:
    """A folder, or split of one, that holds labelled pairs in a table, and nothing of a segment data set."""
    root = source.root
    own = (source.before, source.after, source.lists)
    if any((root / name).exists() or source.is_packed(name) for name in own):
        return []
    table = next((path for path in (root / CSV_NAME, root / "train" / CSV_NAME) if path.is_file()), None)
    if table is None:
        return []
    message = f"this holds pairs with labels in {CSV_NAME}, which classify actions read, and no masks"
    remedy = "leave the task out, or say classify: changenet run train --data DIR; masks to try: "
    remedy += "changenet data synthesize MASKS --task segment"
    return [Problem(_OTHER_TASK, str(table), message, remedy, count=1)]


def _folder_findings(source: SegmentSource, *, labels_needed: bool) -> list[Problem]:
    wanted = [source.before, source.after, source.lists, *([source.labels] if labels_needed else [])]
    if not source.root.is_dir():
        message = "the data folder does not exist"
        return [Problem("data.root_missing", str(source.root), message, "correct root_dir", count=1)]
    remedy = "a segment data set holds A, B, label and list, and in list a file of names for each split, one a line"
    remedy = published_remedy(source.root) or remedy
    gone = [folder for folder in wanted if not (source.root / folder).is_dir()]
    missing = [folder for folder in gone if not source.is_packed(folder)]
    found = [
        Problem("data.folder_missing", str(source.root), f"there is no folder {name!r}", remedy, count=1)
        for name in missing
    ]
    shut = [name for name in wanted if name not in gone and _listing(source.root / name) is None]
    return found + [
        Problem("data.folder_unreadable", str(source.root / name), "the folder can't be listed", READABLE)
        for name in shut
    ]


def _listing(folder: Path) -> set[str] | None:
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names as text
    except OSError:
        return None


def _partner_findings(
    source: SegmentSource, split: str, names: dict[int, str], listed: dict[str, set[str] | None], *, labels_needed: bool
) -> list[Problem]:
    tally = Tally(str(source.list_file(split)))
    labels = listed[source.labels]
    for row, name in names.items():
        if "/" in name or "\\" in name or name == "..":
            remedy = "list bare file names"
            tally.note("data.path_leaves", "error", f"{name!r} is a path, not a file name", remedy, row)
            continue
        for folder in (source.before, source.after):
            present = listed[folder]
            if present is not None and name not in present:
                _note_missing(tally, name, folder, present, row)
        if labels_needed and labels is not None and source.label_name(name) not in labels:
            _note_missing_label(tally, source, name, labels, row)
    counts, told = Counter(names.values()), set[str]()
    for row, name in names.items():
        if counts[name] > 1 and name not in told:
            told.add(name)
            message = f"{name!r} is listed {counts[name]} times"
            tally.note("data.listed_twice", "warning", message, "list each name once", row)
    return tally.findings()


def _note_missing(tally: Tally, name: str, folder: str, present: set[str], row: int) -> None:
    stem = os.path.splitext(name)[0]  # noqa: PTH122 - a name, not a path
    near = sorted(other for other in present if other.startswith(f"{stem}.")) if len(present) < 100_000 else []
    message = f"{name!r} is listed but absent in {folder}" + (f" (there is {near[0]})" if near else "")
    remedy = "list the names as they are in A and B, extension included, or add the file"
    tally.note("data.image_missing", "error", message, remedy, row)


def _note_missing_label(tally: Tally, source: SegmentSource, name: str, labels: set[str], row: int) -> None:
    endings = Counter(os.path.splitext(label)[1] for label in labels)  # noqa: PTH122 - names, not paths
    if endings and not endings[source.label_suffix]:
        other = endings.most_common(1)[0][0]
        message = f"the labels end in {other or 'nothing'}, but label_suffix is {source.label_suffix}"
        remedy = f"set dataset.segment.label_suffix to {other}"
        if other.lower() in _LOSSY:  # smears values, which are divided by 255 without rounding
            message, remedy = f"{message}; JPEG smears labels", published_remedy(source.root) or "save them as PNG"
        tally.note("data.label_suffix", "error", message, remedy, row)
        return
    message = f"{name!r} has no label {source.label_name(name)!r} in {source.labels}"
    tally.note("data.label_missing", "error", message, "add the label or take the name off the list", row)

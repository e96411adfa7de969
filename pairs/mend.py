# SPDX-License-Identifier: Apache-2.0
"""Mend what can be mended safely in a classify CSV or in segment lists; the result is always a new file.

Only what has one right answer is touched. Labels that contradict each other, boards in two splits, broken pictures and
the like are decisions, and stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import write_text
from pairs.classify_csv import write_csv
from pairs.code_pages import CODE_PAGES
from pairs.image_folders import IMAGE_EXTENSIONS
from pairs.label_spelling import usual_spellings
from pairs.layout import CSV_NAME
from pairs.loose_csv import read_loosely
from pairs.new_folder import new_folder
from pairs.row_mender import RowMender
from pairs.segment_folders import SegmentSource, read_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pairs.classify_check import ClassifySource

DONE = {
    "encoding": "rewritten as UTF-8 without a byte order mark",
    **{page: f"taken for {name}: look whether its names are right" for page, name in CODE_PAGES.items()},
    "delimiter": "columns separated by commas",
    "column_name": "column names put into their usual spelling",
    "spaces": "spaces around cells taken out",
    "label_case": "PASS put into capitals",
    "label_spelling": "labels that differ only in capitals written as most of them are",
    "backslash": "backslashes in paths turned into slashes",
    "absolute_path": "absolute paths below images_dir made relative",
    "file_for_folder": "file names cut off where a folder is needed",
    "object_name": "extension or lighting cut off object_name",
    "width": "rows of the wrong width left out",
    "missing": "rows without all of their pictures left out",
    "extension": "extensions of listed names corrected",
    "duplicate": "repeated rows left out",
}


@dataclass(frozen=True, slots=True)
class Mended:
    """What was mended, and how often: `changes` by kind (see `DONE`), rows read and rows written."""

    path: str
    changes: dict[str, int]
    rows_read: int
    rows_written: int

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)

    def as_text(self) -> str:
        """The same for people."""
        lines = [f"  {DONE[kind]}: {count}" for kind, count in self.changes.items()]
        return "\n".join([f"{self.path}: {self.rows_written} of {self.rows_read} rows", *lines]) + "\n"


def fix(source: ClassifySource, out: Path) -> Mended:
    """Write a mended copy of a classify CSV to `out`, which must not exist.

    Raises:
        DataError: `out` exists, or the CSV is beyond mending: no text, a column missing, no row left.
    """
    return _fix(source, out, _Table.read(source))


def _fix(source: ClassifySource, out: Path, table: _Table, spellings: Mapping[str, str] | None = None) -> Mended:
    _refuse_existing(out)
    header, rows, changes = table.header, table.rows, table.changes
    mender = RowMender(source, header, changes, usual_spellings([table.labels]) if spellings is None else spellings)
    kept = [cells for cells in map(mender.row, rows) if cells]
    if not kept:
        message = "no row is left after mending"
        remedy = "check images_dir, image_ext and input_map first"
        raise DataError(message, code="data.no_rows", where=str(source.csv_path), remedy=remedy)
    write_csv(out, header, kept)
    return Mended(str(out), _counted(changes), len(rows), len(kept))


def fix_splits(sources: Mapping[str, ClassifySource], out: Path) -> list[Mended]:
    """Mend several splits into the new folder `out`, each as NAME/dataset.csv; all of them or none.

    Raises:
        DataError: `out` exists, or one of the CSVs is beyond mending.
    """
    _refuse_existing(out)
    tables = {name: _Table.read(source) for name, source in sources.items()}
    spellings = usual_spellings(table.labels for table in tables.values())
    with new_folder(out, marker=CSV_NAME) as folder:
        mended = {
            name: _fix(source, folder / name / CSV_NAME, tables[name], spellings) for name, source in sources.items()
        }
    return [replace(one, path=str(out / name / CSV_NAME)) for name, one in mended.items()]


def fix_lists(source: SegmentSource, splits: Sequence[str], out: Path) -> list[Mended]:
    """Write mended copies of segment lists into the new folder `out`: absent and repeated names are left out.

    Raises:
        DataError: `out` exists, there is no list, or one can't be read or has no name left.
    """
    _refuse_existing(out)
    if not splits:
        where, remedy = str(source.root / source.lists), "write one file name a line into train.txt"
        raise DataError("there is no list to mend", code="data.list_missing", where=where, remedy=remedy)
    before, after = ({path.name for path in (source.root / name).glob("*")} for name in (source.before, source.after))
    present = _Present(before & after)
    mended = []
    with new_folder(out, marker=CSV_NAME) as folder:
        for split in splits:
            names, kept, changes = _mended_names(source, split, present)
            write_text(folder / f"{split}.txt", "".join(f"{name}\n" for name in kept))
            mended.append(Mended(str(out / f"{split}.txt"), _counted(changes), len(names), len(kept)))
    return mended


class _Present:
    """The names that both picture folders hold."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self._by_stem: dict[str, list[str]] = {}
        for name in names:
            self._by_stem.setdefault(Path(name).stem, []).append(name)

    def meant(self, name: str) -> str:
        """The picture that a listed name means: itself, or the only one of that name with an extension, or none."""
        if name in self.names:
            return name
        if "/" in name:
            return ""
        stem = Path(name).stem if name.lower().endswith(IMAGE_EXTENSIONS) else name
        alike = [one for one in self._by_stem.get(stem, ()) if one.lower().endswith(IMAGE_EXTENSIONS)]
        return alike[0] if len(alike) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Table:
    """A CSV as it is meant, and what had to be overlooked."""

    header: list[str]
    rows: list[list[str]]
    changes: Counter[str]

    @classmethod
    def read(cls, source: ClassifySource) -> _Table:
        changes: Counter[str] = Counter()
        return cls(*read_loosely(source.csv_path, source.images_dir, changes, needs_label=source.needs_label), changes)

    @property
    def labels(self) -> Counter[str]:
        """How often each label stands there."""
        place = self.header.index("label") if "label" in self.header else len(self.header)
        return Counter(cells[place].strip() for cells in self.rows if len(cells) > place)


def _mended_names(source: SegmentSource, split: str, present: _Present) -> tuple[list[str], list[str], Counter[str]]:
    names = read_names(source, split)
    meant = [present.meant(name) for name in names]
    kept = list(dict.fromkeys(filter(None, meant)))
    if not kept:
        where, remedy = str(source.list_file(split)), "list the names as they are in A and B"
        raise DataError("no name is left after mending", code="data.no_rows", where=where, remedy=remedy)
    absent = meant.count("")
    changed = sum(bool(new) and new != old for old, new in zip(names, meant, strict=True))
    counted = {"missing": absent, "extension": changed, "duplicate": len(names) - absent - len(kept)}
    return names, kept, Counter(counted)


def _counted(changes: Counter[str]) -> dict[str, int]:
    return {kind: changes[kind] for kind in DONE if changes[kind]}


def _refuse_existing(out: Path) -> None:
    if out.exists():
        remedy = "name a new file: nothing is mended in place"
        raise DataError("there is something of this name", code="data.occupied", where=str(out), remedy=remedy)

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
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, light_names, write_csv
from pairs.image_folders import IMAGE_EXTENSIONS, ImageFolders, leaves_folder
from pairs.layout import CSV_NAME
from pairs.loose_csv import read_loosely
from pairs.new_folder import new_folder
from pairs.segment_folders import SegmentSource, read_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pairs.classify_check import ClassifySource

DONE = {
    "encoding": "rewritten as UTF-8 without a byte order mark",
    "delimiter": "columns separated by commas",
    "column_name": "column names put into their usual spelling",
    "spaces": "spaces around cells taken out",
    "label_case": "PASS put into capitals",
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
    _refuse_existing(out)
    changes: Counter[str] = Counter()
    header, rows = read_loosely(source.csv_path, changes, needs_label=source.needs_label)
    mender = _Mender(source, header, changes)
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
    with new_folder(out, marker=CSV_NAME) as folder:
        mended = {name: fix(source, folder / name / CSV_NAME) for name, source in sources.items()}
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


class _Mender:
    """Mends one row after the other."""

    def __init__(self, source: ClassifySource, header: list[str], changes: Counter[str]) -> None:
        self.source, self.changes, self.width = source, changes, len(header)
        self.places = {name: header.index(name) for name in COLUMNS if name in header}
        self.folders = ImageFolders(source.images_dir, light_names(source.input_map), source.image_ext)
        self._seen: set[tuple[str, ...]] = set()
        self._told: dict[str, tuple[str, str]] = {}

    def row(self, cells: list[str]) -> list[str]:
        """The mended cells, or nothing where the row can't be kept."""
        if len(cells) != self.width:
            return self._left_out("width")
        bare = [cell.strip() for cell in cells]
        self.changes["spaces"] += bare != cells
        self._label(bare)
        for column in ("input_path", "golden_path"):
            bare[self.places[column]] = self._folder(bare[self.places[column]])
        place = self.places["object_name"]
        bare[place] = self._object_name(bare[self.places["input_path"]], bare[place])
        if not self._complete(bare):
            return self._left_out("missing")
        key = tuple(bare)
        if key in self._seen:
            return self._left_out("duplicate")
        self._seen.add(key)
        return bare

    def _left_out(self, why: str) -> list[str]:
        self.changes[why] += 1
        return []

    def _label(self, cells: list[str]) -> None:
        place = self.places.get("label")
        if place is not None and cells[place] != PASS and cells[place].casefold() == PASS.casefold():
            cells[place] = PASS
            self.changes["label_case"] += 1

    def _folder(self, folder: str) -> str:
        """The folder relative to images_dir, where it can be told which one is meant."""
        if folder not in self._told:
            candidates = self._candidates(folder)
            usable = (pair for pair in candidates if not leaves_folder(pair[1]) and self.folders.exists(pair[1]))
            self._told[folder] = next(usable, ("", folder))
        kind, meant = self._told[folder]
        self.changes[kind] += 1
        return meant

    def _candidates(self, folder: str) -> Iterator[tuple[str, str]]:
        """What a folder may stand for, with the kind of mistake that would be."""
        root = self.source.images_dir.resolve()
        if not folder.startswith("/"):
            yield "", folder
            if "\\" in folder:
                yield "backslash", folder.replace("\\", "/")
        elif Path(folder).resolve().is_relative_to(root):
            folder = Path(folder).resolve().relative_to(root).as_posix()
            yield "absolute_path", folder
        if folder.lower().endswith(IMAGE_EXTENSIONS) and not folder.startswith("/"):
            yield "file_for_folder", folder.rpartition("/")[0] or "."

    def _object_name(self, folder: str, name: str) -> str:
        """The name without extension and lighting, if only so its pictures are found."""
        if not name or not self.folders.missing_lights(folder, name):
            return name
        stem, dot, ending = name.rpartition(".")
        shorter = stem if dot and f".{ending}".lower() in IMAGE_EXTENSIONS else name
        for light in filter(None, self.folders.lights):
            shorter = shorter.removesuffix(f"_{light}")
        if shorter == name or self.folders.missing_lights(folder, shorter):
            return name
        self.changes["object_name"] += 1
        return shorter

    def _complete(self, cells: list[str]) -> bool:
        test, golden, name = (cells[self.places[column]] for column in ("input_path", "golden_path", "object_name"))
        if not (test and golden and name) or any(leaves_folder(f"{folder}/{name}") for folder in (test, golden)):
            return False
        if self.folders.missing_lights(test, name):
            return False
        if self.source.num_golden > 1:
            return bool(self.folders.candidates(golden))
        return not self.folders.missing_lights(golden, name)

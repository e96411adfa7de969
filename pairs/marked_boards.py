# SPDX-License-Identifier: Apache-2.0
"""Whole golden and test pictures that somebody has looked at: which belong together, and what was marked on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError
from core.files import real_path
from pairs.annotations import find_annotations
from pairs.image_folders import is_picture
from pairs.whole_pairs import by_name, golden_of, table_rows

if TYPE_CHECKING:
    from pathlib import Path

    from pairs.annotation_formats import Marked

GOLDEN_FOLDERS = ("golden", "goldens", "reference", "references", "ref", "template", "templates")
TEST_FOLDERS = ("test", "tests", "photos", "inspected", "boards")


@dataclass(frozen=True, slots=True)
class MarkedPair:
    """A pair, its group (pictures of a group stay in one split), and what was marked; `split` is as the table says."""

    name: str
    golden: Path
    test: Path
    group: str
    marked: tuple[Marked, ...]
    mask: Path | None
    split: str = ""

    @property
    def is_good(self) -> bool:
        """Whether somebody looked, and marked nothing; of a mask that is not known before it is read."""
        return self.mask is None and not any(one.marks for one in self.marked)


def read_marked_pairs(source: Path) -> tuple[list[MarkedPair], list[tuple[str, str]]]:
    """The pairs of a folder with golden and test pictures, or of a table, that somebody has looked at.

    Also all that is not used, each with the reason.

    Raises:
        DataError: there are no pairs.
    """
    root = source if source.is_dir() else source.parent
    found = _of_folder(source) if source.is_dir() else _of_table(source)
    pictures = {real_path(path) for golden, test, *_ in found for path in (golden, test)}
    annotations = find_annotations(root, pictures)
    goldens = {golden for golden, *_ in found}
    pairs: list[MarkedPair] = []
    unused: list[tuple[str, str]] = []
    for golden, test, group, split in found:
        marked, mask = annotations.of(test)
        if not marked and mask is None:
            unused.append((str(test), "nothing says what is marked on it: an empty annotation says that it is good"))
            continue
        own = group or (golden.stem if len(goldens) > 1 else test.stem)
        pairs.append(MarkedPair(_free_name(test.stem, pairs), golden, test, own, tuple(marked), mask, split))
    if not pairs:
        remedy = "put boxes (YOLO, COCO, VOC, LabelMe, a CSV with x1,y1,x2,y2) or a folder masks/ beside the pictures"
        raise DataError("no test picture has marks", code="data.no_marks", where=str(source), remedy=remedy)
    return pairs, [*unused, *annotations.unused()]


def _free_name(stem: str, pairs: list[MarkedPair]) -> str:
    taken = {pair.name for pair in pairs}
    return next(name for i in range(1, len(pairs) + 2) if (name := stem if i == 1 else f"{stem}-{i}") not in taken)


def _of_folder(source: Path) -> list[tuple[Path, Path, str, str]]:
    folders = {path.name.casefold(): path for path in sorted(source.iterdir()) if path.is_dir()}
    golden = next((folders[name] for name in GOLDEN_FOLDERS if name in folders), None)
    test = next((folders[name] for name in TEST_FOLDERS if name in folders), None)
    if golden is None or test is None:
        remedy = "name them golden and test, or give a CSV file with the columns golden and test"
        message = f"there is no folder of {'golden' if golden is None else 'test'} pictures"
        raise DataError(message, code="data.no_picture", where=str(source), remedy=remedy)
    goldens = by_name(path for path in sorted(golden.iterdir()) if is_picture(path.name))
    tests = [path for path in sorted(test.rglob("*")) if is_picture(path.name) and path.is_file()]
    if not goldens or not tests:
        where = golden if not goldens else test
        raise DataError("the folder holds no pictures", code="data.no_picture", where=str(where), remedy="add some")
    return [(golden_of(path, goldens, golden), path, "", "") for path in tests]


def _of_table(source: Path) -> list[tuple[Path, Path, str, str]]:
    named: dict[tuple[Path, Path], tuple[str, str]] = {}
    for _, cells in table_rows(source):
        group = cells.get("group") or cells.get("board") or ""
        named[source.parent / cells["golden"], source.parent / cells["test"]] = (group, cells.get("split", ""))
    return [(golden, test, group, split) for (golden, test), (group, split) in named.items()]

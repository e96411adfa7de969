# SPDX-License-Identifier: Apache-2.0
"""One split of a classify data set: checked rows and the picture files of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError, SpecError
from pairs.classify_check import ClassifySource, check_split
from pairs.classify_csv import image_file, is_defect, light_names
from pairs.findings import errors
from pairs.image_folders import ImageFolders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.problem import Problem
    from pairs.classify_csv import PairRow
    from spec.dataset_section import ClassifyDataset
    from spec.dataset_section import PairTable as PairTableSection

Files = tuple[str, ...]  # one per lighting, in the order of their place in the combined input


@dataclass(frozen=True)
class PairTable:
    """A split that is known to be complete: every row's pictures exist.

    `goldens_per_pair` candidates and more stand behind each row; which of them are used is drawn later.
    """

    split: str
    source: ClassifySource
    rows: tuple[PairRow, ...]

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """0 for PASS, 1 for a defect; all 0 where the CSV has no labels."""
        return tuple(int(self.source.needs_label and is_defect(row.label)) for row in self.rows)

    def __len__(self) -> int:
        """Pairs."""
        return len(self.rows)

    def where(self, index: int) -> str:
        """The CSV line of a pair, for messages."""
        return f"{self.source.csv_path}:{self.rows[index].row}"

    def test_files(self, index: int) -> Files:
        """The test picture of a pair, one file per lighting."""
        row = self.rows[index]
        return self._files(row.input_path, row.object_name)

    def golden_names(self, index: int) -> Sequence[str]:
        """Object names of the golden images to draw from, in sorted order; one unless golden_path is a folder."""
        row = self.rows[index]
        return [row.object_name] if self.source.num_golden < 2 else self._folders.candidates(row.golden_path)

    def golden_files(self, index: int, name: str) -> Files:
        """One golden image of a pair, one file per lighting."""
        return self._files(self.rows[index].golden_path, name)

    def distinct_tests(self) -> int:
        """How many test pictures there are under one lighting."""
        return len({(row.input_path, row.object_name) for row in self.rows})

    @cached_property
    def _lights(self) -> tuple[str | None, ...]:
        return light_names(self.source.input_map)

    @cached_property
    def _folders(self) -> _KnownCandidates:
        return _KnownCandidates(ImageFolders(self.source.images_dir, self._lights, self.source.image_ext))

    def _files(self, folder: str, name: str) -> Files:
        images_dir, ext = self.source.images_dir, self.source.image_ext
        return tuple(str(image_file(images_dir, folder, name, light, ext)) for light in self._lights)


class _KnownCandidates:
    """Sorting a folder of golden images for every row that names it would cost more than decoding them."""

    def __init__(self, folders: ImageFolders) -> None:
        self._of_folders = folders
        self._known: dict[str, list[str]] = {}

    def candidates(self, folder: str) -> list[str]:
        if folder not in self._known:
            self._known[folder] = self._of_folders.candidates(folder)
        return self._known[folder]


def read_table(dataset: ClassifyDataset, split: str, *, needs_label: bool = True) -> PairTable:
    """Read and check one split (`train`, `validation`, `test`, `infer`) before anything starts.

    Raises:
        SpecError: the split is not named in the spec.
        DataError: the CSV or what it names is wrong; all kinds of problems at once, with rows and remedies.
    """
    section: PairTableSection = getattr(dataset, f"{split}_dataset")
    source = ClassifySource(
        csv_path=Path(_given(section.csv_path, split, "csv_path")),
        images_dir=Path(_given(section.images_dir, split, "images_dir")),
        image_ext=dataset.image_ext or "",
        input_map=dataset.input_map,
        num_golden=dataset.num_golden,
        needs_label=needs_label,
    )
    rows: list[PairRow] = []
    checked = check_split(source, rows.append)
    wrong = errors(checked.findings)
    if wrong:
        raise _as_error(wrong, split, source.csv_path)
    return PairTable(split, source, tuple(rows))


def _given(value: str, split: str, key: str) -> str:
    if not value:
        name = f"dataset.classify.{split}_dataset.{key}"
        raise SpecError(f"{name} is not set", code="spec.data_missing", where=name, remedy=f"name the {split} data")
    return value


def _as_error(wrong: Sequence[Problem], split: str, csv_path: Path) -> DataError:
    lines = [f"{finding.message}{_rows_named(finding)}" for finding in wrong]
    message = f"the {split} data can't be used: " + "; ".join(lines)
    remedies = list(dict.fromkeys(finding.remedy for finding in wrong if finding.remedy))
    first_row = next((finding.rows[0] for finding in wrong if finding.rows), None)
    where = str(csv_path) if first_row is None else f"{csv_path}:{first_row}"
    return DataError(message, code=wrong[0].code, where=where, remedy="; ".join(remedies))


def _rows_named(finding: Problem) -> str:
    if not finding.rows:
        return ""
    more = ", …" if finding.count > len(finding.rows) else ""
    return f" (row {', '.join(str(row) for row in finding.rows)}{more})"

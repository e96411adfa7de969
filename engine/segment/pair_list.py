# SPDX-License-Identifier: Apache-2.0
"""One split of a segment data set: checked names, and the files of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError, SpecError
from pairs.findings import errors
from pairs.quick import segment_source
from pairs.segment_folders import check_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.problem import Problem
    from pairs.segment_folders import SegmentSource
    from spec.dataset_section import SegmentDataset


@dataclass(frozen=True, slots=True)
class PairList:
    """A split that is known to be complete: every name's pictures exist, and its label where one is needed."""

    split: str
    source: SegmentSource
    names: tuple[str, ...]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        """Pairs."""
        return len(self.names)

    def where(self, index: int) -> str:
        """The line of a pair in its list, for messages."""
        return f"{self.source.list_file(self.split)}:{self.lines[index]}"

    def golden_file(self, index: int) -> str:
        """The picture before the change."""
        return str(self.source.root / self.source.before / self.names[index])

    def test_file(self, index: int) -> str:
        """The picture after it."""
        return str(self.source.root / self.source.after / self.names[index])

    def label_file(self, index: int) -> str:
        """The mask of what changed."""
        return str(self.source.root / self.source.labels / self.source.label_name(self.names[index]))


def read_pairs(section: SegmentDataset, split_key: str, *, needs_label: bool = True) -> PairList:
    """Read and check the split that `dataset.segment.<split_key>` names, before anything starts.

    Raises:
        SpecError: no folder is named.
        DataError: a folder, the list or what it names is wrong; all kinds of problems at once, with remedies.
    """
    if not section.root_dir:
        key = "dataset.segment.root_dir"
        raise SpecError(f"{key} is not set", code="spec.data_missing", where=key, remedy="name the data folder")
    source = segment_source(section.model_dump())
    split: str = getattr(section, split_key)
    findings, lists = check_folders(source, {split: needs_label})
    if wrong := errors(findings):
        raise _as_error(wrong, split)
    names = lists.get(split, {})
    if not names:
        message = f"the list of the split {split!r} can't be read: parts of the data set are packed"
        raise DataError(message, code="data.packed", where=str(source.root), remedy="unpack its archives there")
    return PairList(split, source, tuple(names.values()), tuple(names))


def _as_error(wrong: Sequence[Problem], split: str) -> DataError:
    message = f"the {split} data can't be used: " + "; ".join(one.message for one in wrong)
    remedies = list(dict.fromkeys(one.remedy for one in wrong if one.remedy))
    return DataError(message, code=wrong[0].code, where=wrong[0].where, remedy="; ".join(remedies))

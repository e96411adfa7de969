# SPDX-License-Identifier: Apache-2.0
"""A data set of either task, found by its layout and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.doctor import Naming, Options, as_it_is, check_splits, find_splits, source_of
from pairs.doctor_segment import LabelRule, check_segment
from pairs.import_proposal import proposed_import
from pairs.layout import detect_layout, pictures_of
from pairs.published_folders import published_remedy
from pairs.segment_folders import SegmentSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pairs.classify_check import ClassifySource
    from pairs.report import Report


@dataclass(frozen=True, slots=True)
class SegmentData:
    """A segment data set with its lists, and what its labels may hold."""

    source: SegmentSource
    lists: tuple[str, ...]
    rule: LabelRule = field(default_factory=LabelRule)
    needs_label: bool = True


Data = dict[str, "ClassifySource"] | SegmentData


def find_data(  # noqa: PLR0913 - what leads to the data of either task
    place: Path,
    images_dir: Path | None = None,
    naming: Naming = Naming(),  # noqa: B008 - frozen
    *,
    label_suffix: str = ".png",
    rule: LabelRule = LabelRule(),  # noqa: B008 - frozen
    unpack: Callable[[Path], Path] = as_it_is,
) -> Data:
    """The data set in a folder (classify: train, val, test, or one CSV; or segment), or one classify CSV.

    `unpack` is asked for the folder that an archive stands for, where pictures, or parts of a segment set, are packed.

    Raises:
        DataError: there is nothing, or what is there is neither, or could be both; or a CSV's pictures are not found.
    """
    if place.suffix.lower() == ".csv" and not place.is_dir():
        return {place.stem: source_of(place, unpack(images_dir or _beside(place)), naming)}
    if not place.is_dir():
        kind = "is no folder" if place.exists() else "does not exist"
        remedy = "give a data folder, or a CSV"
        raise DataError(f"the data folder {kind}", code="data.root_missing", where=str(place), remedy=remedy)
    layout = detect_layout(place)
    if layout == "classify":
        return find_splits(place, images_dir, naming, unpack)
    if layout == "segment":
        source = SegmentSource(unpack(place), label_suffix=label_suffix)
        return SegmentData(source, source.splits(), rule, naming.needs_label)
    if mending := published_remedy(place):
        message = "this is a change detection set as it is published, without lists"
        raise DataError(message, code="data.published", where=str(place), remedy=mending)
    if importing := proposed_import(place):
        message = "this is not laid out as the actions read it, and can be imported"
        raise DataError(message, code="data.import", where=str(place), remedy=importing)
    message = "this is no data set, or two in one folder"
    remedy = "give a folder with dataset.csv (or train, val, test with one each), or with A, B, list and label"
    raise DataError(message, code="data.layout", where=str(place), remedy=remedy)


def check_data(data: Data, options: Options = Options()) -> Report:  # noqa: B008 - frozen
    """Everything that is wrong with a data set, at once; never raises for it."""
    if not isinstance(data, SegmentData):
        return check_splits(data, options)
    return check_segment(
        data.source,
        splits=dict.fromkeys(data.lists, data.needs_label),
        rule=data.rule,
        decode=options.decode,
        batch_size=options.batch_size,
        devices=options.devices,
        progress=options.progress,
    )


def _beside(csv_path: Path) -> Path:
    found = pictures_of(csv_path.parent, csv_path.parent.parent)
    if found is None:
        message = "the folder of its pictures is not known"
        raise DataError(message, code="data.images", where=str(csv_path), remedy="name it by --images")
    return found

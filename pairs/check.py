# SPDX-License-Identifier: Apache-2.0
"""Check a data folder of either task by its layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.doctor import Options, check_splits, find_splits
from pairs.doctor_segment import LabelRule, check_segment
from pairs.layout import detect_layout
from pairs.segment_folders import SegmentSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pairs.report import Report


def check_folder(  # noqa: PLR0913 - the choices of `changenet data check`
    folder: Path,
    *,
    images_dir: Path | None = None,
    image_ext: str | None = None,
    input_map: Mapping[str, int] | None = None,
    num_golden: int = 1,
    rule: LabelRule = LabelRule(),  # noqa: B008 - frozen
    options: Options = Options(),  # noqa: B008 - frozen
) -> Report:
    """Check a data folder by its layout: classify (train, val, test, or one `dataset.csv`) or segment.

    Raises:
        DataError: the folder is neither, or could be both.
    """
    layout = detect_layout(folder)
    if layout == "classify":
        sources = find_splits(
            folder, images_dir=images_dir, image_ext=image_ext, input_map=input_map, num_golden=num_golden
        )
        return check_splits(sources, options)
    if layout == "segment":
        return check_segment(
            SegmentSource(folder),
            rule=rule,
            decode=options.decode,
            batch_size=options.batch_size,
            devices=options.devices,
            progress=options.progress,
        )
    message = "this is no data set, or two in one folder"
    remedy = "give a folder with dataset.csv (or train, val, test with one each), or with A, B, list and label"
    raise DataError(message, code="data.layout", where=str(folder), remedy=remedy)

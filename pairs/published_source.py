# SPDX-License-Identifier: Apache-2.0
"""The pairs of a change detection set as it is published, with partners, masks and splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.image_folders import is_picture
from pairs.published_folders import AFTER, BEFORE, LABELS, find_trios, listing
from pairs.segment_folders import SegmentSource, read_names

if TYPE_CHECKING:
    from pairs.published_folders import Trio

_LABEL_ENDINGS = ("", "_label", "_mask", "_gt", "_change")


@dataclass(frozen=True, slots=True)
class PublishedPair:
    """One pair and its mask; `split` is empty where the set leaves it open."""

    name: str  # without ending
    split: str
    before: Path
    after: Path
    label: Path


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """The pairs of a set; `lists_unused` are lists that name no train split, `unlisted` pairs that no list names."""

    pairs: tuple[PublishedPair, ...]
    lists_unused: tuple[str, ...] = ()
    unlisted: int = 0


def read_published(root: Path) -> PublishedSet:
    """All pairs of a set, by splits where it tells them: by folders, or by lists that name a train split.

    Raises:
        DataError: there are no such folders, or a picture has no partner or no mask.
    """
    trios = find_trios(root)
    if not trios:
        remedy = f"give a folder that holds {BEFORE[0]}, {AFTER[0]} and {LABELS[0]}, or has them in train, val and test"
        raise DataError("this is no change detection set", code="data.no_masks", where=str(root), remedy=remedy)
    pairs = [pair for trio in trios for pair in _pairs_of(trio)]
    if not pairs:
        raise DataError("the folders hold no pictures", code="data.no_rows", where=str(trios[0].after))
    if len(trios) > 1 or trios[0].split:
        return PublishedSet(tuple(pairs))
    source = SegmentSource(root, trios[0].before.name, trios[0].after.name, trios[0].labels.name)
    if "train" not in source.splits():
        return PublishedSet(tuple(pairs), lists_unused=source.splits())
    listed = {name: split for split in source.splits() for name in read_names(source, split)}
    named = tuple(_in_split(pair, listed[pair.after.name]) for pair in pairs if pair.after.name in listed)
    return PublishedSet(named, unlisted=len(pairs) - len(named))


def _in_split(pair: PublishedPair, split: str) -> PublishedPair:
    return PublishedPair(pair.name, split, pair.before, pair.after, pair.label)


def _pairs_of(trio: Trio) -> list[PublishedPair]:
    before, labels = _by_stem(trio.before), _by_stem(trio.labels)
    found = []
    for stem, after in _by_stem(trio.after).items():
        label = next((labels[stem + ending] for ending in _LABEL_ENDINGS if stem + ending in labels), None)
        partner = before.get(stem)
        if partner is None or label is None:
            missing = trio.before if partner is None else trio.labels
            message = f"{after.name!r} has no counterpart in {missing.name}"
            raise DataError(message, code="data.image_missing", where=str(after), remedy="add the file, or take it out")
        found.append(PublishedPair(stem, trio.split, partner, after, label))
    return found


def _by_stem(folder: Path) -> dict[str, Path]:
    return {Path(name).stem: folder / name for name in listing(folder) if is_picture(name)}

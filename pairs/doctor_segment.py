# SPDX-License-Identifier: Apache-2.0
"""Check a segment data set at once: partners, lists, sizes, label values, and pictures that stand in two splits."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.errors import DataError, ImageError
from core.problem import Problem
from pairs.decoding import FULL_WHITE, white_level
from pairs.findings import NO_DEFECTS, Tally, few_defects
from pairs.image_folders import IMAGE_EXTENSIONS
from pairs.look_findings import content_leaks, look_findings, size_counts
from pairs.looks import PairLook, pair_look, quiet
from pairs.pictures import look_at, picture_size
from pairs.quick import batch_findings
from pairs.report import Report
from pairs.segment_folders import SegmentSource, check_folders, overlaps, read_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

IGNORED = 255
VALUES_NAMED = 8


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How label values become classes: `norm` divides by 255 (0 or 255 are meant), else values are class ids."""

    num_classes: int = 2
    transform: str = "norm"

    def odd(self, values: list[int]) -> list[int]:
        """The values that stand for no class; 255 is ignored by the loss where values are class ids."""
        known = {0, IGNORED} if self.transform == "norm" else {*range(self.num_classes), IGNORED}
        return [value for value in values if value not in known]


@dataclass(frozen=True, slots=True)
class _Labelled:
    """One listed name: the pair's looks, and the values in its label (None where it can't be read)."""

    look: PairLook
    values: list[int] | None
    problems: tuple[tuple[str, str, str], ...] = ()


def check_segment(  # noqa: PLR0913 - the fields of a data source
    source: SegmentSource,
    *,
    splits: dict[str, bool] | None = None,
    rule: LabelRule = LabelRule(),
    decode: bool = True,
    batch_size: int = 1,
    devices: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Check the `splits` (name to whether labels are needed) of a segment data set, by default every list there is.

    `decode` looks at every picture and label. Never raises for what is wrong with the data.
    """
    wanted = splits or dict.fromkeys(source.splits(), True) or {"train": True}
    findings, names = check_folders(source, wanted)
    findings += overlaps(source, names, "error") + _unlisted(source, names) + _odd_lists(source)
    if "train" in names:
        findings += batch_findings(str(source.list_file("train")), len(names["train"]), batch_size, devices, "segment")
    levels = _used_levels(source, names) if decode else (FULL_WHITE, 0)
    lookers = {split: _Looker(source, wanted[split], decode, levels[0]) for split in names}
    looked = {split: _look(looker, names[split], progress) for split, looker in lookers.items()}
    for split, labelled in looked.items():
        findings += _label_findings(source, split, labelled, rule) + _picture_findings(source, split, labelled, levels)
    if decode:
        findings += _leaks(source, looked)
    counts = {str(source.list_file(split)): _counts(names[split], looked[split]) for split in names}
    return Report("segment", tuple(findings), counts, decode)


def _unlisted(source: SegmentSource, names: dict[str, dict[int, str]]) -> list[Problem]:
    """Pictures that no list names, checked or not."""
    lists = [names[split].values() if split in names else _names_if_any(source, split) for split in source.splits()]
    listed = {name for one in lists for name in one}
    try:
        present = os.listdir(source.root / source.after)  # noqa: PTH208 - names as text
    except OSError:
        return []
    spare = sorted(name for name in present if name.lower().endswith(IMAGE_EXTENSIONS) and name not in listed)
    if not spare or not listed:
        return []
    message = f"no list names {spare[0]!r}" + (f" and {len(spare) - 1} more pictures" if len(spare) > 1 else "")
    where = str(source.root / source.after)
    return [Problem("data.unlisted", where, message, "list them, or take them away", "warning", count=len(spare))]


def _odd_lists(source: SegmentSource) -> list[Problem]:
    """What lies among the lists under a name that no split has."""
    folder = source.root / source.lists
    known = {source.list_file(split) for split in source.splits()}
    odd = sorted(path.name for path in folder.glob("[!.]*") if path not in known)
    if not odd:
        return []
    message = f"{odd[0]!r}{f' and {len(odd) - 1} more' if len(odd) > 1 else ''} in the folder of lists is not read"
    remedy = "name a list after its split: train.txt, val.txt, test.txt"
    return [Problem("data.list_name", str(folder), message, remedy, "warning", count=len(odd))]


def _names_if_any(source: SegmentSource, split: str) -> list[str]:
    try:
        return read_names(source, split)
    except DataError:
        return []


def _pictures(source: SegmentSource, name: str) -> tuple[Path, Path]:
    """The picture after and the one before."""
    return source.root / source.after / name, source.root / source.before / name


def _used_levels(source: SegmentSource, names: dict[str, dict[int, str]]) -> tuple[int, int]:
    """What is white in the pictures of 16 bits of all splits, and their highest level."""
    listed = dict.fromkeys(name for of_split in names.values() for name in of_split.values() if _is_plain(name))
    with quiet():
        return white_level(path for name in listed for path in _pictures(source, name) if path.is_file())


def _is_plain(name: str) -> bool:
    return "/" not in name and "\\" not in name


def _look(looker: _Looker, names: dict[int, str], progress: Callable[[int], None] | None) -> list[_Labelled]:
    """Look at every listed name; without decoding only at the headers of its files."""
    tasks = [(row, name) for row, name in names.items() if _is_plain(name)]
    found = []
    with quiet(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done, labelled in enumerate(pool.map(looker.name, tasks), start=1):
            found.append(labelled)
            if progress:
                progress(done)
    return found


@dataclass(frozen=True, slots=True)
class _Looker:
    """Looks at A, B and label of one name."""

    source: SegmentSource
    labels_needed: bool
    decode: bool
    white: int

    def name(self, task: tuple[int, str]) -> _Labelled:
        row, name = task
        after, before = _pictures(self.source, name)
        label = self.source.root / self.source.labels / self.source.label_name(name)
        with_label = self.labels_needed and os.path.lexists(label)
        problems = tuple(self._size_problems(name, [before, after, *([label] if with_label else [])]))
        if not self.decode:
            return _Labelled(PairLook(row, "", None, name, None, None), None, problems)
        values, odd = _label_values(label) if with_label else (None, [])
        changed = "changed" if values and values != [0] else ""
        return _Labelled(pair_look((row, changed), name, after, before, self.white), values, (*problems, *odd))

    def _size_problems(self, name: str, paths: list[Path]) -> Iterator[tuple[str, str, str]]:
        sizes: dict[Path, tuple[int, int]] = {}
        for path in filter(os.path.isfile, paths):
            try:
                sizes[path] = picture_size(path)
            except ImageError as error:
                if not self.decode:  # decoding tells the same
                    yield "data.picture_broken", f"{error.where}: {error.message}", error.remedy
        if len(set(sizes.values())) > 1:
            shown = ", ".join(f"{path.parent.name} {width}x{height}" for path, (width, height) in sizes.items())
            yield "data.size_differs", f"the pictures of {name!r} differ in size: {shown} px", "cut all from one place"


def _label_values(path: Path) -> tuple[list[int] | None, list[tuple[str, str, str]]]:
    """The distinct values of a label, and what is odd about its file."""
    try:
        look_at(path)
        with Image.open(path) as image:
            mode, values = image.mode, np.unique(np.asarray(image.convert("L"))).tolist()
    except ImageError as error:
        return None, [("data.picture_broken", f"{error.where}: {error.message}", "replace the label")]
    if mode in {"L", "1"}:
        return values, []
    message = f"the label {path.name!r} has the mode {mode}: class ids are read from 8-bit grey"
    return values, [("data.label_mode", message, "save labels as 8-bit grey without a palette")]


def _label_findings(source: SegmentSource, split: str, labelled: list[_Labelled], rule: LabelRule) -> list[Problem]:
    tally = Tally(str(source.list_file(split)))
    for one in labelled:
        for code, message, remedy in one.problems:
            tally.note(code, "error", message, remedy, one.look.line)
        odd = rule.odd(one.values or [])
        if odd:
            shown = ", ".join(map(str, odd[:VALUES_NAMED])) + (", …" if len(odd) > VALUES_NAMED else "")
            tally.note(
                "data.label_value", "error", _odd_values(one.look.name, shown, rule), _MASK_REMEDY, one.look.line
            )
    known = [one.values for one in labelled if one.values is not None]
    if known and all(values == [0] for values in known):
        message = f"none of the {len(known)} labels of the split {split!r} holds a changed pixel"
        tally.note(
            "data.one_class",
            "error" if split == "train" else "warning",
            message,
            f"add labels with changes; {NO_DEFECTS}",
        )
    few = few_defects(sum(v != [0] for v in known), len(known), tally.place) if split == "train" else []
    return [*tally.findings(), *few]


_MASK_REMEDY = (
    "set dataset.segment.label_transform and num_classes to suit, "
    "or let `changenet data import masks` write clean masks"
)


def _odd_values(name: str, shown: str, rule: LabelRule) -> str:
    meant = "0 and 255 are meant" if rule.transform == "norm" else f"class ids below {rule.num_classes} are meant"
    return f"the label of {name!r} holds the values {shown}, where {meant}"


def _picture_findings(
    source: SegmentSource, split: str, labelled: list[_Labelled], levels: tuple[int, int]
) -> list[Problem]:
    """What holds for pictures of both tasks; unequal sizes and broken files stand among the label findings already."""
    found = look_findings([one.look for one in labelled], str(source.list_file(split)), *levels)
    return [finding for finding in found if finding.code != "data.size_differs"]


def _leaks(source: SegmentSource, looked: dict[str, list[_Labelled]]) -> list[Problem]:
    found, splits = [], list(looked)
    for i, split in enumerate(splits):
        for earlier in splits[:i]:
            mine, theirs = ([one.look for one in looked[name]] for name in (split, earlier))
            listed = {look.name for look in theirs}
            renamed = [look for look in mine if look.name not in listed]  # the same name is an overlap of lists
            where = (str(source.list_file(name)) for name in (split, earlier))
            found += content_leaks(renamed, theirs, *where)
    return found


def _counts(names: dict[int, str], labelled: list[_Labelled]) -> dict[str, Any]:
    changed = Counter("changed" if one.values != [0] else "unchanged" for one in labelled if one.values)
    return {
        "rows": len(names),
        "labels": dict(sorted(changed.items())),
        "sizes": size_counts([one.look for one in labelled]),
    }

# SPDX-License-Identifier: Apache-2.0
"""Check a whole data set at once: names, folders, labels, splits, and, unless told not to, every picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import real_path
from pairs.classify_check import Checked, ClassifySource, check_split
from pairs.classify_csv import image_suffix, light_names
from pairs.decoding import FULL_WHITE
from pairs.label_spelling import spelling_findings, usual_spellings
from pairs.layout import CSV_NAME, PICTURES, SPLIT_NAMES, classify_tables, found_image_ext, pictures_of
from pairs.look_findings import content_leaks, look_findings, size_counts
from pairs.looks import PairLook, look_at_pairs, used_levels
from pairs.picture_names import input_map_of, shared_names, usual_names
from pairs.quick import batch_findings, class_findings
from pairs.report import Report
from pairs.row_keys import RowKeys
from pairs.table_findings import table_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from core.problem import Problem
    from pairs.picture_names import Names

    Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a check goes about it.

    `decode` looks at every picture. `batch_size` and `devices` are held against the rows that are trained on.
    `progress` is called with the number of rows whose pictures were decoded in the split at hand.
    """

    decode: bool = True
    batch_size: int = 1
    devices: int = 1
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """How rows lead to pictures, as far as it is known; `needs_label` False for data that is only to be scored."""

    image_ext: str | None = None
    input_map: Mapping[str, int] | None = None
    num_golden: int = 1
    needs_label: bool = True


@dataclass(frozen=True, slots=True)
class _Split:
    source: ClassifySource
    checked: Checked
    keys: RowKeys
    looks: list[PairLook]
    levels: tuple[int, int]
    trained_on: bool = False


def check_classify(  # noqa: PLR0913 - the fields of a data source
    csv_path: Path,
    images_dir: Path,
    *,
    image_ext: str = ".jpg",
    input_map: Mapping[str, int] | None = None,
    num_golden: int = 1,
    needs_label: bool = True,
    trained_on: bool = True,
    decode: bool = True,
    batch_size: int = 1,
    devices: int = 1,
    other: Sequence[ClassifySource] = (),
    progress: Progress | None = None,
) -> Report:
    """Check one split of a classify data set, and that nothing of it stands in the splits `other`.

    The others are only read for that; their own findings are not told. Never raises for what is wrong with the data.
    """
    options = Options(decode, batch_size, devices, progress)
    source = ClassifySource(csv_path, images_dir, image_ext, input_map, num_golden, needs_label)
    levels = _white_of_all([source, *other], options)
    split = _examine(source, options, levels, trained_on=trained_on)
    others = [_examine(known, options, levels, trained_on=False) for known in other]
    return _report([split], [(split, known) for known in others], options)


def check_splits(sources: Mapping[str, ClassifySource], options: Options = Options()) -> Report:
    """Check several splits (`train` is the one that is trained on), each against those before it."""
    levels = _white_of_all(sources.values(), options)
    splits = [_examine(source, options, levels, trained_on=name == "train") for name, source in sources.items()]
    judged = [split for name, split in zip(sources, splits, strict=True) if name not in SPLIT_NAMES["infer"]]
    pairs = [(later, earlier) for i, later in enumerate(judged) for earlier in judged[:i]]
    return _report(splits, pairs, options)


def as_it_is(place: Path) -> Path:
    """The place itself: no archive is opened."""
    return place


def find_splits(
    folder: Path,
    images_dir: Path | None = None,
    naming: Naming = Naming(),
    unpack: Callable[[Path], Path] = as_it_is,
) -> dict[str, ClassifySource]:
    """The splits of a classify data folder, as `classify_tables` finds them.

    Without `images_dir` the pictures in or beside a split are taken: `images`, or what `unpack` makes of
    `images.tar.gz`. Data that is only to be inferred on needs no labels.

    Raises:
        DataError: the folder is no classify data set, or could be several.
    """
    tables = classify_tables(folder)
    if not tables:
        message = f"there is no {CSV_NAME}, and none in train, val, test"
        raise DataError(message, code="data.layout", where=str(folder), remedy="give a CSV and its image folder")
    places = {}
    for name, csv_path in tables.items():
        images = images_dir or pictures_of(csv_path.parent, csv_path.parent.parent) or folder / PICTURES[0]
        places[name] = csv_path, unpack(images)
    names = shared_names(places.values())
    unlabelled = replace(naming, needs_label=False)
    return {
        name: source_of(*place, unlabelled if name in SPLIT_NAMES["infer"] else naming, names)
        for name, place in places.items()
    }


def source_of(
    csv_path: Path, images_dir: Path, naming: Naming = Naming(), names: Names | None = None
) -> ClassifySource:
    """One split; what `naming` leaves open is taken from `names`, else from most of the first rows' pictures."""
    found = names or usual_names(csv_path, images_dir)
    ext = naming.image_ext or (next(iter(found))[1] if found else _found_ext(csv_path, images_dir))
    lights = naming.input_map or (input_map_of(found) if found else None)
    return ClassifySource(csv_path, images_dir, ext, lights, naming.num_golden, naming.needs_label)


def _found_ext(csv_path: Path, images_dir: Path) -> str:
    try:
        return found_image_ext(csv_path, images_dir) or ".jpg"
    except DataError:  # the check itself tells what is wrong with the CSV
        return ".jpg"


def _white_of_all(sources: Iterable[ClassifySource], options: Options) -> tuple[int, int]:
    """What is white in the pictures of 16 bits of all splits, which are scaled as one, and their highest level."""
    used = [used_levels(source) for source in sources] if options.decode else []
    return max(((white, peak) for white, peak in used if peak), default=(FULL_WHITE, 0))


def _examine(source: ClassifySource, options: Options, levels: tuple[int, int], *, trained_on: bool) -> _Split:
    keys = RowKeys(source)
    checked = check_split(source, keys.visit)
    readable = options.decode and checked.rows > 0 and source.images_dir.is_dir()
    looks = look_at_pairs(source, options.progress, levels[0]) if readable else []
    return _Split(source, checked, keys, looks, levels, trained_on)


def _report(splits: list[_Split], leaks: list[tuple[_Split, _Split]], options: Options) -> Report:
    findings = [finding for split in splits for finding in _split_findings(split, options)]
    usual = usual_spellings(split.checked.labels for split in splits)
    for split in splits:
        findings += spelling_findings(split.keys.where, split.checked.labels, usual)
    for split, known in leaks:
        findings += split.keys.leaks(known.keys)
        if options.decode:
            findings += content_leaks(_others(split, known), known.looks, split.keys.where, known.keys.where)
    counts = {split.keys.where: _counts(split) for split in splits}
    return Report("classify", tuple(findings), counts, options.decode)


def _others(split: _Split, known: _Split) -> list[PairLook]:
    """The pictures that are not told by their names to be in the other split as well."""
    if real_path(split.source.images_dir) != real_path(known.source.images_dir):
        return split.looks
    names = {look.name for look in known.looks}
    return [look for look in split.looks if look.name not in names]


def _split_findings(split: _Split, options: Options) -> list[Problem]:
    found = [*split.checked.findings, *table_findings(split.source), *split.keys.findings()]
    if split.source.needs_label and split.checked.rows:
        found += class_findings(split.source, split.checked, trained_on=split.trained_on)
    if split.trained_on and split.checked.rows:
        where = split.keys.where
        found += batch_findings(where, split.checked.rows, options.batch_size, options.devices, "classify")
    return found + look_findings(split.looks, split.keys.where, *split.levels)


def _counts(split: _Split) -> dict[str, Any]:
    checked = split.checked
    return {
        "rows": checked.rows,
        "defects": checked.defects if split.source.needs_label else None,
        "labels": dict(sorted(checked.labels.items())),
        "sizes": size_counts(split.looks),
        "pictures": [image_suffix(light, split.source.image_ext) for light in light_names(split.source.input_map)],
    }

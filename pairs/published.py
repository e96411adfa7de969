# SPDX-License-Identifier: Apache-2.0
"""Import a change detection set as published: `OUT/{A,B,label,list}`, with masks that this skill reads.

Splits are those of the set. Where it leaves them open, pairs are shared out to train, val and test, 70, 15 and 15 of a
hundred, and what was cut from one picture stays together: names that end in several numbers, as `train_386_0512_0768`,
belong to the picture that the first of them names.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from core.errors import DataError
from core.files import write_json, write_text
from pairs.layout import SPLITS
from pairs.new_folder import new_folder
from pairs.published_labels import meaning_of, read_values
from pairs.published_source import read_published

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pairs.published_labels import LabelMeaning
    from pairs.published_source import PublishedPair

MARKER = "import.json"
SHARES = {"val": 0.15, "test": 0.15}
SEED = 1234
_NUMBERS = re.compile(r"^(.*?\d+)((?:[_-]\d+)+)$")


@dataclass(frozen=True, slots=True)
class PublishedSummary:
    """What an import wrote; the same stands in `OUT/import.json`.

    `rows` counts pairs per split, `groups` the pictures that they were cut from; `shared_out` says whether the splits
    were made here. `lists_unused` are lists of the source without a train split, `unlisted` counts pairs that none of
    its lists names and that were left out. `label_transform` and `num_classes` are what a spec has to say.
    """

    source: str
    rows: dict[str, int]
    groups: dict[str, int]
    shared_out: bool
    linked: bool
    labels: str
    label_transform: str
    num_classes: int
    lists_unused: tuple[str, ...] = ()
    unlisted: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def import_published(
    source: Path,
    out: Path,
    *,
    link: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PublishedSummary:
    """Write a published set as a segment data set at `out`, new or empty (or, with `force`, an earlier import).

    `link` makes symbolic links to the pictures instead of copies; masks are always written anew.

    Raises:
        DataError: the source is no such set, or is incomplete, or `out` is occupied.
        ImageError: a label can't be read.
    """
    if out.resolve().is_relative_to(source.resolve()):
        remedy = "choose a folder outside of it"
        raise DataError("the output lies inside the source", code="data.occupied", where=str(out), remedy=remedy)
    found = read_published(source)
    pairs = found.pairs
    shared_out = not any(pair.split for pair in pairs)
    splits = share_out(pairs) if shared_out else {pair: pair.split for pair in pairs}
    names = _names(pairs, splits)
    meaning = meaning_of(pair.label for pair in pairs)
    with new_folder(out, marker=MARKER, force=force) as folder:
        for done, pair in enumerate(pairs, start=1):
            _write_pair(folder, names[pair], pair, meaning, link=link)
            if progress:
                progress(done, len(pairs))
        _write_lists(folder, names, splits)
        summary = replace(
            _summary(source, splits, meaning, shared_out=shared_out, linked=link),
            lists_unused=found.lists_unused,
            unlisted=found.unlisted,
        )
        write_json(folder / MARKER, summary.as_dict())
    return summary


def group_of(name: str) -> str:
    """The picture that a crop was cut from, by its name without ending."""
    found = _NUMBERS.match(name)
    return found[1] if found else name


def share_out(pairs: Sequence[PublishedPair]) -> dict[PublishedPair, str]:
    """A split for each pair, the same each time; crops of one picture stay together."""
    groups: dict[str, list[PublishedPair]] = {}
    for pair in pairs:
        groups.setdefault(group_of(pair.name), []).append(pair)
    order = sorted(groups)
    random.Random(SEED).shuffle(order)  # noqa: S311 - repeatable, no secret
    found: dict[PublishedPair, str] = {}
    waiting = iter(order)
    for split, share in SHARES.items():
        count = 0
        while count < share * len(pairs) and (group := next(waiting, None)) is not None:
            found |= dict.fromkeys(groups[group], split)
            count += len(groups[group])
    found |= {pair: "train" for group in waiting for pair in groups[group]}
    if "train" not in found.values():
        message = f"{len(order)} pictures are too few to be shared out to train, val and test"
        raise DataError(message, code="data.too_few_rows", remedy="write the lists by hand, into a folder list")
    return found


def _names(pairs: Sequence[PublishedPair], splits: dict[PublishedPair, str]) -> dict[PublishedPair, str]:
    """The file name of each pair, without ending; splits may number their pairs alike."""
    distinct = len({pair.name for pair in pairs}) == len(pairs)
    return {pair: pair.name if distinct else f"{splits[pair]}_{pair.name}" for pair in pairs}


def _write_pair(folder: Path, name: str, pair: PublishedPair, meaning: LabelMeaning, *, link: bool) -> None:
    ending = pair.after.suffix
    for kind, path in (("A", pair.before), ("B", pair.after)):
        place = folder / kind / f"{name}{ending}"
        place.parent.mkdir(exist_ok=True)
        if path.suffix.lower() != ending.lower():
            with Image.open(path) as image:
                image.save(place)
        elif link:
            place.symlink_to(path.resolve())
        else:
            shutil.copyfile(path, place)
    (folder / "label").mkdir(exist_ok=True)
    Image.fromarray(meaning.apply(read_values(pair.label))).save(folder / "label" / f"{name}.png")


def _write_lists(folder: Path, names: dict[PublishedPair, str], splits: dict[PublishedPair, str]) -> None:
    for split in sorted(set(splits.values()), key=lambda name: (*SPLITS, name).index(name)):
        lines = "".join(f"{names[pair]}{pair.after.suffix}\n" for pair in names if splits[pair] == split)
        write_text(folder / "list" / f"{split}.txt", lines)


def _summary(
    source: Path, splits: dict[PublishedPair, str], meaning: LabelMeaning, *, shared_out: bool, linked: bool
) -> PublishedSummary:
    names = [name for name in (*SPLITS, *sorted(set(splits.values()) - set(SPLITS))) if name in splits.values()]
    groups = {name: len({group_of(pair.name) for pair, split in splits.items() if split == name}) for name in names}
    return PublishedSummary(
        source=source.name,
        rows={name: list(splits.values()).count(name) for name in names},
        groups=groups,
        shared_out=shared_out,
        linked=linked,
        labels=meaning.kind,
        label_transform=meaning.transform,
        num_classes=meaning.classes,
    )

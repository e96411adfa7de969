# SPDX-License-Identifier: Apache-2.0
"""Change detection sets as they are published: folders of two dates and of masks, by split or not, seldom with lists.

What the folders are called: A, B, label (LEVIR-CD), A, B, OUT (CDD), t1, t2, mask (DSIFN), time1, time2, label
(SYSU-CD, CLCD), Image1, Image2, label (S2Looking).
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairs.layout import SPLIT_NAMES, SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEFORE = ("A", "t1", "time1", "im1", "img1", "image1", "before", "pre", "golden")
AFTER = ("B", "t2", "time2", "im2", "img2", "image2", "after", "post", "test")
LABELS = ("label", "labels", "OUT", "mask", "masks", "gt", "change", "changes", "cd")


@dataclass(frozen=True, slots=True)
class Trio:
    """The three folders of a set, or of one split of it."""

    split: str
    before: Path
    after: Path
    labels: Path


def find_trios(root: Path) -> list[Trio]:
    """The three folders in a set, or in each of its splits; empty where there are none."""
    if here := _trio(root, ""):
        return [here]
    return [trio for split, folder in _split_folders(root) if (trio := _trio(folder, split))]


def published_remedy(root: Path) -> str:
    """The command that makes a set usable which is laid out as published; empty for other folders.

    `root` may be the folder of one of its splits.
    """
    whole = root.parent if root in {folder for _, folder in _split_folders(root.parent)} else root
    if not find_trios(whole):
        return ""
    command = f"changenet data import masks {shlex.quote(str(whole))} NEW_FOLDER"
    return f"{command} makes a set with lists and masks of 0 and 255 of it"


def listing(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it can't be listed."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names as text
    except OSError:
        return []


def _split_folders(root: Path) -> Iterator[tuple[str, Path]]:
    names = {name.casefold(): name for name in listing(root)}
    for split in SPLITS:
        yield from ((split, root / names[name]) for name in SPLIT_NAMES[split] if name in names)


def _trio(folder: Path, split: str) -> Trio | None:
    names = {name.casefold(): name for name in listing(folder) if (folder / name).is_dir()}

    def first(known: tuple[str, ...]) -> Path | None:
        return next((folder / names[name.casefold()] for name in known if name.casefold() in names), None)

    before, after, labels = first(BEFORE), first(AFTER), first(LABELS)
    return Trio(split, before, after, labels) if before and after and labels else None

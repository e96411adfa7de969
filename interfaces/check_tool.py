# SPDX-License-Identifier: Apache-2.0
"""`changenet data check`: findings, a mended copy, a contact sheet."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, InputError
from interfaces.arguments import split_names
from interfaces.data_tools import disk_trouble_told
from interfaces.tools import Outcome, the_skill

if TYPE_CHECKING:
    from argparse import Namespace

    from pairs.check import Data

_STEP = 500


@disk_trouble_told()
def verb_data_check(args: Namespace) -> Outcome:
    """Every finding at once; exit code 2 where one is an error."""
    from pairs.check import check_data
    from pairs.doctor import Options

    _refuse_senseless(args)
    _refuse_other_sheet(args.sheet)
    data = _data(args)
    options = Options(not args.no_decode, args.batch_size, args.devices, _count)
    report = check_data(data, options)
    document, code, made = report.as_dict(), report.exit_code, [report.as_text().rstrip()]
    try:
        with disk_trouble_told():
            if args.fix:
                document["mended"] = _mend(data, Path(args.fix), made)
            if args.sheet:
                document["sheet"] = [str(path) for path in _sheets(data, Path(args.sheet), made)]
    except ChangenetError as problem:  # what was found is told nevertheless
        document |= problem.as_dict()
        made.append(f"error: {problem}")
        code = problem.exit_code
    return Outcome(document, "\n".join(made), code)


def _count(done: int) -> None:
    if done and done % _STEP == 0:
        print(f"check: {done:,} pairs looked at", file=sys.stderr, flush=True)


def _refuse_senseless(args: Namespace) -> None:
    """Numbers below one and empty names would be taken for nothing to check, or nothing to write."""
    for name in ("goldens", "classes", "batch_size", "devices"):
        if (value := getattr(args, name)) < 1:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{value} is out of range", code="data.option", where=flag, remedy="name a number from 1")
    for flag, text in (("--fix", args.fix), ("--sheet", args.sheet), ("--images", args.images)):
        if text == "":
            raise InputError("the name is empty", code="data.option", where=flag, remedy="name a path, or leave it out")


def _refuse_other_sheet(sheet: str | None) -> None:
    """A slip of the pen must not cost a table: only pictures are written over."""
    if sheet and Path(sheet).suffix.lower() != ".png":
        raise InputError(
            "a contact sheet is a PNG", code="data.sheet", where=sheet, remedy="name a file ending in .png"
        )


def _data(args: Namespace) -> Data:
    from core.file_names import is_archive
    from pairs.check import find_data
    from pairs.doctor import Naming
    from pairs.doctor_segment import LabelRule

    lights = {name: index for index, name in enumerate(split_names(args.lights))} or None
    naming = Naming(args.image_ext, lights, args.goldens, not args.no_labels)
    rule = LabelRule(args.classes, args.label_transform)
    images = Path(args.images) if args.images else None
    unpack = cache(_unpacked)  # splits share pictures
    folder = unpack(Path(args.folder)) if is_archive(args.folder) else Path(args.folder)
    return find_data(folder, images, naming, label_suffix=args.label_suffix, rule=rule, unpack=unpack)


def _unpacked(place: Path) -> Path:
    """What an archive holds, from the cache that launches unpack into as well."""
    from runners.planning.data_sources import all_parts
    from runners.staging import unpacked

    found = unpacked(place, parts=all_parts(the_skill()))
    if found != place:
        print(f"check: {place} is looked at as unpacked in {found}", file=sys.stderr, flush=True)
    return found


def _mend(data: Data, out: Path, made: list[str]) -> list[dict[str, Any]]:
    from pairs.check import SegmentData
    from pairs.mend import fix, fix_lists, fix_splits

    if isinstance(data, SegmentData):
        mended = fix_lists(data.source, data.lists, out)
    else:
        mended = [fix(next(iter(data.values())), out)] if len(data) == 1 else fix_splits(data, out)
    made += [one.as_text().rstrip() for one in mended]
    return [one.as_dict() for one in mended]


def _sheets(data: Data, out: Path, made: list[str]) -> list[Path]:
    from pairs.check import SegmentData
    from pairs.contact_sheet import contact_sheet, segment_contact_sheet
    from pairs.segment_folders import read_names

    if isinstance(data, SegmentData):
        segment_contact_sheet(data.source, [name for one in data.lists for name in read_names(data.source, one)], out)
        paths = [out]
    else:
        paths = [out if len(data) == 1 else out.with_stem(f"{out.stem}_{name}") for name in data]
        for path, one in zip(paths, data.values(), strict=True):
            contact_sheet(one, path)
    made += [f"contact sheet: {path}" for path in paths]
    return paths

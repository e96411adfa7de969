# SPDX-License-Identifier: Apache-2.0
"""`changenet data check`: findings, a mended copy, a contact sheet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from interfaces.arguments import split_names
from interfaces.tools import Outcome

if TYPE_CHECKING:
    from argparse import Namespace

    from pairs.doctor import Options
    from pairs.report import Report

_STEP = 500


def verb_data_check(args: Namespace) -> Outcome:
    """Every finding at once; exit code 2 where one is an error."""
    from pairs.doctor import Options

    options = Options(decode=not args.no_decode, batch_size=args.batch_size, progress=_count)
    report = _check(args, options)
    document: dict[str, Any] = report.as_dict()
    made: list[str] = []
    if args.fix:
        document["mended"] = _mend(args, made)
    if args.sheet:
        document["sheet"] = [str(path) for path in _sheets(args, made)]
    return Outcome(document, "\n".join([report.as_text().rstrip(), *made]), report.exit_code)


def _count(done: int) -> None:
    if done and done % _STEP == 0:
        print(f"check: {done:,} pairs looked at", file=sys.stderr, flush=True)


def _lights(args: Namespace) -> dict[str, int] | None:
    return {name: index for index, name in enumerate(split_names(args.lights))} or None


def _sources(args: Namespace) -> dict[str, Any]:
    """The classify splits that the words name: a folder with its splits, or one CSV."""
    from pairs.classify_check import ClassifySource
    from pairs.doctor import find_splits

    place, images = Path(args.folder), Path(args.images) if args.images else None
    if place.suffix.lower() != ".csv":
        return find_splits(place, images_dir=images, image_ext=args.image_ext, input_map=_lights(args))
    beside = images or next((p for p in (place.parent / "images", place.parent.parent / "images") if p.is_dir()), None)
    if beside is None:
        remedy = "name it by --images"
        raise DataError("the folder of its pictures is not known", code="data.images", where=str(place), remedy=remedy)
    return {place.stem: ClassifySource(place, beside, args.image_ext or _extension(place, beside), _lights(args), 1)}


def _extension(csv_path: Path, images: Path) -> str:
    from pairs.layout import found_image_ext

    return found_image_ext(csv_path, images) or ".jpg"


def _check(args: Namespace, options: Options) -> Report:
    from pairs.check import check_folder
    from pairs.doctor import check_splits

    place = Path(args.folder)
    if place.suffix.lower() == ".csv":
        return check_splits(_sources(args), options)
    images = Path(args.images) if args.images else None
    return check_folder(place, images_dir=images, image_ext=args.image_ext, input_map=_lights(args), options=options)


def _is_segment(args: Namespace) -> bool:
    from pairs.layout import detect_layout

    return detect_layout(Path(args.folder)) == "segment"


def _mend(args: Namespace, made: list[str]) -> list[dict[str, Any]]:
    from pairs.mend import fix, fix_lists
    from pairs.segment_folders import SegmentSource

    out = Path(args.fix)
    if _is_segment(args):
        lists = sorted(path.stem for path in (Path(args.folder) / "list").glob("*.txt"))
        mended = fix_lists(SegmentSource(Path(args.folder)), lists, out)
    else:
        sources = _sources(args)
        single = len(sources) == 1
        mended = [fix(source, out if single else out / f"{name}.csv") for name, source in sources.items()]
    made += [one.as_text().rstrip() for one in mended]
    return [one.as_dict() for one in mended]


def _sheets(args: Namespace, made: list[str]) -> list[Path]:
    from pairs.contact_sheet import contact_sheet, segment_contact_sheet
    from pairs.segment_folders import SegmentSource, read_names

    out = Path(args.sheet)
    if _is_segment(args):
        source = SegmentSource(Path(args.folder))
        lists = sorted(path.stem for path in (Path(args.folder) / "list").glob("*.txt"))
        segment_contact_sheet(source, [name for one in lists for name in read_names(source, one)], out)
        paths = [out]
    else:
        sources = _sources(args)
        paths = [out if len(sources) == 1 else out.with_stem(f"{out.stem}_{name}") for name in sources]
        for path, one in zip(paths, sources.values(), strict=True):
            contact_sheet(one, path)
    made += [f"contact sheet: {path}" for path in paths]
    return paths

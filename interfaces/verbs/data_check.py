# SPDX-License-Identifier: Apache-2.0
"""`data check`: findings, a mended copy, a contact sheet."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.addresses import bare_address, is_fetched
from core.errors import ChangenetError, InputError, MissingInputError
from core.staged import place_of
from interfaces.options import Group, argument, declared, option
from interfaces.outcome import Outcome
from interfaces.system_errors import system_errors_told
from interfaces.verbs.common import CLASSIFY, SEGMENT, refuse_options_of, split_names

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from pairs.check import Data

_STEP = 500


MORE = Group("more", "how far the check goes")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Which data, how its files are named, and what to write beside the findings."""

    folder: str = argument("data folder, plain or packed (.tar.gz, .zip), or one classify CSV")
    images: str | None = option(
        "folder or archive of the pictures", metavar="DIR", otherwise="the images beside a split", group=CLASSIFY
    )
    image_ext: str | None = option("file ending", metavar=".EXT", otherwise="the one that is found", group=CLASSIFY)
    lights: str | None = option(
        "lightings in their order, comma-separated", metavar="NAMES", otherwise="those found", group=CLASSIFY
    )
    goldens: int = option("num_golden; above 1, golden_path names folders", metavar="N", default=1, group=CLASSIFY)
    no_labels: bool = option("only to be scored: labels may be missing", default=False)
    label_suffix: str = option("ending of the label files", metavar=".EXT", default=".png", group=SEGMENT)
    label_transform: Literal["norm", "None"] = option("label_transform, as in the spec", default="norm", group=SEGMENT)
    classes: int = option("num_classes, the class ids a label may hold", metavar="N", default=2, group=SEGMENT)
    batch_size: int = option("held against the rows that are trained on", metavar="N", default=1, group=MORE)
    devices: int = option("how many devices train, each with its own batch", metavar="N", default=1, group=MORE)
    no_decode: bool = option("look at lists and folders only, not into the pictures", default=False, group=MORE)
    fix: str | None = option("write mended lists to OUT, which must not exist", metavar="OUT")
    sheet: str | None = option("draw a contact sheet of samples", metavar="PNG", group=MORE)


def check(options: CheckOptions, reporter: Reporter) -> Outcome:
    """Every finding at once; exit code 2 where one is an error."""
    from pairs.check import SegmentData, check_data
    from pairs.doctor import Options

    def count(done: int) -> None:
        if done and done % _STEP == 0:
            reporter.say(f"check: {done:,} pairs looked at")

    _refuse_senseless(options)
    _refuse_other_sheet(options.sheet)
    data = _data(options, reporter)
    refuse_options_of(CLASSIFY if isinstance(data, SegmentData) else SEGMENT, options)
    report = check_data(data, Options(not options.no_decode, options.batch_size, options.devices, count))
    document, code, made = report.as_dict(), report.exit_code, [report.as_text().rstrip()]
    try:
        with system_errors_told():
            if options.fix:
                document["mended"] = _mend(data, Path(options.fix), made)
            if options.sheet:
                document["sheet"] = [str(path) for path in _sheets(data, Path(options.sheet), made)]
    except ChangenetError as problem:  # what was found is told nevertheless
        document |= problem.as_dict()
        made.append(f"error: {problem}")
        code = problem.exit_code
    return Outcome(document, "\n".join(made), code)


def _refuse_senseless(options: CheckOptions) -> None:
    """Numbers below one would be taken for nothing to check."""
    for entry in declared(CheckOptions):
        value = getattr(options, entry.name)
        if entry.kind is int and value < 1:
            message, remedy = f"{value} is out of range", "name a number from 1"
            raise InputError(message, code="data.option", where=entry.flag, remedy=remedy)


def _refuse_other_sheet(sheet: str | None) -> None:
    """A slip of the pen must not cost a table: only pictures are written over."""
    if sheet and Path(sheet).suffix.lower() != ".png":
        raise InputError(
            "a contact sheet is a PNG", code="data.sheet", where=sheet, remedy="name a file ending in .png"
        )


def _data(options: CheckOptions, reporter: Reporter) -> Data:
    from core.file_names import is_archive
    from pairs.check import find_data
    from pairs.doctor import Naming
    from pairs.doctor_segment import LabelRule

    lights = {name: index for index, name in enumerate(split_names(options.lights))} or None
    naming = Naming(options.image_ext, lights, options.goldens, not options.no_labels)
    rule = LabelRule(options.classes, options.label_transform)
    images = _here(options.images) if options.images else None

    @cache  # splits share pictures
    def unpack(place: Path) -> Path:
        """What an archive holds, from the cache that launches unpack into as well."""
        from interfaces.skill import the_skill
        from runners.planning.data_tables import all_parts
        from runners.staging.inputs import unpacked

        found = unpacked(place, parts=all_parts(the_skill()))
        if found != place:
            reporter.say(f"check: {place} is looked at as unpacked in {found}")
        return found

    folder = _here(options.folder)
    return find_data(
        unpack(folder) if is_archive(folder.name) else folder,
        images,
        naming,
        label_suffix=options.label_suffix,
        rule=rule,
        unpack=unpack,
    )


def _here(place: str) -> Path:
    """A place on this machine: one elsewhere has to be fetched first.

    Raises:
        MissingInputError: it was not.
    """
    found = place_of(place)
    if is_fetched(found):
        remedy = f"changenet stage data {shlex.quote(bare_address(place))}"
        raise MissingInputError("it is not on this machine yet", code="data.elsewhere", where=found, remedy=remedy)
    return Path(found)


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

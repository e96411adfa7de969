# SPDX-License-Identifier: Apache-2.0
"""`data import` and `data synthesize`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import InputError
from interfaces.options import Group, argument, given, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import refuse_options_of, split_names

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from pairs.table_import import TableSummary


TABLE = Group("table", "of a table")
CUTS = Group("cuts", "of what is cut")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Which data set, where it is, and where its copy goes."""

    format: Literal["deeppcb", "masks", "pairs", "table", "names"] = argument("layout")
    source: str = argument("folder or table")
    out: str = argument("new folder")
    task: Literal["classify", "segment"] | None = option("its task", otherwise="classify")
    crops: Literal["centred", "grid"] = option("where crops are taken", group=CUTS, default="centred")
    size: int | None = option("side of a crop, or tile", metavar="PIXELS", group=CUTS, otherwise="128, 512")
    test: str | None = option("column of test images", metavar="COLUMN", otherwise="guessed", group=TABLE)
    golden: str | None = option("column of golden images", metavar="COLUMN", otherwise="guessed", group=TABLE)
    label: str | None = option("column of labels", metavar="COLUMN", otherwise="guessed", group=TABLE)
    good: tuple[str, ...] = option(
        "a label that means PASS", default=(), metavar="VALUE", otherwise="guessed", group=TABLE
    )
    bad: tuple[str, ...] = option(
        "a label that means a defect", default=(), metavar="VALUE", otherwise="all others", group=TABLE
    )
    board: str | None = option("column of boards", metavar="COLUMN", otherwise="guessed", group=TABLE)
    split: str | None = option("column of splits", metavar="COLUMN", otherwise="guessed", group=TABLE)
    images: str | None = option("folder of pictures", metavar="DIR", otherwise="the table's", group=TABLE)
    link: bool = option("do not copy", default=False)
    force: bool = option("replace OUT", default=False)


DRAWING = Group("drawing", "how the boards are drawn")
FROM = Group("from", "with --from alone")
# Defects that were drawn are harder and easier than real ones, so that the F1 on them says little of where the
# threshold should stand; good pairs are the line's own (benchmarks/README.md, "Good pairs alone").
DRAWN_TARGET = "far<=1% at recall=80%"


@dataclass(frozen=True, slots=True)
class SynthesizeOptions:
    """Where the boards go, and how they differ from `boards.SynthesisSettings`."""

    out: str = argument("folder to make")
    task: Literal["classify", "segment"] | None = option("what is trained on it", otherwise="classify")
    style: Literal["assembled", "bare"] | None = option(
        "boards with parts, or bare copper", otherwise="assembled", group=DRAWING
    )
    boards: int | None = option("number of boards", metavar="N", group=DRAWING)
    size: int | None = option("side of a picture", metavar="PIXELS")
    defects_for: int | None = option(
        "side that defects are sized for, where it is less", metavar="PIXELS", otherwise="--size", group=DRAWING
    )
    lights: str | None = option("lightings, comma-separated", metavar="NAMES", group=DRAWING)
    components: int | None = option("components, or inspected sites, on a board", metavar="N", group=DRAWING)
    units: int | None = option("photographed units of each board, or copies of each pair", metavar="N")
    defect_rate: float | None = option("share of defective components, 0 to 1", metavar="SHARE", group=DRAWING)
    defects: str | None = option("defect types, comma-separated", metavar="NAMES", otherwise="all")
    nuisance: float | None = option(
        "how strong harmless differences are", metavar="FACTOR", otherwise="1", group=DRAWING
    )
    image_ext: Literal[".jpg", ".png"] | None = option("file ending of the pictures", otherwise=".jpg", group=DRAWING)
    jobs: int | None = option("processes; the result does not depend on it", metavar="N", group=DRAWING)
    seed: int | None = option("same seed, same bytes", metavar="N")
    force: bool = option("replace OUT where it is there", default=False)
    source: str | None = option(
        "your own good pairs, which defects are drawn into: folders golden and test, or a CSV file with these columns",
        flag="--from",
        metavar="PAIRS",
    )
    sizes: str | None = option("smallest and largest defect", metavar="PIXELS", otherwise="6..60", group=FROM)


def import_set(options: ImportOptions, reporter: Reporter) -> Outcome:
    """Import pairs (a table, names, or whole photos with marks) or a public data set into the layout of the actions."""
    if options.format in {"table", "names"}:
        return _import_pairs(options, reporter)
    refuse_options_of(TABLE, options)
    if options.format == "masks":
        return _import_masks(options, reporter)
    if options.link:
        message, remedy = f"pictures of {options.format} are cut or copied, not linked", "leave it out"
        raise InputError(message, code="data.option", where="--link", remedy=remedy)
    task = options.task or "classify"
    if options.format == "pairs":
        return _import_boards(options, task, reporter)
    if task == "segment":
        refuse_options_of(CUTS, options)
    from pairs.deeppcb import import_deeppcb

    summary = import_deeppcb(
        Path(options.source),
        Path(options.out),
        task=task,
        crops=options.crops,
        size=options.size or 128,
        force=options.force,
        progress=reporter.progress("import"),
    )
    return Outcome(summary.as_dict(), _described(options.out, summary.rows, task))


def _import_boards(options: ImportOptions, task: Literal["classify", "segment"], reporter: Reporter) -> Outcome:
    from core.installation import require

    require("inspect", "cv2")
    from pairs.board_import import import_boards

    summary = import_boards(
        Path(options.source),
        Path(options.out),
        task=task,
        crops=options.crops,
        size=options.size,
        force=options.force,
        progress=reporter.progress("import"),
    )
    lines = [f"{split}: {', '.join(groups)}" for split, groups in summary.groups.items()]
    lines += [f"not used: {reason} ({count})" for reason, count in summary.not_used.items()]
    return Outcome(summary.as_dict(), "\n".join([*lines, _described(options.out, summary.rows, task)]))


def _import_masks(options: ImportOptions, reporter: Reporter) -> Outcome:
    from pairs.published import import_published

    refuse_options_of(CUTS, options)
    if options.task == "classify":
        message, remedy = "masks are for the segment task", "leave it out"
        raise InputError(message, code="data.option", where="--task", remedy=remedy)
    summary = import_published(
        Path(options.source),
        Path(options.out),
        link=options.link,
        force=options.force,
        progress=reporter.progress("import"),
    )
    settings = (
        f" -s dataset.segment.label_transform=None -s num_classes={summary.num_classes}"
        if summary.labels == "ids"
        else ""
    )
    told = [
        f"not used: list {name!r} of the source, as no list names a train split; all pairs were shared out anew"
        for name in summary.lists_unused
    ]
    told += [f"not used: {summary.unlisted} pairs that no list names"] if summary.unlisted else []
    return Outcome(summary.as_dict(), "\n".join([*told, _described(options.out, summary.rows, "segment")]) + settings)


def _import_pairs(options: ImportOptions, reporter: Reporter) -> Outcome:
    from pairs.table_import import TableOptions, import_pairs

    refuse_options_of(CUTS, options)
    source, by_names = Path(options.source), options.format == "names"
    if by_names:
        refuse_options_of(TABLE, options)
    if options.task == "segment":
        message, remedy = "a table of verdicts has no masks: it is for the classify task", "leave it out"
        raise InputError(message, code="data.option", where="--task", remedy=remedy)
    if source.is_dir() is not by_names:
        message, remedy = "table takes a file", "give the table, or `changenet data import names FOLDER OUT`"
        if by_names:
            message, remedy = "names takes a folder", "give that, or `changenet data import table FILE OUT`"
        raise InputError(message, code="data.option", where=options.source, remedy=remedy)
    said = {entry.name: getattr(options, entry.name) for entry in given(options) if entry.group is TABLE}
    if "images" in said:
        said["images"] = Path(said["images"])
    summary = import_pairs(
        source,
        Path(options.out),
        TableOptions(**said),
        link=options.link,
        force=options.force,
        progress=reporter.progress("import"),
    )
    return Outcome(summary.as_dict(), _told(options.out, summary))


def _told(out: str, summary: TableSummary) -> str:
    """The guesses, what was not used, the splits, and the next command."""
    lines = [f"guessed: {guess}" for guess in summary.guessed]
    if summary.not_used:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in summary.not_used.items())
        lines.append(f"not used: {reasons} (each row: {out}/not_used.csv)")
    for split, count in summary.rows.items():
        defects = count - summary.labels[split].get("PASS", 0)
        boards = summary.boards[split]
        of_boards = f"of {boards:,} board{'' if boards == 1 else 's'}"
        lines.append(f"{split}: {count:,} pairs, {defects:,} with defects, {of_boards}")
    if summary.boards_in_several:
        lines.append(f"warning: {summary.boards_in_several:,} boards stand in more than one split of the table")
    return "\n".join([*lines, _described(out, summary.rows, "classify")])


def synthesize(options: SynthesizeOptions, reporter: Reporter) -> Outcome:
    """Draw synthetic boards with known defects, or defects into good pairs."""
    if options.source is not None:
        return _draw_into(options, options.source, reporter)
    refuse_options_of(FROM, options)
    from boards import SynthesisSettings
    from boards import synthesize as draw

    named = {entry.name: getattr(options, entry.name) for entry in given(options)}
    del named["out"]
    named |= {name: split_names(named[name]) for name in {"lights", "defects"} & named.keys()}
    settings = SynthesisSettings(**named)
    summary = draw(Path(options.out), settings, progress=reporter.progress("draw"))
    return Outcome(summary.as_dict(), _described(options.out, summary.rows, settings.task))


def _draw_into(options: SynthesizeOptions, source: str, reporter: Reporter) -> Outcome:
    from pairs.drawn_set import draw_into
    from pairs.drawn_settings import DrawnSettings

    refuse_options_of(DRAWING, options)
    said: dict[str, Any] = {"task": options.task, "copies": options.units, "crop": options.size, "seed": options.seed}
    said |= {"kinds": split_names(options.defects) or None, "sizes": sizes_of(options.sizes)}
    settings = DrawnSettings(**{key: value for key, value in said.items() if value is not None}, force=options.force)
    summary = draw_into(Path(source), Path(options.out), settings, reporter.progress("draw"))
    drawn = ", ".join(f"{count} {kind}" for kind, count in summary.flaws.items())
    taken = ", ".join(f"{count:,} {split}" for split, count in summary.source_splits.items())
    lines = [f"good pairs taken: {taken}; the data set's test pairs stay unseen"] if taken else []
    lines += [f"drawn: {drawn}", *(f"left out: {name}: {why}" for name, why in summary.left_out.items())]
    lines.append(_described(options.out, summary.rows, settings.task))
    if settings.task == "classify":
        lines[-1] += f" --target {shlex.quote(DRAWN_TARGET)}"
    return Outcome(summary.as_dict(), "\n".join(lines))


def sizes_of(text: str | None) -> tuple[float, float] | None:
    """Smallest and largest of `6..60`, or one size for both."""
    if text is None:
        return None
    low, _, high = text.partition("..")
    try:
        return float(low), float(high or low)
    except ValueError:
        remedy = "give two numbers of pixels: --sizes 6..60"
        raise InputError(f"{text!r} is no range", code="data.synthesis", where="--sizes", remedy=remedy) from None


def _described(out: str, rows: dict[str, int], task: str) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in rows.items())
    action = "segment_train" if task == "segment" else "train"
    return f"{out}: {counts}\nnext: changenet run {action} --data {shlex.quote(out)}"

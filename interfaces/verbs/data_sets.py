# SPDX-License-Identifier: Apache-2.0
"""`data import` and `data synthesize`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import InputError
from interfaces.options import Group, argument, given, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import CLASSIFY, refuse_options_of, split_names

if TYPE_CHECKING:
    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Which data set, where it is, and where its copy goes."""

    format: Literal["deeppcb", "masks"] = argument("layout: masks are folders A, B, label")
    source: str = argument("folder as published")
    out: str = argument("folder to make")
    task: Literal["classify", "segment"] | None = option("what is trained on it", otherwise="classify for deeppcb")
    crops: Literal["centred", "grid"] = option("where crops are taken", group=CLASSIFY, default="centred")
    size: int = option("side of a crop", metavar="PIXELS", group=CLASSIFY, default=128)
    link: bool = option("masks: link, not copy", default=False)
    force: bool = option("replace OUT where it is there", default=False)


DRAWING = Group("drawing", "how the boards are drawn")


@dataclass(frozen=True, slots=True)
class SynthesizeOptions:
    """Where the boards go, and how they differ from `boards.SynthesisSettings`."""

    out: str = argument("folder to make")
    task: Literal["classify", "segment"] | None = option("what is trained on it", otherwise="classify")
    style: Literal["assembled", "bare"] | None = option(
        "boards with parts, or bare copper", otherwise="assembled", group=DRAWING
    )
    boards: int | None = option("number of boards", metavar="N")
    size: int | None = option("side of a picture", metavar="PIXELS", group=DRAWING)
    lights: str | None = option("lightings, comma-separated", metavar="NAMES")
    components: int | None = option("components, or inspected sites, on a board", metavar="N", group=DRAWING)
    units: int | None = option("photographed units of each board design", metavar="N", group=DRAWING)
    defect_rate: float | None = option("share of defective components, 0 to 1", metavar="SHARE")
    defects: str | None = option(
        "defect types, comma-separated", metavar="NAMES", otherwise="all of the style", group=DRAWING
    )
    nuisance: float | None = option(
        "how strong harmless differences are", metavar="FACTOR", otherwise="1", group=DRAWING
    )
    image_ext: Literal[".jpg", ".png"] | None = option("file ending of the pictures", otherwise=".jpg", group=DRAWING)
    jobs: int | None = option("processes; the result does not depend on it", metavar="N", group=DRAWING)
    seed: int | None = option("same seed, same bytes", metavar="N", group=DRAWING)
    force: bool = option("replace OUT where it is there", default=False)


def import_set(options: ImportOptions, reporter: Reporter) -> Outcome:
    """Import a public data set into the layout that the actions read."""
    if options.format == "masks":
        return _import_masks(options, reporter)
    if options.link:
        message, remedy = "--link is for masks: pictures of deeppcb are cut or copied", "leave it out"
        raise InputError(message, code="data.option", where="--link", remedy=remedy)
    from pairs.deeppcb import import_deeppcb

    task = options.task or "classify"
    if task == "segment":
        refuse_options_of(CLASSIFY, options)
    summary = import_deeppcb(
        Path(options.source),
        Path(options.out),
        task=task,
        crops=options.crops,
        size=options.size,
        force=options.force,
        progress=reporter.progress("import"),
    )
    return Outcome(summary.as_dict(), _described(options.out, summary.rows, task))


def _import_masks(options: ImportOptions, reporter: Reporter) -> Outcome:
    from pairs.published import import_published

    refuse_options_of(CLASSIFY, options)
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
    return Outcome(summary.as_dict(), _described(options.out, summary.rows, "segment") + settings)


def synthesize(options: SynthesizeOptions, reporter: Reporter) -> Outcome:
    """Draw synthetic boards with known defects."""
    from boards import SynthesisSettings
    from boards import synthesize as draw

    named = {entry.name: getattr(options, entry.name) for entry in given(options)}
    del named["out"]
    named |= {name: split_names(named[name]) for name in {"lights", "defects"} & named.keys()}
    settings = SynthesisSettings(**named)
    summary = draw(Path(options.out), settings, progress=reporter.progress("draw"))
    return Outcome(summary.as_dict(), _described(options.out, summary.rows, settings.task))


def _described(out: str, rows: dict[str, int], task: str) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in rows.items())
    action = "segment_train" if task == "segment" else "train"
    return f"{out}: {counts}\nnext: changenet run {action} --data {shlex.quote(out)}"

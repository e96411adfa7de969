# SPDX-License-Identifier: Apache-2.0
"""One self-contained page on a segment evaluation or inference: defects found and missed, pixels, pictures, regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.dotted import get
from core.file_names import MASKS_FOLDER, PICTURES_FILE
from core.problem import Problem
from reports.job_facts import JobFacts, read_job, read_sheet, read_told
from reports.page import Kind, render
from reports.results_page import ReportSummary, ResultFacts, write_page
from reports.segment_gallery import Places, SegmentGallery, build_segment_gallery
from reports.segment_tables import KINDS, PictureRow, RegionRow, SegmentTables, read_segment_tables
from scoring.binomial import clopper_pearson
from scoring.named_figures import named
from scoring.origin import ThresholdOrigin
from scoring.rounding import as_percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PAGE = Kind("segment.html.j2", ("inspection.css", "segment.css"), ("segment.js", "zoom.js"))
MOST_REGIONS = 200


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """What was counted; figures of pixels are None where there are no labels, or no changed pixel at all."""

    pairs: int
    marked_pairs: int
    regions: int
    judged: bool
    defects: int
    found: int
    false_regions: int
    threshold: float | None
    gap: int
    wide_regions: int
    pixels: Mapping[str, float | None]
    classes: tuple[Mapping[str, Any], ...]

    @property
    def missed(self) -> int:
        """Labelled regions that nobody found."""
        return self.defects - self.found

    @property
    def headline(self) -> str:
        """The result in a few words."""
        if not self.judged:
            return (
                f"{_counted(self.regions, 'region')} marked in {self.marked_pairs:,} of {_counted(self.pairs, 'pair')}"
            )
        false = _counted(self.false_regions, "false region")
        return f"{self.found:,} of {_counted(self.defects, 'defect')} found, {false}"

    @property
    def sentence(self) -> str:
        """The result in one line, with how sure it is."""
        if not self.judged:
            return f"{self.headline}; without labels nobody can tell which of them rightly"
        sure = ""
        if self.defects:
            bounds = clopper_pearson(self.found, self.defects)
            sure = f" (95% interval of the share found: {100 * bounds.lower:.1f}% to {100 * bounds.upper:.1f}%)"
        f1 = self.pixels.get("f1")
        pixels = "no pixel is labelled as changed" if f1 is None else f"F1 of pixels {as_percent(f1)}"
        return f"{self.headline}{sure}; {pixels}{self._width()}"

    def _width(self) -> str:
        if not self.wide_regions:
            return ""
        verb = "spans" if self.wide_regions == 1 else "span"
        return f"; {_counted(self.wide_regions, 'region')} {verb} half a picture or more, so 'found' says little"


def write_segment_report(folder: Path, results: Path, out: Path) -> ReportSummary:
    """Write the page on the segment job in `folder`, which left its tables in `results`, to `out`.

    Raises:
        DataError: a table is missing or is none.
        InputError: `out` can't be written.
    """
    job, tables = read_job(folder), read_segment_tables(results)
    told = read_told(results)
    sheet = read_sheet(results) or {}
    figures = _figures(tables, sheet, told.kpi)
    gallery = build_segment_gallery(tables, _places(job, results))
    origin = ThresholdOrigin.from_json(sheet.get("threshold_origin"))
    context = {
        "title": f"{(job.plan.action or 'segment').replace('_', ' ').capitalize()} report",
        "headline": figures.headline,
        "headings": _headings(figures, gallery, tables),
        "figures": figures,
        "gallery": gallery,
        "regions": _worst_regions(tables.regions),
        "hidden_regions": max(0, len(tables.regions) - MOST_REGIONS),
        "notes": sorted(
            (*tables.notes, *_picture_notes(gallery), *_region_notes(figures)), key=lambda note: note.severity
        ),
        "own_figures": list(named(told.kpi, "segment")),
        "results": ResultFacts(
            job.findings(),
            job.plan.warnings,
            job.reproduce(),
            told.kpi,
            job.about(told.finished, origin.words() if origin.kind != "unknown" else ""),
        ),
        "spec": job.plan.values(job.spec),
    }
    page = render(PAGE, context, {"judged": figures.judged})
    write_page(out, page)
    shown = sum(bool(card.picture_bytes) for card in gallery.cards)
    return ReportSummary(out, len(page.encode()), len(tables.pictures), shown, "none", figures.sentence)


def _figures(tables: SegmentTables, sheet: Mapping[str, Any], kpi: Mapping[str, Any]) -> SegmentFigures:
    rows = tables.pictures
    threshold = kpi.get("threshold")
    return SegmentFigures(
        pairs=len(rows),
        marked_pairs=sum(row.regions > 0 for row in rows),
        regions=sum(row.regions for row in rows),
        judged=any(row.judged for row in rows),
        defects=sum(row.defects for row in rows),
        found=sum(row.found for row in rows),
        false_regions=sum(row.false_regions for row in rows),
        threshold=threshold if isinstance(threshold, float) else None,
        wide_regions=_wide(tables),
        gap=sheet["region_gap"] if isinstance(sheet.get("region_gap"), int) else 0,
        pixels=_pixel_figures(rows),
        classes=_classes(sheet),
    )


def _wide(tables: SegmentTables) -> int:
    """Regions whose box takes at least half of their picture: whatever is labelled there counts as found."""
    areas = {row.name: row.height * row.width for row in tables.pictures}
    marked = [one for one in tables.regions if one.kind != "missed" and areas.get(one.name)]
    return sum(2 * one.box[2] * one.box[3] >= areas[one.name] for one in marked)


def _pixel_figures(rows: Sequence[PictureRow]) -> dict[str, float | None]:
    """F1, IoU, precision and recall of changed pixels, summed over the pairs."""
    right, labelled, marked = (
        sum(getattr(row, name) for row in rows if row.judged)
        for name in ("right_pixels", "labelled_pixels", "changed_pixels")
    )
    shares = {"f1": (2 * right, labelled + marked), "iou": (right, labelled + marked - right)}
    shares |= {"precision": (right, marked), "recall": (right, labelled)}
    return {name: part / whole if whole else None for name, (part, whole) in shares.items()}


def _classes(sheet: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Figures and counts of each class at the threshold, from figures.json; none where that was not written."""
    named, matrix = sheet.get("classes"), sheet.get("confusion")
    if not isinstance(named, dict) or not isinstance(matrix, list):
        return ()
    names = ("iou", "F1", "precision", "recall")
    return tuple(
        {"class": i, "taken_for": row, **{name: named.get(f"{name}_{i}") for name in names}}
        for i, row in enumerate(matrix)
        if isinstance(row, list)
    )


def _places(job: JobFacts, results: Path) -> Places:
    section = get(job.spec, "dataset.segment", None) or {}
    root = job.on_this_machine(section.get("root_dir"))

    def folder(key: str, usual: str) -> Path | None:
        return root / str(section.get(key) or usual) if root else None

    return Places(
        golden=folder("image_folder_name", "A"),
        test=folder("change_image_folder_name", "B"),
        label=folder("annotation_folder_name", "label"),
        label_suffix=str(section.get("label_suffix") or ".png"),
        masks=results / MASKS_FOLDER,
    )


def _worst_regions(regions: Sequence[RegionRow]) -> list[RegionRow]:
    ordered = sorted(regions, key=lambda one: (KINDS.index(one.kind), -one.score, -one.area, one.name, one.box))
    return ordered[:MOST_REGIONS]


def _headings(figures: SegmentFigures, gallery: SegmentGallery, tables: SegmentTables) -> dict[str, str]:
    there = {
        ("classes", "Classes"): bool(figures.classes),
        ("gallery", "Pictures"): bool(gallery.cards),
        ("regions", "Regions"): bool(tables.regions),
        ("findings", "Findings"): True,
        ("run", "Spec and run"): True,
    }
    return dict(heading for heading, found in there.items() if found)


def _picture_notes(gallery: SegmentGallery) -> list[Problem]:
    if not gallery.cards:
        remedy = "evaluate a split that lists pairs"
        return [Problem("report.no_rows", PICTURES_FILE, "the table has no row that can be used", remedy)]
    if not gallery.folder_there:
        message = "the folder of pictures is not known or not on this machine, so no picture can be shown"
        remedy = "make the report where the pictures are"
        return [Problem("report.images_dir", "dataset.segment.root_dir", message, remedy, "warning")]
    if gallery.unreadable:
        message = f"{gallery.unreadable} pictures of the pairs shown are missing, unreadable or outside their folder"
        return [Problem("report.pictures", PICTURES_FILE, message, "check names and masks", "warning")]
    return []


def _region_notes(figures: SegmentFigures) -> list[Problem]:
    if not (figures.judged and figures.wide_regions):
        return []
    message = (
        f"{_counted(figures.wide_regions, 'region')} with a box of half a picture or more: "
        "a defect counts as found wherever it lies in there"
    )
    remedy = "go by F1, precision and recall of pixels, and train longer"
    return [Problem("report.wide_region", PICTURES_FILE, message, remedy, "warning")]


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"

# SPDX-License-Identifier: Apache-2.0
"""The key figures of the segment task in words, and those that an evaluation states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.named_figures import figure_of
from scoring.pixels import change_figures, pixel_figures
from scoring.regions import RegionCounts, sheet_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.status import Kpi
    from scoring.pixels import Matrix

_FOLLOWED = ("loss", "acc", "miou", "mf1", "F1_1")


@dataclass(slots=True)
class Counted:
    """What an evaluation counts, pair by pair: pixels at even odds and at the threshold, regions, losses."""

    even: Matrix
    chosen: Matrix
    regions: RegionCounts
    losses: list[float]

    @classmethod
    def nothing(cls, classes: int) -> Counted:
        """The start."""
        empty = np.zeros((classes, classes), dtype=np.int64)
        return cls(empty, empty.copy(), RegionCounts(), [])


def evaluation_kpi(counted: Counted, threshold: float) -> Kpi:
    """test_loss, and test_acc, test_miou and so on of the likeliest class, as the container gives them; and our own.

    Those at the model's threshold have names of their own, and so do the counts of regions.
    """
    figures: Kpi = {"loss": sum(counted.losses) / len(counted.losses), **pixel_figures(counted.even)}
    kpi: Kpi = {f"test_{name}": value for name, value in figures.items()}
    at = {f"{name}_at_threshold": value for name, value in change_figures(counted.chosen).items()}
    return {**kpi, "threshold": threshold, **at, **sheet_of(counted.regions)}


def figure_sheet(counted: Counted, threshold: float, gap: int) -> dict[str, Any]:
    """All figures at the threshold, as `figures.json` holds them; `gap` is that of the regions that were counted."""
    return {
        "task": "segment",
        "threshold": threshold,
        "pixels": change_figures(counted.chosen),
        "classes": pixel_figures(counted.chosen),
        "confusion": counted.chosen.tolist(),
        "regions": sheet_of(counted.regions),
        "region_gap": gap,
    }


def in_words(name: str, value: float | None) -> str:
    """A figure's value for people: rates in percent, which `status.json` has as shares."""
    return figure_of(name, value, "segment").text


def summary(kpi: Kpi) -> str:
    """The figures of an epoch or a validation that one follows a training by."""
    shown = {name: value for name, value in kpi.items() if name.partition("_")[2] in _FOLLOWED and value is not None}
    return ", ".join(f"{name} {in_words(name, value)}" for name, value in shown.items())


def headline(sheet: Mapping[str, Any]) -> str:
    """What an inspector asks for first."""
    pixels, regions = sheet["pixels"], sheet["regions"]
    named = {"F1": "f1", "IoU": "iou", "precision": "precision", "recall": "recall"}
    shown = ", ".join(f"{name} {in_words(key, pixels[key])}" for name, key in named.items())
    return (
        f"at threshold {sheet['threshold']:.6g}: {regions['found']} of {regions['defects']} defects found, "
        f"{regions['false_regions']} false regions; pixels: {shown}"
    )

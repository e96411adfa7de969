# SPDX-License-Identifier: Apache-2.0
"""The rules of the line model, found by skill_info.yaml beside this file."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Change:
    key: str
    old: Any
    new: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    adjustments: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    path: Path
    status: str
    sentence: str


def constraints(spec: dict[str, Any], action: str, given: Collection[str]) -> Settled:
    """Weights are kept at the last epoch at the latest."""
    if action != "fit" or spec["fit"]["keep_every"] <= spec["fit"]["num_epochs"]:
        return Settled()
    epochs, every = spec["fit"]["num_epochs"], spec["fit"]["keep_every"]
    reason = "weights must be kept at least once"
    if "fit.keep_every" in given:
        return Settled(problems=(Problem("line.keep", "fit.keep_every", reason, f"set it to at most {epochs}"),))
    return Settled(adjustments=(Change("fit.keep_every", every, epochs, reason),))


def data_check(spec: dict[str, Any], action: str) -> list[Problem]:
    """Every table has the columns x and y."""
    del action
    found = []
    for place in spec["dataset"].values():
        with Path(place).open(encoding="utf-8") as table:
            if next(csv.reader(table), None) != ["x", "y"]:
                found.append(Problem("line.columns", place, "the columns are not x and y", "name them x and y"))
    return found


def target(text: str) -> float:
    """The largest squared error that is good enough."""
    try:
        return float(text)
    except ValueError:
        raise InputError(f"'{text}' is not a number", code="line.target", remedy="give a squared error") from None


def report(folder: Path, results_dir: Path, out: Path, wanted: str | None) -> Page | None:
    """A page of one sentence."""
    del folder, wanted
    sentence = verdict(results_dir)
    if not sentence:
        return None
    out.write_text(f"<p>{sentence}</p>", encoding="utf-8")
    return Page(out, "told", sentence)


def verdict(results_dir: Path) -> str:
    """The squared error."""
    path = results_dir / "error.json"
    return f"squared error {json.loads(path.read_text())['squared_error']:.3f}" if path.is_file() else ""

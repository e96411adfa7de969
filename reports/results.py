# SPDX-License-Identifier: Apache-2.0
"""What a report is made from: files that any engine leaves behind, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.problem import Problem
    from scoring.origin import ThresholdOrigin


@dataclass(frozen=True, slots=True)
class SpecValue:
    """One value of the spec under its dotted key; `source` is where it comes from, as a plan says it."""

    key: str
    value: Any
    source: str = "template"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """The result files of one evaluation or inference.

    `table` is the input CSV with `siamese_score` and, where the engine writes them, `verdict`, `threshold` and
    `evidence` (an 8-bit grey PNG that covers the test picture, below `results_dir`, by default the table's folder).
    Pictures are looked for below `images_dir` as the data set's CSV names them. `threshold` beats the table's own;
    `threshold_source` says in words where it was read, `threshold_origin` what it was chosen on and for (None
    where no evaluation of ours ran). `target` is a
    text such as `far<=0.1% at recall=100%`. `findings` are those of the data check, None where nobody checked. `spec`
    holds all values of the spec, `kpi` the action's own figures, `about` what identifies the job.
    """

    table: Path
    title: str = "Inspection report"
    results_dir: Path | None = None
    images_dir: Path | None = None
    image_ext: str = ".jpg"
    input_map: Mapping[str, int] | None = None
    num_golden: int = 1
    threshold: float | None = None
    threshold_source: str = ""
    threshold_origin: ThresholdOrigin | None = None
    target: str | None = None
    findings: tuple[Problem, ...] | None = None
    kpi: Mapping[str, float | str | None] = field(default_factory=dict)
    spec: tuple[SpecValue, ...] = ()
    warnings: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()

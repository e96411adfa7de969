# SPDX-License-Identifier: Apache-2.0
"""`inspect.calibrate_to`: a model's threshold for a line of good pairs alone, in a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import DataError, ImageError, SpecError
from core.file_names import CALIBRATION_FILE, is_exported
from core.files import atomic_path, write_json
from engine.console import ProgressLine, say
from engine.export.file_settings import model_path
from engine.file_names import calibrated_model
from engine.inspect.calibration import FEWEST_PAIRS, Calibrator
from pairs.good_pairs import lay
from scoring.origin import ThresholdOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from engine.inspect.calibration import Calibration
    from engine.inspect.evidence import Inspector
    from engine.settings import Run
    from engine.status import StatusFile
    from pairs.whole_pairs import WholePair


def calibrate(run: Run, status: StatusFile, pairs: list[WholePair], inspector: Inspector) -> None:
    """Set the threshold on pairs that are all good, and keep model and figures.

    A pair that can't be read or registered is told, and the others are used.

    Raises:
        SpecError: no model is named.
        DataError: there are fewer than three pairs that can be used.
    """
    section, task = run.experiment.inspect, run.experiment.task
    if not section.checkpoint:
        message, remedy = "the plain difference has no threshold to keep", "name a model, or package:starter"
        raise SpecError(message, code="spec.checkpoint", where="inspect.checkpoint", remedy=remedy)
    sizes = (float(section.defect_sizes[0]), float(section.defect_sizes[1]))
    calibrator = Calibrator(inspector, section.region_gap, inspector.least_area, sizes, len(pairs))
    used = 0
    with ProgressLine(run.command, len(pairs), "pairs") as line:
        for done, pair in enumerate(pairs):
            try:
                calibrator.add(lay(pair), done)
                used += 1
            except (DataError, ImageError) as error:
                say(f"WARNING {pair.name} was not used: {error.message}")
            line.update(done + 1)
    if used < FEWEST_PAIRS:
        message, remedy = (
            f"{used} pairs can be used",
            f"give {FEWEST_PAIRS} good pairs or more; 20 and more tell something",
        )
        raise DataError(message, code="data.few_pairs", where=section.golden, remedy=remedy)
    found = calibrator.result(float(section.calibrate_to or 0.0))
    model = model_path(run)
    path = _keep(run.results_dir / calibrated_model(task, model.suffix.lower()), model, found)
    origin = {"model": section.checkpoint, "earlier_threshold": inspector.threshold, "checkpoint": path.name}
    write_json(run.results_dir / CALIBRATION_FILE, origin | found.to_json())
    kpi = {"threshold": found.threshold, "good_pairs": float(found.pairs), "flagged": float(found.flagged)}
    status.write("RUNNING", f"Threshold set for {found.pairs} good pairs.", kpi=kpi)
    for sentence in found.sentences():
        say(sentence)


def _keep(path: Path, model: Path, found: Calibration) -> Path:
    """The model with its new threshold, as a file of the same kind."""
    told: dict[str, Any] = {
        "threshold": found.threshold,
        "threshold_source": f"calibrated on {found.pairs} good pairs for {100 * found.wanted:g} % false alarms",
        "threshold_origin": ThresholdOrigin("validation", "calibration", f"far<={100 * found.wanted:g}%").to_json(),
    }
    if is_exported(path):
        from deployed.model_file import read_model, write_model

        graph, settings = read_model(model)
        write_model(path, graph, settings | told)
        return path
    import torch

    from engine.checkpoints import read_checkpoint

    content = read_checkpoint(model) | told
    with atomic_path(path) as temporary:
        torch.save(content, temporary)
    return path

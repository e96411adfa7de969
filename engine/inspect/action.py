# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet inspect`: every board of the spec, with whatever evidence the task gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError, ImageError, SpecError
from core.file_names import INSPECTION_FILE
from core.installation import require
from core.verdicts import NO_PASS
from engine.console import ProgressLine, say
from engine.inspect.board import inspect_board
from engine.inspect.calibrate import calibrate
from engine.inspect.files import InspectionFiles
from pairs.good_pairs import CALIBRATION_SPLITS, list_good_pairs
from pairs.whole_pairs import list_whole_pairs

if TYPE_CHECKING:
    from engine.inspect.evidence import Inspector
    from engine.settings import Run
    from engine.status import StatusFile
    from pairs.whole_pairs import WholePair


def pairs_of(run: Run) -> list[WholePair]:
    """The pictures that the spec names; for a calibration the good ones of a folder, or of a data set's `val`.

    Raises:
        SpecError, DataError: none are named, or they are not there.
        PlatformError: what registers pictures is not installed.
    """
    require("inspect", "cv2")
    section = run.experiment.inspect
    if not section.golden:
        remedy = "name a golden picture, a folder of them, or a CSV file"
        raise SpecError("inspect.golden is not set", code="spec.pictures", where="inspect.golden", remedy=remedy)
    if section.calibrate_to is not None and not section.test and Path(section.golden).is_dir():
        good = list_good_pairs(Path(section.golden), CALIBRATION_SPLITS)
        if good.splits:
            say(f"{len(good.pairs)} good pairs of the {CALIBRATION_SPLITS[0]} split; no other split is used")
        return good.pairs
    return list_whole_pairs(Path(section.golden), Path(section.test) if section.test else None)


def inspect_or_calibrate(run: Run, status: StatusFile, pairs: list[WholePair], inspector: Inspector) -> None:
    """What `inspect` does, or with `inspect.calibrate_to` what `calibrate` does.

    Raises:
        ChangenetError: see there.
    """
    (inspect if run.experiment.inspect.calibrate_to is None else calibrate)(run, status, pairs, inspector)


def inspect(run: Run, status: StatusFile, pairs: list[WholePair], inspector: Inspector) -> None:
    """Inspect the boards one after the other, and write what was found.

    A board whose pictures can't be read or registered is told, gets no verdict, and the others are inspected.

    Raises:
        DataError, ImageError: no board at all could be inspected; the first reason.
    """
    section = run.experiment.inspect
    say(f"evidence: {inspector.about}; threshold {inspector.threshold:.6g}")
    for warning in inspector.warnings:
        say(f"WARNING {warning}")
    files = InspectionFiles(run.results_dir, inspector)
    files.prepare()
    errors: list[DataError | ImageError] = []
    with ProgressLine(run.command, len(pairs), "boards") as line:
        for done, pair in enumerate(pairs, start=1):
            try:
                board = inspect_board(pair, inspector, gap=section.region_gap)
            except (DataError, ImageError) as error:
                errors.append(error)
                files.leave_out(pair, error)
                say(f"WARNING {pair.name} was not inspected: {error.message}")
            else:
                files.add(board)
                for warning in filter(None, (*board.warnings, board.unseen)):
                    say(f"WARNING {pair.name}: {warning}")
            line.update(done)
    files.write()
    if len(errors) == len(pairs):
        raise errors[0]
    _tell(files, status)


def _tell(files: InspectionFiles, status: StatusFile) -> None:
    boards = files.boards
    failed = sum(entry["verdict"] == NO_PASS for entry in boards)
    regions = sum(len(entry["regions"]) for entry in boards)
    left_out = sum("reason" in entry for entry in boards)
    kpi = {"boards": len(boards), "boards_no_pass": failed, "regions": regions, "boards_not_inspected": left_out}
    status.write("RUNNING", f"{len(boards)} boards inspected.", kpi={name: float(n) for name, n in kpi.items()})
    say(f"{failed} of {len(boards)} boards NO_PASS, {regions} regions: {files.folder / INSPECTION_FILE}")

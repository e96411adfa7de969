# SPDX-License-Identifier: Apache-2.0
"""What an inspection leaves: `inspection.json`, two tables, COCO, a picture of each board, a crop of each region."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.file_names import BOARD_PICTURES, BOARDS_FILE, COCO_FILE, CROPS_FOLDER, INSPECTION_FILE, REGIONS_FILE
from core.files import write_json
from core.verdicts import NOT_INSPECTED
from engine.inspect.pictures import board_picture, region_crop
from pairs.classify_csv import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from core.errors import ChangenetError
    from engine.inspect.board import Board
    from engine.inspect.evidence import Inspector
    from pairs.whole_pairs import WholePair

_BOARD_COLUMNS = (
    "name", "golden", "test", "verdict", "regions", "score", "threshold", "residual_px", "covered", "reason",
    "warnings",
)  # fmt: skip
_REGION_COLUMNS = ("name", "number", "verdict", "x", "y", "width", "height", "area", "score", "crop")


@dataclass(slots=True)
class InspectionFiles:
    """Writes pictures as boards come, and the documents at the end."""

    folder: Path
    inspector: Inspector
    boards: list[dict[str, Any]] = field(default_factory=list)

    def prepare(self) -> None:
        """Take away what an earlier run left, and make the folders.

        Raises:
            InputError: they can't be written.
        """
        try:
            for name in (BOARD_PICTURES, CROPS_FOLDER):
                shutil.rmtree(self.folder / name, ignore_errors=True)
                (self.folder / name).mkdir(parents=True)
        except OSError as problem:
            raise self._unwritable(problem) from problem

    def add(self, board: Board) -> None:
        """Take in an inspected board.

        Raises:
            InputError: a picture can't be written.
        """
        entry = board.to_json()
        name = board.pair.name
        entry["picture"] = f"{BOARD_PICTURES}/{name}.jpg"
        try:
            board_picture(board).save(self.folder / entry["picture"], quality=90)
            for region, described in zip(board.found, entry["regions"], strict=True):
                described["crop"] = f"{CROPS_FOLDER}/{name}-{region.number:03d}.png"
                region_crop(board, region).save(self.folder / described["crop"])
        except OSError as problem:
            raise self._unwritable(problem) from problem
        self.boards.append(entry)

    def leave_out(self, pair: WholePair, error: ChangenetError) -> None:
        """Take in a board that could not be inspected: it has not passed."""
        entry = {"name": pair.name, "golden": str(pair.golden), "test": str(pair.test), "verdict": NOT_INSPECTED}
        of_golden = f"{pair.golden.name}, its golden picture: " if error.where == str(pair.golden) else ""
        why = {"reason": of_golden + error.message, "code": error.code, "remedy": error.remedy}
        self.boards.append(entry | why | {"regions": []})

    def write(self) -> None:
        """Write the documents."""
        sheet = {"evidence": self.inspector.to_json(), "boards": self.boards}
        write_json(self.folder / INSPECTION_FILE, sheet)
        write_json(self.folder / COCO_FILE, self._coco())
        write_csv(self.folder / BOARDS_FILE, _BOARD_COLUMNS, [self._board_row(entry) for entry in self.boards])
        rows = [_region_row(entry, region) for entry in self.boards for region in entry["regions"]]
        write_csv(self.folder / REGIONS_FILE, _REGION_COLUMNS, rows)

    def _board_row(self, entry: dict[str, Any]) -> tuple[Any, ...]:
        lain = entry.get("registration", {})
        named = (entry[key] for key in ("name", "golden", "test", "verdict"))
        figures = (
            entry.get("score", ""),
            self.inspector.threshold,
            lain.get("residual_px", ""),
            lain.get("covered", ""),
        )
        return (*named, len(entry["regions"]), *figures, entry.get("reason", ""), "; ".join(entry.get("warnings", ())))

    def _coco(self) -> dict[str, Any]:
        """The regions as COCO annotations on the golden pictures; `score` as in COCO's result files."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for number, entry in enumerate((one for one in self.boards if "registration" in one), start=1):
            size = {"width": entry["width"], "height": entry["height"]}
            images.append({"id": number, "file_name": entry["golden"], "test_file_name": entry["test"]} | size)
            for region in entry["regions"]:
                known = {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0}
                annotations.append(known | {"bbox": region["box"], "area": region["area"], "score": region["score"]})
        return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "difference"}]}

    def _unwritable(self, problem: OSError) -> InputError:
        message, remedy = (
            f"the pictures can't be written ({problem.strerror})",
            "make room, or name another results_dir",
        )
        return InputError(message, code="data.unwritable", where=str(self.folder), remedy=remedy)


def _region_row(entry: dict[str, Any], region: dict[str, Any]) -> tuple[Any, ...]:
    return (
        entry["name"], region["number"], region["verdict"], *region["box"], region["area"], region["score"],
        region["crop"],
    )  # fmt: skip

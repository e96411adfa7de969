# SPDX-License-Identifier: Apache-2.0
"""`advise`: image size for boards and defects of a size, memory, epochs and time, as declared and as measured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from router.declarations import Skill

# A defect that fills two cells of the finest features in both directions can't fall between them.
_CELLS = 2
_STEP = 32  # the deepest features' stride: sides are whole multiples of it
_LARGEST = 1024
_BOARD = re.compile(r"(\d+(?:\.\d+)?)\s*[x*]\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AdviseOptions:
    """What is known of board and defects."""

    board: str | None = option("size of a board, or of what one picture shows, in mm: 30x20", metavar="WxH")
    defect: float | None = option("size of the smallest defect that has to be found, in mm", metavar="MM")
    task: str | None = option("classify or segment", metavar="NAME", otherwise="classify")


def advise(options: AdviseOptions, reporter: Reporter) -> Outcome:
    """What follows from board and defect, and what the contract says of memory, epochs and time.

    Raises:
        RequestError: a size is none, or the task is not one of the skill's.
    """
    del reporter
    skill = the_skill()
    task = options.task or str(skill.info["default_task"])
    if task not in skill.info["tasks"]:
        remedy = f"choose one of {', '.join(skill.info['tasks'])}"
        raise RequestError(f"there is no task '{task}'", code="request.task", where="--task", remedy=remedy)
    size = _size(options, skill, task)
    document: dict[str, Any] = {"task": task, "image_size": size, "memory": dict(skill.info["resources"]["minimum"])}
    lines = [*_size_lines(size), *_memory_lines(skill), *_time_lines(skill, task, document)]
    return Outcome({"advice": document}, "\n".join(lines))


def _size(options: AdviseOptions, skill: Skill, task: str) -> dict[str, Any] | None:
    if options.board is None or options.defect is None:
        return None
    match = _BOARD.fullmatch(options.board.strip().removesuffix("mm").strip())
    if match is None or options.defect <= 0 or not math.isfinite(options.defect):
        remedy = "give --board 30x20 --defect 0.1, in mm"
        raise RequestError("board and defect need sizes above 0", code="advise.size", where="--board", remedy=remedy)
    stride = (
        skill.info["profiles"].get("laptop", {}).get("spec", {}).get(task, {}).get("model.backbone.finest_stride", 4)
    )
    per_mm = _CELLS * stride / options.defect
    width, height = (_STEP * math.ceil(float(side) * per_mm / _STEP) for side in match.groups())
    return {
        "pixels_per_defect": _CELLS * stride,
        "pixels_per_mm": round(per_mm, 2),
        "width": width,
        "height": height,
        "crops": max(width, height) > _LARGEST,
    }


def _declared(skill: Skill, task: str) -> dict[str, Any]:
    """What the profile of this machine's kind says of a task."""
    return dict(skill.info["profiles"].get("laptop", {}).get("spec", {}).get(task, {}))


def _size_lines(size: dict[str, Any] | None) -> list[str]:
    if size is None:
        return ["image size: give --board WxH and --defect MM (both in mm), and the pixels follow"]
    per_defect, per_mm = size["pixels_per_defect"], size["pixels_per_mm"]
    lines = [
        f"image size: a defect needs {per_defect} pixels, two cells of the finest features: {per_mm:g} per mm",
        f"  the whole board at once: {size['width']} x {size['height']} px",
    ]
    if size["crops"]:
        lines.append("  that is too large for one picture: give each component, or tile, a row and a crop of its own")
    else:
        lines.append(f"  -s image_width={size['width']} -s image_height={size['height']}")
    return lines


def _memory_lines(skill: Skill) -> list[str]:
    least, good = skill.info["resources"]["minimum"], skill.info["resources"]["recommended"]
    gpus = f"{least['gpus']} GPU of {least['gpu_memory_gb']} GB at least, {good['gpus']} recommended"
    return [f"memory: the container takes {gpus}; the laptop profile needs no GPU", "  half the batch, half the memory"]


def _time_lines(skill: Skill, task: str, document: dict[str, Any]) -> list[str]:
    epochs = _declared(skill, task).get("train.num_epochs")
    document["epochs"] = epochs
    lines = [f"epochs: {epochs} in the laptop profile"] if epochs else []
    return [*lines, "time: `changenet plan train --data DIR` tells it, once a job of the kind has run here"]

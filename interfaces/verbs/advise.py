# SPDX-License-Identifier: Apache-2.0
"""`advise`: image size for boards and defects of a size, memory, epochs and time, as declared and as measured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.documents import read_yaml
from core.dotted import get, put
from core.errors import RequestError
from interfaces.options import Group, option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from router.slots import backbone_of
from runners.model_rules import rules_of

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from router.declarations import Skill

# A defect that fills two cells of the finest features in both directions can't fall between them.
_CELLS = 2
_STEP = 32  # the deepest features' stride: sides are whole multiples of it
_LARGEST = 1024
_BOARD = re.compile(r"(\d+(?:\.\d+)?)\s*[x*]\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


MEMORY = Group("memory", "of what training")


@dataclass(frozen=True, slots=True)
class AdviseOptions:
    """What is known of board and defects."""

    board: str | None = option("what one picture shows, in mm: 30x20", metavar="WxH")
    defect: float | None = option("smallest defect to find, in mm", metavar="MM")
    backbone: str | None = option("a backbone, as the spec or as people name it", metavar="NAME", group=MEMORY)
    batch: int | None = option("batch size", metavar="N", group=MEMORY)
    image: int | None = option("side of the images in pixels", metavar="PX", group=MEMORY)
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
    lines = [*_size_lines(size), *_memory_lines(options, skill, document), *_time_lines(skill, task, document)]
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


def _memory_lines(options: AdviseOptions, skill: Skill, document: dict[str, Any]) -> list[str]:
    estimated = _estimated(options, skill)
    if estimated is not None:
        spec, needed = estimated
        document["gpu_memory_bytes"] = needed
        backbone, batch = get(spec, "model.backbone.type"), get(spec, "dataset.classify.batch_size")
        side = get(spec, "dataset.classify.image_width")
        what = f"{backbone}, batch {batch}, {side} px, {get(spec, 'train.precision')}"
        return [f"memory: about {needed / 1e9:.0f} GB on each GPU to train {what} (an estimate)"]
    return _declared_memory(skill)


def _estimated(options: AdviseOptions, skill: Skill) -> tuple[dict[str, Any], int] | None:
    """The spec that is meant, and the bytes that its training takes; None where nothing is meant, or not counted."""
    if not (options.backbone or options.batch or options.image):
        return None
    action = str(skill.info["train_policy"]["applies_to"][0])
    spec = read_yaml(skill.template_path(action))
    given = {
        **skill.profile_spec("container", action),
        **({"model.backbone.type": backbone_of(options.backbone, skill)} if options.backbone else {}),
        **({"dataset.classify.batch_size": options.batch} if options.batch else {}),
        **({f"dataset.classify.image_{side}": options.image for side in ("width", "height")} if options.image else {}),
    }
    for key, value in given.items():
        put(spec, key, value)
    needed = rules_of(skill).gpu_memory(spec, action)
    return None if needed is None else (spec, needed)


def _declared_memory(skill: Skill) -> list[str]:
    least, good = skill.info["resources"]["minimum"], skill.info["resources"]["recommended"]
    gpus = f"{least['gpus']} GPU of {least['gpu_memory_gb']} GB at least, {good['gpus']} recommended"
    return [f"memory: the container takes {gpus}; the laptop profile needs no GPU", "  half the batch, half the memory"]


def _time_lines(skill: Skill, task: str, document: dict[str, Any]) -> list[str]:
    epochs = _declared(skill, task).get("train.num_epochs")
    document["epochs"] = epochs
    lines = [f"epochs: {epochs} in the laptop profile"] if epochs else []
    return [*lines, "time: `changenet plan train --data DIR` tells it, once a job of the kind has run here"]

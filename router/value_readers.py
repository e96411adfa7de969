# SPDX-License-Identifier: Apache-2.0
"""From the numbers and words of a value to what it says: hours, sizes, number formats, targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTED = ("epochs", "trials", "batch_size", "lights", "classes", "gpus", "nodes", "seed", "parallel")
_COUNTS = frozenset([*_COUNTED, "validation_interval", "checkpoint_interval"])
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3})+")
_FORMATS = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
    "half": "fp16",
    "mixed": "fp16",
    "halbe": "fp16",
    "halber": "fp16",
    "gemischte": "fp16",
    "gemischter": "fp16",
}
_LEAST = 0.05  # what finds less is told of something else: "turns out 1,400 boards in 3 shifts"
_MISSES = frozenset({"miss", "misses", "missing", "lose", "overlook", "uebersehen", "durchrutschen"})
_OF = frozenset({"of", "from", "out", "von", "aus"})


def figure(text: str, value: float, name: str) -> float | int:
    """A number as the value of that name has it: whole where things are counted, "1.000" a thousand of them."""
    if (name in _COUNTS or name == "image_size") and _THOUSANDS.fullmatch(text):
        return int(text.replace(".", ""))
    return int(value) if value == int(value) and (name in _COUNTS or abs(value) >= 1) else value


def _hours(factor: float) -> Callable[[list[float], set[str]], tuple[str, Any] | None]:
    def read(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
        del words
        return ("hours", _plain((numbers[0] if numbers else 1) * factor)) if len(numbers) < 2 else None

    return read


def _plain(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _image_size(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    del words
    sizes = [int(number) for number in numbers]
    return ("image_size", sizes if len(sizes) == 2 else sizes[0]) if sizes else None


def _format(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    """A number format; which key it is for depends on the action."""
    said = next((word for word in words if word in {"int8", "fp16", "fp32", "bf16", "fp8", *_FORMATS}), None)
    if said is None:
        bits = int(numbers[0]) if numbers else 8 if "eight" in words else 32
        said = {8: "int8", 16: "fp16", 32: "fp32"}.get(bits)
    return ("number_format", _FORMATS.get(said, said)) if said else None


def _false_alarms(numbers: list[float], _words: set[str]) -> tuple[str, Any] | None:
    if len(numbers) > 1:  # "two good boards in a hundred"
        return "target", {"false_alarms": round(min(numbers) / max(numbers), 9)}
    return "target", {"false_alarms": _share(numbers[0] if numbers else 0.5)}


def _recall(numbers: list[float], words: set[str]) -> tuple[str, Any] | None:
    if len(numbers) > 1 and words & _MISSES:  # "we may miss one bad board in a thousand"
        return "target", {"recall": round(1 - min(numbers) / max(numbers), 9)}
    if len(numbers) > 1 and words & _OF:
        found, of = sorted(numbers)[:2]
        return ("target", {"recall": round(found / of, 9)}) if _LEAST * of < found <= of else None
    return "target", {"recall": _share(numbers[0] if numbers else 100)}


def _share(percent: float) -> float:
    return round(percent / 100, 9)


READERS: dict[str, Callable[[list[float], set[str]], tuple[str, Any] | None]] = {
    "hours": _hours(1),
    "minutes": _hours(1 / 60),
    "seconds": _hours(1 / 3600),
    "days": _hours(24),
    "weeks": _hours(7 * 24),
    "image_size": _image_size,
    "precision": _format,
    "data_type": _format,
    "no_gpus": lambda _numbers, _words: ("gpus", 0),
    "each_validation": lambda _numbers, _words: ("validation_interval", 1),
    "each_checkpoint": lambda _numbers, _words: ("checkpoint_interval", 1),
    "one_gpu": lambda _numbers, _words: ("gpus", 1),
    "two_gpus": lambda _numbers, _words: ("gpus", 2),
    "false_alarms": _false_alarms,
    "recall": _recall,
}

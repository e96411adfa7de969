# SPDX-License-Identifier: Apache-2.0
"""What pictures a model was trained on, as its checkpoint keeps it, and whether another picture is like them.

A network gives a score to any picture. Of one that is far larger, softer, darker or of another tint than all that it
was trained on the score says nothing, so that who judges by it has to be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import CheckpointError, ImageError
from pairs.appearance import Appearance, appearance_of
from pairs.pictures import picture_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Range = tuple[float, float]

UNLIKE_REMEDY = "take the pictures as those of the training were taken, or train on pairs of this line"

TRAINED_ON = "trained_on"
"""The key of a checkpoint, and of the settings of an exported file."""

MOST_PICTURES = 200  # are looked at, spread over the list
_TRIMMED = 1.0  # percent of the pictures at either end
_SIZES = ("width", "height")
_FIGURES = Appearance._fields
LEVELS = "levels"
"""The share of the range of levels from which on, and up to which, a model was measured to find what it should."""
_TIMES = {"width": 1.5, "height": 1.5, "sharpness": 1.33}  # as large, or as small, is still like the ends of the range
_STEPS = {"exposure": 0.2, "red": 0.1, "blue": 0.1}  # beyond the ends that are still like them
_KEPT = ("red", "blue")  # what a network goes on to judge by when it learns from other pictures
_IN_WORDS = {
    "sharpness": "sharpness {0:.2f} to {1:.2f}",
    "exposure": "a mean level of {0:.2f} to {1:.2f}",
    "red": "red over green by {0:+.2f} to {1:+.2f}",
    "blue": "blue over green by {0:+.2f} to {1:+.2f}",
}
_ONE = {
    "sharpness": "has {0:.2f}",
    "exposure": "has {0:.2f}",
    "red": "has {0:+.2f}",
    "blue": "has {0:+.2f}",
}


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """Ranges of the training pictures: `width` and `height` of their files, and figures of `Appearance`.

    `known` is empty for models that don't tell. It holds `LEVELS` for those that say so: no training writes it.
    """

    known: Mapping[str, Range] = field(default_factory=dict)
    pictures: int = 0

    def to_json(self) -> dict[str, Any]:
        """As checkpoints hold it."""
        ranges = {name: [round(value, 4) for value in ends] for name, ends in self.known.items()}
        return {"pictures": self.pictures, **ranges}

    def after(self, start: TrainedOn) -> TrainedOn:
        """What a model of these pictures has seen that started from a model of others.

        The tint of either: a network does not forget it soon (benchmarks/README.md, "The starter"). Size, sharpness and
        light of these alone, for they say that the camera is another one, out of focus or wrongly exposed.
        """
        shared = [name for name in _KEPT if name in self.known and name in start.known]
        both = {name: (self.known[name], start.known[name]) for name in shared}
        joined = {name: (min(own[0], other[0]), max(own[1], other[1])) for name, (own, other) in both.items()}
        return TrainedOn({**self.known, **joined}, self.pictures)

    @property
    def fewest_levels(self) -> float:
        """The share of the range of levels that a picture has to use; 0 where the model does not tell."""
        return self.known[LEVELS][0] if LEVELS in self.known else 0.0

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the typical file, the middle of the range; None where it is not known."""
        if not all(name in self.known for name in _SIZES):
            return None
        width, height = (round(sum(self.known[name]) / 2) for name in _SIZES)
        return width, height

    def unlike(
        self, appearance: Appearance, size: tuple[int, int] | None = None, times: tuple[float, float] = (1.0, 1.0)
    ) -> list[str]:
        """In what a picture, of a file of `size` (width, height), lies outside, in words; empty where in nothing.

        `times` is how many times larger the input of the network is than in training: a file that is larger, or
        smaller, by as much is reduced as those of the training were, and so is like them.
        """
        found = [self.unlike_size(size)] if size and self.unlike_size(size) else []
        if size and found and not self.unlike_size((round(size[0] / times[0]), round(size[1] / times[1]))):
            found = []
        for name, value in appearance._asdict().items():
            if value is not None and self._outside(name, value):
                ends = self.known[name]
                found.append(f"trained on {_IN_WORDS[name].format(*ends)}, this picture {_ONE[name].format(value)}")
        return found

    def unlike_size(self, size: tuple[int, int]) -> str:
        """How a file of `size` (width, height) lies outside, in words; empty where it does not."""
        if not any(self._outside(name, value) for name, value in zip(_SIZES, size, strict=True)):
            return ""
        return f"trained on {self._sizes()}, this one is {size[0]} x {size[1]} px"

    def _outside(self, name: str, value: float) -> bool:
        if name not in self.known:
            return False
        low, high = self.known[name]
        if name in _TIMES:
            return not low / _TIMES[name] <= value <= high * _TIMES[name]
        return not low - _STEPS[name] <= value <= high + _STEPS[name]

    def _sizes(self) -> str:
        ends = [(round(self.known["width"][i]), round(self.known["height"][i])) for i in (0, 1)]
        first, last = (f"{width} x {height} px" for width, height in ends)
        return f"pictures of {first}" if first == last else f"pictures of {first} to {last}"


def spread(count: int, most: int) -> list[int]:
    """Places in a list of `count` that are spread over all of it, `most` of them or all."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))}) if count else []


def look_at_pictures(
    files: Sequence[str], read: Callable[[str], NDArray[np.uint8]], *, with_sizes: bool = True
) -> TrainedOn:
    """What some of the files are like, spread over all of them.

    Args:
        files: paths of training pictures.
        read: gives the pixels (3, H, W) of one as the network sees them, before they are normalised.
        with_sizes: whether the size of a file decides what the network sees of it.

    Raises:
        ImageError: a picture is broken.
    """
    chosen = [files[place] for place in spread(len(files), MOST_PICTURES)]
    values: dict[str, list[float]] = {name: [] for name in (*_SIZES, *_FIGURES)}
    for path in chosen:
        appearance = appearance_of(read(path).transpose(1, 2, 0))
        for name, value in appearance._asdict().items():
            if value is not None:
                values[name].append(value)
        if with_sizes:
            for name, length in zip(_SIZES, picture_size(Path(path)), strict=True):
                values[name].append(length)
    known = {name: _range(of) for name, of in values.items() if of}
    return TrainedOn(known, len(chosen))


def _range(values: list[float]) -> Range:
    low, high = np.percentile(values, [_TRIMMED, 100 - _TRIMMED]).tolist()
    return float(low), float(high)


def read_trained_on(content: Mapping[str, Any], path: Path) -> TrainedOn:
    """What a checkpoint, or an exported file, tells of its training pictures.

    Raises:
        CheckpointError: it is none of what this program writes.
    """
    told = content.get(TRAINED_ON)
    if told is None:
        return TrainedOn()
    try:
        ranges = {name: _ends(told[name]) for name in (*_SIZES, *_FIGURES, LEVELS) if name in told}
        return TrainedOn(ranges, int(told["pictures"]))
    except (KeyError, TypeError, ValueError):
        message, remedy = f"its {TRAINED_ON} is not what a training writes", "restore the file, or train again"
        raise CheckpointError(message, code=f"checkpoint.{TRAINED_ON}", where=str(path), remedy=remedy) from None


def _ends(value: Any) -> Range:
    low, high = map(float, value)
    if not (np.isfinite([low, high]).all() and low <= high):
        raise ValueError(value)
    return low, high


def size_of(path: str) -> tuple[int, int] | None:
    """Width and height of a file; None where it has none to tell."""
    try:
        return picture_size(Path(path))
    except (ImageError, OSError):
        return None

# SPDX-License-Identifier: Apache-2.0
"""What is asked of the synthesiser, checked, and what it hands back."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.errors import InputError, did_you_mean
from pairs.layout import SPLITS

if TYPE_CHECKING:
    from pathlib import Path

LIGHTS = ("SolderLight", "UniformLight", "LowAngleLight", "WhiteLight")
COPPER_DEFECTS = ("open", "short", "mousebite", "spur", "pin_hole", "spurious_copper")
ASSEMBLY_DEFECTS = (
    "missing",
    "shifted",
    "rotated",
    "tombstone",
    "wrong_polarity",
    "bridge",
    "insufficient_solder",
    "scratch",
    "foreign_object",
)
DEFECTS = {"assembled": ASSEMBLY_DEFECTS + COPPER_DEFECTS, "bare": COPPER_DEFECTS}
DEFAULT_BOARD_SIZE = {"assembled": 512, "bare": 640}
_BOUNDS: dict[str, tuple[float, float]] = {
    "boards": (3, 100_000),
    "units": (1, 1_000),
    "components": (4, 200),
    "defect_rate": (0.0, 1.0),
    "nuisance": (0.0, 3.0),
    "seed": (0, 2**63 - 1),
    "jobs": (1, 256),
}


@dataclass(frozen=True, slots=True)
class SynthesisSettings:
    """What to synthesise.

    Raises:
        InputError: a value is outside its bounds or not one of its options; the message names the key.
    """

    task: Literal["classify", "segment"] = "classify"
    style: Literal["assembled", "bare"] = "assembled"
    boards: int = 24  # board designs; each is a group that stays in one split
    units: int = 1  # test units photographed of every design; all share the design's golden images
    components: int = 25  # components (assembled) or inspected sites (bare) on a board
    size: int | None = None  # pixels: side of a crop (classify) or of the whole board (segment)
    defects_for: int | None = None  # pixels: side of the coarser crop that defects are sized for; empty: size
    lights: tuple[str, ...] = ("WhiteLight",)
    defect_rate: float = 0.3  # share of the components of every split that have a defect
    defects: tuple[str, ...] = ()  # the types to draw from; empty: every type of the style
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)  # shares of the boards: train, val, test
    nuisance: float = 1.0  # factor on every harmless difference between golden and test image
    image_ext: str = ".jpg"
    seed: int = 0
    jobs: int = 1  # processes; the result does not depend on it
    force: bool = False  # replace an earlier synthetic data set in the same place

    def __post_init__(self) -> None:
        """Refuse what can't be rendered."""
        _check_option("task", self.task, ("classify", "segment"))
        _check_option("style", self.style, tuple(DEFECTS))
        _check_option("image_ext", self.image_ext, (".jpg", ".png"))
        for key, (low, high) in _BOUNDS.items():
            _check_bounds(key, getattr(self, key), low, high)
        _check_bounds("size", self.picture_size, 64, 2048 if self.task == "segment" else 512)
        self._check_defects_for()
        _check_names("lights", self.lights, LIGHTS)
        _check_names("defects", self.defects or DEFECTS[self.style], DEFECTS[self.style])
        self._check_lights()
        self._check_split()

    def _check_lights(self) -> None:
        if not self.lights:
            raise _wrong("lights", "no lighting is named", f"name one or more of {', '.join(LIGHTS)}")
        if self.style == "bare" and len(self.lights) > 1:
            raise _wrong("lights", "a bare board is photographed under one light", "name one light, or style assembled")
        if self.task == "segment" and len(self.lights) > 1:
            raise _wrong("lights", "a segment data set holds one picture per board", "name one light, or task classify")

    def _check_defects_for(self) -> None:
        if self.defects_for is None:
            return
        if self.task == "segment" or self.style == "bare":
            raise _wrong("defects_for", "only crops of assembled boards are drawn finer", "leave it out")
        _check_bounds("defects_for", self.defects_for, 64, self.picture_size)

    def _check_split(self) -> None:
        shares = self.split
        if len(shares) != len(SPLITS) or any(not math.isfinite(s) or s < 0 for s in shares) or shares[0] <= 0:
            raise _wrong("split", f"{shares} is no division of the boards", "three shares, train above 0: 0.6,0.2,0.2")

    @property
    def picture_size(self) -> int:
        """The side of every picture in pixels, the default filled in."""
        if self.size is not None:
            return self.size
        return 128 if self.task == "classify" else DEFAULT_BOARD_SIZE[self.style]

    @property
    def defect_pixels(self) -> int:
        """The side of the picture, in pixels, that the slightest defects are sized for."""
        return self.defects_for or self.picture_size

    @property
    def defect_types(self) -> tuple[str, ...]:
        """The defect types to draw from, the default filled in."""
        return self.defects or DEFECTS[self.style]

    def as_dict(self) -> dict[str, Any]:
        """What decides the pictures: all but the number of processes and the permission to replace."""
        return {k: v for k, v in asdict(self).items() if k not in {"jobs", "force"}} | {"size": self.picture_size}


@dataclass(frozen=True, slots=True)
class SynthesisSummary:
    """What was written: pairs by split and label, and by board.

    A pair is an inspected place, also in a segment data set; `rows` are the lines of each split's table or list.
    """

    out: Path
    task: str
    style: str
    seed: int
    lights: tuple[str, ...]
    pairs: int
    defects: int
    images: int
    splits: dict[str, dict[str, int]] = field(default_factory=dict)  # split -> label -> pairs
    rows: dict[str, int] = field(default_factory=dict)  # split -> lines
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)  # board -> {"split", "pairs", "defects"}

    def as_dict(self) -> dict[str, Any]:
        """The summary as a JSON object."""
        return asdict(self) | {"out": str(self.out), "lights": list(self.lights)}


def _check_option(key: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise _wrong(key, f"{value!r} is not known", _options(str(value), options))


def _check_names(key: str, values: object, options: tuple[str, ...]) -> None:
    if not isinstance(values, tuple) or any(not isinstance(v, str) for v in values):
        raise _wrong(key, f"{values!r} is no tuple of names", f"choose from {', '.join(options)}")
    for value in values:
        _check_option(key, value, options)
    if len(set(values)) < len(values):
        raise _wrong(key, "a name stands there twice", "name each once")


def _check_bounds(key: str, value: object, low: float, high: float) -> None:
    whole = isinstance(low, int)
    kind = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise _wrong(key, f"{value!r} is no {'whole number' if whole else 'number'}", f"{low} to {high}")
    if not low <= value <= high:
        raise _wrong(key, f"{value} is out of range", f"{low} to {high}")


def _options(value: str, options: tuple[str, ...]) -> str:
    return f"{did_you_mean(value, options)} Choose from {', '.join(options)}.".strip()


def _wrong(key: str, what: str, remedy: str) -> InputError:
    return InputError(what, code="data.synthesis", where=key, remedy=remedy)

# SPDX-License-Identifier: Apache-2.0
"""One searched parameter: how a value of the spec becomes a coordinate of the sampler and back.

Both ends of every range can be reached: a coordinate may lie a little outside [0, 1], and is cut off there, so that an
end is as likely as the stretch beside it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from random import Random

    from optuna.distributions import BaseDistribution

MARGIN = 0.02
_DIGITS = 4
_FEW = 16
_NUDGE = 0.15


class Dimension(Protocol):
    """A searched parameter; `key` is its dotted spec key."""

    @property
    def key(self) -> str:
        """The dotted spec key."""

    def distribution(self) -> BaseDistribution:
        """The sampler's distribution of the coordinate."""

    def decode(self, coordinate: Any) -> Any:
        """The spec value of a coordinate."""

    def encode(self, value: Any) -> Any:
        """The coordinate of a spec value; of the nearest one in the range, where it lies outside."""

    def draw(self, share: float) -> Any:
        """The coordinate below which `share` (from 0, below 1) of a uniform draw lies."""

    def nudge(self, coordinate: Any, random: Random) -> Any:
        """A coordinate near this one."""

    def describe(self) -> dict[str, Any]:
        """Range, scale or options, as a JSON object."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two ends, on a linear or logarithmic scale; with `step`, a multiple of it (from `low`)."""

    key: str
    low: float
    high: float
    log: bool = False
    integer: bool = False

    def distribution(self) -> BaseDistribution:
        """The unit interval, with a margin at both ends."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(-MARGIN, 1 + MARGIN)

    def decode(self, coordinate: float) -> float:
        """The number, rounded to four digits inside the range."""
        share = min(1.0, max(0.0, coordinate))
        if share in {0.0, 1.0}:
            value = self.high if share else self.low
        elif self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        if self.integer:
            return int(min(self.high, max(self.low, round(value))))
        return min(self.high, max(self.low, float(f"{value:.{_DIGITS}g}"))) if 0 < share < 1 else float(value)

    def encode(self, value: Any) -> float:
        """Where the number lies between the ends."""
        inside = min(self.high, max(self.low, float(value)))
        if inside in {self.low, self.high}:
            return float(inside == self.high)
        if self.log:
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)

    def draw(self, share: float) -> float:
        """Uniform over the unit interval with its margins."""
        return share * (1 + 2 * MARGIN) - MARGIN

    def nudge(self, coordinate: float, random: Random) -> float:
        """A step in either direction, inside the margins."""
        return min(1 + MARGIN, max(-MARGIN, coordinate + random.uniform(-_NUDGE, _NUDGE)))

    def describe(self) -> dict[str, Any]:
        """Both ends and the scale."""
        kind = "integer" if self.integer else "number"
        return {"type": kind, "low": self.low, "high": self.high, "scale": "log" if self.log else "linear"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """One of some numbers, in order: whole numbers, multiples or powers."""

    key: str
    values: tuple[Any, ...]

    def distribution(self) -> BaseDistribution:
        """The positions in the row."""
        from optuna.distributions import IntDistribution

        return IntDistribution(0, len(self.values) - 1)

    def decode(self, coordinate: int) -> Any:
        """The number at this position."""
        return self.values[coordinate]

    def encode(self, value: Any) -> int:
        """The position of the nearest number."""
        return min(range(len(self.values)), key=lambda place: abs(self.values[place] - value))

    def draw(self, share: float) -> int:
        """Every position is as likely."""
        return min(len(self.values) - 1, int(share * len(self.values)))

    def nudge(self, coordinate: int, random: Random) -> int:
        """A neighbour, or the same."""
        return min(len(self.values) - 1, max(0, coordinate + random.choice((-1, 0, 1))))

    def describe(self) -> dict[str, Any]:
        """The numbers."""
        return {"type": "ordered", "options": list(self.values)}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options without an order, each as likely."""

    key: str
    options: tuple[Any, ...]

    def distribution(self) -> BaseDistribution:
        """The positions of the options, as names."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(tuple(range(len(self.options))))

    def decode(self, coordinate: int) -> Any:
        """The option."""
        return self.options[coordinate]

    def encode(self, value: Any) -> int:
        """The option's position; the first one's where it is none of them."""
        return self.options.index(value) if value in self.options else 0

    def draw(self, share: float) -> int:
        """Every option is as likely."""
        return min(len(self.options) - 1, int(share * len(self.options)))

    def nudge(self, coordinate: int, random: Random) -> int:
        """Now and then another option."""
        return random.randrange(len(self.options)) if random.random() < 0.25 else coordinate

    def describe(self) -> dict[str, Any]:
        """The options."""
        return {"type": "choice", "options": list(self.options)}


@dataclass(frozen=True, slots=True)
class Weighted:
    """One of some options with chances of their own: each has its share of the unit interval."""

    key: str
    options: tuple[Any, ...]
    weights: tuple[float, ...]

    def distribution(self) -> BaseDistribution:
        """The unit interval."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(0.0, 1.0)

    def _ends(self) -> list[float]:
        total = sum(self.weights)
        return [end / total for end in accumulate(self.weights)]

    def decode(self, coordinate: float) -> Any:
        """The option in whose share the coordinate lies."""
        return self.options[min(len(self.options) - 1, bisect_right(self._ends(), coordinate))]

    def encode(self, value: Any) -> float:
        """The middle of the option's share."""
        place = self.options.index(value) if value in self.options else 0
        end = self._ends()[place]
        return end - self.weights[place] / sum(self.weights) / 2

    def draw(self, share: float) -> float:
        """Options are as likely as their weights say."""
        return share

    def nudge(self, coordinate: float, random: Random) -> float:
        """Now and then another option."""
        return random.random() if random.random() < 0.25 else coordinate

    def describe(self) -> dict[str, Any]:
        """The options and their weights."""
        return {"type": "choice", "options": list(self.options), "weights": list(self.weights)}


def numeric(key: str, low: float, high: float, *, log: bool, integer: bool) -> Dimension:
    """A range of numbers; few whole numbers are told apart one by one."""
    if integer and not log and high - low < _FEW:
        return Ordered(key, tuple(range(int(low), int(high) + 1)))
    return Number(key, low, high, log=log, integer=integer)

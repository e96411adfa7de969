# SPDX-License-Identifier: Apache-2.0
"""The search space: what is searched, between which ends, and what a point of it sets in the spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.conditions import bounded, is_active, parse_conditions
from core import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from optuna.distributions import BaseDistribution

    from automl.dimensions import Dimension
    from automl.types import Point


@dataclass(frozen=True, slots=True)
class Space:
    """The searched parameters, each after those that it depends on.

    `base` is the spec that a point is laid over, `nodes` the schema of each searched key, `left_out` says why a
    parameter that could be searched is not.
    """

    dimensions: tuple[Dimension, ...]
    base: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The searched keys."""
        return tuple(dimension.key for dimension in self.dimensions)

    def distributions(self) -> dict[str, BaseDistribution]:
        """What the samplers search."""
        return {dimension.key: dimension.distribution() for dimension in self.dimensions}

    def defaults(self) -> Point:
        """The point nearest to the spec's own values."""
        return {d.key: d.encode(dotted.get(self.base, d.key)) for d in self.dimensions}

    def values(self, point: Point) -> dict[str, Any]:
        """What the point sets: spec key to value, of the parameters that have an effect there."""
        found: dict[str, Any] = {}

        def value_of(key: str) -> Any:
            return found[key] if key in found else dotted.get(self.base, key)

        for dimension in self.dimensions:
            node = self.nodes[dimension.key]
            if is_active(node, value_of):
                found[dimension.key] = _within(node, dimension.decode(point[dimension.key]), value_of)
        return found

    def canonical(self, point: Point) -> Point:
        """The point with values rounded as they are in the spec.

        Coordinates that have no effect stay as they are drawn. At their defaults they would look to a model like a
        place where all else is unknown, and it would go there again and again; benchmarks/automl_surfaces.py shows it.
        """
        values = self.values(point)
        return {d.key: d.encode(values[d.key]) if d.key in values else point[d.key] for d in self.dimensions}

    def draw(self, random: Random) -> Point:
        """A point drawn evenly, options by their weights."""
        return {dimension.key: dimension.draw(random.random()) for dimension in self.dimensions}

    def nudge(self, point: Point, random: Random) -> Point:
        """A point near this one."""
        return {dimension.key: dimension.nudge(point[dimension.key], random) for dimension in self.dimensions}

    def describe(self) -> dict[str, Any]:
        """Every searched parameter with its range and default, and what is left out."""
        searched = {
            d.key: d.describe()
            | {"default": dotted.get(self.base, d.key)}
            | ({"active_when": self.nodes[d.key]["active_when"]} if "active_when" in self.nodes[d.key] else {})
            for d in self.dimensions
        }
        return {"searched": searched, "left_out": dict(self.left_out)}


def _within(node: Mapping[str, Any], value: Any, value_of: Any) -> Any:
    """A number that keeps to the bound another parameter's value sets."""
    conditions = parse_conditions(node.get("math_cond", ""), "")
    other = value_of(node["depends_on"]) if "depends_on" in node else None
    if not any(c.operand is None for c in conditions) or not isinstance(other, int | float):
        return value
    whole = isinstance(value, int)
    low, high = bounded(value, value, conditions, other, integer=whole)
    return max(low, value) if low > value else min(high, value)

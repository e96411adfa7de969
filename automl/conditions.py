# SPDX-License-Identifier: Apache-2.0
"""What a parameter's `math_cond` asks of its value, and the `active_when` that says whether it has any effect.

`math_cond` is one condition or several, separated by commas: `> 1`, `>= 1`, `< 8`, `<= depends_on` (the value of the
key that `depends_on` names), `/ 32` (a multiple of 32) and `^ 2` (a power of 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CONDITION = re.compile(r"\s*(?P<operator>>=|<=|>|<|/|\^)\s*(?P<operand>depends_on|-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)\s*")
_OTHER = "depends_on"
# How far a float stays below a bound that it may not reach, as a share of the bound.
_GAP = 1e-3


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `operand` None stands for the value of the key that the parameter depends on."""

    operator: str
    operand: float | None


def parse_conditions(text: str, key: str) -> tuple[Condition, ...]:
    """Read a `math_cond`.

    Raises:
        DeclarationError: it is none, naming the key.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _CONDITION.fullmatch(part)
        if not match or (match["operator"] in "/^" and match["operand"] == _OTHER):
            remedy = "write one of > >= < <= with a number or depends_on, / with a number, ^ with a number"
            raise DeclarationError(f"'{part}' is no math_cond", code="automl.math_cond", where=key, remedy=remedy)
        found.append(Condition(match["operator"], None if match["operand"] == _OTHER else float(match["operand"])))
    return tuple(found)


def bounded(
    low: float, high: float, conditions: tuple[Condition, ...], other: float | None, *, integer: bool
) -> tuple[float, float]:
    """The ends after every comparison; `other` is the value of the key that the parameter depends on, if known."""
    for condition in conditions:
        bound = other if condition.operand is None else condition.operand
        if bound is None or condition.operator in "/^":
            continue
        gap = (1.0 if integer else max(abs(bound), 1e-12) * _GAP) if condition.operator in "<>" else 0.0
        if condition.operator.startswith(">"):
            low = max(low, bound + gap)
        else:
            high = min(high, bound - gap)
    return (int(-(-low // 1)), int(high // 1)) if integer else (low, high)


def grid(low: float, high: float, conditions: tuple[Condition, ...]) -> tuple[float, ...] | None:
    """The values that `/` and `^` leave between the ends; None where there is neither."""
    rules = [c for c in conditions if c.operator in "/^" and c.operand]
    if not rules:
        return None
    values = _multiples(low, high, rules[0]) if rules[0].operator == "/" else _powers(low, high, rules[0])
    return tuple(v for v in values if all(_holds(v, rule) for rule in rules[1:]))


def _multiples(low: float, high: float, rule: Condition) -> list[float]:
    size = rule.operand or 1.0
    return [_plain(n * size) for n in range(int(-(-low // size)), int(high // size) + 1)]


def _powers(low: float, high: float, rule: Condition) -> list[float]:
    base, value, values = rule.operand or 2.0, 1.0, []
    while base > 1 and value <= high:
        values += [_plain(value)] if value >= low else []
        value *= base
    return values


def _holds(value: float, rule: Condition) -> bool:
    operand = rule.operand or 1.0
    return value % operand == 0 if rule.operator == "/" else value in _powers(value, value, rule)


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def is_active(node: Mapping[str, Any], value_of: Callable[[str], Any]) -> bool:
    """Whether a parameter has any effect, given the values of the keys that `active_when` names."""
    wanted: Mapping[str, list[Any]] = node.get("active_when", {})
    return all(value_of(key) in values for key, values in wanted.items())

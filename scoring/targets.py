# SPDX-License-Identifier: Apache-2.0
"""What an inspection line has to reach, in words such as `far<=0.1% at recall=100%`.

Light on purpose: a plan that carries a target parses it without loading numpy.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError, did_you_mean

# Each metric with the operators that make sense for it, and whether it says nothing without a recall.
METRICS = {
    "far": (("<=", "<"), True),
    "precision": ((">=", ">"), True),
    "recall": ((">=", ">"), False),
    "escapes": (("<=", "<"), False),
}
EXAMPLES = "far<=0.1% at recall=100%, precision>=95% at recall=99%, recall>=99.5%, escapes<=500ppm"
_UNITS = {"%": 0.01, "ppm": 1e-6, "": 1.0}
_NUMBER = r"(?P<{0}>[0-9]*\.?[0-9]+)\s*(?P<{0}_unit>%|ppm|)"
_TARGET = re.compile(
    r"\s*(?P<metric>[a-z][a-z0-9_]*)\s*(?P<operator><=|>=|==|=|<|>)\s*"
    + _NUMBER.format("value")
    + r"\s*(at\s+recall\s*(=|>=)\s*"
    + _NUMBER.format("recall")
    + r"\s*)?"
)


@dataclass(frozen=True, slots=True)
class Target:
    """`metric operator value`, kept at a recall of at least `recall`; all as fractions.

    far: false alarms per PASS pair. precision: defects among the flagged. recall: caught per defect.
    escapes: defects that passed per defect, so 1 - recall.
    """

    metric: str
    operator: str
    value: float
    recall: float | None = None

    def __str__(self) -> str:
        """The target as `parse` reads it."""
        kept = "" if self.recall is None else f" at recall={percent(self.recall)}"
        return f"{self.metric}{self.operator}{percent(self.value)}{kept}"

    def holds(self, value: float) -> bool:
        """Whether a value of the metric satisfies operator and value."""
        slack = 1e-12  # 0.1 % written as text and 1 of 1,000 counted must be the same number
        if self.operator in {"<=", ">="}:
            return value <= self.value + slack if self.operator == "<=" else value >= self.value - slack
        return value < self.value - slack if self.operator == "<" else value > self.value + slack

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"text": str(self), **asdict(self)}


def percent(fraction: float) -> str:
    """A fraction as a percentage without needless digits."""
    return f"{round(100 * fraction, 10):.12g}%"


def parse(text: str) -> Target:
    """Read a target. Values are fractions, percentages (`0.1%`) or parts per million (`500ppm`).

    Raises:
        InputError: metric, operator or value make no sense, nothing could meet it, or far or precision stand without
            their recall.
    """
    match = _TARGET.fullmatch(text.lower().replace("≤", "<=").replace("≥", ">="))
    if not match:
        raise _wrong(text, "is no target", f"write METRIC OPERATOR VALUE, at recall=VALUE; for example {EXAMPLES}")
    metric, operator = match["metric"], match["operator"]
    if metric not in METRICS:
        known = ", ".join(METRICS)
        raise _wrong(text, f"has no known metric: {metric!r}", f"use one of {known}. {did_you_mean(metric, METRICS)}")
    operators, needs_recall = METRICS[metric]
    if operator not in operators:
        raise _wrong(text, f"has the operator {operator}", f"{metric} takes {' or '.join(operators)}")
    if needs_recall != (match["recall"] is not None):
        raise _wrong_recall(text, metric, needs_recall=needs_recall)
    recall = _fraction(text, match, "recall") if match["recall"] else None
    target = Target(metric, operator, _fraction(text, match, "value"), recall)
    if not (target.holds(0.0) or target.holds(1.0)):
        remedy = f"write {metric}{operator}={percent(target.value)} for the best there is"
        raise _wrong(text, "can't be met: no rate is beyond its end", remedy)
    return target


def _fraction(text: str, match: re.Match[str], part: str) -> float:
    value = float(match[part]) * _UNITS[match[f"{part}_unit"]]
    if not 0 <= value <= 1:
        raise _wrong(text, f"has a {part} of {percent(value)}", "values lie between 0% and 100%")
    return round(value, 12)


def _wrong_recall(text: str, metric: str, *, needs_recall: bool) -> InputError:
    if needs_recall:
        return _wrong(
            text, f"does not say at which recall {metric} is meant", "add `at recall=100%`, or another recall"
        )
    return _wrong(text, f"gives a recall beside {metric}, which is a statement on recall itself", "leave `at …` out")


def _wrong(text: str, what: str, remedy: str) -> InputError:
    return InputError(f"the target {text!r} {what}", code="scoring.target", where="target", remedy=remedy)

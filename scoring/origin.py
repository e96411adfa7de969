# SPDX-License-Identifier: Apache-2.0
"""Where a threshold comes from, as checkpoints and result files keep it under `threshold_origin`."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from scoring.targets import Target

Kind = Literal["validation", "given", "default", "unknown"]


@dataclass(frozen=True, slots=True)
class ThresholdOrigin:
    """Chosen on a split, for a target or else for the best F1; given in the spec; the spec's default; or unknown.

    `escape_cost` is how many false alarms an escape weighed as much as in the choice.
    """

    kind: Kind = "unknown"
    split: str = ""
    target: str = ""
    escape_cost: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, in which the usual cost of an escape is left out."""
        told = asdict(self)
        return told if self.escape_cost != 1 else {key: told[key] for key in ("kind", "split", "target")}

    @classmethod
    def from_json(cls, document: Any) -> ThresholdOrigin:
        """The inverse of `to_json`; anything else is of unknown origin."""
        known = document if isinstance(document, dict) and document.get("kind") in get_args(Kind) else {}
        split, target = (str(known.get(key) or "") for key in ("split", "target"))
        return cls(known.get("kind", "unknown"), split, target, _cost(known.get("escape_cost")))

    def words(self) -> str:
        """The same for people."""
        if self.kind == "validation":
            chosen = f"for {self.target}" if self.target else "for the best F1"
            return f"chosen {chosen}{weighed(self.escape_cost)} on {self.split or 'validation'} data"
        return {"given": "given as eval_margin", "default": "the default eval_margin"}.get(self.kind, "unknown origin")

    def other_than_for(self, target: Target) -> str:
        """Where it comes from, if that is known and it was not chosen for this target; else empty."""
        if self.kind == "unknown" or (self.kind == "validation" and self.target == str(target)):
            return ""
        return self.words()


@dataclass(frozen=True)
class SourcedThreshold:
    """A threshold, where it comes from in a sentence, and the same as fields."""

    value: float
    source: str
    origin: ThresholdOrigin

    def origin_keys(self) -> dict[str, Any]:
        """What checkpoints and result files say of the origin."""
        return {"threshold_source": self.source, "threshold_origin": self.origin.to_json()}


def weighed(escape_cost: float) -> str:
    """How escapes weighed in a choice, to be added to what it was for; empty where as much as false alarms."""
    return "" if escape_cost == 1 else f" with an escape as bad as {escape_cost:g} false alarms"


def _cost(value: Any) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if usable else 1.0

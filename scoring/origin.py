# SPDX-License-Identifier: Apache-2.0
"""Where a threshold comes from, as checkpoints and result files keep it under `threshold_origin`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from scoring.targets import Target

Kind = Literal["validation", "given", "default", "unknown"]


@dataclass(frozen=True, slots=True)
class ThresholdOrigin:
    """Chosen on a split, for a target or else for the best F1; given in the spec; the spec's default; or unknown."""

    kind: Kind = "unknown"
    split: str = ""
    target: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> ThresholdOrigin:
        """The inverse of `to_json`; anything else is of unknown origin."""
        known = document if isinstance(document, dict) and document.get("kind") in get_args(Kind) else {}
        return cls(known.get("kind", "unknown"), str(known.get("split") or ""), str(known.get("target") or ""))

    def words(self) -> str:
        """The same for people."""
        if self.kind == "validation":
            chosen = f"for {self.target}" if self.target else "for the best F1"
            return f"chosen {chosen} on {self.split or 'validation'} data"
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

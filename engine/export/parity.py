# SPDX-License-Identifier: Apache-2.0
"""How far two forms of a model agree, as manifests and files tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two forms of a model agree on `pairs` pairs, of `available` that there are.

    `largest_difference` is one of scores; `flipped` are pairs that only one of both flags at `threshold`.
    """

    pairs: int
    available: int
    threshold: float
    largest_difference: float
    flipped: int
    rows: tuple[int, ...] = ()  # CSV lines of the first pairs that flipped

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {"rows": list(self.rows)}

    def sentence(self) -> str:
        """For people."""
        of = f" of {self.available}" if self.available > self.pairs else ""
        verdicts = f"{self.flipped} verdicts differ" if self.flipped else "every verdict is the same"
        return f"{self.pairs}{of} pairs: {verdicts}, scores differ by {self.largest_difference:.2g} at most"

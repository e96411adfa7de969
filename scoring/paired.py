# SPDX-License-Identifier: Apache-2.0
"""Two models on the same pairs: by how much they differ, and whether that can be told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from scoring.binomial import CONFIDENCE, clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mistakes of a first and a second model on the same `cases`.

    `first_only` and `second_only` count the cases that only one got wrong; cases that both got right, or wrong, say
    nothing about the difference. `difference` is the second's rate of mistakes minus the first's, `lower` and `upper`
    are its bounds: the exact binomial interval of the second's share of the cases on which they differ (McNemar, 1947;
    Clopper and Pearson, 1934), carried over to all cases.
    """

    cases: int
    first_wrong: int
    second_wrong: int
    first_only: int
    second_only: int
    difference: float
    lower: float
    upper: float
    confidence: float = CONFIDENCE

    @property
    def told(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.lower > 0 or self.upper < 0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {"told": self.told}


def paired_difference(mistakes: Iterable[tuple[bool, bool]]) -> PairedDifference:
    """The difference of two models, of which each case says whether the first, and the second, were wrong."""
    counted = list(mistakes)
    first_only = sum(first and not second for first, second in counted)
    second_only = sum(second and not first for first, second in counted)
    cases, unlike = len(counted), first_only + second_only
    scale = unlike / cases if cases else 0.0
    share = clopper_pearson(second_only, unlike) if unlike else None
    return PairedDifference(
        cases=cases,
        first_wrong=sum(first for first, _ in counted),
        second_wrong=sum(second for _, second in counted),
        first_only=first_only,
        second_only=second_only,
        difference=(second_only - first_only) / cases if cases else 0.0,
        lower=(2 * share.lower - 1) * scale if share else 0.0,
        upper=(2 * share.upper - 1) * scale if share else 0.0,
    )

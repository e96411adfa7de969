# SPDX-License-Identifier: Apache-2.0
"""What a search found so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.standings import Standing, front_of, ranked, standings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.types import Objective, Run, RunResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found: all trials in their order, those with figures best first, and the evaluations by name."""

    standings: list[Standing]
    ranking: list[Standing]
    objectives: Sequence[Objective]
    evaluations: Mapping[str, Mapping[str, Any]]
    removed: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        runs: Mapping[int, Run],
        results: Mapping[int, RunResult],
        objectives: Sequence[Objective],
        evaluations: Mapping[str, Mapping[str, Any]],
        removed: frozenset[str] = frozenset(),
    ) -> Outcome:
        """Rank what the ledger holds."""
        standings = standings_of(runs, results, objectives)
        return cls(standings, ranked(standings, objectives), objectives, evaluations, removed)

    @property
    def winner(self) -> Standing | None:
        """The best trial; None while no trial has figures."""
        return self.ranking[0] if self.ranking else None

    @property
    def defaults(self) -> Standing | None:
        """Trial 0, where it has figures."""
        return next((standing for standing in self.ranking if standing.trial == 0), None)

    @property
    def front(self) -> list[int]:
        """The trials that no other beats in one objective without being worse in another."""
        return front_of(self.ranking, self.objectives)

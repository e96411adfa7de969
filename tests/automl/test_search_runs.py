# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from automl import experiment

if TYPE_CHECKING:
    from automl.controller import Update
    from automl.plan import ExperimentPlan


def test_a_search_runs_to_its_end_and_says_what_it_found(planned: Callable[..., ExperimentPlan]) -> None:
    updates: list[Update] = []
    plan = planned(trials=4)

    result = experiment.run(plan, updates.append)

    assert (result.state, result.reason) == ("finished", "nothing is left to try")
    best = json.loads((result.folder / "best_rec.json").read_text())
    assert (best["trial"], best["score"]) == (result.outcome.winner.trial, result.outcome.winner.values[0])  # type: ignore[union-attr]

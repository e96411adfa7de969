# SPDX-License-Identifier: Apache-2.0
"""Which parameters are told to matter, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from automl.charts import bars
from automl.dimensions import Choice, Number
from automl.draws import random_of
from automl.importance import importance
from automl.outcome import Outcome
from automl.outputs import importance_line
from automl.space import Space
from automl.standings import Standing
from automl.types import Objective

if TYPE_CHECKING:
    from collections.abc import Callable

LOSS = Objective("val_loss", "minimize")
DIMENSIONS = (Number("x", 0.0, 1.0), Number("y", 0.0, 1.0), Choice("on", (False, True)), Number("strength", 0.0, 1.0))
NODES: dict[str, dict[str, Any]] = {"x": {}, "y": {}, "on": {}, "strength": {"active_when": {"on": [True]}}}
SPACE = Space(DIMENSIONS, {"x": 0.5, "y": 0.5, "on": False, "strength": 0.3}, NODES)


def outcome_of(trials: int, loss: Callable[[dict[str, Any]], float], **fixed: Any) -> Outcome:
    """Trials drawn evenly, but for what is fixed."""
    standings = []
    for number in range(trials):
        point = SPACE.draw(random_of("trial", number)) | fixed
        setting = SPACE.values(point)
        standings.append(Standing(number, "complete", (loss(setting),), setting=setting, point=point))
    return Outcome(standings, standings, (LOSS,), {})


def test_only_what_varied_is_told_of() -> None:
    """A switch that was always off leaves its strength at one value, though another was drawn for each trial."""
    found = importance(SPACE, outcome_of(40, lambda v: (v["x"] - 0.6) ** 2, on=0))

    assert [entry.key for entry in found] == ["x", "y"]
    assert found[0].share > 0.9
    assert sum(entry.share for entry in found) == pytest.approx(1)
    assert all(0 <= entry.low <= entry.share <= entry.high <= 1 for entry in found)
    assert found[0].low > found[1].high


def test_the_less_there_is_to_tell_from_the_less_sure_it_is() -> None:
    def noisy(v: dict[str, Any]) -> float:
        return float(v["x"] + v["y"] + random_of(v["x"]).random())

    few, many = (importance(SPACE, outcome_of(n, noisy, on=0)) for n in (12, 90))
    assert max(e.high - e.low for e in few) > 1.5 * max(e.high - e.low for e in many)


@pytest.mark.parametrize(("trials", "told"), [(9, False), (10, True)])
def test_ten_trials_are_needed(trials: int, told: bool) -> None:
    assert bool(importance(SPACE, outcome_of(trials, lambda v: v["x"]))) is told


def test_of_many_trials_and_of_trials_that_are_alike() -> None:
    many = importance(SPACE, outcome_of(230, lambda v: v["x"] ** 2, on=0))
    assert many[0].key == "x"
    assert importance(SPACE, outcome_of(20, lambda _: 1.0, x=0.5, y=0.5, on=0)) == ()
    assert importance(Space((), {}, {}), outcome_of(20, lambda v: v["x"])) == ()


def test_a_bar_shows_the_share_and_where_it_may_lie() -> None:
    drawn = bars([("lr & co", 0.5, 0.25, 0.75)], "shares")
    assert "50% (25\N{EN DASH}75%)" in drawn
    assert "lr &amp; co" in drawn
    assert 'd="M351.0 12H461.0"' in drawn


def test_a_record_says_which_parameters_mattered_or_that_its_trials_are_too_few() -> None:
    trials = [{"values": [0.1 * n], "setting": {"train.optim.lr": n}} for n in range(12)]
    found = [{"key": "train.optim.lr", "share": 0.8, "low": 0.6, "high": 0.9}]
    assert importance_line({"trials": trials, "importance": found}) == (
        "mattered: lr 80% (60% to 90%) of the differences between 12 trials"
    )
    assert "2 trials can't tell" in importance_line({"trials": trials[:2], "importance": []})
    assert "alike" in importance_line({"trials": trials, "importance": []})

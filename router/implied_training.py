# SPDX-License-Identifier: Apache-2.0
"""Trainings that no verb asks for: the search that a request begins with, or what only trainings have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.asked_steps import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading


def really_training(reading: Reading, steps: tuple[Step, ...], stated: Sequence[str]) -> tuple[Step, ...]:
    """The steps; where one inference alone is read, with no model, and what only trainings have, it is a training."""
    if [step.verb for step in steps[:2]] == ["inference", "train"] and _is_aim(reading, *steps[:2]):
        return steps[1:]
    alone = len(steps) == 1 and steps[0].verb == "inference" and not steps[0].named
    of_model = reading.of("parent") or any(token.kind == "job" for token in reading.tokens)
    searched = {"hours", "parallel"} & set(stated) and any(m.group == "policy:named" for m in reading.of("policy"))
    if alone and not of_model and (searched or {"epochs", "trials", "learning_rate"} & set(stated)):
        return (Step("train", steps[0].place, implied=True),)
    if alone and (of_model or reading.of("model") or reading.of("task")) and is_measured(reading):
        return (Step("evaluate", steps[0].place),)
    return steps


def is_measured(reading: Reading) -> bool:
    """Whether somebody wants figures that only an evaluation gives: "check … on ./lot, I want recall and precision"."""
    places = [n for n, token in enumerate(reading.tokens) if token.word in reading.grammar["measures"]]
    of_value = {n for m in reading.of("value") for n in m.places}
    wished = reading.grammar["wishes"] | reading.grammar["bids"]
    return any(
        n not in of_value | reading.narrated
        and not reading.grammar["not"].intersection(token.word for token in reading.tokens[max(0, n - 2) : n])
        and wished & {token.word for token in reading.tokens[max(0, n - 6) : n]}
        for n in places
    )


def _is_aim(reading: Reading, wish: Step, training: Step) -> bool:
    """Whether what stands before a training only says what it is for: "we want the changes marked: train on ./lot"."""
    start, _ = reading.clause(wish.place)
    return not any(token.kind in {"path", "job"} for token in reading.tokens[start : training.place])


def with_search(reading: Reading, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, after a training where the request begins with a search, as in "search on …, evaluate the winner"."""
    asked = [m.start for m in reading.of("policy") if m.group in {"policy:on", "policy:named"}]
    asked += [m.start for m in reading.of("value") if m.group == "value:trials" and not _waits(reading, m.start)]
    asked += [m.start for m in reading.of("value") if m.group == "value:epochs" and _is_to_run(reading, m.start)]
    asked.sort()
    if not steps or not asked or any(step.verb.endswith("train") for step in steps):
        return steps
    first = min(step.place for step in steps)
    apart = any(
        token.kind == "break" or token.word in reading.grammar["separates"]
        for token in reading.tokens[asked[0] : first]
    )
    return (Step("train", asked[0], implied=True), *steps) if asked[0] < first and apart else steps


def _is_to_run(reading: Reading, place: int) -> bool:
    """Whether epochs are to be run, and are not told of: "8 epochs on ./lot; then evaluate the masks"."""
    start, stop = reading.clause(place)
    past = {token.word for token in reading.tokens[start:stop]} & reading.grammar["past"]
    return not (past or place in reading.told or _waits(reading, place))


def _waits(reading: Reading, place: int) -> bool:
    """Whether a clause tells of what is over: "after 30 trials, …"."""
    start, _ = reading.clause(place)
    return bool({token.word for token in reading.tokens[start:place]} & reading.grammar["awaits"])

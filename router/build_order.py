# SPDX-License-Identifier: Apache-2.0
"""The order of steps of which one needs what another makes, whatever is named first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB

if TYPE_CHECKING:
    from router.asked_steps import Step


def in_build_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with the export ahead of the engine that is built from it, whichever is named first.

    Where a training is named between them, the engine waits for both.
    """
    places = {step.verb: place for place, step in enumerate(steps)}
    engine, export = places.get(ENGINE_VERB, len(steps)), places.get("export", -1)
    if export < engine:
        return steps
    if any(step.verb.endswith("train") for step in steps[engine:export]):
        return (*steps[:engine], *steps[engine + 1 : export + 1], steps[engine], *steps[export + 1 :])
    others = [step for place, step in enumerate(steps) if place != export]
    return (*others[:engine], steps[export], *others[engine:])

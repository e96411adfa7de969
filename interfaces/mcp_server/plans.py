# SPDX-License-Identifier: Apache-2.0
"""A request as the tool `plan` takes it: planned, answered where it only asks, written where a folder is named."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from interfaces.tool_definitions import LAUNCH

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from interfaces.verbs.request import Routed

_INSPECT = "inspect"


def planned_for_a_tool(options: Any, reporter: Reporter) -> tuple[Routed | None, Outcome]:
    """What can be launched, if anything, and what is said. An inspection is a command in words, and a job here.

    Raises:
        ChangenetError: as `interfaces.verbs.plan.plan` says.
    """
    from interfaces.verbs.answers import answer
    from interfaces.verbs.plan import plan
    from interfaces.verbs.planned import planned, why_elsewhere
    from interfaces.verbs.request import route

    if options.out:
        return None, plan(options, reporter)
    routed = route(options)
    if answered := answer(routed.decision, reporter):
        return None, answered
    command = routed.decision.command
    if command and command.verb == _INSPECT and not routed.decision.missing:
        from interfaces.command_line import parse
        from interfaces.verbs.inspect import inspection

        parsed = parse(shlex.split(command.line)[1:]).options
        routed = inspection(replace(parsed, results_root=options.results_root), options.engine)
    outcome = planned(routed)
    if routed.plan and (why := why_elsewhere(routed.plan)):
        line = f"{why}: call `plan` again with `out`, a new folder for the machine that runs it, such as handover"
    else:
        line = f"{LAUNCH} with plan_id {outcome.document.get('plan_id')}"
    ready = bool(outcome.document.get("plan_id"))
    return (routed, replace(outcome, text=f"{outcome.text}\nnext: {line}")) if ready else (None, outcome)

# SPDX-License-Identifier: Apache-2.0
"""A request that was routed, as an outcome: a plan in a dozen lines and a small document, or in full."""

from __future__ import annotations

import hashlib
import os
from dataclasses import fields, replace
from shutil import which
from typing import TYPE_CHECKING, Any

from core.documents import canonical_json
from core.errors import NotReadyError
from interfaces.brief import brief_decision, brief_plan, brief_search, fitting
from interfaces.outcome import Outcome
from interfaces.verbs.request_options import RequestOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interfaces.verbs.request import Routed
    from router.types import Decision, Question
    from runners.planning.plan import Plan

ID_DIGITS = 12


def plan_id_of(routed: Routed) -> str:
    """Twelve digits of the hash of everything that was decided; empty while a question is open, or for commands."""
    if routed.steps:
        parts = [_identity(step) for step in routed.steps]
        return "" if None in parts else _digits(parts)
    if search := routed.search:
        return _digits({**search.identity(), "tables": search.base.tables})
    return routed.plan.id[:ID_DIGITS] if routed.plan else ""


def _identity(step: Routed) -> Any:
    """What of a step has to be as it was shown; None for a command. One that waits has its decision alone."""
    if step.decision.command:
        return None
    return plan_id_of(step) or step.decision.to_json()


def _digits(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:ID_DIGITS]


def next_line(options: RequestOptions) -> str:
    """The command that runs what was planned."""
    from interfaces.options import words_of

    asked = RequestOptions(**{entry.name: getattr(options, entry.name) for entry in fields(RequestOptions)})
    return f"changenet run {words_of(replace(asked, full=False))}"


def planned(routed: Routed, *, full: bool = False, next_line: str = "") -> Outcome:
    """What a request would run, or what is open; exit code 3 where something is missing.

    In a dozen lines, the last of which is what to type next, and a document that fits an agent's context; `full` gives
    every key with where its value comes from. `plan_id` names all of it, where it can be launched.
    """
    line = _reached(routed.plan, next_line) if routed.plan else next_line
    shown = _planned_steps(routed, full=full, next_line=line) if routed.steps else _planned(routed, line, full=full)
    document, plan_id = shown.document, "" if shown.exit_code else plan_id_of(routed)
    document |= {"plan_id": plan_id} if plan_id else {}
    document |= {"next": line} if plan_id and line else {}
    return shown if full else replace(shown, document=fitting(document))


def _planned(routed: Routed, line: str, *, full: bool) -> Outcome:
    from interfaces.present import decision_text, plan_text
    from interfaces.present_plan import plan_brief, search_brief

    decision = routed.decision.to_json() if full else brief_decision(routed.decision)
    if search := routed.search:
        from interfaces.verbs.tuning import search_text

        own = {"decision": decision, "plan": brief_plan(search.base), "automl": brief_search(search)}
        text = search_text(search) if full else search_brief(search, "" if search.base.missing else line)
        return _asking(search.base.missing, search.to_json() if full else own, text)
    command = routed.decision.command
    if command and not routed.decision.missing:
        text = f"nothing was done; this is for\n  {command.line}{_absent(command.line)}"
        text += "".join(f"\n  warning: {warning}" for warning in routed.decision.warnings)
        return Outcome({"missing": [], "decision": decision, "plan": None, "command": command.line}, text)
    if (plan := routed.plan) is None:
        return _asking(routed.decision.missing, {"decision": decision, "plan": None}, decision_text(routed.decision))
    document = {"decision": decision, "plan": plan.to_json() if full else brief_plan(plan)}
    text = plan_text(plan) if full else plan_brief(plan, "" if plan.missing else line)
    return _asking(plan.missing, document, text)


def why_elsewhere(plan: Plan) -> str:
    """What this machine lacks of what a plan for Docker takes, so that it is written for one that has it."""
    from runners.planning.profiles import has_gpu

    if plan.runner != "docker" or "DOCKER_HOST" in os.environ:
        return ""
    if not which("docker"):
        return "there is no Docker here"
    return "this machine has no GPU" if plan.resources.gpus and not has_gpu() else ""


def _reached(plan: Plan, line: str) -> str:
    """The command that runs a plan, or that writes it for another machine where this one can't."""
    why = why_elsewhere(plan) if line else ""
    return f"{line.replace('changenet run', 'changenet plan', 1)} --out handover  ({why})" if why else line


def _asking(questions: Sequence[Question], document: dict[str, Any], text: str) -> Outcome:
    """Whatever the route, and however far it came, what is missing stands at the top."""
    missing = [question.to_json() for question in questions]
    # A decision that asks for nothing and names no action is no plan either.
    not_ready = bool(missing) or document["plan"] is None
    return Outcome({"missing": missing} | document, text, NotReadyError.exit_code * not_ready)


def _planned_steps(routed: Routed, *, full: bool, next_line: str) -> Outcome:
    """Each step as it would run; one that waits for what the step before it makes as it was decided."""
    from interfaces.present_plan import fitted

    decisions = [step.decision.to_json() if full else brief_decision(step.decision) for step in routed.steps]
    shown = [
        _planned(step, "", full=full) if step.plan or step.search else Outcome({"decision": decided, "plan": None})
        for step, decided in zip(routed.steps, decisions, strict=True)
    ]
    texts = []
    for number, (step, outcome) in enumerate(zip(routed.steps, shown, strict=True), 1):
        if command := step.decision.command:
            texts.append(f"step {number} of {len(shown)}: {command.verb}\n  {command.line}{_absent(command.line)}")
            continue
        waits = f"  works on what step {_maker(routed.steps, number)} makes{_on_data(step.decision)}"
        text = outcome.text or waits
        if not outcome.text:
            text += "".join(f"\n  warning  {warning}" for warning in step.decision.warnings)
        texts.append(f"step {number} of {len(shown)}: {step.decision.action}\n{text}")
    decision = routed.decision.to_json() if full else brief_decision(routed.decision)
    document = {"missing": [], "decision": decision, "steps": [outcome.document for outcome in shown]}
    warnings = [f"warning: {warning}" for warning in routed.decision.warnings]
    lines = [*warnings, *"\n".join(texts).splitlines()]
    exit_code = max(outcome.exit_code for outcome in shown)
    if any(step.decision.command for step in routed.steps):
        lines.append("nothing was done: commands are among the steps; type each step by itself, in this order")
    elif next_line and not exit_code:
        lines.append(f"next: {next_line}")
    return Outcome(document, "\n".join(lines) if full else fitted(lines), exit_code)


def _maker(steps: Sequence[Routed], number: int) -> int:
    """The number of the step that makes what another one works on: the last of another kind that makes a model."""
    from interfaces.skill import the_skill
    from router.step_models import makes_a_model

    own = steps[number - 1].decision.action
    before = [n for n, one in enumerate(steps[: number - 1], 1) if one.decision.action != own]
    return max((n for n in before if makes_a_model(steps[n - 1].decision, the_skill())), default=number - 1)


def _absent(line: str) -> str:
    """Word of a command that this installation does not have."""
    from interfaces.table import VERBS

    words = line.split()[1:]
    known = words[0] in VERBS or " ".join(words[:2]) in VERBS
    return "" if known else "\n  which is not part of this version: see `changenet --help`"


def _on_data(decision: Decision) -> str:
    asked = decision.request
    data = asked.inference_dataset or asked.eval_dataset or asked.data
    return f", on {data}" if data else ""

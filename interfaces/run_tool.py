# SPDX-License-Identifier: Apache-2.0
"""`changenet plan` and `changenet run`: a request is decided, then planned or run by the route that it takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from core.errors import NotReadyError
from interfaces.tools import Outcome, request_of, run_outcome, run_plan, the_skill

if TYPE_CHECKING:
    from argparse import Namespace

    from router.declarations import Skill
    from router.types import Decision
    from runners.planning.plan import Plan


def verb_plan(args: Namespace) -> Outcome:
    """Decide and prepare, start nothing; exit code 3 where something is missing."""
    from interfaces.present import plan_text

    skill = the_skill()
    decision = decided(args, skill)
    if decision.action is None:
        return open_decision(decision)
    if decision.route == "automl":
        from interfaces.automl_tool import plan_search

        return plan_search(decision, skill, args)
    plan = _direct(decision, skill, args)
    exit_code = NotReadyError.exit_code if plan.missing else 0
    return Outcome({"decision": decision.to_json(), "plan": plan.to_json()}, plan_text(plan), exit_code)


def verb_run(args: Namespace) -> Outcome:
    """Prepare, launch, and follow to the end; `--dry-run` stops at the plan, `--resume` goes on with a search."""
    from interfaces.present import plan_text

    if args.resume:
        from interfaces.automl_tool import resume_search

        return resume_search(args)
    if args.dry_run:
        return verb_plan(args)
    skill = the_skill()
    decision = decided(args, skill)
    if decision.action is None:
        return open_decision(decision)
    if decision.route == "automl":
        from interfaces.automl_tool import run_search

        return run_search(decision, skill, args)
    plan = _direct(decision, skill, args)
    if not args.json:
        print(plan_text(plan), file=sys.stderr, flush=True)
    return run_outcome(run_plan(plan, detach=args.detach))


def decided(args: Namespace, skill: Skill) -> Decision:
    """What the words typed mean."""
    from router.decision import decide

    return decide(request_of(args), skill)


def open_decision(decision: Decision) -> Outcome:
    """A decision that names no action yet: the questions that are open."""
    from interfaces.present import decision_text

    document = {"decision": decision.to_json(), "plan": None}
    return Outcome(document, decision_text(decision), NotReadyError.exit_code)


def _direct(decision: Decision, skill: Skill, args: Namespace) -> Plan:
    from interfaces.automl_arguments import given_options
    from runners.api import prepare_decision

    if given_options(args):
        from interfaces.automl_tool import refuse_automl_options

        refuse_automl_options(args, decision)
    return prepare_decision(decision, skill, engine=args.engine)

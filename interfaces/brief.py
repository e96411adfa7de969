# SPDX-License-Identifier: Apache-2.0
"""What `plan --json` says, small enough for an agent's context: what runs, on what, how it differs from the defaults.

Every key with where its value comes from stands in the document of `--full`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import get
from interfaces.bounded import bounded
from interfaces.present_plan import does, where

if TYPE_CHECKING:
    from automl.plan import ExperimentPlan
    from router.types import Decision
    from runners.planning.plan import Plan

MOST_CHARACTERS = 2_900
_LEAST_CHARACTERS = 500
_NEVER_CUT = ("plan_id", "next", "command", "missing")
_OF_A_DECISION = ("action", "task", "route", "automl_policy", "policy_source")
_IF_ANY = ("reasons", "warnings", "not_understood", "stated")
_OF_A_PLAN = ("action", "task", "runner", "profile", "parent_job_id", "image")
_OF_A_SEARCH = ("algorithm", "trials", "epochs", "wall_minutes", "trial_minutes", "seed")


def brief_decision(decision: Decision) -> dict[str, Any]:
    """What was decided and why, without what the caller said himself."""
    whole = decision.to_json()
    found = {name: whole[name] for name in _OF_A_DECISION}
    found |= {name: whole[name] for name in _IF_ANY if whole[name]}
    return found | ({"command": whole["command"]} if whole["command"] else {})


def brief_plan(plan: Plan) -> dict[str, Any]:
    """Where and on what it runs, and `values`: every key that neither template nor profile gives, but data."""
    found: dict[str, Any] = {"where": where(plan), "does": does(plan)}
    found |= {name: value for name in _OF_A_PLAN if (value := getattr(plan, name)) is not None}
    places = plan.inputs.keys() | plan.outputs.keys()
    own = [key for key, origin in plan.provenance.items() if origin.source != "profile" and key not in places]
    values = {key: get(plan.spec, key) for key in sorted(own)}
    adjusted = [{"key": one.key, "before": one.before, "after": one.after} for one in plan.adjustments]
    found |= {"inputs": plan.inputs, "values": values, "warnings": list(plan.warnings)}
    return found | ({"adjusted": adjusted} if adjusted else {})


def brief_search(search: ExperimentPlan) -> dict[str, Any]:
    """The budget of a search, what it is for, and which keys it searches."""
    settings = search.settings.to_json()
    found = {name: settings[name] for name in _OF_A_SEARCH if settings.get(name) is not None}
    objectives = [f"{one.metric}:{one.direction}" for one in search.objectives]
    own = {"epochs_per_trial": search.epochs, "parallel": search.parallel, "objectives": objectives}
    own |= {} if search.settings.test else {"final_test": False}
    return found | own | {"searched": list(search.space.keys)}


def fitting(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what is too long cut, and `has_more` where that was so."""
    whole = {name: value for name, value in document.items() if name in _NEVER_CUT}
    rest = {name: value for name, value in document.items() if name not in _NEVER_CUT}
    cut, has_more = bounded(rest, max(_LEAST_CHARACTERS, MOST_CHARACTERS - len(str(whole))))
    return dict(cut) | whole | ({"has_more": True} if has_more else {})

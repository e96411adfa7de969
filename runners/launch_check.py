# SPDX-License-Identifier: Apache-2.0
"""Whether a plan can be launched here and now: platform, room, parent, inputs and data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from core.memory import Memory
from runners.platforms.table import capabilities, platform_of

if TYPE_CHECKING:
    from core.problem import Problem
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


def check(plan: Plan, store: JobStore, memory: Memory | None = None) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The spec with its inputs as they lie here, and what the data check found; nothing is recorded or started.

    Raises:
        ChangenetError: the plan can't be launched, or its tables are no longer what they were; see `launch`.
    """
    from runners import preflight
    from runners.jobs.database import require_locks
    from runners.model_rules import skill_at
    from runners.planning.data_tables import part_names
    from runners.planning.table_digests import require_same_tables
    from runners.staging.inputs import brought, stage

    plan.require_launchable()
    platform = platform_of(plan.runner)
    if plan.decision.route == "automl" and plan.part_of is None:
        remedy = "hand the plan to the AutoML skill, or ask for automl_policy off"
        raise RequestError("the request is routed to AutoML, not to a direct run", code="plan.automl", remedy=remedy)
    platform.check(plan)
    preflight.require_room(store.root)
    require_locks(store.root)
    memory, inputs = memory or Memory(), tuple((key, str(value)) for key, value in plan.inputs.items())
    memory.once(("parent", plan.parent_job_id, inputs), lambda: preflight.require_unchanged_parent(plan, store))
    skill = skill_at(plan.skill_dir)
    rows = skill.data_sources(plan.action)
    parts = {key: part_names(row) for key, row in rows.items()}
    bring = None if capabilities(plan.runner).reads_stores else partial(brought, skill=skill)
    spec = stage(plan.spec, plan.inputs, parts=parts, memory=memory, bring=bring)
    findings = preflight.sound_data(skill, plan.action, spec, memory)
    require_same_tables(plan, skill, memory)
    return spec, findings

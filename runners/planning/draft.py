# SPDX-License-Identifier: Apache-2.0
"""A plan that is being made, and the sealed one that it becomes: with its resources, mounts and open questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.redaction import redact
from router.types import Decision
from runners.planning.container import SPEC_PATH, mounts_of
from runners.planning.inputs import inputs_of, missing_weights, open_questions
from runners.planning.plan import JOB_FOLDER, Adjustment, Plan, Resources
from runners.planning.profiles import has_gpu
from runners.planning.sizes import size_in_bytes
from runners.planning.table_digests import table_digests
from runners.platforms.table import why_not_launched

if TYPE_CHECKING:
    from core.memory import Memory
    from runners.planning.layers import Layers
    from runners.planning.parents import Parent
    from runners.planning.resolved import ResolvedRequest

BACKBONE_WEIGHTS = "pretrained_backbone"  # the short name by which a skill tells the key


@dataclass(slots=True)
class Draft:
    """A plan that is being made."""

    resolved: ResolvedRequest
    layers: Layers
    parent: Parent | None
    profile: str | None = None
    adjustments: tuple[Adjustment, ...] = ()
    secrets: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)


def seal(decision: Decision, draft: Draft, memory: Memory) -> Plan:
    """The plan that a settled draft is; `memory` holds the digests of tables that were read before."""
    resolved, layers = draft.resolved, draft.layers
    skill, action = resolved.skill, resolved.action
    weights = resolved.short_names.get(BACKBONE_WEIGHTS)
    in_container = resolved.can.needs_image
    argv = skill.command(action, SPEC_PATH if in_container else f"{JOB_FOLDER}/spec.yaml")
    resources, told = _resources(layers, resolved)
    inputs = inputs_of(layers, skill)
    return Plan.sealed(
        decision=_without_secrets(decision),
        action=action,
        task=skill.task_of(action),
        spec=layers.spec,
        provenance=layers.origins(),
        runner=resolved.runner,
        command=(resolved.engine, *argv[1:]),
        results_root=str(resolved.store.root),
        engine="embedded" if resolved.embedded else "container" if in_container else "named",
        profile=draft.profile,
        image=resolved.image,
        mounts=mounts_of(layers, resolved) if in_container else (),
        resources=resources,
        platform=resolved.platform,
        secrets=draft.secrets,
        inputs=inputs,
        tables=table_digests(inputs, skill.data_sources(action), memory),
        outputs={key: str(layers.get(key)) for key in skill.action_info(action)["outputs"] if layers.get(key)},
        parent_job_id=draft.parent.job.id if draft.parent else None,
        skill_dir=str(skill.root),
        adjustments=draft.adjustments,
        warnings=tuple(filter(None, (*draft.warnings, *told, why_not_launched(resolved.runner)))),
        missing=(
            *open_questions(layers, resolved, decision.missing),
            *missing_weights(layers, weights, local=resolved.can.reads_local_paths),
        ),
    )


def _resources(layers: Layers, resolved: ResolvedRequest) -> tuple[Resources, list[str]]:
    """What the action may use, and warnings of what was asked for and has no effect."""
    section, declared = resolved.skill.section(resolved.action), resolved.skill.info["resources"]
    counts = {name: layers.get(pattern.format(section=section)) for name, pattern in declared["spec_keys"].items()}
    present = not resolved.can.on_this_machine or has_gpu()
    nodes, shared, told = counts.get("nodes") or 1, str(declared["shared_memory"]), []
    if asked := resolved.platform.get("shm_size"):
        if size_in_bytes(asked, "shm_size") >= size_in_bytes(shared, "shm_size"):
            shared = asked
        else:
            told.append(f"shm_size={asked} has no effect: data loaders need {shared}")
    return Resources(
        gpus=(counts.get("gpus") or 0) if present else 0,
        nodes=nodes,
        shm_size=shared,
        network=nodes > 1 or any(layers.get(key) for key in declared.get("network_keys", ())),
    ), told


def _without_secrets(decision: Decision) -> Decision:
    return Decision.from_json(redact(decision.to_json()))

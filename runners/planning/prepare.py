# SPDX-License-Identifier: Apache-2.0
"""From a decision to a sealed plan. Reads files; starts and writes nothing.

The spec grows from the action's template by layers, later ones covering earlier ones: profile, data sources, parent,
short names, overrides; the file of a model that these name brings its own settings along. Then defaults that break a
rule with what was given are adjusted, and the whole is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import InputError
from core.memory import Memory
from core.problem import Problem, refuse
from runners.model_rules import is_below
from runners.planning.data_sources import apply_sources, unused_sources
from runners.planning.deployments import deployment_notes, place_engine
from runners.planning.draft import BACKBONE_WEIGHTS, Draft, seal
from runners.planning.engines import (
    fit_to_engine,
    own_defaults,
    require_action,
    require_action_of_container,
    require_known_network,
    unfit_to_processor,
)
from runners.planning.gpu_memory import gpu_memory_told
from runners.planning.inheritance import inherit, require_same_architecture, take_data
from runners.planning.inputs import not_here_yet, settle_paths
from runners.planning.layers import Layers
from runners.planning.model_files import take_file_settings, unfit_files
from runners.planning.overrides import apply_overrides, put_secrets
from runners.planning.parents import apply_own_files, apply_parent, lineage, load_parent
from runners.planning.plan import Adjustment, Plan, open_questions
from runners.planning.profiles import (
    apply_profile,
    choose_profile,
    has_gpu,
    require_profile_of_container,
    start_left_out,
    too_small,
)
from runners.planning.resolved import resolve
from runners.planning.schema import action_schema

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision
    from runners.jobs.store import JobStore
    from runners.planning.parents import Parent
    from runners.planning.resolved import ResolvedRequest
    from runners.planning.schema import ActionSchema

# Short names by which a skill tells keys that plans look at.
_BACKBONE, _TARGET = "backbone", "target"
_START, _RESUME = "pretrained_model", "resume_checkpoint"


def prepare(
    decision: Decision,
    skill: Skill,
    *,
    store: JobStore | None = None,
    command: str | None = None,
    memory: Memory | None = None,
) -> Plan:
    """The sealed plan of a decision; what is missing stands in it as questions, and it can't be launched then.

    `store` holds the parent jobs (default: the request's results root); `command` names another engine;
    `memory` holds what earlier plans read of schema and data.

    Raises:
        MissingInputError: the decision names no action yet.
        SpecError, UnknownKeyError: values or keys that can't be used, all of them at once.
        DataError: data that is named is not there, or is not laid out as the action needs it.
        ParentError: the parent is not there, or does not have the one artifact that is asked for.
        PlatformError: the engine does not run the action, or does not know the parent's network.
        RequestError: no such profile.
    """
    if decision.action is None:
        raise open_questions(decision.missing)
    resolved = resolve(decision, skill, store, command)
    if resolved.embedded:
        require_action(skill, resolved.action, decision.missing)
    elif resolved.can.needs_image:
        require_action_of_container(skill, resolved.action)
    memory = memory or Memory()
    schema = action_schema(skill, resolved.action, memory)
    draft = Draft(resolved, Layers(schema), _parent(resolved, schema))
    draft.warnings += [schema.notice] if schema.notice else []
    _put_suggestions(draft, memory)
    _put_overrides(draft)
    draft.warnings = [*(deployment_notes(draft) if resolved.embedded else []), *draft.warnings]
    _settle(draft)
    draft.warnings += gpu_memory_told(resolved, draft.layers.spec)
    return seal(decision, draft, memory)


def _put_suggestions(draft: Draft, memory: Memory) -> None:
    """All layers below what the user sets by name."""
    resolved, layers = draft.resolved, draft.layers
    apply_own_files(layers, resolved.skill, embedded=resolved.embedded)
    own_defaults(layers, embedded=resolved.embedded)
    if resolved.trains:
        for key, value in resolved.skill.info.get("every_training", {}).items():
            layers.suggest(key, value, "job", "every training")
    draft.profile = _profile(draft)
    if draft.profile:
        draft.warnings += [small] if (small := too_small(resolved.skill, draft.profile)) else []
        # Weights to start from are of use in training only.
        useless = None if resolved.trains else resolved.short_names.get(BACKBONE_WEIGHTS)
        apply_profile(layers, resolved.skill, draft.profile, leave_out=useless)
    apply_sources(layers, resolved.request, resolved.tables)
    intents = resolved.skill.info["tasks"][resolved.skill.task_of(resolved.action)]["dataset_intents"]
    draft.warnings += unused_sources(resolved.request, resolved.action, resolved.tables, intents)
    rule = resolved.rules.data_shape
    for key, value, reason in memory.once_for(("shape", resolved.action), layers.spec, lambda read: list(rule(read))):
        layers.suggest(key, value, "data", reason)
    if draft.parent:
        apply_parent(layers, draft.parent, resolved.wanted, resolved.overridden)
        resumes = resolved.trains and draft.parent.job.action == resolved.action
        inputs = resolved.skill.action_info(resolved.action)["inputs"]
        inherited = resolved.rules.inherited
        inherit(layers, draft.parent, inherited, inputs, resumes=resumes)
        if resolved.embedded:
            sections = inherited.data_of_parent.get(resolved.action, {})
            take_data(layers, lineage(resolved.store, draft.parent), sections)


def _put_overrides(draft: Draft) -> None:
    """What the user sets by name, checked together with the whole spec."""
    resolved, layers = draft.resolved, draft.layers
    draft.warnings += _put_devices(draft)
    problems = apply_overrides(layers, resolved.request.overrides, resolved.short_names)
    place_engine(draft)
    problems += _path_problems(draft) + _target_problems(draft)
    refuse([*problems, *take_file_settings(draft), *layers.schema.problems(layers.spec)])
    draft.secrets = put_secrets(layers, resolved.skill, container=resolved.can.needs_image and not resolved.embedded)
    if draft.parent:
        require_same_architecture(layers, draft.parent, resolved.rules.inherited.architecture)


def _path_problems(draft: Draft) -> list[Problem]:
    resolved, local = draft.resolved, draft.resolved.can.reads_local_paths
    return settle_paths(draft.layers, resolved.skill, resolved.wanted, local=local, staged=resolved.tables.staged)


def _target_problems(draft: Draft) -> list[Problem]:
    """A target that can't be read: the engine, and each trial of a search, would refuse it only when it runs."""
    key = draft.resolved.short_names.get(_TARGET, "")
    text = draft.layers.get(key)
    if not isinstance(text, str) or not text:
        return []
    try:
        draft.resolved.rules.target(text)
    except InputError as error:
        return [Problem(error.code, key, error.message, error.remedy)]
    return []


def _parent(resolved: ResolvedRequest, schema: ActionSchema) -> Parent | None:
    job_id = resolved.request.parent_job_id
    if not job_id:
        return None
    parent = load_parent(resolved.store, job_id, resolved.wanted, resolved.skill.task_of(resolved.action))
    require_known_network(resolved, schema, parent)
    return parent


def _profile(draft: Draft) -> str | None:
    """The profile that was named; else one chosen by machine, unless user or parent settle the backbone."""
    resolved = draft.resolved
    if resolved.request.profile and resolved.can.needs_image and not resolved.embedded:
        require_profile_of_container(resolved.skill, resolved.request.profile, resolved.runner)
    if resolved.request.profile or draft.parent or resolved.short_names.get(_BACKBONE) in resolved.overridden:
        return resolved.request.profile
    chosen = choose_profile(resolved.skill, resolved.runner, embedded=resolved.embedded)
    if chosen:
        about = resolved.skill.profiles[chosen]["about"]
        machine = (
            f"this machine has {'a' if has_gpu() else 'no'} GPU"
            if resolved.can.on_this_machine
            else f"runner {resolved.runner}"
        )
        unnamed = f", and no {_BACKBONE} was named" if _BACKBONE in resolved.short_names else ""
        draft.warnings.append(f"{machine}{unnamed}: profile {chosen} ({about})")
    return chosen


def _put_devices(draft: Draft) -> list[str]:
    """Put the counts of GPUs and nodes; returns warnings where they have no effect."""
    resolved, layers, warnings = draft.resolved, draft.layers, []
    section = resolved.skill.section(resolved.action)
    for name, pattern in resolved.skill.info["resources"]["spec_keys"].items():
        count, key = getattr(resolved.request, name), pattern.format(section=section)
        if count is not None and layers.schema.node(key) is None:
            warnings.append(f"{name}={count} has no effect: the spec of {resolved.action} has no {key}")
        elif count is not None:
            layers.put(key, count, "shorthand", name)
    if resolved.request.gpus and resolved.can.on_this_machine and not has_gpu():
        warnings.append(f"{resolved.request.gpus} GPUs are asked for, but this machine shows none: it runs on the CPU")
    if resolved.can.on_this_machine and not has_gpu() and f"{section}.gpu_ids" in resolved.overridden:
        warnings.append(f"{section}.gpu_ids has no effect: this machine shows no GPU, and it runs on the CPU")
    return warnings


def _settle(draft: Draft) -> None:
    """Adjust defaults that break a rule between keys; what is still broken then is an error."""
    resolved, layers = draft.resolved, draft.layers
    _settle_start(draft)
    settled = resolved.rules.constraints(layers.spec, resolved.action, layers.given())
    for change in settled.adjustments:
        layers.suggest(change.key, change.new, "adjusted", change.reason)
    draft.warnings += not_here_yet(layers, resolved.skill) if resolved.tables.staged else []
    unfit = [*fit_to_engine(layers, embedded=resolved.embedded), *unfit_files(draft)]
    if resolved.embedded and resolved.can.on_this_machine and (not has_gpu() or resolved.request.gpus == 0):
        unfit += unfit_to_processor(layers)
    refuse([*settled.problems, *unfit])
    kept = [change for change in settled.adjustments if change.key in layers.provenance]
    draft.adjustments = tuple(Adjustment(change.key, change.old, change.new, change.reason) for change in kept)


def _settle_start(draft: Draft) -> None:
    """A model to start from that the profile chose goes where the user wants another network, or another start."""
    resolved, names = draft.resolved, draft.resolved.short_names
    inherited = resolved.rules.inherited
    others = [key for key in inherited.architecture if is_below(key, inherited.network)]
    others += [key for name in (_BACKBONE, BACKBONE_WEIGHTS, _RESUME) if (key := names.get(name))]
    start = names.get(_START, "")
    if start and (why := start_left_out(draft.layers, start, others)):
        draft.warnings.append(why)

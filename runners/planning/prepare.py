# SPDX-License-Identifier: Apache-2.0
"""From a decision to a sealed plan. Reads files; starts and writes nothing.

The spec grows from the action's template by layers, later ones covering earlier ones: profile, data sources, parent,
short names, overrides. Then defaults that break a rule with what was given are adjusted, and the whole is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import InputError
from core.problem import Problem, refuse
from core.redaction import redact
from router.types import Decision
from runners.planning.data_shape import apply_data_shape
from runners.planning.data_sources import apply_sources
from runners.planning.engines import fit_to_engine, not_embedded
from runners.planning.inheritance import inherit, require_same_architecture
from runners.planning.inputs import inputs_of, missing_weights, open_questions, settle_paths
from runners.planning.layers import Layers
from runners.planning.overrides import apply_overrides
from runners.planning.parents import apply_own_files, apply_parent, load_parent
from runners.planning.plan import JOB_FOLDER, Adjustment, Plan, Resources
from runners.planning.plan import open_questions as open_questions_error
from runners.planning.profiles import BACKBONE, apply_profile, choose_profile, has_gpu
from runners.planning.resolved import setting_of
from runners.planning.schema import ActionSchema

if TYPE_CHECKING:
    from router.declarations import Skill
    from runners.jobs.store import JobStore
    from runners.planning.parents import Parent
    from runners.planning.resolved import Setting

TARGET = "model.classify.target"


@dataclass(slots=True)
class _Draft:
    """A plan that is being made."""

    setting: Setting
    layers: Layers
    parent: Parent | None
    profile: str | None = None
    adjustments: tuple[Adjustment, ...] = ()
    warnings: list[str] = field(default_factory=list)


def prepare(decision: Decision, skill: Skill, *, store: JobStore | None = None, command: str | None = None) -> Plan:
    """The sealed plan of a decision; what is missing stands in it as questions, and it can't be launched then.

    `store` holds the parent jobs (default: the request's results root); `command` names another `visual_changenet`.

    Raises:
        MissingInputError: the decision names no action yet.
        SpecError, UnknownKeyError: values or keys that can't be used, all of them at once.
        DataError: data that is named is not there, or is not laid out as the action needs it.
        ParentError: the parent is not there, or does not have the one artifact that is asked for.
        RequestError: no such profile.
    """
    if decision.action is None:
        raise open_questions_error(decision.missing)
    setting = setting_of(decision, skill, store, command)
    schema = ActionSchema.read(setting.action, skill.schema_path(setting.action), skill.template_path(setting.action))
    draft = _Draft(setting, Layers(schema), _parent(setting))
    _put_suggestions(draft)
    _put_overrides(draft)
    _settle(draft)
    return _seal(decision, draft)


def _put_suggestions(draft: _Draft) -> None:
    """All layers below what the user sets by name."""
    setting, layers = draft.setting, draft.layers
    apply_own_files(layers, setting.skill)
    draft.profile = _profile(draft)
    if draft.profile:
        apply_profile(layers, setting.skill, draft.profile, trains=setting.trains)
    apply_sources(layers, setting.request, setting.tables)
    apply_data_shape(layers)
    if draft.parent:
        apply_parent(layers, draft.parent, setting.wanted, setting.overridden)
        inherit(layers, draft.parent, resumes=setting.trains and draft.parent.job.action == setting.action)


def _put_overrides(draft: _Draft) -> None:
    """What the user sets by name, checked together with the whole spec."""
    setting, layers = draft.setting, draft.layers
    draft.warnings += _put_devices(draft)
    problems = apply_overrides(layers, setting.request.overrides, setting.short_names)
    problems += settle_paths(layers, setting.skill, local=setting.local) + _target_problems(layers)
    refuse([*problems, *layers.schema.problems(layers.spec)])
    if draft.parent:
        require_same_architecture(layers, draft.parent)


def _target_problems(layers: Layers) -> list[Problem]:
    """A target that can't be read: the engine, and each trial of a search, would refuse it only when it runs."""
    from scoring.targets import parse

    text = layers.get(TARGET)
    if not isinstance(text, str) or not text:
        return []
    try:
        parse(text)
    except InputError as error:
        return [Problem(error.code, TARGET, error.message, error.remedy)]
    return []


def _parent(setting: Setting) -> Parent | None:
    job_id = setting.request.parent_job_id
    if not job_id:
        return None
    return load_parent(setting.store, job_id, setting.wanted, setting.skill.task_of(setting.action))


def _profile(draft: _Draft) -> str | None:
    """The profile that was named; else one chosen by machine, unless user or parent settle the backbone."""
    setting = draft.setting
    if setting.request.profile or draft.parent or BACKBONE in setting.overridden:
        return setting.request.profile
    chosen = choose_profile(setting.skill, setting.runner, embedded=setting.embedded)
    if chosen:
        about = setting.skill.profiles[chosen]["about"]
        machine = f"this machine has {'a' if has_gpu() else 'no'} GPU" if setting.local else f"runner {setting.runner}"
        draft.warnings.append(f"{machine}, and no backbone was named: profile {chosen} ({about})")
    return chosen


def _put_devices(draft: _Draft) -> list[str]:
    """Put the counts of GPUs and nodes; returns warnings where they have no effect."""
    setting, layers, warnings = draft.setting, draft.layers, []
    section = setting.skill.section(setting.action)
    for name, pattern in setting.skill.info["resources"]["spec_keys"].items():
        count, key = getattr(setting.request, name), pattern.format(section=section)
        if count is not None and layers.schema.node(key) is None:
            warnings.append(f"{name}={count} has no effect: the spec of {setting.action} has no {key}")
        elif count is not None:
            layers.put(key, count, "shorthand", name)
    if setting.request.gpus and setting.local and not has_gpu():
        warnings.append(f"{setting.request.gpus} GPUs are asked for, but this machine shows none: it runs on the CPU")
    return warnings


def _settle(draft: _Draft) -> None:
    """Adjust defaults that break a rule between keys; what is still broken then is an error."""
    from spec.constraints import settle

    setting, layers = draft.setting, draft.layers
    settled = settle(layers.spec, setting.action, layers.given())
    for change in settled.adjustments:
        layers.suggest(change.key, change.new, "adjusted", change.reason)
    refuse([*settled.problems, *fit_to_engine(layers, embedded=setting.embedded)])
    kept = [change for change in settled.adjustments if change.key in layers.provenance]
    draft.adjustments = tuple(Adjustment(change.key, change.old, change.new, change.reason) for change in kept)


def _seal(decision: Decision, draft: _Draft) -> Plan:
    setting, layers = draft.setting, draft.layers
    skill, action = setting.skill, setting.action
    argv = skill.command(action, f"{JOB_FOLDER}/spec.yaml")
    if setting.embedded and (problem := not_embedded(action)):
        draft.warnings.append(f"{problem}, and is planned here only")
    questions = open_questions(layers, setting.request, setting.tables, setting.wanted, setting.store)
    return Plan.sealed(
        decision=_without_secrets(decision),
        action=action,
        task=skill.task_of(action),
        spec=layers.spec,
        provenance=layers.origins(),
        runner=setting.runner,
        command=(setting.engine, *argv[1:]),
        results_root=str(setting.store.root),
        engine="embedded" if setting.embedded else "named" if setting.local else "container",
        profile=draft.profile,
        image=None if setting.local else skill.image(action),
        resources=_resources(layers, setting),
        inputs=inputs_of(layers, skill),
        outputs={key: str(layers.get(key)) for key in skill.action_info(action)["outputs"] if layers.get(key)},
        parent_job_id=draft.parent.job.id if draft.parent else None,
        adjustments=draft.adjustments,
        warnings=tuple(draft.warnings),
        missing=(*decision.missing, *questions, *missing_weights(layers, local=setting.local)),
    )


def _resources(layers: Layers, setting: Setting) -> Resources:
    section = setting.skill.section(setting.action)
    gpus, nodes = (layers.get(f"{section}.{name}") for name in ("num_gpus", "num_nodes"))
    present = not setting.local or has_gpu()
    return Resources(
        gpus=(gpus or 0) if present else 0,
        nodes=nodes or 1,
        shm_size=str(setting.skill.info["resources"]["shared_memory"]),
    )


def _without_secrets(decision: Decision) -> Decision:
    return Decision.from_json(redact(decision.to_json()))

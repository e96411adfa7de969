# SPDX-License-Identifier: Apache-2.0
"""Checks the slots of a request, and fills the open ones from its words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import RequestError, did_you_mean
from core.redaction import redact
from router.notes import listed
from router.overrides import KEYS
from router.tokens import fold
from router.types import Question, Request
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.declarations import Skill
    from router.notes import Notes
    from router.spoken import Spoken

RESULTS = "results_root"
_OF_SPEC = (
    "epochs",
    "batch_size",
    "learning_rate",
    "precision",
    "margin",
    "lights",
    "classes",
    "validation_interval",
    "checkpoint_interval",
)
_KEYS_OF_ENGINE = {"batch_size": "max_batch_size"}
_KEYS_OF_TRAINING = frozenset(
    {"epochs", "learning_rate", "seed", "precision", "validation_interval", "checkpoint_interval"}
)
_OF_SEARCH = {
    "trials": "trials",
    "hours": "wall_minutes",
    "parallel": "parallel",
    "trial_minutes": "trial_minutes",
    "total_epochs": "epochs",
} | {"algorithm": "algorithm", "no_search": "remove", "objective": "objectives", "final_test": "test"}
OF_TRAINING = _KEYS_OF_TRAINING | _OF_SEARCH.keys()
_PRECISIONS = {"fp32": "32-true", "fp16": "16-mixed", "bf16": "bf16-mixed"}
_MINUTES = 60
_LONGEST_REQUEST = 10_000  # characters: what is longer holds something else than a request


def check_slots(request: Request, skill: Skill) -> None:
    """Refuse slot values that can't be meant.

    Raises:
        RequestError: naming the slot, and what it takes.
    """
    if len(request.text) > _LONGEST_REQUEST:
        message = f"it has {len(request.text):,} characters, and {_LONGEST_REQUEST:,} are read at most"
        remedy = "say what is to be done in a few sentences; paths and settings may be given as options"
        raise RequestError(message, code="request.too_long", where="request", remedy=remedy)
    policy = skill.info["train_policy"]
    _one_of("task", request.task, skill.info["tasks"])
    _one_of("task", request.overrides.get("task"), skill.info["tasks"])
    _one_of("automl_policy", request.automl_policy, policy["options"])
    _one_of("profile", request.profile, skill.profiles)
    _at_least("gpus", request.gpus, 0)
    _at_least("nodes", request.nodes, 1)
    if policy["slot"] in request.overrides:
        message = f"'{policy['slot']}' is no key of the spec; it is a slot of the request"
        raise RequestError(message, code="request.slot", where=policy["slot"], remedy="give it as `--automl on|off`")


def _one_of(slot: str, value: Any, options: Iterable[str]) -> None:
    names = list(options)
    if value is not None and value not in names:
        hint = did_you_mean(str(value), names)
        message = f"'{value}' is not possible for {slot}. {hint}".strip()
        raise RequestError(message, code="request.slot", where=slot, remedy=f"choose one of {listed(names)}")


def _at_least(slot: str, value: int | None, least: int) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        message = f"'{value}' is not possible for {slot}"
        raise RequestError(message, code="request.slot", where=slot, remedy=f"give a whole number from {least} on")


class Purpose(NamedTuple):
    """What values are wanted for: whether something is trained (or that is open), and by one training, not a search.

    `builds` is whether an engine is built, which fixes number format and largest batch.
    """

    trains: bool
    direct: bool
    builds: bool = False


def fill(request: Request, spoken: Spoken, skill: Skill, notes: Notes, purpose: Purpose) -> Request:
    """The request with its open slots filled from the words. What was given is never touched.

    What concerns training alone is taken where the action is one, what concerns a search where it is not direct.
    """
    found: dict[str, Any] = {
        "runner": _runner(spoken, request, notes),
        "profile": _single("profile", spoken.profiles, "Which profile?", request, notes),
        "parent_job_id": _single("parent_job_id", spoken.jobs or spoken.parents, "Which job is it?", request, notes),
        "gpus": spoken.values.get("gpus"),
        "nodes": spoken.values.get("nodes"),
        "search": _search(spoken) if purpose.trains and not purpose.direct else {},
        **_data_slots(request, spoken, skill, notes, trains=purpose.trains),
    }
    _ask_unclear(request, spoken, skill, notes)
    blank = Request()
    fresh = {
        slot: value
        for slot, value in found.items()
        if value not in (None, {}) and getattr(request, slot) == getattr(blank, slot)
    }
    overrides = _overrides(request, spoken, skill, notes, purpose)
    read = {**fresh, **{name: value for name, value in overrides.items() if name not in request.overrides}}
    if read:
        notes.because(f"from the words: {listed(f'{name} {value}' for name, value in redact(read).items())}")
    return replace(request, **fresh, overrides=overrides)


def _runner(spoken: Spoken, request: Request, notes: Notes) -> str | None:
    named = tuple(name for name in spoken.runners if name != "unclear")
    if not named and "unclear" in spoken.runners and request.runner is None and "gpus" not in spoken.values:
        choices = ("local", "docker", "slurm", "kubernetes", "ray")
        notes.ask(Question("runner", "Which runner does that machine take: this one, a container, a cluster?", choices))
    return _single("runner", named, "Which runner?", request, notes)


def _search(spoken: Spoken) -> dict[str, Any]:
    found = {setting: spoken.values[name] for name, setting in _OF_SEARCH.items() if name in spoken.values}
    if "wall_minutes" in found:
        found["wall_minutes"] = round(found["wall_minutes"] * _MINUTES, 3)
    return found | ({"seed": spoken.values["seed"]} if "seed" in spoken.values else {})


def _single(slot: str, found: Sequence[str], question: str, request: Request, notes: Notes) -> str | None:
    if len(found) > 1 and getattr(request, slot) is None:
        notes.ask(Question(slot, f"{question} The words name {listed(found)}.", tuple(found)))
    return found[0] if len(found) == 1 else None


def _data_slots(request: Request, spoken: Spoken, skill: Skill, notes: Notes, *, trains: bool) -> dict[str, Any]:
    """Paths of the words by the role that the words before them give.

    A single path holds all data, unless a training request gives it for validation or test only.
    """
    by_role = [(role, path) for path, role in spoken.paths]
    slots: dict[str, Any] = {role: path for role, path in by_role if role == RESULTS}
    data = [(role, path) for role, path in by_role if role != RESULTS]
    whole = len(data) == 1 and not _has_data(request) and (not trains or data[0][0] in {None, "train_datasets"})
    if whole and data[0][0] != "calibration_dataset":
        return slots | {"data": data[0][1]}
    named = {role for role, _ in data if role}
    if len(named) == len(data):
        many = {name for name, source in skill.info["dataset_sources"].items() if source.get("list")}
        return slots | {role: (path,) if role in many else path for role, path in data if role}
    if not _has_data(request):
        paths = tuple(path for _, path in data)
        notes.ask(Question("data", f"What is each of {listed(paths)} for: training, validation, test?", paths))
    return slots


def _has_data(request: Request) -> bool:
    return bool(request.data or request.train_datasets or request.eval_dataset or request.inference_dataset)


def _ask_unclear(request: Request, spoken: Spoken, skill: Skill, notes: Notes) -> None:
    given = {"gpus": request.gpus, "nodes": request.nodes} | _by_key(request.overrides, skill)
    for name, found in spoken.unclear.items():
        slot = KEYS.get(name, name)
        if given.get(_key(slot, skill)) is None:
            several = len(found) > 1
            asked = ". Which one?" if several else ", which can't be used. Which value?"
            notes.ask(Question(slot, f"The words give {listed(found)} for {slot}{asked}", tuple(found) * several))


def _overrides(request: Request, spoken: Spoken, skill: Skill, notes: Notes, purpose: Purpose) -> dict[str, Any]:
    """The overrides of the request, after those of the words for keys that the request leaves open."""
    values = spoken.values
    told = {name: values[name] for name in _OF_SPEC if name in values}
    if not purpose.trains:
        for name in sorted(OF_TRAINING & values.keys()):
            notes.warn(f"{name} {values[name]} is named in the words, and no training is asked for: it is left out")
        told = {name: value for name, value in told.items() if name not in _KEYS_OF_TRAINING}
    elif purpose.direct:
        for name in (name for name in _OF_SEARCH if name in values):
            notes.warn(f"{name} {values[name]} limits a search, and this is one training: it is left out")
    read = {KEYS.get(name, name): _PRECISIONS.get(value, value) for name, value in told.items()}
    if purpose.builds:
        read = {_KEYS_OF_ENGINE.get(name, name): value for name, value in read.items()}
        read |= {name: values[name] for name in ("data_type",) if name in values}
    if "seed" in values and purpose.trains and purpose.direct:
        read["seed"] = values["seed"]
    if "backbone" in values:
        read["backbone"] = backbone_of(values["backbone"], skill)
    if target := _target(values.get("target"), notes):
        read["target"] = target
    read |= spoken.overrides
    given = {*_by_key(request.overrides, skill), *request.overrides}
    return {name: value for name, value in read.items() if _key(name, skill) not in given} | request.overrides


def backbone_of(said: str, skill: Skill) -> str:
    """The spec's value for a backbone as people name it; a name that is not known stands for itself."""
    return vocabulary_of(skill).backbones.get(fold(said), said)


def _target(target: dict[str, float] | None, notes: Notes) -> str | None:
    """A target in words as the spec writes it."""
    if not target:
        return None
    recall = f"{round(100 * target['recall'], 6):g}%" if "recall" in target else ""
    if "false_alarms" not in target:
        return f"recall>={recall}"
    alarms = f"{round(100 * target['false_alarms'], 6):g}%"
    if recall:
        return f"far<={alarms} at recall={recall}"
    notes.warn(
        f"at most {alarms} false alarms says nothing without a recall: give --target 'far<={alarms} at recall=99%'"
    )
    return None


def with_image_size(request: Request, spoken: Spoken, skill: Skill, task: str, notes: Notes) -> Request:
    """The request with the image size of the words under the keys that the task has for it, which may be one."""
    if (size := spoken.values.get("image_size")) is None:
        return request
    width, height = size if isinstance(size, list) else (size, size)
    short = {name for name, target in skill.info["spec_shorthand_keys"].items() if task in str(target)}
    read = {"image_width": width, "image_height": height} if "image_width" in short else {"img_size": width}
    if len({width, height}) > len(read):
        notes.warn(f"pictures are square here: of {width}x{height} only img_size={width} is taken")
    return replace(request, overrides={n: v for n, v in read.items() if n not in request.overrides} | request.overrides)


def _by_key(overrides: dict[str, Any], skill: Skill) -> dict[str, Any]:
    return {_key(name, skill): value for name, value in overrides.items()}


def _key(name: str, skill: Skill) -> str:
    """The spec key of a short name; where it depends on the action, the short name stands for itself."""
    target = skill.info["spec_shorthand_keys"].get(name, name)
    return target if isinstance(target, str) else name

# SPDX-License-Identifier: Apache-2.0
"""What goes into the router and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

# Parents that only the record can tell.
LAST_TRAINING, LAST_MODEL, BEST_TRIAL, LAST_FAILED = "last_training", "last_model", "best_trial", "last_failed"
SPOKEN_PARENTS = frozenset({LAST_TRAINING, LAST_MODEL, BEST_TRIAL, LAST_FAILED})
AutomlPolicy = Literal["on", "off"]
Route = Literal["automl", "direct", "action"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks for: words, slots, or both; slots beat words.

    Slots that stand at their default were not given. `overrides` maps dotted spec keys, or shorthand keys, to values.
    `platform` holds what is set about the runner, by the names of its settings. `data` is a folder (or URI) from which
    all sources are taken that have no slot of their own. `search` holds what the words say of a search, by the names of
    `automl.settings`: trials, wall_minutes, parallel, seed.
    """

    text: str = ""
    action: str | None = None
    task: str | None = None
    automl_policy: AutomlPolicy | None = None
    data: str | None = None
    train_datasets: tuple[str, ...] = ()
    eval_dataset: str | None = None
    inference_dataset: str | None = None
    calibration_dataset: tuple[str, ...] = ()
    overrides: dict[str, Any] = field(default_factory=dict)
    parent_job_id: str | None = None
    runner: str | None = None
    gpus: int | None = None
    nodes: int | None = None
    platform: dict[str, Any] = field(default_factory=dict)
    profile: str | None = None
    results_root: str | None = None
    search: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The slots that were given, as a JSON object."""
        blank = type(self)()
        return {f.name: _plain(v) for f in fields(self) if (v := getattr(self, f.name)) != getattr(blank, f.name)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Request:
        """The request of a JSON object; the inverse of `to_json`. Unknown names raise TypeError."""
        slots: dict[str, Any] = dict(document)
        for name in {"train_datasets", "calibration_dataset"} & slots.keys():
            slots[name] = tuple(slots[name])
        return cls(**slots)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is missing, as a question that can be put to the user."""

    slot: str
    text: str
    choices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"slot": self.slot, "text": self.text, "choices": list(self.choices)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Question:
        """The inverse of `to_json`."""
        return cls(document["slot"], document["text"], tuple(document["choices"]))


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a request is for: its name in words, what is said of it, and the line to type."""

    verb: str
    values: dict[str, Any]
    line: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"verb": self.verb, "values": self.values, "line": self.line}


@dataclass(frozen=True, slots=True)
class Decision:
    """Which action runs, by which route, and why.

    `action` and `route` are None while a question about them is open. `skill` is the one that takes the request on.
    `request` holds every slot that the caller set, unchanged, and values read from the words in slots that were open.
    `handover` is set on the automl route: the skill that takes over, and what it is given. A request for several
    actions has `steps`, a decision each, and names no action itself; one that is for a command has `command`. `stated`
    are the values that the words give, by name; `not_understood` is what of them nothing was made of.
    """

    skill: str
    action: str | None
    task: str | None
    route: Route | None
    automl_policy: AutomlPolicy
    policy_source: Literal["slot", "phrase", "default"]
    request: Request
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[Question, ...] = ()
    handover: dict[str, Any] | None = None
    steps: tuple[Decision, ...] = ()
    command: Command | None = None
    stated: dict[str, Any] = field(default_factory=dict)
    not_understood: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        document: dict[str, Any] = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        document["request"] = self.request.to_json()
        document["missing"] = [question.to_json() for question in self.missing]
        document["steps"] = [step.to_json() for step in self.steps]
        document["command"] = self.command.to_json() if self.command else None
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Decision:
        """The inverse of `to_json`."""
        known = dict(document)
        known["request"] = Request.from_json(known["request"])
        known["missing"] = tuple(Question.from_json(question) for question in known["missing"])
        known["reasons"] = tuple(known["reasons"])
        known["warnings"] = tuple(known["warnings"])
        known["not_understood"] = tuple(known.get("not_understood", ()))
        known["steps"] = tuple(cls.from_json(step) for step in known.get("steps", ()))
        known["command"] = Command(**known["command"]) if known.get("command") else None
        return cls(**known)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

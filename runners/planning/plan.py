# SPDX-License-Identifier: Apache-2.0
"""A plan: everything that a launch needs, decided and sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from core.documents import canonical_json
from core.errors import MissingInputError, RequestError
from router.types import Decision, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

Source = Literal["template", "profile", "data", "parent", "job", "shorthand", "override", "adjusted"]
JOB_FOLDER = "{job}"
"""Stands in a plan for the folder of the job that it will become; `at_job` puts the folder in its place."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of one spec key comes from; `detail` names the profile, source, parent job or reason."""

    source: Source
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A default that broke a rule between keys, and what it was set to."""

    key: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine as the container sees it."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Resources:
    """What the action may use; `threads` None means every CPU that this process may run on.

    `network`: it speaks to other machines; a container without has none.
    """

    gpus: int = 0
    nodes: int = 1
    threads: int | None = None
    shm_size: str = "8g"
    network: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a launch needs, decided and sealed: what was reviewed is what is launched.

    `spec` is the nested experiment spec, with places as they are on this machine; `provenance` says for each dotted key
    that is not the template's where its value comes from, `inputs` maps spec keys to local paths or URIs, `mounts` says
    where a container finds them, `platform` holds what was set about the runner.
    `secrets` names the variables whose values the platform hands to the action's environment and to nothing else,
    `outputs` names what the action writes, `part_of` the search whose trial, or evaluation, it is, `retry_of` the job
    that was ended from outside and that it goes on with, `skill_dir` the skill that it is a plan of (empty: the one
    that this code belongs to).
    Make one with `Plan.sealed`; `id` is the hash of everything else.
    """

    id: str
    decision: Decision
    action: str
    task: str
    spec: dict[str, Any]
    provenance: dict[str, Provenance]
    runner: str
    command: tuple[str, ...]
    results_root: str
    engine: Literal["embedded", "named", "container"] = "embedded"
    profile: str | None = None
    image: str | None = None
    mounts: tuple[Mount, ...] = ()
    resources: Resources = field(default_factory=Resources)
    secrets: tuple[str, ...] = ()
    inputs: dict[str, str | list[str]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    platform: dict[str, Any] = field(default_factory=dict)
    parent_job_id: str | None = None
    part_of: str | None = None
    retry_of: str | None = None
    skill_dir: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[Question, ...] = ()

    @classmethod
    def sealed(cls, **parts: Any) -> Plan:
        """The plan of these parts, with its id."""
        draft = cls(id="", **parts)
        return replace(draft, id=draft.fingerprint())

    def warned(self, warnings: Sequence[str]) -> Plan:
        """The plan with further warnings, sealed again."""
        if not warnings:
            return self
        draft = replace(self, warnings=(*self.warnings, *warnings))
        return replace(draft, id=draft.fingerprint())

    def fingerprint(self) -> str:
        """The SHA-256 of the plan's canonical JSON without its id."""
        document = self.to_json()
        del document["id"]
        return hashlib.sha256(canonical_json(document).encode()).hexdigest()

    def require_launchable(self) -> None:
        """Nothing was altered since the plan was sealed, and nothing is missing.

        Raises:
            RequestError: the plan is no longer the one that its id names.
            MissingInputError: with the questions that are open.
        """
        if self.id != self.fingerprint():
            remedy = "prepare the plan again with the values that you want, and launch that one"
            raise RequestError("the plan was altered after it was sealed", code="plan.altered", remedy=remedy)
        if self.missing:
            raise open_questions(self.missing)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; equal plans give equal objects."""
        document = {f.name: plain(getattr(self, f.name)) for f in fields(self)}
        document["decision"] = self.decision.to_json()
        document["missing"] = [question.to_json() for question in self.missing]
        if not self.tables:  # as plans that were recorded before this was kept
            del document["tables"]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Plan:
        """The inverse of `to_json`; `require_launchable` tells whether the document was altered."""
        parts = dict(document)
        parts["decision"] = Decision.from_json(parts["decision"])
        parts["provenance"] = {key: Provenance(**value) for key, value in parts["provenance"].items()}
        parts["mounts"] = tuple(Mount(**mount) for mount in parts["mounts"])
        parts["resources"] = Resources(**parts["resources"])
        parts["adjustments"] = tuple(Adjustment(**adjustment) for adjustment in parts["adjustments"])
        parts["missing"] = tuple(Question.from_json(question) for question in parts["missing"])
        for name in ("command", "warnings", "secrets"):
            parts[name] = tuple(parts.get(name, ()))
        return cls(**parts)


def open_questions(questions: tuple[Question, ...]) -> MissingInputError:
    """The error that lists what still has to be answered."""
    texts = "".join(f"\n  - {question.text}" for question in questions)
    slots = ", ".join(question.slot for question in questions)
    return MissingInputError(f"this can't be launched yet:{texts}", remedy=f"give: {slots}")


def at_job(value: Any, folder: str) -> Any:
    """A copy of `value` in which the job's folder takes the place of `JOB_FOLDER` at the beginning of texts."""
    if isinstance(value, str):
        inside = value == JOB_FOLDER or value.startswith(f"{JOB_FOLDER}/")
        return folder + value[len(JOB_FOLDER) :] if inside else value
    if isinstance(value, dict):
        return {name: at_job(item, folder) for name, item in value.items()}
    if isinstance(value, Mount):
        return replace(value, source=at_job(value.source, folder))
    return [at_job(item, folder) for item in value] if isinstance(value, list | tuple) else value


def plain(value: Any) -> Any:
    """A value of dataclasses, dictionaries and sequences as JSON has it."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, Decision | Question):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value

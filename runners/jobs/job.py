# SPDX-License-Identifier: Apache-2.0
"""A job: what the store knows of an action that was launched."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from core.problem import Problem


class JobState(StrEnum):
    """PENDING until the action runs; UNKNOWN while the job belongs to a machine that can't be asked from here."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never change again."""
        return self in {JobState.COMPLETE, JobState.ERROR, JobState.CANCELED}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a job left behind; `path` is relative to the job's results folder, or absolute outside it.

    `kind` is checkpoint, onnx, engine, table, status, spec, image or file. The `roles` of checkpoints are `best`,
    `latest` (highest epoch and step), `top_k`, `periodic` and `quantized`; `epoch` (from 0) and `step` are those that
    the checkpoint itself records.
    """

    path: str
    kind: str
    size: int
    sha256: str
    roles: tuple[str, ...] = ()
    epoch: int | None = None
    step: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__} | {"roles": list(self.roles)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Artifact:
        """The inverse of `to_json`."""
        return cls(**{**document, "roles": tuple(document["roles"])})


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in a job's life; `at` is UTC in ISO 8601."""

    state: JobState
    at: str
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"state": self.state, "at": self.at, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Handle:
    """By what a platform finds a started job again from any process: a JSON document in the record, with no secret.

    A later handle of a job takes the place of the earlier ones.
    """

    platform: str
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Handle:
        """The inverse of `to_json`."""
        return cls(**document)


@dataclass(frozen=True, slots=True)
class Job:
    """What the store knows of a job.

    `folder` holds plan.json, spec.yaml and log.txt; `results_dir` is where the action writes.
    `part_of` is the search whose trial, or evaluation, it is; `retry_of` the job that was ended from outside, and that
    it goes on with; `failure` is why it did not complete, `removed_at` when its files were removed.
    """

    id: str
    action: str
    task: str
    runner: str
    state: JobState
    folder: str
    results_dir: str
    plan_id: str
    config_sha256: str
    transitions: tuple[Transition, ...]
    image: str | None = None
    image_digest: str | None = None
    parent_job_id: str | None = None
    part_of: str | None = None
    retry_of: str | None = None
    exit_code: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    failure: Problem | None = None
    removed_at: str | None = None

    @property
    def created_at(self) -> str:
        """When the record was opened."""
        return self.transitions[0].at

    @property
    def updated_at(self) -> str:
        """When the state changed last."""
        return self.transitions[-1].at

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self._but_for_artifacts() | {"artifacts": [artifact.to_json() for artifact in self.artifacts]}

    def summary(self) -> dict[str, Any]:
        """The same for a list of jobs: how many artifacts there are of each kind, in their place."""
        return self._but_for_artifacts() | {"artifact_counts": Counter(artifact.kind for artifact in self.artifacts)}

    def _but_for_artifacts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "artifacts"} | {
            "transitions": [transition.to_json() for transition in self.transitions],
            "metrics": dict(self.metrics),
            "failure": self.failure.to_json() if self.failure else None,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Job:
        """The inverse of `to_json`."""
        parts = {f.name: document[f.name] for f in fields(cls) if f.name in document}
        parts["state"] = JobState(parts["state"])
        parts["transitions"] = tuple(Transition(**{**t, "state": JobState(t["state"])}) for t in parts["transitions"])
        parts["artifacts"] = tuple(Artifact.from_json(artifact) for artifact in parts["artifacts"])
        parts["failure"] = Problem.from_json(parts["failure"]) if parts["failure"] else None
        return cls(**parts)

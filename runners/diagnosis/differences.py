# SPDX-License-Identifier: Apache-2.0
"""What differs between a job that failed and the last one of its kind that completed: spec, data, engine, platform."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.dotted import flatten
from core.errors import InputError
from core.file_names import PLAN_FILE
from runners.jobs.job import JobState
from runners.names import VERSIONS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

_JOBS_READ = 200
_VERSION = "version of "
_ABSENT = object()
_OWN = ("results_dir", "resume_training_checkpoint_path")  # differ with every job


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was otherwise in the last good run; None where it was not there at all."""

    what: str
    then: Any
    now: Any

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"what": self.what, "then": self.then, "now": self.now}


def last_good(store: JobStore, job: Job) -> Job | None:
    """The newest job before this one that completed: of the same plan if there is one, else of the same action."""
    same = [one for one in store.with_plan(job.plan_id) if _is_earlier(one, job)]
    if same:
        return same[-1]
    return next((one for one in store.newest(_JOBS_READ) if one.action == job.action and _is_earlier(one, job)), None)


def _is_earlier(one: Job, job: Job) -> bool:
    return one.state is JobState.COMPLETE and one.id != job.id and one.created_at <= job.created_at


def differences(job: Job, good: Job) -> tuple[Difference, ...]:
    """All that is recorded of both and differs; data that lies at the same place but was changed since, as well."""
    return tuple(_all(_document(job, PLAN_FILE), _document(good, PLAN_FILE), job, good))


def _all(plan: dict[str, Any], before: dict[str, Any], job: Job, good: Job) -> Iterator[Difference]:
    now, then = _facts(plan, job), _facts(before, good)
    for name in sorted(now.keys() | then.keys()):
        if name.startswith(_VERSION) and not (name in now and name in then):
            continue  # older jobs, and those of containers, have none
        if now.get(name, _ABSENT) != then.get(name, _ABSENT):
            yield Difference(name, then.get(name), now.get(name))
    inputs = plan.get("inputs")
    for key, place in inputs.items() if isinstance(inputs, dict) else ():
        for one in place if isinstance(place, list) else [place]:
            if changed := _changed_since(str(one), good):
                yield Difference(f"{key} ({one})", "as it was when that job ran", changed)


def _facts(plan: dict[str, Any], job: Job) -> dict[str, Any]:
    spec = plan.get("spec")
    keys = flatten(spec) if isinstance(spec, dict) else {}
    facts = {key: value for key, value in keys.items() if not key.endswith(_OWN)}
    command = plan.get("command")
    engine = command[0] if isinstance(command, list) and command else None
    resources = plan.get("resources")
    return facts | {
        "runner": job.runner,
        "engine": engine,
        "image": job.image,
        "image digest": job.image_digest,
        **{f"{_VERSION}{name}": value for name, value in _document(job, VERSIONS_FILE).items()},
        **{f"resources.{name}": value for name, value in (resources.items() if isinstance(resources, dict) else ())},
    }


def _changed_since(place: str, good: Job) -> str:
    """Whether a file or folder was written to after the good job had ended; only its own date is asked."""
    with suppress(OSError, ValueError):
        found = Path(place).stat()
        if found.st_mtime > datetime.fromisoformat(good.updated_at).timestamp():
            when = datetime.fromtimestamp(found.st_mtime).astimezone().isoformat(" ", "seconds")
            return f"changed at {when}, {found.st_size:,} bytes now"
    return ""


def _document(job: Job, name: str) -> dict[str, Any]:
    with suppress(InputError):
        document = read_json(Path(job.folder) / name)
        return document if isinstance(document, dict) else {}
    return {}

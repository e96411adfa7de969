# SPDX-License-Identifier: Apache-2.0
"""The commands that help after a failure, filled from the job's plan: the same run again, with what has to change.

Places of a rule's `fix`: `again`; `resume` (a training that left a checkpoint goes on from it); with one value changed
`half_batch`, `fewer_workers`, `lower_rate`, `more_epochs`, `random_backbone`, `right_loss`, `on_cpu`, `one_gpu`,
`more_time` and `more_memory` (twice what was asked for);
`from_parent` (the action on the newest job that fits); `check_data`, `stage`, `doctor`, `logs`. A place that makes no
sense for the job is not there.
"""

from __future__ import annotations

import json
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from core import dotted
from core.documents import parse_scalar
from core.errors import ChangenetError
from router.consistency import RESUME
from runners.jobs.store import default_root
from runners.planning.parents import candidates, wanted_artifacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from router.declarations import Skill
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

# The options of `changenet run` that give the slots of a request.
_OPTIONS = {
    "task": "--task",
    "data": "--data",
    "train_datasets": "--train",
    "eval_dataset": "--eval",
    "inference_dataset": "--infer",
    "calibration_dataset": "--calibration",
    "parent_job_id": "--parent",
    "runner": "--runner",
    "profile": "--profile",
    "gpus": "--gpus",
    "nodes": "--nodes",
}
_PLACES = frozenset({"data", "train_datasets", "eval_dataset", "inference_dataset", "calibration_dataset"})
_LEAST_BATCH = 2
_NOTHING = object()  # null is to be set


def commands_of(
    job: Job, plan: Plan | None, skill: Skill | None, store: JobStore, told: Mapping[str, str]
) -> dict[str, str]:
    """The commands that make sense for a job, by place; `told` is what a message said, such as the epochs done."""
    found: dict[str, str | None] = {
        "logs": _with_root(job, "logs", job.id),
        "doctor": shlex.join(["changenet", "doctor", "--runner", job.runner]),
        "stage": "changenet stage backbone",
    }
    if plan and skill:
        found |= _Planned(job, plan, skill, store).commands(told)
    return {place: command for place, command in found.items() if command}


def _with_root(job: Job, *words: str) -> str:
    root = str(Path(job.folder).parent)
    with suppress(ChangenetError):
        if str(default_root()) == root:
            return shlex.join(["changenet", *words])
    return shlex.join(["changenet", *words, "--results", root])


@dataclass(frozen=True, slots=True)
class _Planned:
    """The commands that need the job's plan."""

    job: Job
    plan: Plan
    skill: Skill
    store: JobStore

    def commands(self, told: Mapping[str, str]) -> dict[str, str | None]:
        """By place; None for what makes no sense."""
        found = {"check_data": self._check_data()}
        if self.plan.part_of:
            return found | {"again": _with_root(self.job, "run", "--resume", self.plan.part_of)}
        on_cpu = self.plan.engine == "embedded" and self.plan.resources.gpus
        return found | {
            "again": self._run({}),
            "resume": self._resume(),
            "more_time": self._twice("time_limit"),
            "more_memory": self._twice("memory"),
            "from_parent": self._from_parent(),
            "half_batch": self._changed("batch_size", lambda n: n // 2 if n >= 2 * _LEAST_BATCH else None),
            "fewer_workers": self._changed("num_workers", lambda n: 0 if n else None),
            "lower_rate": self._changed("lr", lambda rate: float(f"{rate / 3:.2g}")),
            "random_backbone": self._changed("pretrained_backbone", lambda _: _NOTHING),
            "right_loss": self._changed("loss", lambda loss: "ce" if loss == "contrastive" else None),
            "more_epochs": self._changed("num_epochs", lambda n: n + int(told.get("done", n))),
            "on_cpu": self._run({}, gpus=0) if on_cpu else None,
            "one_gpu": self._run({}, gpus=1) if self.plan.resources.gpus > 1 else None,
        }

    def _changed(self, short_name: str, change: Callable[[Any], Any]) -> str | None:
        """The run with another value of the key behind a short name; None where there is nothing to change."""
        key = self.skill.shorthand_keys(self.plan.action).get(short_name)
        before = dotted.get(self.plan.spec, key, None) if key else None
        after = None if before is None else change(before)
        return None if key is None or after is None else self._run({key: None if after is _NOTHING else after})

    def _twice(self, setting: str) -> str | None:
        """The run with twice as much of a setting of the runner, from its last checkpoint where there is one."""
        before = str(self.plan.decision.request.platform.get(setting) or "")
        if not before:
            return None
        more = {setting: _doubled(setting, before)}
        return self._resume(more) or self._run({}, settings=more)

    def _run(self, changes: dict[str, Any], settings: Mapping[str, str] = MappingProxyType({}), **slots: Any) -> str:
        """`changenet run` with the slots of the plan's request, and what is changed of them."""
        request, short_names = self.plan.decision.request, self.skill.shorthand_keys(self.plan.action)
        given = {short_names.get(name, name): value for name, value in request.overrides.items()} | changes
        words = [self.plan.action]
        for slot, option in _OPTIONS.items():
            value = slots.get(slot, getattr(request, slot))
            for one in value if isinstance(value, tuple) else [value]:
                words += [option, self._whole(str(one)) if slot in _PLACES else str(one)] if one is not None else []
        words += [*self._where(settings), *self._policy()]
        for key, value in given.items():
            words += ["-s", f"{key}={_typed(value)}"]
        return _with_root(self.job, "run", *words)

    def _whole(self, place: str) -> str:
        """A place as the plan found it: what was typed may have been below another folder than this one."""
        below = f"/{place.removeprefix('./').rstrip('/')}"
        inputs = [one for value in self.plan.inputs.values() for one in (value if isinstance(value, list) else [value])]
        folders = (folder for one in inputs for folder in (Path(one), *Path(one).parents) if "://" not in one)
        relative = "://" not in place and not Path(place).expanduser().is_absolute()
        return next((str(folder) for folder in folders if relative and str(folder).endswith(below)), place)

    def _where(self, changed: Mapping[str, str] = MappingProxyType({})) -> list[str]:
        """The engine that was named, and what was set about the runner."""
        words = ["--engine", self.plan.command[0]] if self.plan.engine == "named" else []
        for setting, value in ({**self.plan.decision.request.platform, **changed}).items():
            for one in value if isinstance(value, tuple | list) else [value]:
                words += [f"--{setting.replace('_', '-')}", str(one)]
        return words

    def _policy(self) -> list[str]:
        """A training that was not tuned would be, unless that is said again."""
        trains = self.plan.action in self.skill.info.get("train_policy", {}).get("applies_to", ())
        return ["--automl", "off"] if trains and self.plan.decision.route == "direct" else []

    def _resume(self, settings: Mapping[str, str] = MappingProxyType({})) -> str | None:
        trains = any(want.how == RESUME for want in wanted_artifacts(self.skill, self.plan.action))
        kept = any("latest" in artifact.roles for artifact in self.job.artifacts)
        request = self.plan.decision.request
        given = {"--runner": request.runner, "--gpus": request.gpus, "--nodes": request.nodes}
        where = [word for option, value in given.items() if value is not None for word in (option, str(value))]
        words = (self.plan.action, "--parent", self.job.id, *where, *self._where(settings), *self._policy())
        return _with_root(self.job, "run", *words) if trains and kept else None

    def _from_parent(self) -> str | None:
        if self.plan.parent_job_id:
            return None
        wanted = [want for want in wanted_artifacts(self.skill, self.plan.action) if want.how != RESUME]
        found = candidates(self.store, wanted, self.plan.task) if wanted else []
        if not found:
            return None
        wants = {want.key for want in wanted}
        names = self.skill.shorthand_keys(self.plan.action)
        if any(names.get(name, name) in wants for name in self.plan.decision.request.overrides):
            return None  # the checkpoint was chosen by hand: the path has to be mended, not the job named
        return self._run({}, parent_job_id=found[0])

    def _check_data(self) -> str | None:
        sources = self.skill.data_sources(self.plan.action)
        places = [self.plan.inputs[key] for key in sources if key in self.plan.inputs]
        named = self.plan.decision.request.data and self._whole(self.plan.decision.request.data)
        tables = [str(place) for place in places if str(place).endswith(".csv")]
        chosen = next((place for place in (named, *tables, *map(str, places)) if place and "://" not in place), None)
        return shlex.join(["changenet", "data", "check", chosen]) if chosen else None


def _doubled(setting: str, text: str) -> str:
    if setting == "time_limit":
        from runners.platforms.kubernetes_settings import seconds_of

        seconds = 2 * seconds_of(text)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return re.sub(r"[\d.]+", lambda found: f"{2 * float(found[0]):g}", text, count=1)


def _typed(value: Any) -> str:
    """A value as an override is typed."""
    if isinstance(value, str):
        with suppress(ChangenetError):
            if parse_scalar(value) == value:
                return value
    return json.dumps(value, ensure_ascii=False)

# SPDX-License-Identifier: Apache-2.0
"""What an exported file says of its input, taken into the spec of the action that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.dotted import get
from core.errors import CheckpointError
from core.file_names import is_exported
from engine.starter import checkpoint_file, judging_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.settings import Run


class Travels(Protocol):
    """A task whose models can be exported: keys that travel with one, and of these those a spec can't contradict."""

    @property
    def name(self) -> str:
        """The spec's `task`."""

    @property
    def fixed_keys(self) -> tuple[str, ...]:
        """Keys of its structure and its input."""

    @property
    def travelling_keys(self) -> tuple[str, ...]:
        """These, and how its output is judged."""


def is_deployed(run: Run) -> bool:
    """Whether the action is one of deploy: it uses what gen_trt_engine built."""
    return bool(getattr(getattr(run.experiment, run.command), "trt_engine", None))


def model_path(run: Run) -> Path:
    """The file of the action's model; a path without a name where none is set.

    Raises:
        CheckpointError: it is a packaged model, and there is none of that name.
    """
    section = getattr(run.experiment, run.command)
    if is_deployed(run):
        return Path(section.trt_engine)
    on_processor = run.command == "inspect" and section.num_gpus == 0
    return (judging_file if on_processor else checkpoint_file)(section.checkpoint, run.experiment.task)


def needs_torch(run: Run) -> bool:
    """Whether what the action does with its model needs PyTorch, as it does with all but an exported file."""
    return not is_exported(model_path(run))


def settled_by_file(run: Run, settings: Mapping[str, Any], path: Path, task: Travels) -> Run:
    """The action with what an exported file says of its input.

    Raises:
        CheckpointError: the file is of another task, or the spec says otherwise.
    """
    if settings.get("task") != task.name:
        message = f"the model is one for the {settings.get('task')} task"
        remedy = f"name a model for {task.name}"
        raise CheckpointError(message, code="checkpoint.task", where=str(path), remedy=remedy)
    from spec.load import full_default_tree

    settled = run.adopting(settings["config"], task.travelling_keys)
    here, there = settled.config, settings["config"]
    usual = full_default_tree(task.name)  # what a file means by a key that is younger than it
    otherwise = [
        f"{key} is {get(here, key)}, the file has {value}"
        for key in task.fixed_keys
        if get(here, key) != (value := get(there, key, get(usual, key)))
    ]
    if otherwise:
        message = "the file says otherwise than the spec: " + "; ".join(otherwise)
        remedy = "leave these keys out of the spec: the file brings them along"
        raise CheckpointError(message, code="checkpoint.contradiction", where=str(path), remedy=remedy)
    return settled

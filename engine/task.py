# SPDX-License-Identifier: Apache-2.0
"""What the shared parts of the engine ask of a task, and what stands behind a command. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from engine.export.file_settings import Travels
    from engine.settings import Run
    from engine.status import StatusFile


@dataclass(frozen=True, slots=True)
class Action:
    """What a command does with a task: one line of help, and the entry point, which imports what it needs.

    `needs_torch` tells whether PyTorch is among that.
    """

    summary: str
    carry_out: Callable[[Run, StatusFile], None]
    needs_torch: Callable[[Run], bool] = lambda _: True


def build(run: Run, status: StatusFile, task: Travels) -> None:
    """Make an exported model of a task ready for use."""
    from deployed.sessions import require_libraries

    require_libraries()
    from engine.export.deployment import build

    build(run, status, task)


class Task(Protocol):
    """A kind of model: what its training logs, and what of its spec decides its weights and its input."""

    @property
    def name(self) -> str:
        """The spec's `task`."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all figures that training logs."""

    @property
    def input_keys(self) -> tuple[str, ...]:
        """Keys that change what the network sees: it runs with other values, but not as it was trained."""

    @property
    def data_keys(self) -> tuple[str, ...]:
        """Keys that say which data training reads: files, folders, names of splits."""

    def tables(self, config: Mapping[str, Any]) -> dict[str, Path]:
        """The files that list the training data of a spec, by the one of `data_keys` that each follows from."""

    def judged_otherwise(self, trained: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
        """How the input of a spec differs so that a model trained with another spec would see something else in it."""

    def architecture_keys(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Keys that decide which tensors the network of a spec has."""

# SPDX-License-Identifier: Apache-2.0
"""What passes between a verb and the face that called it: a result at the end, and what is told until then."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from automl.events import Update as SearchUpdate
    from automl.types import Objective
    from runners.jobs.follow import Update as JobUpdate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb returns: the document of `--json`, the text for people, the exit code."""

    document: dict[str, Any]
    text: str = ""
    exit_code: int = 0


class Reporter:
    """How a verb tells what it does, as no verb prints. This one tells nobody; a face shows what it can."""

    def say(self, text: str) -> None:
        """Tell of a step of the work."""

    def preview(self, text: str) -> None:
        """Tell people what is about to run."""

    def line(self, text: str) -> None:
        """Give people a line of the result as it comes; the document has it as well."""

    def progress(self, title: str) -> Callable[[int, int], None]:
        """A callback `(done, total)` of a long piece of work."""
        del title
        return _drop

    def job(self, title: str) -> AbstractContextManager[Callable[[JobUpdate], None]]:
        """A callback for what a job says, for as long as it is followed."""
        del title
        return nullcontext(_drop)

    def search(
        self, objectives: Sequence[Objective], trials: int, task: str
    ) -> AbstractContextManager[Callable[[SearchUpdate], None]]:
        """A callback for what a search says, for as long as it is followed."""
        del objectives, trials, task
        return nullcontext(_drop)


def _drop(*_: object) -> None:
    pass

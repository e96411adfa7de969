# SPDX-License-Identifier: Apache-2.0
"""What serving asks of a model, whichever its task. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Answer, Golden, Pair


class Scorer(Protocol):
    """A model that is ready to judge. Pictures that can't be used spoil no others: each pair has its own answer."""

    @property
    def at_once(self) -> int:
        """How many threads may judge at a time."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a client may want to know of the model: task, lightings, size, threshold, file."""

    def check(self, golden: Golden) -> None:
        """Golden pictures can be used.

        Raises:
            ImageError, DataError: they can't.
        """

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """Judge pairs together, each in its place."""

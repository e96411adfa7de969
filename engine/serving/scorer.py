# SPDX-License-Identifier: Apache-2.0
"""What serving asks of a model, whichever its task. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.errors import ChangenetError
    from core.served_pairs import Golden, Pair


@dataclass(frozen=True, slots=True)
class Judged:
    """How a pair was judged.

    `size` is the width and height of the test picture as it was sent, and `regions` are boxes on it that differ.
    `overlay` is a PNG of the test picture with the evidence laid on it; empty where none was asked for, or there is
    none.
    """

    verdict: str
    score: float
    threshold: float
    size: tuple[int, int]
    regions: list[dict[str, Any]] = field(default_factory=list)
    overlay: bytes = b""


class Scorer(Protocol):
    """A model that is ready to judge. Pictures that can't be used spoil no others: each pair has its own answer."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a client may want to know of the model: task, lightings, size, threshold, file."""

    def check(self, golden: Golden) -> None:
        """Golden pictures can be used.

        Raises:
            ImageError, DataError: they can't.
        """

    def judge(self, pairs: Sequence[Pair]) -> list[Judged | ChangenetError]:
        """Judge pairs together, each in its place."""

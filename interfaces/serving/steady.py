# SPDX-License-Identifier: Apache-2.0
"""A scorer that is started again when it ends by itself, so that one picture harms no other pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import JobFailedError
from interfaces.serving.scorer_process import ScorerDied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.served_pairs import Answer, Pair
    from interfaces.serving.scorer_process import ScorerProcess


class SteadyScorer:
    """Judges with a scorer that runs; `on_restart` is called when it had ended by itself."""

    def __init__(self, scorer: ScorerProcess, on_restart: Callable[[], None]) -> None:
        self._scorer, self._on_restart = scorer, on_restart

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """Judge pairs together; where the scorer dies of them, each by itself.

        Raises:
            ChangenetError: the scorer can't be started again.
        """
        try:
            return self._scorer.judge(pairs)
        except ScorerDied:
            self._start_again()
        return [self._judge_alone(pair) for pair in pairs]

    def _judge_alone(self, pair: Pair) -> Answer:
        try:
            return self._scorer.judge([pair])[0]
        except ScorerDied:
            self._start_again()
            message = "the engine ended while it judged this pair"
            remedy = "look at the pictures of this pair"
            return JobFailedError(message, code="scorer.died", where="test", remedy=remedy)

    def _start_again(self) -> None:
        self._on_restart()
        self._scorer.close()
        self._scorer.start()

# SPDX-License-Identifier: Apache-2.0
"""A scorer that is started again when it ends by itself, so that one picture harms no other pair."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from core.errors import JobFailedError
from interfaces.serving.scorer_process import ScorerDied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from core.served_pairs import Answer, Pair
    from interfaces.serving.scorer_process import ScorerProcess


class SteadyScorer:
    """Judges with a scorer that runs; `on_restart` is called when it had ended by itself.

    Any number of threads may judge side by side. What was asked when the scorer died is asked again pair by pair, with
    nothing beside it: only then does it tell of which pair the scorer dies.
    """

    def __init__(self, scorer: ScorerProcess, on_restart: Callable[[], None]) -> None:
        self._scorer, self._on_restart = scorer, on_restart
        self._turns = _Turns()

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """Judge pairs together; where the scorer dies, each by itself.

        Raises:
            ChangenetError: the scorer can't be started again.
        """
        try:
            with self._turns.beside_others():
                return self._scorer.judge(pairs)
        except ScorerDied:
            return self._judge_each(pairs)

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        """The same within an event loop: a thread is taken only where something may have to be waited for.

        Raises:
            ChangenetError: see `judge`.
        """
        if not (self._scorer.takes_at_once(pairs) and self._turns.begin_beside()):
            return await asyncio.to_thread(self.judge, pairs)
        try:
            return await self._scorer.judged(pairs)
        except ScorerDied:
            pass
        finally:
            self._turns.end_beside()
        return await asyncio.to_thread(self._judge_each, pairs)

    def _judge_each(self, pairs: Sequence[Pair]) -> list[Answer]:
        with self._turns.alone():
            if not self._scorer.is_alive:
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


class _Turns:
    """Many at a time, or one alone."""

    def __init__(self) -> None:
        self._change = Condition()
        self._running = 0
        self._alone = False

    def begin_beside(self) -> bool:
        """Whether nobody is alone, so that one more may begin; it calls `end_beside`."""
        with self._change:
            self._running += not self._alone
            return not self._alone

    def end_beside(self) -> None:
        with self._change:
            self._running -= 1
            self._change.notify_all()

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: not self._alone)
            self._running += 1
        try:
            yield
        finally:
            self.end_beside()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: not self._alone and not self._running)
            self._alone = True
        try:
            yield
        finally:
            with self._change:
                self._alone = False
                self._change.notify_all()

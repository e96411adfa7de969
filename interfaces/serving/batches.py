# SPDX-License-Identifier: Apache-2.0
"""Requests judged together: a batch is closed when it is full, or when its first request has waited long enough."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ChangenetError
from interfaces.serving.scorer_process import ScorerDied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.served_pairs import Answer, Pair

_WEIGHT = 0.2  # of the newest batch in the time that a pair takes


class Busy(Exception):  # noqa: N818 - no error of the program
    """The queue is full; `seconds` from now there will be room."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Closed(Exception):  # noqa: N818 - no error of the program
    """Nothing new is taken."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """`most` pairs go together; the first waits `wait` seconds at most for others; `queue` may be on their way."""

    most: int = 16
    wait: float = 0.005
    queue: int = 128


class _Waiting(NamedTuple):
    pair: Pair
    answer: asyncio.Future[Answer]
    since: float


class Batches:
    """The queue in front of a scorer.

    Args:
        judge: judges pairs together; called in a thread, one batch at a time. It may raise `ScorerDied` or an error of
            ours, which all pairs of the batch are then told.
        settings: sizes and times.
        observe: is told the size of each batch.
    """

    def __init__(
        self,
        judge: Callable[[Sequence[Pair]], list[Answer]],
        settings: BatchSettings,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._judge, self._settings, self._observe = judge, settings, observe
        self._waiting: deque[_Waiting] = deque()
        self._judging = 0
        self._seconds_each = 0.0
        self._news = asyncio.Event()
        self._open = True

    @property
    def on_their_way(self) -> int:
        """Pairs that wait or are judged."""
        return len(self._waiting) + self._judging

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        """The answers to the pairs of one request, all of which are taken, or none.

        Raises:
            Busy: there is no room.
            Closed: the server ends.
            ChangenetError: the scorer failed.
        """
        if not self._open:
            raise Closed
        if self.on_their_way + len(pairs) > self._settings.queue:
            raise Busy(self._seconds_each * self.on_their_way)
        loop, now = asyncio.get_running_loop(), time.monotonic()
        taken = [_Waiting(pair, loop.create_future(), now) for pair in pairs]
        self._waiting.extend(taken)
        self._news.set()
        return list(await asyncio.gather(*(one.answer for one in taken)))

    def close(self) -> None:
        """Take nothing new; `run` ends when all is answered."""
        self._open = False
        self._news.set()

    async def run(self) -> None:
        """Judge batch after batch until closed and empty."""
        while self._open or self._waiting:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            await self._gather()
            count = min(len(self._waiting), self._settings.most)
            await self._answer([self._waiting.popleft() for _ in range(count)])

    async def _gather(self) -> None:
        """Wait until the batch is full, or its first request has waited long enough."""
        until = self._waiting[0].since + self._settings.wait
        while self._open and len(self._waiting) < self._settings.most and (left := until - time.monotonic()) > 0:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return

    async def _answer(self, batch: list[_Waiting]) -> None:
        self._judging, begun = len(batch), time.monotonic()
        try:
            answers = await asyncio.to_thread(self._judge, [one.pair for one in batch])
        except (ChangenetError, ScorerDied) as error:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
        else:
            for one, answer in zip(batch, answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(answer)
            self._learn((time.monotonic() - begun) / len(batch))
            self._observe(len(batch))
        finally:
            self._judging = 0

    def _learn(self, seconds: float) -> None:
        known = self._seconds_each or seconds
        self._seconds_each = (1.0 - _WEIGHT) * known + _WEIGHT * seconds

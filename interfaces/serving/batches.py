# SPDX-License-Identifier: Apache-2.0
"""Requests judged together: whatever waits when the scorer is free for it, so that neither waits for the other."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ChangenetError
from interfaces.serving.scorer_process import ScorerDied

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.served_pairs import Answer, Pair

_WEIGHT = 0.2  # of the newest batch in what is usual
_PATIENCE = 0.002  # seconds in which a free scorer waits for the pairs that usually come


class Busy(Exception):  # noqa: N818 - no error of the program
    """The queue is full; `seconds` from now there will be room."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Closed(Exception):  # noqa: N818 - no error of the program
    """Nothing new is taken."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """`most` pairs go together; `queue` may be on their way.

    Where `wait` is set, a scorer that is free waits until a batch is full, or its first pair has waited so many
    seconds.
    """

    most: int = 16
    wait: float = 0.0
    queue: int = 128


class _Waiting(NamedTuple):
    pair: Pair
    answer: asyncio.Future[Answer]
    since: float


class Batches:
    """The queue in front of a scorer.

    Args:
        judge: judges pairs together, as many batches side by side as `run` says. It may raise `ScorerDied` or an
            error of ours, which all pairs of the batch are then told.
        settings: sizes and times.
        observe: is told the size of each batch.
    """

    def __init__(
        self,
        judge: Callable[[Sequence[Pair]], Awaitable[list[Answer]]],
        settings: BatchSettings,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._judge, self._settings, self._observe = judge, settings, observe
        self._waiting: deque[_Waiting] = deque()
        self._judging, self._at_once = 0, 1
        self._usual = 0.0
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

    async def run(self, at_once: int) -> None:
        """Judge batch after batch, so many side by side, until closed and empty."""
        self._at_once = at_once
        await asyncio.gather(*(self._run_one() for _ in range(at_once)))

    async def _run_one(self) -> None:
        while self._open or self._waiting:
            if not self._waiting:
                await self._look_again(None)
            elif len(self._waiting) >= self._enough() or (not self._is_left_to_others() and self._patience() <= 0):
                await self._answer(self._taken())
            else:
                await self._look_again(None if self._is_left_to_others() else self._patience())

    def _enough(self) -> int:
        """With how many pairs a batch begins: with all that are to be expected, shared among the batches."""
        if not self._open:
            return 1
        return (
            self._settings.most if self._settings.wait else min(round(self._usual / self._at_once), self._settings.most)
        )

    def _is_left_to_others(self) -> bool:
        """Whether too few wait for a batch of their own while another one is judged."""
        return bool(self._judging) and not self._settings.wait

    def _patience(self) -> float:
        """Seconds that the first of those who wait has left."""
        return self._waiting[0].since + (self._settings.wait or _PATIENCE) - time.monotonic()

    async def _look_again(self, seconds: float | None) -> None:
        """When something has changed, and after so many seconds at the latest."""
        self._news.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    def _taken(self) -> list[_Waiting]:
        """The next batch."""
        now = self.on_their_way
        self._usual = max(float(now), self._usual + _WEIGHT * (now - self._usual))
        count = min(len(self._waiting), max(self._enough(), 1))
        return [self._waiting.popleft() for _ in range(count)]

    async def _answer(self, batch: list[_Waiting]) -> None:
        self._judging += len(batch)
        begun = time.monotonic()
        try:
            answers = await self._judge([one.pair for one in batch])
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
            self._judging -= len(batch)
            self._news.set()  # the other batches look again

    def _learn(self, seconds: float) -> None:
        known = self._seconds_each or seconds
        self._seconds_each = (1.0 - _WEIGHT) * known + _WEIGHT * seconds

# SPDX-License-Identifier: Apache-2.0
"""A model behind whatever asks: its scorer, the queue in front of it, the golden images, the figures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import ChangenetError
from core.served_pairs import Judged
from interfaces.serving.batches import Batches
from interfaces.serving.goldens import Goldens
from interfaces.serving.metrics import Metrics
from interfaces.serving.steady import SteadyScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.served_pairs import Answer, Golden, Pair
    from interfaces.serving.batches import BatchSettings
    from interfaces.serving.model import ServedModel
    from interfaces.serving.scorer_process import ScorerProcess


class State(StrEnum):
    """How far a server is."""

    STARTING = "starting"
    READY = "ready"
    ENDING = "ending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may bring."""

    most_bytes: int = 32 << 20
    most_pixels: int = 50_000_000


class Service:
    """See the module. `begin` and `end` are called once each, within the event loop."""

    def __init__(
        self,
        model: ServedModel,
        scorer: ScorerProcess,
        settings: BatchSettings,
        limits: Limits,
        say: Callable[[str], None],
    ) -> None:
        self.model, self.scorer, self.limits = model, scorer, limits
        self.state = State.STARTING
        self.failure: ChangenetError | None = None
        self.goldens = Goldens()
        self.most_pairs = settings.queue
        self._say = say
        self.metrics = Metrics(
            lambda: self._batches.on_their_way, lambda: len(self.goldens), lambda: self.state is State.READY
        )
        steady = SteadyScorer(scorer, self._tell_of_restart)
        self._batches = Batches(steady.judged, settings, self.metrics.batch)
        self._work: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start the scorer; ready only when the model judged its stored pairs as it should.

        Raises:
            ChangenetError: the model can't be used.
        """
        try:
            await asyncio.to_thread(self.scorer.start)
        except ChangenetError as error:
            self.state, self.failure = State.FAILED, error
            raise
        self._work = asyncio.create_task(self._batches.run(self.scorer.at_once))
        if self.state is State.STARTING:
            self.state = State.READY

    async def end(self) -> None:
        """Answer what was taken, then let the scorer end."""
        self.state = State.ENDING
        self._batches.close()
        if self._work:
            await self._work
        await asyncio.to_thread(self.scorer.close)

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        """The answers to the pairs of one request; see `Batches.judged` for what is raised."""
        answers = await self._batches.judged(pairs)
        for answer in answers:
            if isinstance(answer, Judged):
                self.metrics.judged(answer.verdict, answer.score)
        return answers

    async def register(self, golden: Golden) -> None:
        """Register a golden image that the model can use.

        Raises:
            ChangenetError: it can't be used, or there is no room.
        """
        await asyncio.to_thread(self.scorer.check, golden)
        self.goldens.add(golden)

    def _tell_of_restart(self) -> None:
        self._say("WARNING the engine ended by itself; it is started again")
        self.metrics.restarted()

# SPDX-License-Identifier: Apache-2.0
"""What waits is judged as soon as there is room for it, in even shares, and each is told its own answer."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from core.served_pairs import Golden, Judged, Pair
from interfaces.serving.batches import Batches, BatchSettings, Busy, Closed
from interfaces.serving.joined_writes import JoinedWrites
from interfaces.serving.scorer_process import ScorerDied
from interfaces.serving.steady import SteadyScorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Answer


def pair(name: str) -> Pair:
    return Pair((), Golden(name, ()))


class Gate:
    """A scorer that answers when it is let; it tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.let = threading.Semaphore(0)
        self.came = threading.Semaphore(0)

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        return await asyncio.to_thread(self.judge, pairs)

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        self.asked.append([one.golden.name for one in pairs])
        self.came.release()
        self.let.acquire()
        return [Judged(one.golden.name, 0.0, 0.5, (1, 1)) for one in pairs]


async def came(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.came.acquire, timeout=20)


def test_a_free_scorer_begins_at_once_and_what_gathers_meanwhile_is_shared_evenly() -> None:
    async def play() -> None:
        gate = Gate()
        batches = Batches(gate.judged, BatchSettings(queue=9))
        work = asyncio.create_task(batches.run(2))
        answers = [asyncio.create_task(batches.judged([pair("0")]))]
        await came(gate)  # with one pair alone
        answers += [asyncio.create_task(batches.judged([pair(str(i))])) for i in range(1, 9)]
        await came(gate)  # beside it
        with pytest.raises(Busy):
            await batches.judged([pair("9")])
        gate.let.release(20)
        found = [answer[0].verdict for answer in await asyncio.gather(*answers)]  # type: ignore[union-attr]
        assert found == [str(i) for i in range(9)]
        assert [name for names in gate.asked for name in names] == found  # none overtakes another
        assert gate.asked[0] == ["0"]
        answers = [asyncio.create_task(batches.judged([pair(str(i))])) for i in range(8)]
        await asyncio.gather(*answers)
        assert [len(names) for names in gate.asked[-2:]] == [4, 4]  # as many as usually come, for two
        batches.close()
        with pytest.raises(Closed):
            await batches.judged([pair("10")])
        await work

    asyncio.run(play())


def test_what_waits_when_nothing_new_is_taken_is_answered() -> None:
    async def play() -> None:
        gate = Gate()
        batches = Batches(gate.judged, BatchSettings())
        work = asyncio.create_task(batches.run(2))
        first = asyncio.create_task(batches.judged([pair("0"), pair("1"), pair("2")]))
        await came(gate)
        second = asyncio.create_task(batches.judged([pair("3")]))
        await asyncio.sleep(0)
        batches.close()
        gate.let.release(9)
        await asyncio.gather(first, second)
        await work
        assert batches.on_their_way == 0

    asyncio.run(play())


class Mortal:
    """A scorer that dies of one pair, and takes with it whatever is judged beside."""

    def __init__(self) -> None:
        self.is_alive = True
        self.starts = 0
        self.beside = threading.Barrier(2)

    def takes_at_once(self, pairs: Sequence[Pair]) -> bool:
        return len(pairs) > 1

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        return await asyncio.to_thread(self.judge, pairs)

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        if len(pairs) > 1:
            self.beside.wait(20)
            self.is_alive = False
        if not self.is_alive or pairs[0].golden.name == "deadly":
            self.is_alive = False
            raise ScorerDied
        return [Judged(one.golden.name, 0.0, 0.5, (1, 1)) for one in pairs]

    def start(self) -> None:
        self.is_alive = True
        self.starts += 1

    def close(self) -> None:
        self.is_alive = False


def test_of_two_batches_that_a_scorer_dies_of_the_deadly_pair_alone_has_no_answer() -> None:
    mortal: Any = Mortal()
    restarts: list[int] = []
    steady = SteadyScorer(mortal, lambda: restarts.append(1))
    found: dict[int, list[Answer]] = {}

    def judge(number: int, names: Sequence[str]) -> None:
        found[number] = steady.judge([pair(name) for name in names])

    threads = [threading.Thread(target=judge, args=one) for one in enumerate((("a", "deadly"), ("b", "c")))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [getattr(answer, "verdict", None) or getattr(answer, "code", "") for answer in (*found[0], *found[1])]
    assert told == ["a", "scorer.died", "b", "c"]
    assert len(restarts) == mortal.starts == 2  # of the batches, and of the deadly pair alone


def test_the_same_holds_within_an_event_loop_where_no_thread_waits_for_a_batch() -> None:
    mortal: Any = Mortal()
    restarts: list[int] = []
    steady = SteadyScorer(mortal, lambda: restarts.append(1))

    async def play() -> list[Answer]:
        batches = (steady.judged([pair(name) for name in names]) for names in (("a", "deadly"), ("b", "c")))
        first, second = await asyncio.gather(*batches)
        return [*first, *second, *await steady.judged([pair("d")])]

    told = [getattr(answer, "verdict", None) or getattr(answer, "code", "") for answer in asyncio.run(play())]
    assert told == ["a", "scorer.died", "b", "c", "d"]
    assert len(restarts) == mortal.starts == 2


class Wire:
    """A transport that tells what was written to it."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


def test_head_and_body_of_an_answer_go_out_together_and_before_the_end() -> None:
    async def play() -> list[bytes | str]:
        wire: Any = Wire()
        joined = JoinedWrites(wire, asyncio.get_running_loop())
        joined.write(b"head ")
        joined.write(b"body")
        assert wire.told == []
        await asyncio.sleep(0)
        joined.write(b"last")
        joined.close()
        assert joined.is_closing()
        await asyncio.sleep(0)
        return wire.told  # type: ignore[no-any-return]

    assert asyncio.run(play()) == [b"head body", b"last", "closed"]

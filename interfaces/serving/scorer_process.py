# SPDX-License-Identifier: Apache-2.0
"""The engine's scorer as a process of its own, which answers as many messages side by side as it says.

A process apart: what waits for clients is not slowed down by what computes, and a model that takes its process down
takes no request with it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from core.errors import ChangenetError, JobFailedError
from core.frames import Frame, read_frame, write_frame
from core.served_pairs import Judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.served_pairs import Answer, Golden, Pair, Picture

_SECONDS_TO_END = 10.0
_PIPE_BYTES = 1 << 20  # the most that Linux gives an ordinary user for one pipe
_MESSAGE_BYTES = 8 << 10  # beside the pictures


class ScorerDied(Exception):  # noqa: N818 - what is wrong is told by its cause
    """The process ended before it answered."""


class _Process:
    """One life of the process; any number of threads may ask it, and each waits for its own answer."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if "CHANGENET_TRACEBACK" not in os.environ else None,
        )
        self._asked: dict[int, Future[Frame]] = {}
        self._numbers, self._lock = count(), Lock()
        self._reader = Thread(target=self._read_answers, daemon=True)
        self._ended = False

    @property
    def is_alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    @property
    def is_written_to(self) -> bool:
        """Whether another thread is writing to it, and may have to wait."""
        return self._lock.locked()

    def room(self) -> int:
        """Bytes that fit into the pipe to the process."""
        if not hasattr(fcntl, "F_SETPIPE_SZ"):
            return 0  # of systems other than Linux nothing is known
        try:
            return fcntl.fcntl(cast("BinaryIO", self._process.stdin), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:  # more than an ordinary user may have in all
            return fcntl.fcntl(cast("BinaryIO", self._process.stdin), fcntl.F_GETPIPE_SZ)

    def begin(self) -> dict[str, Any]:
        """Its first message; from then on it is asked.

        Raises:
            ScorerDied: it sends none.
        """
        first = self._read()
        if first is None:
            raise ScorerDied
        self._reader.start()
        return first.message

    def ask(self, message: dict[str, Any], parts: Sequence[bytes]) -> Future[Frame]:
        """The answer, once it comes; `ScorerDied` where none will.

        Raises:
            ScorerDied: the process has ended.
        """
        number, answer = next(self._numbers), Future[Frame]()
        with self._lock:
            if self._ended:
                raise ScorerDied
            self._asked[number] = answer
            with suppress(OSError):  # then the reader finds its end as well
                write_frame(cast("BinaryIO", self._process.stdin), Frame(message | {"number": number}, parts))
        return answer

    def close(self) -> None:
        """Let it end, once it has answered."""
        with suppress(OSError):
            cast("BinaryIO", self._process.stdin).close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader.ident:
            self._reader.join()
        cast("BinaryIO", self._process.stdout).close()

    def _read_answers(self) -> None:
        while (frame := self._read()) is not None:
            self._asked.pop(frame.message["number"]).set_result(frame)
        with self._lock:
            self._ended = True
        for answer in self._asked.values():
            answer.set_exception(ScorerDied())

    def _read(self) -> Frame | None:
        try:
            return read_frame(cast("BinaryIO", self._process.stdout))
        except (EOFError, OSError, ValueError):
            return None


class ScorerProcess:
    """A scorer that runs; started by `start`, ended by `close`, and asked by any number of threads in between."""

    def __init__(self, engine: str, model: Path, most_pixels: int, *, boards: bool = False) -> None:
        self._argv = [engine, "scorer", str(model), f"most_pixels={most_pixels}", f"boards={str(boards).lower()}"]
        self._process: _Process | None = None
        self.facts: dict[str, Any] = {}
        self.self_test: dict[str, Any] | None = None
        self.at_once = 1
        self._room = 0

    def start(self) -> None:
        """Start the process, and wait until the model is ready and has judged the pairs stored with it as it should.

        Raises:
            ChangenetError: the model can't be used.
        """
        self._process = _Process(self._argv)
        try:
            told = self._process.begin()
        except ScorerDied:
            self.close()
            message = "the engine ended before it was ready"
            remedy = f"run `{' '.join(self._argv[:3])}` to see why"
            raise JobFailedError(message, code="scorer.start", where=self._argv[0], remedy=remedy) from None
        if "error" in told:
            self.close()
            raise error_of(told)
        self.facts, self.self_test, self.at_once = told["facts"], told["self_test"], told["at_once"]
        self._room = self._process.room()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """Judge pairs together, each in its place.

        Raises:
            ScorerDied: the process ended; it can be started again, and asked again.
        """
        return _answers_of(self._ask(*_judge_message(pairs)).result())

    async def judged(self, pairs: Sequence[Pair]) -> list[Answer]:
        """The same within an event loop, for pairs that it `takes_at_once`.

        Raises:
            ScorerDied: see `judge`.
        """
        return _answers_of(await asyncio.wrap_future(self._ask(*_judge_message(pairs))))

    def takes_at_once(self, pairs: Sequence[Pair]) -> bool:
        """Whether pairs go into the pipe without waiting until the process reads them."""
        each = {golden.name: golden.pictures for golden in (pair.golden for pair in pairs)}
        sent = [*(pair.test for pair in pairs), *each.values()]
        size = sum(len(picture.data) for pictures in sent for picture in pictures)
        writing = self._process is not None and self._process.is_written_to
        return not writing and self.at_once * (size + _MESSAGE_BYTES) <= self._room

    def check(self, golden: Golden) -> None:
        """Golden pictures can be used.

        Raises:
            ChangenetError: they can't.
            ScorerDied: see `judge`.
        """
        message = {"op": "check", "goldens": {golden.name: list(range(len(golden.pictures)))}}
        told = self._ask(message, golden.pictures).result().message
        if "error" in told:
            raise error_of(told)

    def close(self) -> None:
        """Let the process end, once it has answered."""
        process, self._process = self._process, None
        if process:
            process.close()

    def _ask(self, message: dict[str, Any], pictures: Sequence[Picture]) -> Future[Frame]:
        process = self._process
        if process is None:
            raise ScorerDied
        if any(picture.shape for picture in pictures):
            message["pictures"] = [list(picture.shape) if picture.shape else None for picture in pictures]
        return process.ask(message, [picture.data for picture in pictures])


def _judge_message(pairs: Sequence[Pair]) -> tuple[dict[str, Any], list[Picture]]:
    parts: list[Picture] = []

    def numbers(pictures: Sequence[Picture]) -> list[int]:
        parts.extend(pictures)
        return list(range(len(parts) - len(pictures), len(parts)))

    goldens = {golden.name: golden for golden in (pair.golden for pair in pairs)}
    message = {
        "op": "judge",
        "goldens": {name: numbers(golden.pictures) for name, golden in goldens.items()},
        "pairs": [{"test": numbers(pair.test), "golden": pair.golden.name, "overlay": pair.overlay} for pair in pairs],
    }
    return message, parts


def _answers_of(frame: Frame) -> list[Answer]:
    return [_answer_of(told, frame.parts) for told in frame.message["answers"]]


def error_of(told: dict[str, Any]) -> ChangenetError:
    """The error that a message tells of."""
    fields = dict(told["error"])
    exit_code = fields.pop("exit_code")
    error = ChangenetError(fields.pop("message"), **fields)
    error.exit_code = exit_code
    return error


def _answer_of(told: dict[str, Any], parts: Sequence[bytes]) -> Answer:
    if "error" in told:
        return error_of(told)
    overlay = parts[told["overlay"]] if told["overlay"] is not None else b""
    figures = (told["verdict"], told["score"], told["threshold"], tuple(told["size"]))
    return Judged(*figures, told["regions"], overlay, told["warnings"])

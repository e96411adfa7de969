# SPDX-License-Identifier: Apache-2.0
"""The engine's scorer as a process of its own, that answers one message at a time.

A process apart: what waits for clients is not slowed down by what computes, and a model that takes its process down
takes no request with it.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from core.errors import ChangenetError, JobFailedError
from core.frames import Frame, read_frame, write_frame
from core.served_pairs import Judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.served_pairs import Answer, Golden, Pair, Picture

_SECONDS_TO_END = 10.0


class ScorerDied(Exception):  # noqa: N818 - what is wrong is told by its cause
    """The process ended before it answered."""


class ScorerProcess:
    """A scorer that runs; started by `start`, ended by `close`."""

    def __init__(self, engine: str, model: Path, most_pixels: int) -> None:
        self._argv = [engine, "scorer", str(model), f"most_pixels={most_pixels}"]
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = Lock()
        self.facts: dict[str, Any] = {}
        self.self_test: dict[str, Any] | None = None

    def start(self) -> None:
        """Start the process, and wait until the model is ready and has judged the pairs stored with it as it should.

        Raises:
            ChangenetError: the model can't be used.
        """
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if "CHANGENET_TRACEBACK" not in os.environ else None,
        )
        try:
            told = self._read().message
        except ScorerDied:
            self.close()
            message = "the engine ended before it was ready"
            remedy = f"run `{' '.join(self._argv[:3])}` to see why"
            raise JobFailedError(message, code="scorer.start", where=self._argv[0], remedy=remedy) from None
        if "error" in told:
            self.close()
            raise error_of(told)
        self.facts, self.self_test = told["facts"], told["self_test"]

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """Judge pairs together, each in its place.

        Raises:
            ScorerDied: the process ended; it can be started again, and asked again.
        """
        parts: list[Picture] = []

        def numbers(pictures: Sequence[Picture]) -> list[int]:
            parts.extend(pictures)
            return list(range(len(parts) - len(pictures), len(parts)))

        goldens = {golden.name: golden for golden in (pair.golden for pair in pairs)}
        message = {
            "op": "judge",
            "goldens": {name: numbers(golden.pictures) for name, golden in goldens.items()},
            "pairs": [
                {"test": numbers(pair.test), "golden": pair.golden.name, "overlay": pair.overlay} for pair in pairs
            ],
        }
        frame = self._ask(message, parts)
        return [_answer_of(told, frame.parts) for told in frame.message["answers"]]

    def check(self, golden: Golden) -> None:
        """Golden pictures can be used.

        Raises:
            ChangenetError: they can't.
            ScorerDied: see `judge`.
        """
        message = {"op": "check", "goldens": {golden.name: list(range(len(golden.pictures)))}}
        told = self._ask(message, golden.pictures).message
        if "error" in told:
            raise error_of(told)

    def close(self) -> None:
        """Let the process end, once it has answered."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                cast("BinaryIO", pipe).close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ask(self, message: dict[str, Any], pictures: Sequence[Picture]) -> Frame:
        if any(picture.shape for picture in pictures):
            message["pictures"] = [list(picture.shape) if picture.shape else None for picture in pictures]
        with self._one_at_a_time:
            if self._process is None:
                raise ScorerDied
            try:
                write_frame(
                    cast("BinaryIO", self._process.stdin), Frame(message, [picture.data for picture in pictures])
                )
            except OSError:
                raise ScorerDied from None
            return self._read()

    def _read(self) -> Frame:
        process = self._process
        try:
            frame = read_frame(cast("BinaryIO", process.stdout)) if process else None
        except (EOFError, OSError, ValueError):
            frame = None
        if frame is None:
            raise ScorerDied
        return frame


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
    return Judged(told["verdict"], told["score"], told["threshold"], tuple(told["size"]), told["regions"], overlay)

# SPDX-License-Identifier: Apache-2.0
"""Answers messages on standard input until it is closed, each on standard output; see `core.frames`.

The first message out tells of the model: `facts`, `self_test`, how it judged the pairs stored with it, and `at_once`,
how many messages are answered side by side; or it is an `error`. Then each message has a `number`, which its answer
repeats, and an `op`:

- `judge`: `pairs`, each with `test`, the numbers of its pictures, `golden`, a name, and `overlay`; `goldens`, by name
  the numbers of their pictures; and `pictures`, for each part of the message its shape where it holds pixels, null
  where it is a file. The answer has `answers`, each an error or a judgement, whose `overlay` is the number of a part.
- `check`: one golden image, in `goldens`; the answer has an `error`, or none.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from core.errors import ChangenetError
from core.frames import Frame, read_frame, write_frame
from core.served_pairs import Golden, Pair, Picture

if TYPE_CHECKING:
    from pathlib import Path

    from core.served_pairs import Answer
    from engine.serving.scorer import Scorer


def answer_messages(path: Path, most_pixels: int, *, boards: bool) -> None:
    """Open a model, and judge with it until nobody asks any more; see `open_model`.

    Raises:
        ChangenetError: the model can't be used.
    """
    messages, answers = _own_streams()
    from engine.serving.opening import open_model

    try:
        scorer, self_test = open_model(path, most_pixels, boards=boards)
    except ChangenetError as error:
        write_frame(answers, Frame(error.as_dict()))
        raise
    write_frame(answers, Frame({"facts": scorer.facts, "self_test": self_test, "at_once": scorer.at_once}))
    one_at_a_time = Lock()

    def answer(frame: Frame) -> None:
        try:
            answered = _answer(scorer, frame)
            answered.message["number"] = frame.message["number"]
            with one_at_a_time:
                write_frame(answers, answered)
        except BaseException:  # noqa: BLE001 - whatever it is: whoever asked is told by the end of this process
            traceback.print_exc()
            os._exit(1)

    with ThreadPoolExecutor(scorer.at_once) as threads:
        while (frame := read_frame(messages)) is not None:
            threads.submit(answer, frame)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for messages alone: what is said goes to standard error.

    Whoever asks decides when this ends, by closing the pipe: what interrupts a whole terminal has to leave a server
    time to answer what it has taken on.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()
    os.dup2(2, 1)
    return streams


def _answer(scorer: Scorer, frame: Frame) -> Frame:
    message = frame.message
    shapes = message.get("pictures") or [None] * len(frame.parts)
    sent = [Picture(part, tuple(shape) if shape else None) for part, shape in zip(frame.parts, shapes, strict=True)]
    goldens = {name: Golden(name, tuple(sent[i] for i in numbers)) for name, numbers in message["goldens"].items()}
    if message["op"] == "check":
        return Frame(_checked(scorer, *goldens.values()))
    pairs = [
        Pair(tuple(sent[i] for i in pair["test"]), goldens[pair["golden"]], bool(pair.get("overlay")))
        for pair in message["pairs"]
    ]
    return _told(scorer.judge(pairs))


def _checked(scorer: Scorer, golden: Golden) -> dict[str, Any]:
    try:
        scorer.check(golden)
    except ChangenetError as error:
        return error.as_dict()
    return {}


def _told(answers: list[Answer]) -> Frame:
    parts: list[bytes] = []
    told: list[dict[str, Any]] = []
    for answer in answers:
        if isinstance(answer, ChangenetError):
            told.append(answer.as_dict())
            continue
        one = asdict(answer) | {"overlay": len(parts) if answer.overlay else None}
        parts += [answer.overlay] if answer.overlay else []
        told.append(one)
    return Frame({"answers": told}, parts)

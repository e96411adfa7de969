# SPDX-License-Identifier: Apache-2.0
"""Messages between two processes over a pipe: a JSON object, and bytes that belong to it.

A frame is the length of the object in four bytes, the highest first, the object as UTF-8, and the parts one after the
other. The object holds their lengths under `parts`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTH = 4
_PARTS = "parts"


class Frame(NamedTuple):
    """A message with the bytes that belong to it."""

    message: dict[str, Any]
    parts: Sequence[bytes] = ()


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write a frame whole, and flush it.

    Raises:
        OSError: the other end is closed.
        ValueError: the message is no JSON.
    """
    told = {**frame.message, _PARTS: [len(part) for part in frame.parts]}
    head = json.dumps(told, allow_nan=False).encode()
    stream.write(b"".join((len(head).to_bytes(_LENGTH), head, *frame.parts)))
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame; None where the other end has closed the pipe.

    Raises:
        EOFError: it closed the pipe within a frame.
    """
    length = stream.read(_LENGTH)
    if not length:
        return None
    message = json.loads(_exactly(stream, int.from_bytes(length)) if len(length) == _LENGTH else b"")
    return Frame(message, tuple(_exactly(stream, size) for size in message.pop(_PARTS)))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found

# SPDX-License-Identifier: Apache-2.0
"""Clients that take as little of the processor as clients can: prepared bytes over kept connections, in one thread."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AT_ONCE = 1 << 16
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Request(NamedTuple):
    """A whole request, and the moment at which it is due, in seconds from the begin."""

    data: bytes
    due: float = 0.0


def post(path: str, kind: str, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self._whole = 0
        self.due = 0.0

    def send(self, request: Request) -> None:
        self.due = request.due
        self.socket.sendall(request.data)

    def take(self) -> bool:
        """Read what came; whether that ends an answer."""
        self._got += self.socket.recv(_AT_ONCE)
        if not self._whole and (end := self._got.find(_END)) >= 0:
            head = self._got[:end].lower()
            status = int(head.split(b" ", 2)[1])
            if status != 200:
                raise SystemExit(f"the server answered {status}")  # a figure of refused requests would be none
            told = head[head.index(_LENGTH) + len(_LENGTH) :].partition(b"\r\n")[0]
            self._whole = end + len(_END) + int(told)
        if not self._whole or len(self._got) < self._whole:
            return False
        self._got, self._whole = b"", 0
        return True


def seconds_for(port: int, requests: Iterable[bytes], clients: int) -> float:
    """How long so many clients take for all requests, each with one on its way at a time."""
    waiting = deque(Request(data) for data in requests)
    begun = time.perf_counter()
    _answered(port, waiting, clients)
    return time.perf_counter() - begun


def latencies(port: int, requests: Sequence[bytes], rate: float, clients: int) -> list[float]:
    """Seconds from the moment at which each request was due, `rate` a second, to its answer."""
    return _answered(port, deque(Request(data, i / rate) for i, data in enumerate(requests)), clients)


def _answered(port: int, waiting: deque[Request], count: int) -> list[float]:
    idle = [_Client(port) for _ in range(count)]
    every, found, busy = tuple(idle), [], 0
    with selectors.DefaultSelector() as selector:
        for client in every:
            selector.register(client.socket, selectors.EVENT_READ, client)
        begun = time.perf_counter()
        while waiting or busy:
            while waiting and idle and waiting[0].due <= time.perf_counter() - begun:
                idle.pop().send(waiting.popleft())
                busy += 1
            pause = max(0.0, waiting[0].due - (time.perf_counter() - begun)) if waiting and idle else None
            for key, _ in selector.select(pause):
                if key.data.take():
                    found.append(time.perf_counter() - begun - key.data.due)
                    idle.append(key.data)
                    busy -= 1
    for client in every:
        client.socket.close()
    return found

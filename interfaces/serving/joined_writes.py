# SPDX-License-Identifier: Apache-2.0
"""Answers in one piece: the server writes head and body one after the other, and each write is a call of the system.

What is written before the event loop turns goes out together, which also wakes the client once instead of twice.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JoiningProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn reads it, its answers written by `JoinedWrites`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client came."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, asyncio.get_running_loop())))


class JoinedWrites:
    """A transport that keeps what is written until the loop turns; in all else it is the one that it stands for."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send with what comes right after."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)

    def close(self) -> None:
        """Send what is held, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def __getattr__(self, name: str) -> Any:
        """What this one does not do itself."""
        return getattr(self._transport, name)

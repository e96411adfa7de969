# SPDX-License-Identifier: Apache-2.0
"""The server's life: it listens, and ends without a request lost.

A request to end makes the server unready; what balances loads sends no more then. It goes on answering for a while,
and each answer asks its client to let go of the connection. Then nobody is let in any more, what was taken is answered,
and the scorer ends.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from interfaces.http_access import Guarded, listen
from interfaces.serving.app import OPEN_PATHS, make_app
from interfaces.serving.joined_writes import JoiningProtocol
from interfaces.serving.service import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from interfaces.http_access import Address
    from interfaces.serving.service import Service

FLAG = "--listen"
_SETTLE = 0.05  # seconds in which those who are at the door come in
_LET_GO = 1.0  # seconds in which clients let go of connections
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux' asm-generic/socket.h
_RETURN_NOTHING = (0x06, 0, 0, 0)  # of a classic packet filter: BPF_RET | BPF_K, keep no byte


def serve(service: Service, address: Address, token: str, drain: float, ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; `ready` is told the address, `drain` are seconds, see the module.

    Raises:
        PlatformError: the port is taken.
        ChangenetError: the model can't be used.
    """
    listener = listen(address, FLAG)
    ready(address.url(listener.getsockname()[1]))

    def give_up() -> None:
        server.should_exit = True

    app = Guarded(
        make_app(service, give_up, needs_token=bool(token)),
        token,
        any_host=not address.is_loopback,
        open_paths=OPEN_PATHS,
    )
    # With uvloop, which uvicorn takes by itself where it is installed, 100 stops under load lost a request.
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="on",
        access_log=False,
        timeout_keep_alive=75,
        http=JoiningProtocol,
        loop="asyncio",
    )
    server = _Server(config, service, drain)
    server.run(sockets=[listener])
    if service.failure:
        raise service.failure


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service, drain: float) -> None:
        super().__init__(config)
        self._service, self._drain = service, drain
        self._end_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End after a while; at once when asked again."""
        del sig, frame
        if self._end_at is None:
            self._end_at = time.monotonic() + (self._drain if self._service.state is State.READY else 0.0)
            self._service.state = State.ENDING
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end."""
        if self._end_at is not None and time.monotonic() >= self._end_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let in those at the door, then nobody; answer them, then end."""
        for one in sockets or ():
            _let_no_more_arrive(one)
        await asyncio.sleep(_SETTLE)
        for server in self.servers:
            server.close()
        until = time.monotonic() + _LET_GO
        # Nothing tells when a connection goes.
        while self.server_state.connections and time.monotonic() < until and self._end_at is not None:  # noqa: ASYNC110
            await asyncio.sleep(_SETTLE)
        await super().shutdown(sockets)


def _let_no_more_arrive(listener: socket.socket) -> None:
    """Drop what newly arrives: between the last look at the door and its closing nobody can come in and be forgotten.

    A client that arrives meanwhile is told by the closed port that nobody is there.
    """
    if sys.platform == "linux":
        program = struct.pack("HBBI", *_RETURN_NOTHING)
        with suppress(OSError):
            _attach(listener, program)


def _attach(listener: socket.socket, program: bytes) -> None:
    import ctypes

    code = ctypes.create_string_buffer(program)
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(code)))

# SPDX-License-Identifier: Apache-2.0
"""The two roads to a server: standard input and output of a client's own process, and HTTP on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from mcp.server.stdio import stdio_server

from core.errors import RequestError
from interfaces.http_access import Guarded, address_of, listen
from interfaces.mcp_server.server import make_server
from interfaces.mcp_server.unreadable import Answered

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from interfaces.http_access import Address
    from interfaces.mcp_server.session import Session

_FLAG = "--http"


def serve_stdio(session: Session) -> None:
    """Serve one client until it closes standard input."""

    async def run() -> None:
        server = make_server(session)
        async with stdio_server() as (reader, writer):
            await server.run(Answered(reader, writer), writer, server.create_initialization_options())

    anyio.run(run)


def loopback_of(text: str) -> Address:
    """The address of `host:port` on this machine.

    Raises:
        RequestError: it is no such address, or one that other machines could reach: a tunnel, or a proxy that encrypts,
            stands between them and this.
    """
    address = address_of(text, _FLAG)
    if not address.is_loopback:
        remedy = "listen on 127.0.0.1, and let ssh -L or a proxy with TLS lead there"
        raise RequestError(f"{address.host} is not this machine alone", code="mcp.address", where=_FLAG, remedy=remedy)
    return address


def serve_http(session: Session, address: Address, token: str, ready: Callable[[str], None]) -> None:
    """Serve at http://host:port/mcp until it is told to end (SIGTERM, Ctrl-C); `ready` is told the address.

    Raises:
        PlatformError: the port is taken.
    """
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    listener = listen(address, _FLAG)
    guarded_here = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = make_server(session).streamable_http_app(host=address.host, transport_security=guarded_here)
    config = uvicorn.Config(Guarded(app, token), log_level="warning", lifespan="on", loop="asyncio")
    ready(f"{address.url(listener.getsockname()[1])}/mcp")

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """End, at once when asked again; uvicorn's own would end the process by the signal afterwards."""
            del sig, frame
            self.force_exit, self.should_exit = self.should_exit, True

    Server(config).run(sockets=[listener])

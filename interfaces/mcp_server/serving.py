# SPDX-License-Identifier: Apache-2.0
"""The two roads to a server: standard input and output of a client's own process, and HTTP on this machine."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.stdio import stdio_server

from core.errors import PlatformError, RequestError
from interfaces.mcp_server.server import make_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.types import ASGIApp

    from interfaces.mcp_server.session import Session

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Scope]]
    Send = Callable[[Scope], Awaitable[None]]

_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "localhost", "::1": "[::1]"}
_HIGHEST_PORT = 65_535


def serve_stdio(session: Session) -> None:
    """Serve one client until it closes standard input."""

    async def run() -> None:
        server = make_server(session)
        async with stdio_server() as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())

    anyio.run(run)


def address_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port`.

    Raises:
        RequestError: it is no such address, or one that other machines could reach: a tunnel, or a proxy that encrypts,
            stands between them and this.
    """
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > _HIGHEST_PORT or not host:
        remedy = "give it as 127.0.0.1:8080"
        raise RequestError(f"'{text}' is no address", code="usage.value", where="--http", remedy=remedy)
    if host not in _LOOPBACK:
        remedy = "listen on 127.0.0.1, and let ssh -L or a proxy with TLS lead there"
        raise RequestError(f"{host} is not this machine alone", code="mcp.address", where="--http", remedy=remedy)
    return host, int(port)


def serve_http(session: Session, host: str, port: int, token: str, ready: Callable[[str], None]) -> None:
    """Serve at http://host:port/mcp until the process is ended; `ready` is told the address. Port 0 takes a free one.

    Raises:
        PlatformError: the port is taken.
    """
    import socket

    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as problem:
        listener.close()
        remedy = "choose another port, or 0 for a free one"
        message = f"{host}:{port} can't be listened on: {problem.strerror}"
        raise PlatformError(message, code="mcp.port", where="--http", remedy=remedy) from None
    names = [f"{name}:*" for name in _LOOPBACK.values()]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )
    app = make_server(session).streamable_http_app(host=host, transport_security=security)
    config = uvicorn.Config(_Guarded(app, token), log_level="warning", lifespan="on")
    ready(f"http://{_LOOPBACK[host]}:{listener.getsockname()[1]}/mcp")
    uvicorn.Server(config).run(sockets=[listener])


class _Guarded:
    """Lets only those in who send the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to anybody else."""
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                await send(
                    {"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]}
                )
                await send({"type": "http.response.body", "body": b"send the token as a bearer token\n"})
                return
        await self._app(scope, receive, send)

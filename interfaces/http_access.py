# SPDX-License-Identifier: Apache-2.0
"""Who may reach a server of ours over HTTP: addresses, the token, and pages of other places."""

from __future__ import annotations

import hmac
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.errors import MissingInputError, NotReadyError, PlatformError, RequestError
from interfaces.http_errors import is_plain, told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.types import ASGIApp

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Scope]]
    Send = Callable[[Scope], Awaitable[None]]

_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "localhost", "::1": "[::1]"}
_HIGHEST_PORT = 65_535
_HOW = "send the header 'Authorization: Bearer TOKEN'"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; port 0 stands for a free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach it."""
        return self.host in _LOOPBACK

    def url(self, port: int) -> str:
        """The address with the port that is listened on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}"


def address_of(text: str, flag: str) -> Address:
    """The address of `host:port`, as the option `flag` gives it.

    Raises:
        RequestError: it is none.
    """
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > _HIGHEST_PORT or not host:
        remedy = "give it as 127.0.0.1:8080"
        raise RequestError(f"'{text}' is no address", code="usage.value", where=flag, remedy=remedy)
    return Address(host, int(port))


def require_token(token: str, variable: str) -> None:
    """Clients have to send a token, so one is set.

    Raises:
        MissingInputError: it is not.
    """
    if not token:
        message = "over HTTP, clients have to send a token, and none is set"
        remedy = f"`export {variable}=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')`"
        raise MissingInputError(message, code="http.token", where=f"${variable}", remedy=remedy)


def listen(address: Address, flag: str) -> socket.socket:
    """A socket that listens at an address.

    Raises:
        PlatformError: the port is taken, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # By the protocol's number asyncio knows where to switch Nagle's delay off. With it, the second part of an answer
    # waits until the client has acknowledged the first, which clients put off for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen()
    except OSError as problem:
        listener.close()
        message = f"{address.host}:{address.port} can't be listened on: {problem.strerror}"
        remedy = "choose another port, or 0 for a free one"
        raise PlatformError(message, code="http.port", where=flag, remedy=remedy) from None
    return listener


class Guarded:
    """Lets only those in who may come; pages of other places can't use a browser on this machine to come here.

    Args:
        app: what is guarded.
        token: what clients have to send as a bearer token; without one all may come.
        any_host: whether the server may be called by other names than this machine's own. Its own are a protection
            against names of others that lead here (DNS rebinding).
        open_paths: what may be read without the token.
    """

    def __init__(
        self, app: ASGIApp, token: str, *, any_host: bool = False, open_paths: frozenset[str] = frozenset()
    ) -> None:
        self._app, self._any_host, self._open = app, any_host, open_paths
        self._expected = f"Bearer {token}".encode() if token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, 421 or 403 to anybody else."""
        refused = self._refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, error = refused
        headers = {"www-authenticate": "Bearer"} if status == 401 else None
        await told(error, status, plain=is_plain(scope["path"]), headers=headers)(scope, receive, send)

    def _refused(self, scope: Scope) -> tuple[int, NotReadyError] | None:
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        is_open = scope["path"] in self._open and scope["method"] in {"GET", "HEAD"}
        if self._expected and not is_open and not hmac.compare_digest(given, self._expected):
            message = "another token was sent" if given else "no token was sent"
            return 401, _refusal(
                message, "http.token", "authorization", "send the header 'Authorization: Bearer TOKEN'"
            )
        host, origin = headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin")
        if not self._any_host and _name_of(host) not in _LOOPBACK:
            return 421, _refusal("this server is not called so", "http.host", "host", "call it 127.0.0.1 or localhost")
        if origin is not None and not self._same(origin.decode("latin-1"), host):
            remedy = "call it from a page of its own, or from a program"
            return 403, _refusal("pages of other places may not call this", "http.origin", "origin", remedy)
        return None

    def _same(self, origin: str, host: str) -> bool:
        there = urlsplit(origin)
        if there.scheme not in {"http", "https"}:
            return False
        return there.netloc == host or (not self._any_host and _name_of(there.netloc) in _LOOPBACK)


def _name_of(netloc: str) -> str:
    """The host's name without the port; empty for what is no such place."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _refusal(message: str, code: str, where: str, remedy: str) -> NotReadyError:
    return NotReadyError(message, code=code, where=where, remedy=remedy)

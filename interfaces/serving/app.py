# SPDX-License-Identifier: Apache-2.0
"""The application: routes, figures of every request, and what happens at its begin and end."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from core.errors import ChangenetError, NotReadyError
from interfaces.http_errors import is_plain, told
from interfaces.serving.inspect_routes import inspect_routes
from interfaces.serving.openapi import openapi_document
from interfaces.serving.pages import documentation_page, front_page
from interfaces.serving.protocol_routes import protocol_routes
from interfaces.serving.service import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from interfaces.http_access import Receive, Scope, Send
    from interfaces.serving.service import Service

OPEN_PATHS = frozenset({"/", "/docs", "/openapi.json", "/v2/health/live", "/v2/health/ready"})
"""What tells nothing of pictures and models, and may be read without a token."""
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff"}


def make_app(service: Service, on_failure: Callable[[], None], *, needs_token: bool) -> ASGIApp:
    """The application for a service; `on_failure` is called where the model can't be used."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # The server listens, and says that it lives, while the model is loaded.
        beginning = asyncio.create_task(_begin(service, on_failure))
        yield
        await beginning
        await service.end()

    routes = [*inspect_routes(service), *protocol_routes(service), *_pages(service, needs_token=needs_token)]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _no_address, 405: _no_address})
    return _Observed(app, service, routes)


async def _no_address(request: Request, problem: Exception) -> Response:
    """The answer to an address that is none, or takes no such request."""
    status, headers = getattr(problem, "status_code", 404), getattr(problem, "headers", None)
    message = f"{request.url.path} takes no {request.method}" if status == 405 else f"there is no {request.url.path}"
    remedy = "read /docs for what there is"
    error = NotReadyError(message, code="request.address", where=request.url.path, remedy=remedy)
    answer = told(error, status, plain=is_plain(request.url.path))
    answer.headers.update(headers or {})
    return answer


async def _begin(service: Service, on_failure: Callable[[], None]) -> None:
    try:
        await service.begin()
    except ChangenetError:
        on_failure()


def _pages(service: Service, *, needs_token: bool) -> list[Route]:
    async def front(_: Request) -> Response:
        return HTMLResponse(front_page(service.model.name, needs_token=needs_token), headers=_HEADERS)

    async def documentation(_: Request) -> Response:
        return HTMLResponse(documentation_page(openapi_document()), headers=_HEADERS)

    async def openapi(_: Request) -> Response:
        return JSONResponse(openapi_document())

    async def metrics(_: Request) -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": _METRICS_TYPE})

    return [
        Route("/", front),
        Route("/docs", documentation),
        Route("/openapi.json", openapi),
        Route("/metrics", metrics),
    ]


class _Observed:
    """Counts and times every request; asks clients to let go of their connection while the server ends."""

    def __init__(self, app: Starlette, service: Service, routes: Sequence[Route]) -> None:
        self._app, self._service = app, service
        # By pattern: paths that clients make up would be figures without end.
        self._patterns: dict[object, str] = {route.endpoint: route.path for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def told(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._service.state is State.ENDING:
                    message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            route = self._patterns.get(scope.get("endpoint", self), "other")
            self._service.metrics.answered(route, status, time.perf_counter() - begun)

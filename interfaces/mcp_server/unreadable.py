# SPDX-License-Identifier: Apache-2.0
"""Lines at standard input that are no message: each is answered, where the SDK passes over it and its client waits."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_NO_JSON = "json_invalid"


class Answered:
    """A stream of messages from a client, whose errors are answered through `writer` and not handed on."""

    def __init__(self, reader: Any, writer: Any) -> None:
        self._reader, self._writer = reader, writer

    @property
    def last_context(self) -> Any:
        """The context of who sent the latest message, as the SDK asks for it."""
        return self._reader.last_context

    async def receive(self) -> SessionMessage:
        """The next message.

        Raises:
            anyio.EndOfStream: there is none any more.
        """
        item: SessionMessage | Exception = await self._reader.receive()
        while isinstance(item, Exception):
            await self._writer.send(SessionMessage(refused(item)))
            item = await self._reader.receive()
        return item

    async def aclose(self) -> None:
        """Close the stream."""
        await self._reader.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def refused(problem: Exception) -> types.JSONRPCError:
    """The error of JSON-RPC for a line that is no message, with its id where it tells one."""
    errors = problem.errors(include_url=False) if isinstance(problem, ValidationError) else []
    if not errors or errors[0]["type"] == _NO_JSON:
        message, code = errors[0]["msg"] if errors else str(problem), types.PARSE_ERROR
    else:
        message, code = "this is no message of JSON-RPC 2.0", types.INVALID_REQUEST
    inputs = [error["input"] for error in errors]
    told = next((found for one in inputs if (found := _id_in(one)) is not None), None)
    return types.JSONRPCError(jsonrpc="2.0", id=told, error=types.ErrorData(code=code, message=message))


def _id_in(line: Any) -> str | int | None:
    """The id that a line tells. Python reads what the SDK does not, such as half a surrogate pair in a text."""
    if isinstance(line, str):
        with suppress(ValueError, RecursionError):
            line = json.loads(line)
    told = line.get("id") if isinstance(line, dict) else None
    return told if isinstance(told, str | int) and not isinstance(told, bool) else None

# SPDX-License-Identifier: Apache-2.0
"""What a request brings, within limits: its body, and pairs and golden images out of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from core.errors import InputError
from core.served_pairs import Pair, Picture
from interfaces.serving.goldens import golden_of

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from core.served_pairs import Golden
    from interfaces.serving.goldens import Goldens

TOO_LARGE = "request.size"
_MOST_FILES = 64
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
_HOW = "send the form fields test and golden (files), or test and golden_id"


def limited(request: Request, most_bytes: int) -> Request:
    """The same request, whose body is refused as soon as it is longer than that.

    Raises:
        InputError: its header already says so.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise _too_large(most_bytes)
    received = 0

    async def receive() -> Any:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise _too_large(most_bytes)
        return message

    return Request(request.scope, receive)


async def pair_of(request: Request, goldens: Goldens) -> Pair:
    """The pair of a form: `test`, `golden` or `golden_id`, and `overlay`.

    Raises:
        InputError: it is none, or names a golden image that is not registered.
    """
    async with _form(request) as form:
        test = await _pictures(form, "test")
        golden_id = form.get("golden_id")
        if isinstance(golden_id, str) and golden_id:
            return Pair(test, goldens.get(golden_id), _is_set(form, "overlay"))
        return Pair(test, golden_of(await _pictures(form, "golden")), _is_set(form, "overlay"))


async def golden_in(request: Request) -> Golden:
    """The golden image of a form: `golden`, a file for each lighting.

    Raises:
        InputError: there is none.
    """
    async with _form(request) as form:
        return golden_of(await _pictures(form, "golden"))


class _form:  # noqa: N801 - used like a function
    """The form of a request, closed at the end."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def __aenter__(self) -> FormData:
        kind = self._request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            raise InputError("this is no multipart/form-data", code="request.form", where="body", remedy=_HOW)
        try:
            return await self._request.form(max_files=_MOST_FILES, max_fields=_MOST_FILES)
        except (MultiPartException, HTTPException) as problem:
            reason = getattr(problem, "detail", None) or getattr(problem, "message", "")
            raise InputError(
                f"the form can't be read ({reason})", code="request.form", where="body", remedy=_HOW
            ) from None

    async def __aexit__(self, *_: object) -> None:
        await self._request.close()


async def _pictures(form: FormData, name: str) -> tuple[Picture, ...]:
    found = [entry for entry in form.getlist(name) if isinstance(entry, UploadFile)]
    if not found:
        raise InputError(f"there is no file '{name}' in the form", code="request.form", where=name, remedy=_HOW)
    return tuple([Picture(await entry.read()) for entry in found])


def _is_set(form: FormData, name: str) -> bool:
    value = str(form.get(name) or "").strip().lower()
    if value not in _TRUE | _FALSE:
        raise InputError(f"{value!r} is neither true nor false", code="request.form", where=name, remedy="send true")
    return value in _TRUE


def _too_large(most_bytes: int) -> InputError:
    message = f"the request is longer than {most_bytes:,} bytes"
    return InputError(message, code=TOO_LARGE, where="body", remedy="send smaller pictures, or fewer at once")

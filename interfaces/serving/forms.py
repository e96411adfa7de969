# SPDX-License-Identifier: Apache-2.0
"""What a request brings, within limits: its body, and pairs and golden images out of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header
from starlette.requests import Request

from core.errors import InputError
from core.served_pairs import Pair, Picture
from interfaces.serving.goldens import golden_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.served_pairs import Golden
    from interfaces.serving.goldens import Goldens

TOO_LARGE = "request.size"
_MOST_PARTS = 128
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
    form = await _form(request)
    test, overlay = form.pictures("test"), form.is_set("overlay")
    golden_id = form.text("golden_id")
    return Pair(test, goldens.get(golden_id) if golden_id else golden_of(form.pictures("golden")), overlay)


async def golden_in(request: Request) -> Golden:
    """The golden image of a form: `golden`, a file for each lighting.

    Raises:
        InputError: there is none.
    """
    return golden_of((await _form(request)).pictures("golden"))


class _Part(NamedTuple):
    name: str
    is_file: bool
    data: bytes


class _Form(NamedTuple):
    parts: tuple[_Part, ...]

    def pictures(self, name: str) -> tuple[Picture, ...]:
        """The files of that name, one at least."""
        found = tuple(Picture(part.data) for part in self.parts if part.is_file and part.name == name)
        if not found:
            raise InputError(f"there is no file '{name}' in the form", code="request.form", where=name, remedy=_HOW)
        return found

    def text(self, name: str) -> str:
        """The last text of that name."""
        found = [part.data for part in self.parts if part.name == name and not part.is_file]
        return found[-1].decode("utf-8", "replace") if found else ""

    def is_set(self, name: str) -> bool:
        """Whether a text says yes."""
        value = self.text(name).strip().lower()
        if value not in _TRUE | _FALSE:
            message = f"{value!r} is neither true nor false"
            raise InputError(message, code="request.form", where=name, remedy="send true")
        return value in _TRUE


async def _form(request: Request) -> _Form:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise InputError("this is no multipart/form-data", code="request.form", where="body", remedy=_HOW)
    try:
        return _Form(tuple(_parts(options.get("boundary", ""), await request.body())))
    except MultipartError as problem:
        message = f"the form can't be read ({problem})"
        raise InputError(message, code="request.form", where="body", remedy=_HOW) from None


def _parts(boundary: str, body: bytes) -> Iterator[_Part]:
    with PushMultipartParser(boundary, len(body), max_segment_count=_MOST_PARTS) as parser:
        segment: MultipartSegment | None = None
        held: list[bytes] = []
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                segment, held = event, []
            elif event:
                held.append(event)
            elif segment:
                yield _Part(segment.name or "", segment.filename is not None, b"".join(held))


def _too_large(most_bytes: int) -> InputError:
    message = f"the request is longer than {most_bytes:,} bytes"
    return InputError(message, code=TOO_LARGE, where="body", remedy="send smaller pictures, or fewer at once")

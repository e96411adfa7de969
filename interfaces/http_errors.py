# SPDX-License-Identifier: Apache-2.0
"""An error as the answer of a server of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.responses import Response

    from core.errors import ChangenetError


def is_plain(path: str) -> bool:
    """Whether an address is one of the Open Inference Protocol, whose errors are one text."""
    return path == "/v2" or path.startswith("/v2/")


def told(error: ChangenetError, status: int, *, plain: bool = False, headers: dict[str, str] | None = None) -> Response:
    """An error as an answer; `plain` as one text, as the Open Inference Protocol has it."""
    from starlette.responses import JSONResponse

    if plain:
        place = f"{error.where}: " if error.where else ""
        return JSONResponse({"error": f"{place}{error.message}; {error.remedy}"}, status, headers)
    fields: dict[str, Any] = error.as_dict()["error"]
    fields.pop("exit_code")
    return JSONResponse({"error": fields}, status, headers)

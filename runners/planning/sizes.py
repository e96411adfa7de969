# SPDX-License-Identifier: Apache-2.0
"""Sizes of memory as they are written for containers: 512m, 8g."""

from __future__ import annotations

import re

from core.errors import RequestError

_SIZE = re.compile(r"(\d{1,12})\s*([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size_in_bytes(text: str, where: str) -> int:
    """The bytes of a size.

    Raises:
        RequestError: it is none, or nothing at all.
    """
    found = _SIZE.fullmatch(str(text).strip())
    size = int(found[1]) * 1024 ** _POWERS[found[2].lower()] if found else 0
    if not size:
        message = f"'{text}' is no size of memory"
        raise RequestError(message, code="runner.size", where=where, remedy="give a number with k, m or g, such as 16g")
    return size

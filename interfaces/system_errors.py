# SPDX-License-Identifier: Apache-2.0
"""What the system refuses, as an error of the path."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # met while writing, which names no file


@contextmanager
def system_errors_told() -> Iterator[None]:
    """No permission, no room, a name that is too long, a loop of links: an error of the path, not of this program.

    Raises:
        InputError: a file or folder can't be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno not in _FULL:  # a pipe that was closed, for one
            raise
        message = f"it can't be read or written ({error.strerror})"
        remedy = "check the path, its permissions and the room on its disk"
        raise InputError(message, code="file.unreachable", where=str(error.filename or ""), remedy=remedy) from error

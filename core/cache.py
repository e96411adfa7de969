# SPDX-License-Identifier: Apache-2.0
"""What is kept for this user between two commands, below one folder that may be removed at any time."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_VARIABLE = "CHANGENET_CACHE"
_WRITABLE_BY_OTHERS = 0o022


def default_cache() -> Path:
    """$CHANGENET_CACHE, else ~/.cache/changenet."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().absolute() if named else Path.home() / ".cache" / "changenet"


def is_own(path: Path) -> bool:
    """Whether a file was written by this user, and nobody else could have changed it.

    Raises:
        OSError: there is no such file. AttributeError: the system has no user ids.
    """
    state = path.stat()
    return state.st_uid == os.getuid() and not state.st_mode & _WRITABLE_BY_OTHERS


def kept_json(name: str, identity: str, find: Callable[[], Any]) -> Any:
    """The JSON value that `find` gives, found once for all commands that ask with the same `identity`.

    `name` is a file name below the cache; what another user could have written there is not believed. A value that
    JSON does not give back as it is, and one that can't be written, is found each time.
    """
    path = default_cache() / name
    # A system without user ids lacks the function, and keeps nothing.
    with suppress(AttributeError, OSError, ValueError, KeyError, TypeError):
        if is_own(path):
            kept = json.loads(path.read_bytes())
            if kept["identity"] == identity:
                return kept["value"]
    value = find()
    with suppress(OSError, ValueError, TypeError):
        text = json.dumps({"identity": identity, "value": value})
        if json.loads(text)["value"] == value:
            write_text(path, text)
            path.chmod(0o600)
    return value

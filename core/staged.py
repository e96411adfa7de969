# SPDX-License-Identifier: Apache-2.0
"""What was fetched from elsewhere, and where it lies on this machine: one small record for each place."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.addresses import bare_address, is_fetched
from core.cache import default_cache, is_own
from core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Staged:
    """A place that was fetched: `folder` or file of this machine, the digest of all that it holds, files and bytes.

    `source` is the place as it was named, without what gives access to it.
    """

    source: str
    place: str
    digest: str
    files: int
    size: int
    when: str


def remember(staged: Staged) -> None:
    """Record where a place lies now."""
    path = _record(staged.source)
    write_text(path, json.dumps(asdict(staged), indent=2) + "\n")
    path.chmod(0o600)


_ignored: ContextVar[bool] = ContextVar("ignored", default=False)


@contextmanager
def as_if_nothing_was_fetched() -> Iterator[None]:
    """Within it, no place counts as fetched: what is planned then is what was planned before it was."""
    token = _ignored.set(True)
    try:
        yield
    finally:
        _ignored.reset(token)


def staged(source: str) -> Staged | None:
    """What was fetched from a place and is still there; None also for what another user could have written."""
    if _ignored.get():
        return None
    path = _record(source)
    with suppress(OSError, ValueError, TypeError):
        if is_own(path):
            found = Staged(**json.loads(path.read_bytes()))
            if found.source == bare_address(source) and Path(found.place).exists():
                return found
    return None


def place_of(source: str) -> str:
    """Where a place lies on this machine if it was fetched; else the place itself, without a query that is a key."""
    if not is_fetched(source):
        return source
    found = staged(source)
    return found.place if found else bare_address(source)


def _record(source: str) -> Path:
    name = hashlib.sha256(bare_address(source).encode("utf-8", "surrogateescape")).hexdigest()
    return default_cache() / "sources" / f"{name}.json"

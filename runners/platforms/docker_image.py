# SPDX-License-Identifier: Apache-2.0
"""The image of a container: found on the engine, else pulled, with what identifies it for good."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.files import atomic_path
from runners.platforms.docker_engine import GoneError, asked, connect, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_SAY_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the engine has.

    `digest` is that of its manifest in the registry; of one that was made on the engine, that of its configuration.
    """

    id: str
    digest: str
    entrypoint: tuple[str, ...]


def find_image(host: str, name: str) -> Image | None:
    """The image of this name on the engine; None where it has none."""
    client = connect(host)
    try:
        found = asked(host, lambda: client.images.get(name), patiently=True)
    except GoneError:
        return None
    digests = [text.rpartition("@")[2] for text in found.attrs.get("RepoDigests") or ()]
    entrypoint = (found.attrs.get("Config") or {}).get("Entrypoint") or ()
    return Image(found.id, next(iter(digests), found.id), tuple(entrypoint))


def get_image(host: str, name: str, say: Callable[[str], None]) -> Image:
    """The same; an image that is not there is pulled, and `say` told how far that is.

    Raises:
        PlatformError: there is none, it is not given away, or the registry can't be reached.
    """
    if found := find_image(host, name):
        return found
    client = connect(host)
    say(f"pulling {name}")

    def pull() -> None:
        _follow(name, client.api.pull(name, stream=True, decode=True), say)

    try:
        asked(host, pull, patiently=True, about=name)
    except GoneError as problem:
        raise refused(name, problem.message) from None
    found = find_image(host, name)
    if found is None:
        raise refused(name, "manifest unknown: the image is not there after it was pulled")
    return found


def save_image(host: str, name: str, archive: Path) -> None:
    """Write an image of the engine, under its name, as the archive that `docker load` takes; whole or not at all.

    Raises:
        PlatformError: the engine does not give it.
    """
    client = connect(host)
    archive.parent.mkdir(parents=True, exist_ok=True)

    def save() -> None:
        with atomic_path(archive) as temporary, temporary.open("wb") as handle:
            for chunk in client.images.get(name).save(named=name):
                handle.write(chunk)

    asked(host, save, about=name)


def _follow(name: str, events: Iterable[dict[str, Any]], say: Callable[[str], None]) -> None:
    """Say how much of the layers has come, now and then; an error is raised at the end, which frees the connection."""
    sizes: dict[str, tuple[int, int]] = {}
    said, error = time.monotonic(), ""
    for event in events:
        error = error or str(event.get("error") or "")
        progress = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and progress.get("total"):
            sizes[str(event.get("id"))] = (int(progress.get("current", 0)), int(progress["total"]))
            if time.monotonic() - said >= _SAY_EVERY_SECONDS:
                said = time.monotonic()
                done, whole = (sum(column) / 1e6 for column in zip(*sizes.values(), strict=True))
                say(f"pulling {name}: {done:,.0f} of {whole:,.0f} MB")
    if error:
        raise refused(name, error)
    say(f"pulled {name}")

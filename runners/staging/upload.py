# SPDX-License-Identifier: Apache-2.0
"""What a job left, sent to a folder in a store: everything but what is excluded, the manifest last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from core.addresses import bare_address, is_store
from core.errors import InputError, PlatformError
from core.redaction import redact_text
from runners.names import MANIFEST_FILE
from runners.staging.failures import failures_told
from runners.staging.remote import Remote
from runners.staging.transfer import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runners.jobs.job import Job
    from runners.staging.fetch import Watcher

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent where: files, bytes, and the names of files that were left out."""

    place: str
    files: int
    size: int
    left_out: tuple[str, ...]


def require_store(place: str) -> None:
    """A place is a folder in a store that can be written to.

    Raises:
        InputError: it is none, or holds a secret.
    """
    if redact_text(place) != place:
        remedy = "leave credentials out of it; the store's library takes them from the environment"
        raise InputError("the address holds a secret", code="upload.secret", where=redact_text(place), remedy=remedy)
    if not is_store(place):
        remedy = "give a folder in a store: s3://bucket/runs, gs://… or az://…"
        raise InputError("nothing can be sent there", code="upload.address", where=place, remedy=remedy)


def send_folders(folders: Iterable[Path], place: str, excludes: Sequence[str], watcher: Watcher) -> Sent:
    """Send each folder, under its name, to a folder of a store; what lies there under the same names is replaced.

    Links are left out: what they lead to is sent. `excludes` are patterns of names, or of paths in a folder.

    Raises:
        InputError: the place is no store.
        PlatformError: no library, credentials, access or network; or a file did not arrive whole.
    """
    require_store(place)
    files, left_out = {}, []
    for folder in folders:
        for path in _files(folder):
            inside = path.relative_to(folder).as_posix()
            if any(fnmatch(inside, pattern) or fnmatch(path.name, pattern) for pattern in excludes):
                left_out.append(f"{folder.name}/{inside}")
            else:
                files[f"{folder.name}/{inside}"] = path
    remote, size = Remote(place), sum(path.stat().st_size for path in files.values())
    watcher.say(f"sending {len(files):,} files to {remote.shown}: {size / _MEGABYTE:,.1f} MB")
    # Who finds a manifest finds all that it lists.
    last = [name for name in files if Path(name).name == MANIFEST_FILE]
    _send(remote, {name: path for name, path in files.items() if name not in last}, watcher.progress, size)
    _send(remote, {name: files[name] for name in last}, watcher.progress, size)
    return Sent(remote.shown, len(files), size, tuple(left_out))


def folders_of(job: Job) -> list[Path]:
    """The folder of a job, and the one of its results where that lies elsewhere."""
    own, results = Path(job.folder), Path(job.results_dir)
    return [own] if results.is_relative_to(own) or not results.is_dir() else [own, results]


def _send(remote: Remote, files: dict[str, Path], progress: Callable[[int, int], None], total: int) -> None:
    done = 0
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="send") as pool:
        tasks = [pool.submit(_put, remote, name, path) for name, path in files.items()]
        try:
            for task in tasks:
                before, done = done // _MEGABYTE, done + task.result()
                if done // _MEGABYTE > before:
                    progress(done // _MEGABYTE, max(total, done) // _MEGABYTE)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _put(remote: Remote, name: str, path: Path) -> int:
    size = path.stat().st_size
    with failures_told(f"{remote.shown}/{name}"):
        arrived = remote.put(str(path), name)
    if arrived != size:
        where = bare_address(f"{remote.shown}/{name}")
        message = f"{arrived or 0:,} of {size:,} bytes arrived"
        raise PlatformError(message, code="stage.network", where=where, remedy="send it again")
    return size


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path

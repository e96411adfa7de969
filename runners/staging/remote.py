# SPDX-License-Identifier: Apache-2.0
"""A place elsewhere, opened through fsspec: which files it holds, and their bytes."""

from __future__ import annotations

import base64
import hashlib
import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from core.addresses import bare_address
from core.errors import DataError
from core.installation import require
from runners.staging.failures import failures_told, tells_of_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXTRAS = {
    "s3": ("cloud", "fsspec", "s3fs"),
    "gs": ("cloud", "fsspec", "gcsfs"),
    "az": ("cloud", "fsspec", "adlfs"),
    "hf": ("stage", "fsspec", "huggingface_hub"),
    "http": ("cloud", "fsspec", "aiohttp"),
    "https": ("cloud", "fsspec", "aiohttp"),
}
_WEB = ("http", "https")
_VERSIONS = ("ETag", "etag", "generation", "blob_id", "VersionId", "Content-MD5", "Digest")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "Last-Modified")
_TALKATIVE = ("fsspec", "s3fs", "gcsfs", "adlfs", "azure", "google", "asyncio", "botocore", "aiobotocore", "urllib3")
_PIECE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file elsewhere: its name below the place, and its name in the store.

    `size` None: the server does not say. `version` changes with the content; empty where the server tells of nothing
    that would. `md5` and `sha256` are what the store says of the content, in hexadecimal.
    """

    name: str
    path: str
    size: int | None
    version: str
    md5: str = ""
    sha256: str = ""

    @property
    def key(self) -> str:
        """What this very content is known by before it is here; empty where nothing tells it from another."""
        if not self.version:
            return ""
        identity = f"{bare_address(self.path)}\n{self.version}\n{self.size}"
        return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()


class Remote:
    """A store, hub or web server at one place. Credentials are those that its library finds by itself.

    Raises:
        PlatformError: the library for this kind of place is not installed.
    """

    def __init__(self, place: str) -> None:
        self.shown = bare_address(place)
        self.scheme = place.partition(":")[0].lower()
        extra, *modules = _EXTRAS[self.scheme]
        require(extra, *modules)
        with failures_told(self.shown):
            from fsspec.core import url_to_fs

            _quieten()
            self._fs, self.path = url_to_fs(place, **self._settings())
        self.is_web = self.scheme in _WEB

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
        if self.scheme in _WEB:
            settings |= {"client_kwargs": {"trust_env": True}, "headers": {"Accept-Encoding": "identity"}}
        return settings

    def file(self, path: str, name: str) -> RemoteFile | None:
        """The file of this path; None where there is a folder, or nothing.

        Raises:
            DataError, PlatformError: as `failures_told` says.
        """
        with failures_told(self.shown):
            try:
                info = self._fs.info(path)
            except FileNotFoundError as problem:
                if path == self.path and self.is_web:
                    raise
                if tells_of_bucket(problem):
                    raise
                return None
        if str(info.get("mimetype", "")).startswith("text/html"):
            message = "this is a web page, not a file of data"
            remedy = "give the address of an archive or a CSV; folders of a web server can't be listed"
            raise DataError(message, code="stage.page", where=self.shown, remedy=remedy)
        return self._described(name, path, info) if info["type"] == "file" else None

    def below(self, path: str, prefix: str = "") -> list[RemoteFile]:
        """Every file below a folder, by its name there; nothing where a web server is asked, which lists none."""
        if self.is_web:
            return []
        with failures_told(self.shown):
            found = self._fs.find(path, detail=True)
        top = path.rstrip("/") + "/"
        return [
            self._described(prefix + inner.removeprefix(top), inner, info)
            for inner, info in sorted(found.items())
            if inner.startswith(top) and not inner.endswith("/")
        ]

    def names_in(self, path: str) -> list[str]:
        """The names in a folder, without what lies deeper; nothing for a web server."""
        if self.is_web:
            return []
        with failures_told(self.shown):
            try:
                return [PurePosixPath(name).name for name in self._fs.ls(path, detail=False)]
            except FileNotFoundError:
                return []

    def parent(self, path: str) -> str:
        """The folder that holds a path; empty above the top."""
        above, _, _ = path.rstrip("/").rpartition("/")
        return "" if above.endswith((":/", ":")) else above

    def read(self, file: RemoteFile, begin: int) -> Iterator[bytes]:
        """The bytes of a file from a place on; where no part is given, all of them behind an empty piece.

        Raises:
            Exception: whatever the library raises; callers tell of it.
        """
        if file.size is not None and file.size <= _PIECE and begin == 0:
            yield self._fs.cat_file(file.path)
            return
        if file.size is None:
            yield from self._streamed(file)
            return
        try:
            with self._fs.open(file.path, "rb", block_size=_PIECE, cache_type="none") as handle:
                handle.seek(begin)
                while data := handle.read(_PIECE):
                    yield data
        except ValueError:
            if not self.is_web:  # a web server need not give parts of a file
                raise
            yield from self._streamed(file)

    def _streamed(self, file: RemoteFile) -> Iterator[bytes]:
        yield b""
        with self._fs.open(file.path, "rb", block_size=0) as handle:
            while data := handle.read(_PIECE):
                yield data

    def version_now(self, file: RemoteFile) -> str:
        """The version of a file as it is now."""
        return self._described(file.name, file.path, self._fs.info(file.path)).version

    def put(self, local: str, path: str) -> int | None:
        """Send a file to a path below this place; returns how many bytes are there now."""
        whole = f"{self.path.rstrip('/')}/{path}"
        self._fs.put_file(local, whole)
        size = self._fs.info(whole).get("size")
        return size if isinstance(size, int) else None

    def _described(self, name: str, path: str, info: dict[str, Any]) -> RemoteFile:
        told = [str(info[key]) for key in _VERSIONS if info.get(key)]
        told = told[:1] or [_moment(info[key]) for key in _TIMES if info.get(key)][:1]
        size = info.get("size")
        full = path if self.is_web else f"{self.scheme}://{path}"
        lfs = info.get("lfs") or {}
        return RemoteFile(
            name=name,
            path=full,
            size=size if isinstance(size, int) else None,
            version="".join(told),
            md5=_md5(info),
            sha256=str(lfs.get("sha256") or "") if isinstance(lfs, dict) else str(getattr(lfs, "sha256", "")),
        )


def _quieten() -> None:
    """Libraries write tracebacks of what they raise as well; it is told by whoever catches it."""
    for name in _TALKATIVE:
        logging.getLogger(name).addHandler(logging.NullHandler())


def _moment(value: Any) -> str:
    return str(value.timestamp()) if hasattr(value, "timestamp") else str(value)


def _md5(info: dict[str, Any]) -> str:
    """The MD5 that a store says a file has: S3 by its ETag, where it was not sent in parts."""
    settings: Any = info.get("content_settings") or {}  # Azure's, as a dictionary or an object
    azure = settings.get("content_md5") if hasattr(settings, "get") else getattr(settings, "content_md5", None)
    encoded = info.get("md5Hash") or info.get("Content-MD5") or azure
    if isinstance(encoded, str):
        return base64.b64decode(encoded).hex()
    if isinstance(encoded, bytes | bytearray):
        return bytes(encoded).hex()
    etag = str(info.get("ETag", "")).strip('"')
    return etag if "Key" in info and len(etag) == 32 and "-" not in etag else ""


def names_of(files: Sequence[RemoteFile]) -> set[str]:
    """The first parts of the names of files."""
    return {file.name.partition("/")[0] for file in files}

# SPDX-License-Identifier: Apache-2.0
"""Real places to fetch from: an S3 server that checks credentials, and a web server that can misbehave."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.conftest import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SECRET = "AKTESTOFTHEPROJECT", "kept-out-of-everything-0123456789"
_SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "s3_server.sh"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass
class Store:
    """An S3 server: its endpoint, and what fills its buckets."""

    endpoint: str
    filesystem: Any

    def put(self, path: str, data: bytes) -> None:
        self.filesystem.pipe_file(path, data)

    def put_folder(self, folder: Path, path: str) -> None:
        for file in folder.rglob("*"):
            if file.is_file():
                self.put(f"{path}/{file.relative_to(folder)}", file.read_bytes())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of an S3 server."""
    folder = tmp_path_factory.mktemp("s3")
    environment = os.environ | {"S3_SERVER_KEY": KEY, "S3_SERVER_SECRET": SECRET, "PYTHON": sys.executable}
    command = ["sh", str(_SCRIPT), "start", str(folder), str(free_ports(8))]
    started = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if started.returncode == 3:
        pytest.skip(started.stderr.strip())
    assert started.returncode == 0, started.stderr
    yield started.stdout.strip()
    subprocess.run(["sh", str(_SCRIPT), "stop", str(folder)], env=environment, check=True)


@pytest.fixture(scope="session")
def filled(server: str) -> Store:
    """The server with a bucket `boards`, as its owner sees it."""
    s3fs = pytest.importorskip("s3fs")
    filesystem = s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=server, use_listings_cache=False)
    filesystem.makedirs("boards", exist_ok=True)
    return Store(server, filesystem)


@pytest.fixture
def s3(filled: Store, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The same, with the credentials for it in the environment."""
    del cache
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", filled.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return filled


@dataclass
class Site:
    """A web server: what it holds by path, how it misbehaves, and what it was asked."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    versions: bool = True
    cut_after: int | None = None  # bytes after which the next answer breaks off, once
    refuse: list[int] = field(default_factory=list)  # status codes of the next answers to GET
    signature: str = ""  # what the query has to hold
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range

    def begins(self) -> list[int]:
        """Where each request for content began."""
        return [int(part[6:].split("-")[0]) if part else 0 for method, _, part in self.asked if method == "GET"]


class _Pages(BaseHTTPRequestHandler):
    site: ClassVar[Site]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        site, (path, _, query) = self.site, self.path.partition("?")
        part = self.headers.get("Range") or ""
        site.asked.append((self.command, path, part))
        status = 200 if path in site.files else 404
        if site.signature and site.signature not in query:
            status = 403
        if body and site.refuse:
            status = site.refuse.pop(0)
        if status != 200:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._give(site.files[path], part if site.ranges else "", body=body)

    def _give(self, data: bytes, part: str, *, body: bool) -> None:
        site, asked = self.site, re.fullmatch(r"bytes=(\d+)-(\d*)", part)
        begin, end = (int(asked[1]), int(asked[2] or len(data) - 1)) if asked else (0, len(data) - 1)
        given = data[begin : end + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(given)))
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(given) - 1}/{len(data)}")
        if site.versions:
            self.send_header("ETag", f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"')
        if not site.ranges:
            self.send_header("Accept-Ranges", "none")
        self.send_header("Content-Type", "text/html" if data.startswith(b"<html") else "application/octet-stream")
        self.end_headers()
        if not body:
            return
        if site.cut_after is not None and len(given) > site.cut_after:
            given, site.cut_after = given[: site.cut_after], None
            self.close_connection = True
        self.wfile.write(given)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    del cache
    pytest.importorskip("aiohttp")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Site()
    handler = type("Pages", (_Pages,), {"site": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        server.shutdown()
        thread.join()

# SPDX-License-Identifier: Apache-2.0
"""Google's, Azure's and the hub's protocols, as their own libraries speak them, against small servers of the tests."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from core.errors import DataError, PlatformError
from runners.staging.fetch import Names, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = Names(("dataset.csv",), ("images",), ())
FILES = {
    "boards/train/dataset.csv": b"input_path,golden_path,label,object_name\n",
    "boards/images/C1.png": b"png" * 100,
    "boards/large.bin": hashlib.shake_128(b"large").digest(300_000),
}
COMMIT = "c" * 40


class _Server(BaseHTTPRequestHandler):
    """The parts that a fetch needs; the `files` may be changed, or be refused as a whole with `status`."""

    protocol_version = "HTTP/1.1"
    files: ClassVar[dict[str, bytes]]
    told: ClassVar[dict[str, bytes]]  # contents whose checksums are told, where they are not those of the files
    status: ClassVar[list[int]]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def do_GET(self) -> None:
        url, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        path = unquote(url.path).lstrip("/")
        if self.status:
            self._send(self.status[0], b"{}")
        else:
            self._route(path, query)

    def _route(self, path: str, query: dict[str, list[str]]) -> None:
        raise NotImplementedError

    def _file(self, name: str) -> None:
        data = self.files.get(name)
        if data is None:
            self._send(404, b"{}")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or self.headers.get("x-ms-range") or "")
        begin, end = (int(asked[1]), int(asked[2]) + 1) if asked else (0, len(data))
        part, headers = data[begin:end], self._headers_of(name)
        if asked:
            headers["Content-Range"] = f"bytes {begin}-{begin + len(part) - 1}/{len(data)}"
        self._send(206 if asked else 200, part, headers)

    def _headers_of(self, name: str) -> dict[str, str]:
        return {"ETag": f'"{self._etag(name)}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}

    def _etag(self, name: str) -> str:
        return hashlib.sha1(self.files[name], usedforsecurity=False).hexdigest()

    def _md5(self, name: str) -> str:
        data = self.told.get(name, self.files[name])
        return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Google(_Server):
    """JSON API of Cloud Storage: bucket `bucket`."""

    def _route(self, path: str, query: dict[str, list[str]]) -> None:
        name = path.partition("b/bucket/o/")[2]
        if path.startswith("download/") or query.get("alt") == ["media"]:
            self._file(name)
        elif name:
            found = json.dumps(self._item(name)).encode() if name in self.files else b"{}"
            self._send(200 if name in self.files else 404, found)
        elif path.endswith("b/bucket/o"):
            prefix = query.get("prefix", [""])[0]
            items = [self._item(name) for name in self.files if name.startswith(prefix)]
            self._send(200, json.dumps({"items": items}).encode())
        else:
            self._send(404, b"{}")

    def _item(self, name: str) -> dict[str, Any]:
        identity = {"name": name, "bucket": "bucket", "etag": self._etag(name), "md5Hash": self._md5(name)}
        return identity | {"size": str(len(self.files[name])), "updated": "2026-01-01T00:00:00Z", "generation": "1"}


class Azure(_Server):
    """Blob service: account `dev`, container `container`."""

    def _route(self, path: str, query: dict[str, list[str]]) -> None:
        if not self.headers.get("Authorization", "").startswith("SharedKey dev:"):
            self._send(403, b"")
        elif query.get("comp") == ["list"]:
            prefix = query.get("prefix", [""])[0]
            blobs = "".join(self._blob(name) for name in sorted(self.files) if name.startswith(prefix))
            listed = f'<EnumerationResults ContainerName="container"><Blobs>{blobs}</Blobs></EnumerationResults>'
            text = f'<?xml version="1.0"?>{listed}'
            self._send(200, text.encode(), {"Content-Type": "application/xml"})
        else:
            self._file(path.removeprefix("dev/container/"))

    def _headers_of(self, name: str) -> dict[str, str]:
        own = {"x-ms-blob-type": "BlockBlob", "x-ms-blob-content-md5": self._md5(name), "Content-MD5": self._md5(name)}
        return super()._headers_of(name) | own

    def _blob(self, name: str) -> str:
        facts = {"Etag": self._etag(name), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        facts |= {"Content-Length": str(len(self.files[name])), "Content-MD5": self._md5(name), "BlobType": "BlockBlob"}
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in facts.items())
        return f"<Blob><Name>{name}</Name><Properties>{inner}</Properties></Blob>"


class Hub(_Server):
    """The hub: data set `owner/name`."""

    def _route(self, path: str, query: dict[str, list[str]]) -> None:
        below = re.fullmatch(r"api/datasets/owner/name/tree/[^/]+/?(.*)", path)
        if re.fullmatch(r"api/datasets/owner/name(/revision/[^/]+)?", path):
            self._send(200, json.dumps({"id": "owner/name", "sha": COMMIT}).encode())
        elif re.fullmatch(r"api/datasets/owner/name/paths-info/[^/]+", path):
            self._send(200, b"[]")
        elif below:
            found = self._tree(f"{below[1]}/" if below[1] else "", deep=query.get("recursive") == ["true"])
            self._send(200 if found else 404, json.dumps(found or {}).encode())
        else:
            self._file(re.sub(r"^datasets/owner/name/resolve/[^/]+/", "", path))

    def _headers_of(self, name: str) -> dict[str, str]:
        return super()._headers_of(name) | {"X-Repo-Commit": COMMIT}

    def _tree(self, top: str, *, deep: bool) -> list[dict[str, Any]]:
        inside = [name.removeprefix(top) for name in self.files if name.startswith(top)]
        files = [self._entry(top + name) for name in inside if deep or "/" not in name]
        folders = {name.partition("/")[0] for name in inside if "/" in name}
        return files + [{"type": "directory", "path": top + name, "oid": "0" * 40} for name in sorted(folders)]

    def _entry(self, name: str) -> dict[str, Any]:
        told = hashlib.sha256(self.told.get(name, self.files[name])).hexdigest()
        size = len(self.files[name])
        lfs = {"oid": told, "size": size, "pointerSize": 100}
        return {"type": "file", "path": name, "size": size, "oid": self._etag(name), "lfs": lfs}


def _variables(kind: type[_Server], address: str) -> dict[str, str]:
    key = base64.b64encode(b"k" * 32).decode()
    return {
        Google: {"STORAGE_EMULATOR_HOST": address, "NO_GCE_CHECK": "true"},
        Azure: {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName=dev;AccountKey={key};BlobEndpoint={address}/dev;"},
        Hub: {"HF_ENDPOINT": address},
    }[kind]


STORES = {
    "gs": (Google, "gcsfs", "gs://bucket/boards"),
    "az": (Azure, "adlfs", "az://container/boards"),
    "hf": (Hub, "huggingface_hub", "hf://datasets/owner/name/boards"),
}


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A place in each kind of store."""
    del cache
    kind, library, found = STORES[request.param]
    pytest.importorskip(library)
    served = type("Served", (kind,), {"files": dict(FILES), "told": {}, "status": []})
    request.node.served = served
    with ThreadingHTTPServer(("127.0.0.1", 0), served) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        for name, value in ({"NO_PROXY": "127.0.0.1"} | _variables(kind, address)).items():
            monkeypatch.setenv(name, value)
        if request.param == "hf":
            from huggingface_hub import constants

            # Read when the library is first imported, which another test may have done.
            monkeypatch.setattr(constants, "ENDPOINT", address)
            template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
            monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield found
        server.shutdown()


def test_a_folder_is_fetched_whole(place: str) -> None:
    folder = Path(fetch(place, NAMES).place)

    assert {f"boards/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()} == set(FILES)
    assert all((folder.parent / name).read_bytes() == data for name, data in FILES.items())


def test_a_content_that_is_not_the_one_told_is_refused(place: str, request: pytest.FixtureRequest) -> None:
    request.node.served.told["boards/images/C1.png"] = b"gnp" * 100

    with pytest.raises(DataError) as error:
        fetch(place, NAMES)

    assert error.value.code == "stage.checksum"


def test_nothing_and_no_access_are_told(place: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(DataError) as nothing:
        fetch(f"{place}/nothing", NAMES)
    assert nothing.value.code == "stage.missing"

    request.node.served.status.append(403)
    with pytest.raises(PlatformError) as refused:
        fetch(place, NAMES)
    assert refused.value.code == "stage.denied"

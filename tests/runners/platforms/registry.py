# SPDX-License-Identifier: Apache-2.0
"""A registry of one image on this machine, with the protocol that engines pull by."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ERRORS = {401: ("UNAUTHORIZED", "authentication required"), 404: ("MANIFEST_UNKNOWN", "manifest unknown")}
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry:
    """Serves `layer`, a tar, as NAME:1; `failures` are the next answers to questions for a manifest: HTTP statuses."""

    def __init__(self, layer: bytes, entry_point: list[str]) -> None:
        self.failures: list[int] = []
        self.asked: list[str] = []
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": entry_point},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        blobs = [json.dumps(config).encode(), layer]
        self.blobs = {_digest(blob): blob for blob in blobs}
        kinds = ("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")
        parts = [
            {"mediaType": kind, "size": len(blob), "digest": _digest(blob)}
            for kind, blob in zip(kinds, blobs, strict=True)
        ]
        document = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": parts[0], "layers": parts[1:]}
        self.manifest = json.dumps(document).encode()
        self.digest = _digest(self.manifest)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve it; the value is host and port."""
        with ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield f"127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and body of the answer to a question."""
        *_, kind, name = ("", *path.strip("/").split("/"))
        if kind == "manifests":
            self.asked.append(name)
            if self.failures:
                return self._failure(self.failures.pop(0))
            if name not in {"1", self.digest}:
                return self._failure(404)
            return 200, _MANIFEST, self.manifest
        if kind == "blobs":
            return 200, "application/octet-stream", self.blobs[name]
        return 200, "application/json", b"{}"

    def _failure(self, status: int) -> tuple[int, str, bytes]:
        code, message = _ERRORS.get(status, ("UNKNOWN", "unknown error"))
        return status, "application/json", json.dumps({"errors": [{"code": code, "message": message}]}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, kind, body = registry.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if kind == _MANIFEST:
                    self.send_header("Docker-Content-Digest", registry.digest)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the name that the server calls

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

WEIGHTS = b"weights " * 1000
CHANGENET = str(Path(sys.executable).with_name("changenet"))


class _Hub(BaseHTTPRequestHandler):
    """The part of the hub's protocol that a download of one file needs."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.asked.append(self.path)
        found = self.path == "/nvidia/C-RADIOv2-B/resolve/main/model.safetensors"
        self.send_response(200 if found else 404)
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("ETag", f'"{hashlib.sha256(WEIGHTS).hexdigest()}"')
        self.send_header("Content-Length", str(len(WEIGHTS) if found else 0))
        self.end_headers()
        if body and found:
            self.wfile.write(WEIGHTS)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Hub", (_Hub,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def _stage(folder: Path, endpoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    env = plain | {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "home"), "NO_PROXY": "127.0.0.1"} | environment
    command = [CHANGENET, "stage", "backbone", "--json"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_weights_are_fetched_once_from_a_hub(tmp_path: Path, hub: tuple[str, list[str]]) -> None:
    endpoint, asked = hub
    first = _stage(tmp_path, endpoint, HF_TOKEN="hf_" + "s" * 30)
    assert first.returncode == 0, first.stdout + first.stderr
    staged = Path(json.loads(first.stdout)["path"])
    assert staged == tmp_path / "backbone" / "c_radio_v2_b.safetensors"
    mount = json.loads(first.stdout)["mount"]
    assert mount == f"{staged}:/data/pretrained_models/C-RADIOv2_B.safetensors"
    assert staged.read_bytes() == WEIGHTS
    before = len(asked)
    assert _stage(tmp_path, endpoint).returncode == 0
    assert len(asked) == before
    assert "hf_sss" not in first.stdout + first.stderr


def test_a_hub_that_can_not_be_used_is_one_error_with_a_remedy(tmp_path: Path) -> None:
    result = _stage(tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert result.returncode == 5
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "stage.hub"
    assert "HF_TOKEN" in error["remedy"]
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "backbone").exists()

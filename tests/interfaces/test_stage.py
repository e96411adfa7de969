# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from interfaces.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMIT, OLDER = "0" * 40, "1" * 40
CHANGENET = str(Path(sys.executable).with_name("changenet"))


def weights(size: int = 8000) -> bytes:
    """A safetensors file of one tensor."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + b"w" * size


WEIGHTS = weights()


class _Hub(BaseHTTPRequestHandler):
    """The part of the hub's protocol that a download of one file needs."""

    asked: list[str]
    answers: dict[str, Any]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.asked.append(self.path)
        revisions = {"main": COMMIT, "v1": OLDER, COMMIT: COMMIT, OLDER: OLDER}
        named = self.path.removeprefix("/nvidia/C-RADIOv2-B/resolve/").removesuffix("/model.safetensors")
        commit, data = revisions.get(named), self.answers.get("data", WEIGHTS)
        self.send_response(200 if commit else 404)
        self.send_header("X-Repo-Commit", commit or COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(self.answers.get("told", data)).hexdigest()}"')
        self.send_header("Content-Length", str(len(data) if commit else 0))
        self.end_headers()
        if body and commit:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def answers() -> dict[str, Any]:
    """How the hub's answers differ from those of one that is sound."""
    return {}


@pytest.fixture
def hub(answers: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Hub", (_Hub,), {"asked": asked, "answers": answers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def _stage(folder: Path, endpoint: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    env = plain | {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "home"), "NO_PROXY": "127.0.0.1"} | environment
    command = [CHANGENET, "stage", "backbone", "--json", *words]
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


def test_revision_and_sha256_are_recorded_and_a_revision_can_be_asked_for(
    tmp_path: Path, hub: tuple[str, list[str]]
) -> None:
    latest = json.loads(_stage(tmp_path, hub[0]).stdout)
    older = json.loads(_stage(tmp_path, hub[0], "--revision", "v1", "--out", "older").stdout)

    assert (latest["revision"], older["revision"]) == (COMMIT, OLDER)
    assert latest["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert json.loads(Path(latest["record"]).read_text()) == {
        "repository": "nvidia/C-RADIOv2-B",
        "file": "model.safetensors",
        "revision": COMMIT,
        "sha256": latest["sha256"],
        "size": len(WEIGHTS),
    }
    other = json.loads(_stage(tmp_path, hub[0], "--revision", OLDER).stdout)["error"]
    assert other["code"] == "stage.weights"
    assert COMMIT in other["message"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"data": WEIGHTS[:5000]}, "stage.weights"),
        ({"data": WEIGHTS[:-1] + b"x", "told": WEIGHTS}, "stage.checksum"),
        ({"data": b"{" * 9000}, "stage.weights"),
    ],
    ids=["cut off there", "another content", "no weights"],
)
def test_what_a_hub_gives_is_checked_before_it_takes_the_documented_name(
    tmp_path: Path, hub: tuple[str, list[str]], answers: dict[str, Any], wrong: dict[str, Any], code: str
) -> None:
    answers |= wrong

    result = _stage(tmp_path, hub[0])

    assert json.loads(result.stdout)["error"]["code"] == code
    assert not (tmp_path / "backbone").exists()


def test_files_that_were_brought_by_hand_are_taken_without_a_network(tmp_path: Path) -> None:
    brought = tmp_path / "usb" / "model.safetensors"
    brought.parent.mkdir()
    brought.write_bytes(WEIGHTS)

    copied = json.loads(_stage(tmp_path, "http://127.0.0.1:9", "--from", str(brought)).stdout)

    assert Path(copied["path"]).read_bytes() == WEIGHTS
    assert (copied["revision"], copied["sha256"]) == ("unknown", hashlib.sha256(WEIGHTS).hexdigest())
    Path(copied["record"]).unlink()  # put there without this command
    assert json.loads(_stage(tmp_path, "http://127.0.0.1:9").stdout)["sha256"] == copied["sha256"]
    brought.write_bytes(WEIGHTS[:-9])
    error = json.loads(_stage(tmp_path, "http://127.0.0.1:9", "--from", str(brought)).stdout)["error"]
    assert "bytes" in error["message"]


def test_what_the_clients_own_cache_holds_is_enough_without_a_network(
    tmp_path: Path, hub: tuple[str, list[str]]
) -> None:
    assert _stage(tmp_path, hub[0]).returncode == 0
    again = _stage(tmp_path, hub[0], "--out", "again", HF_HUB_OFFLINE="1")
    assert json.loads(again.stdout)["revision"] == COMMIT


def test_a_hub_that_can_not_be_used_is_one_error_with_a_remedy(tmp_path: Path) -> None:
    result = _stage(tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert result.returncode == 5
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "stage.hub"
    assert "HF_TOKEN" in error["remedy"]
    assert "--from FILE" in error["remedy"]
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "backbone").exists()


def test_an_archive_of_a_whole_data_set_on_this_machine_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "boards" / "train").mkdir(parents=True)
    (tmp_path / "boards" / "images").mkdir()
    (tmp_path / "boards" / "images" / "a.png").write_bytes(b"png")
    whole = shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path, "boards")

    assert main(["stage", "data", whole, "--json"]) == 2  # pictures alone
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "stage.part"

    (tmp_path / "boards" / "train" / "dataset.csv").write_text("input_path,golden_path,label,object_name\n")
    whole = shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path, "boards")
    assert main(["plan", "train", "--data", whole, "--automl", "off", "--json"]) == 2
    remedy = json.loads(capsys.readouterr().out)["error"]["remedy"]
    assert f"changenet stage data {whole}" in remedy
    assert main(["stage", "data", whole, "--json"]) == 0
    place = Path(json.loads(capsys.readouterr().out)["staged"][0]["place"])
    assert sorted(path.name for path in place.iterdir()) == ["images", "train"]
    assert place.name == "boards"

# SPDX-License-Identifier: Apache-2.0
"""A folder for a machine without a network: what is in it, what is missing, and that it is enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import ChangenetError
from interfaces.bank.extras import EXTRAS, extras_of
from interfaces.bank.offline import OFFLINE_FILE, Wanted, build_offline
from interfaces.skill import the_skill


def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collecting packages takes pip and minutes: the long test below does it."""

    def collected(_wheel: Path, _pins: Path, folder: Path, _runner: str) -> None:
        folder.mkdir()
        (folder / EXTRAS).write_text("engine,automl\n")

    monkeypatch.setattr("interfaces.bank.offline.collect_wheels", collected)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def weights(folder: Path) -> Path:
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path = folder / "own.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0\0\0")
    return path


def test_the_folder_lists_what_it_holds_and_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_packages(monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    wanted = Wanted("docker", ("registry.example/aoi:1",), weights(tmp_path))
    out = tmp_path / "carried"
    pieces = {piece.name: piece for piece in build_offline(out, None, wanted, the_skill(), lambda _: None)}
    image = pieces["registry.example/aoi:1"]
    assert (image.place, image.needed, "docker load" in image.remedy) == ("", True, True)
    backbone = next(piece for piece in pieces.values() if piece.place.startswith("backbone/"))
    assert (out / backbone.place).read_bytes() == weights(tmp_path).read_bytes()
    written = json.loads((out / OFFLINE_FILE).read_text())
    assert [piece["name"] for piece in written["pieces"]] == list(pieces)
    page = (out / "README.md").read_text()
    assert "registry.example/aoi:1 | **missing**" in page
    assert f"--from THIS_FOLDER/{backbone.place}" in page
    checked = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(checked, cwd=out, check=False).returncode == 0
    (out / "README.md").write_text("other")
    refused = subprocess.run(["sh", str(out / "install.sh")], capture_output=True, text=True, check=False)
    assert (refused.returncode, "carry it over again" in refused.stderr) == (2, True)


def test_weights_that_are_named_and_broken_end_it_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_packages(monkeypatch)
    broken = weights(tmp_path)
    broken.write_bytes(broken.read_bytes()[:-1])
    with pytest.raises(ChangenetError) as caught:
        build_offline(tmp_path / "carried", None, Wanted("local", (), broken), the_skill(), lambda _: None)
    assert caught.value.code == "stage.weights"
    assert [path.name for path in tmp_path.iterdir()] == [broken.name]


def test_a_folder_of_others_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ChangenetError, match="was not made by"):
        build_offline(tmp_path, None, Wanted("local"), the_skill(), lambda _: None)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_extras_that_are_none_are_not_handed_to_pip(tmp_path: Path) -> None:
    assert extras_of(tmp_path) == ""
    for text, found in (("engine,automl\n", "engine,automl"), ("engine] --index-url x", ""), ("", "")):
        (tmp_path / EXTRAS).write_text(text)
        assert extras_of(tmp_path) == found


def test_what_only_an_offline_folder_takes_is_refused_without_it(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("changenet")
    words = [str(program), "package", str(tmp_path / "bank"), "--runner", "docker"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, "--offline" in done.stderr, list(tmp_path.iterdir())) == (2, True, [])


@pytest.mark.long
def test_a_machine_without_a_network_installs_plans_and_trains(tmp_path: Path) -> None:
    alone = ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network can be taken away here")
    program = str(Path(sys.executable).with_name("changenet"))
    told = subprocess.run(
        [program, "package", "carried", "--offline", "--json"],
        cwd=tmp_path,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode == 5:
        pytest.skip(f"the packages can't be collected: {told.stderr.strip()[-200:]}")
    assert (told.returncode, json.loads(told.stdout)["complete"]) == (0, True)
    home = tmp_path / "home"
    home.mkdir()
    plain = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "OMP_WAIT_POLICY": "PASSIVE"}

    def there(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [*alone, *words],
            cwd=home,
            env=plain | {"PYTHON": sys.executable},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return found

    command = there("sh", str(tmp_path / "carried/install.sh"), "--unsigned", "--json")["command"]
    there(command, "data", "synthesize", "boards", "--boards", "4")
    request = ("train", "--data", "boards", "--automl", "off", "--profile", "laptop", "--json")
    assert there(command, "plan", *request)["missing"] == []
    trained = there(command, "run", *request, "-s", "num_epochs=1", "-s", "dataset.classify.image_width=32")
    assert trained["job"]["state"] == "COMPLETE"

# SPDX-License-Identifier: Apache-2.0
"""A folder for a machine without a network: what is in it, what is missing, and that it is enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import ChangenetError
from interfaces.bank.carried import install_carried
from interfaces.bank.checksums import SIGNATURE, sign, write_sums
from interfaces.bank.extras import EXTRAS, extras_of
from interfaces.bank.install import Wish, home_at
from interfaces.bank.layout import OFFLINE_FILE
from interfaces.bank.offline import Wanted, build_offline
from interfaces.bank.packages import collect_wheels
from interfaces.skill import the_skill

if TYPE_CHECKING:
    from collections.abc import Callable


PACKAGE = "some-1-py3-none-any.whl"


def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collecting packages takes pip and minutes: the long test below does it."""

    def collected(_wheel: Path, _pins: Path, folder: Path, _runner: str) -> None:
        folder.mkdir()
        (folder / EXTRAS).write_text("engine,automl\n")
        (folder / PACKAGE).write_bytes(b"as it was made")

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


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """A signed folder with an image, as `docker save` would have left it."""
    folder = tmp_path_factory.mktemp("carried")
    with pytest.MonkeyPatch.context() as patch:
        without_packages(patch)
        build_offline(folder / "made", key, Wanted("local", (), weights(folder)), the_skill(), lambda _: None)
    (folder / "made/images").mkdir()
    (folder / "made/images/aoi.tar").write_bytes(b"layers")
    write_sums(folder / "made")
    sign(folder / "made", key)
    return folder / "made"


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Docker whose engine notes what it is told to load."""
    program = tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/loaded\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path / "loaded"


def _swap_package(folder: Path) -> None:
    (folder / "packages" / PACKAGE).write_bytes(b"as somebody else made it")


def _swap_package_and_sums(folder: Path) -> None:
    _swap_package(folder)
    write_sums(folder)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (_swap_package, "bank.changed"),
        (_swap_package_and_sums, "bank.signature"),
        (lambda folder: (folder / "images/more.tar").write_bytes(b"another image"), "bank.files"),
        (lambda folder: (folder / SIGNATURE).unlink(), "bank.unsigned"),
    ],
)
def test_a_carried_folder_that_was_changed_is_refused_before_anything_of_it_is_used(
    signed: Path, key: Path, loaded: Path, tmp_path: Path, harm: Callable[[Path], object], code: str
) -> None:
    shutil.copytree(signed, tmp_path / "copy")
    shutil.copyfile(key.with_name("allowed"), tmp_path / "allowed")
    harm(tmp_path / "copy")
    words = ["sh", "copy/install.sh", "--signers", "allowed", "--home", "home", "--json"]  # from where it is typed
    environment = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, code), done.stderr
    assert not loaded.exists()
    assert not (tmp_path / "home").exists()


def test_a_carried_folder_as_it_was_signed_is_installed_with_its_packages_and_images(
    signed: Path, key: Path, loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, Any] = {}

    def made(place: Path, *_: Path, **wish: object) -> None:
        place.mkdir()
        found.update(wish)

    monkeypatch.setattr("interfaces.bank.install.make_environment", made)
    wish = Wish(None, engine=False, wheels=None, signers=key.with_name("allowed"), unsigned=False)
    record = install_carried(signed, home_at(str(tmp_path / "home")), wish, lambda _: None)
    assert record.signer == "maker@example.com"
    assert found == {"engine": True, "wheels": signed / "packages"}
    assert loaded.read_text() == f"load -q -i {signed}/images/aoi.tar\n"


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


@pytest.mark.parametrize(
    ("runner", "client"), [("local", ""), ("docker", ",docker"), ("kubernetes", ",kubernetes"), ("ray", ",ray")]
)
def test_packages_hold_the_client_of_the_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: str, client: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("interfaces.bank.packages.run_pip", lambda _python, words, *_: asked.extend(words))
    collect_wheels(tmp_path / "some.whl", tmp_path / "pins", tmp_path / "packages", runner)
    assert asked[-1] == f"{tmp_path}/some.whl[engine,automl,deploy,inspect,mcp,serve{client}]"
    assert extras_of(tmp_path / "packages") == f"engine,automl,deploy,inspect,mcp,serve{client}"


@pytest.mark.long
def test_a_machine_without_a_network_installs_plans_and_trains(tmp_path: Path) -> None:
    alone = ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network can be taken away here")
    fetched = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(tmp_path / "one"), "PyYAML"]
    if subprocess.run(fetched, capture_output=True, check=False).returncode:
        pytest.skip("pip reaches no index here")
    program = str(Path(sys.executable).with_name("changenet"))
    told = subprocess.run(
        [program, "package", "carried", "--offline", "--json"],
        cwd=tmp_path,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["complete"] is True
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

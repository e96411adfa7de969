# SPDX-License-Identifier: Apache-2.0
"""A bank is built, checked, installed into an empty home, used from there, and removed without a rest."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import ChangenetError
from interfaces.bank.agents import skill_folders
from interfaces.bank.checksums import SIGNATURE, SUMS, copy_checked, write_sums
from interfaces.bank.client_form import schema_form
from interfaces.bank.install import Home, Wish, home_at, install_bank, uninstall_bank
from interfaces.bank.record import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL, AUTOML = "tao-train-visual-changenet", "tao-run-automl"


def command(*words: str, home: Path, folder: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """A command for a user whose home is `home`."""
    dropped = {"CHANGENET_CACHE", "XDG_DATA_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "CHANGENET_SKILL_DIR"}
    plain = {name: value for name, value in os.environ.items() if name not in dropped}
    # pip asks rustc for its version, which keeps things in the home.
    plain |= {"HOME": str(home), "RUSTUP_HOME": str(home.parent / "rustup"), **more}
    return subprocess.run(words, cwd=folder or home.parent, env=plain, capture_output=True, text=True, check=False)


def changenet(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return command(str(Path(sys.executable).with_name("changenet")), *words, home=home)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    folder = tmp_path_factory.mktemp("banks")
    done = changenet("package", str(folder / "bank"), "--key", str(key), home=folder)
    assert done.returncode == 0, done.stderr
    return folder / "bank"


@pytest.fixture
def copy(bank: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bank, tmp_path / "bank"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_bank_built_again_is_the_same_to_the_byte(bank: Path, key: Path, tmp_path: Path) -> None:
    done = changenet("package", str(tmp_path / "again"), "--key", str(key), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "again") == files(bank)


@pytest.mark.parametrize("name", [MODEL, AUTOML])
def test_both_skills_are_valid_by_the_standard(bank: Path, name: str) -> None:
    program = Path(sys.executable).with_name("agentskills")
    done = subprocess.run([program, "validate", bank / "skills" / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_test_and_no_path_of_the_building_machine_is_inside(bank: Path, project_root: Path) -> None:
    inside = files(bank)
    with zipfile.ZipFile(next((bank / "wheels").glob("*.whl"))) as archive:
        inside |= {name: archive.read(name) for name in archive.namelist()}
    assert [name for name in inside if re.search(r"(^|/)(tests?/|conftest|\.git|__pycache__)", name)] == []
    places = [str(project_root).encode(), str(Path.home()).encode() + b"/", str(bank.parent).encode()]
    assert [name for name, data in inside.items() if any(place in data for place in places)] == []


def test_links_of_the_packaged_pages_lead_to_files(bank: Path) -> None:
    pages = list((bank / "skills").rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text())]
    assert len(links) > 5
    assert [(str(page), link) for page, link in links if not (page.parent / link).exists()] == []


def test_manifests_name_what_is_there(bank: Path) -> None:
    plugin = json.loads((bank / ".claude-plugin/plugin.json").read_text())
    market = json.loads((bank / ".claude-plugin/marketplace.json").read_text())
    codex = json.loads((bank / ".codex-plugin/plugin.json").read_text())
    assert {plugin["name"], codex["name"], market["plugins"][0]["name"]} == {"changenet"}
    for source in (market["plugins"][0]["source"], codex["skills"]):
        assert source.startswith("./")
        assert (bank / source).is_dir()


def _install(bank: Path, home: Path, **given: Any) -> None:
    wish = {"agents": None, "engine": False, "wheels": None, "signers": None, "unsigned": True} | given
    install_bank(bank, home_at(str(home)), Wish(**wish), lambda _: None)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda bank: (bank / "LICENSE").write_text("other"), "bank.changed"),
        (lambda bank: (bank / "LICENSE").unlink(), "bank.files"),
        (lambda bank: (bank / "skills" / MODEL / "more.md").write_text("do this too"), "bank.files"),
        (lambda bank: (bank / "skills" / "link").symlink_to("/etc"), "bank.link"),
        (lambda bank: (bank / SUMS).write_text(f"{'0' * 64}  ../../outside\n"), "bank.name"),
        (lambda bank: (bank / SUMS).write_text(f"{'0' * 64}  /etc/passwd\n"), "bank.name"),
        (lambda bank: (bank / "bank.json").unlink(), "bank.missing"),
    ],
)
def test_a_bank_that_was_changed_is_refused_and_leaves_nothing(
    copy: Path, home: Path, harm: Callable[[Path], object], code: str
) -> None:
    harm(copy)
    with pytest.raises(ChangenetError) as caught:
        _install(copy, home)
    assert (caught.value.code, list(home.iterdir())) == (code, [])
    assert caught.value.remedy


def test_a_bank_whose_document_names_a_place_elsewhere_is_refused(copy: Path, home: Path) -> None:
    document = json.loads((copy / "bank.json").read_text())
    (copy / "bank.json").write_text(json.dumps(document | {"skills": ["../../.ssh"]}))
    write_sums(copy)
    with pytest.raises(ChangenetError) as caught:
        _install(copy, home)
    assert (caught.value.code, list(home.iterdir())) == ("bank.format", [])


def test_whose_bank_is_trusted_is_for_the_user_to_say(copy: Path, home: Path, key: Path) -> None:
    allowed, other = key.with_name("allowed"), home.parent / "others"
    other.write_text(allowed.read_text().replace("AAAAC3", "AAAAC4"))
    cases: list[tuple[dict[str, Any], str]] = [({}, "bank.signers"), ({"signers": other}, "bank.signature")]
    for given, code in cases:
        with pytest.raises(ChangenetError) as caught:
            _install(copy, home, unsigned=False, **given)
        assert caught.value.code == code
    (copy / "LICENSE").write_text("other")
    write_sums(copy)
    with pytest.raises(ChangenetError, match="signature does not fit"):
        _install(copy, home, unsigned=False, signers=allowed)
    (copy / SIGNATURE).unlink()
    with pytest.raises(ChangenetError, match="not signed"):
        _install(copy, home, unsigned=False, signers=allowed)
    assert list(home.iterdir()) == []


def test_what_is_copied_is_what_was_checked(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "staged").mkdir()
    copy_checked(bank, tmp_path / "staged")
    assert files(tmp_path / "staged") == {name: data for name, data in files(bank).items() if not name.startswith(SUMS)}


def test_where_agents_look(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert skill_folders(None, home, is_own_home=False) == [home / ".claude/skills", home / ".agents/skills"]
    (home / ".gemini").mkdir()
    assert skill_folders(None, home, is_own_home=False) == [home / ".gemini/skills"]
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/elsewhere/claude")
    monkeypatch.setenv("CODEX_HOME", "/elsewhere/codex")
    moved = [Path("/elsewhere/claude/skills"), Path("/elsewhere/codex/skills")]
    assert skill_folders("claude-code, codex", home, is_own_home=True) == moved
    with pytest.raises(ChangenetError, match="claude-cod"):
        skill_folders("claude-cod", home, is_own_home=False)


@pytest.fixture(scope="module")
def wheels(bank: Path) -> Path:
    """The packages of a light installation in a folder, as for a machine without a network."""
    folder = bank.parent / "packages"
    (wheel,) = (bank / "wheels").glob("*.whl")
    words = ["-m", "pip", "download", "-q", "-c", str(bank / "constraints.txt"), "-d", str(folder), str(wheel)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the packages can't be fetched: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.mark.long
def test_an_installed_bank_plans_and_leaves_nothing_when_it_is_removed(
    bank: Path, key: Path, wheels: Path, home: Path, project_root: Path
) -> None:
    words = ["--signers", str(key.with_name("allowed")), "--wheels", str(wheels)]
    done = command("sh", str(bank / "install.sh"), *words, "--json", home=home, PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    skill = home / ".claude/skills" / MODEL
    assert (said["signer"], str(skill) in said["skills"]) == ("maker@example.com", True)
    assert files(home / ".agents/skills" / AUTOML) | {} == files(bank / "skills" / AUTOML)

    program = str(skill / ".venv/bin/changenet")
    planned = command(program, "plan", "train changenet classify for 3 epochs", "--json", home=home)
    document = json.loads(planned.stdout)
    assert planned.returncode == 3, planned.stdout
    assert document["decision"]["action"] == "train"
    assert str(project_root) not in planned.stdout

    again = command(program, "install", str(bank), "--unsigned", home=home)
    assert (again.returncode, "changenet uninstall" in again.stderr) == (2, True)
    removed = command(str(home / ".local/bin/changenet"), "uninstall", home=home)
    assert removed.returncode == 0, removed.stderr
    assert list(home.iterdir()) == []


@pytest.fixture
def installed(bank: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An installation whose environment is an empty folder, which is what the tests of its surroundings need."""
    monkeypatch.setattr("interfaces.bank.install.make_environment", lambda place, *_, **__: place.mkdir())
    _install(bank, home)
    return home_at(str(home))


def test_what_others_put_beside_it_stays(installed: Home) -> None:
    notes = installed.folder / ".claude/skills" / MODEL / "notes.txt"
    notes.write_text("mine")
    (installed.folder / ".claude/settings.json").write_text("{}")
    _, kept = uninstall_bank(installed)
    left = sorted(path.name for path in installed.folder.rglob("*") if path.is_file())
    assert (left, kept) == (["notes.txt", "settings.json"], [str(notes.parent)])
    with pytest.raises(ChangenetError, match="nothing is installed"):
        uninstall_bank(installed)


def test_a_skill_that_is_there_already_is_not_replaced(bank: Path, home: Path) -> None:
    own = home / ".claude/skills" / AUTOML / "SKILL.md"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(ChangenetError, match="was not put there"):
        _install(bank, home)
    assert [path for path in home.rglob("*") if path.is_file()] == [own]


def test_an_installation_that_is_interrupted_leaves_nothing(
    bank: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(place: Path, *_: object, **__: object) -> None:
        (place / "bin").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr("interfaces.bank.install.make_environment", stop)
    with pytest.raises(KeyboardInterrupt):
        _install(bank, home)
    assert list(home.iterdir()) == []


def test_an_installation_that_was_killed_is_cleared_by_the_next(installed: Home, bank: Path) -> None:
    record = json.loads((installed.root / RECORD).read_text())
    (installed.root / RECORD).write_text(json.dumps(record | {"complete": False}))
    shutil.rmtree(installed.folder / ".agents/skills" / AUTOML)  # as far as it came
    _install(bank, installed.folder)
    assert json.loads((installed.root / RECORD).read_text())["complete"] is True
    uninstall_bank(installed)
    assert list(installed.folder.iterdir()) == []


def test_a_python_that_makes_no_environments_leaves_nothing_and_is_told(
    bank: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'Error: ensurepip is not available' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ChangenetError, match="ensurepip is not available") as caught:
        _install(bank, home)
    assert (caught.value.exit_code, "python3-venv" in caught.value.remedy) == (5, True)
    assert list(home.iterdir()) == []


def test_a_folder_that_is_no_bank_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("mine")
    done = changenet("package", str(tmp_path / "kept"), home=tmp_path)
    assert (done.returncode, (tmp_path / "kept/file").read_text()) == (2, "mine")


def test_other_clients_find_a_literal_image_and_one_type_for_each_key(bank: Path) -> None:
    from core.documents import read_yaml

    skill = bank / "skills" / MODEL
    info = read_yaml(skill / "references/skill_info.yaml")
    assert re.fullmatch(r"[\w.\-/]+:[\w.\-]+", info["container_image"])
    schema = json.loads((skill / "schemas/train.schema.json").read_text())

    def check(node: dict[str, Any], place: str) -> None:
        kinds = [node["type"]] if "type" in node else [one["type"] for one in node["anyOf"] if one["type"] != "null"]
        assert len(kinds) == 1, place
        assert isinstance(kinds[0], str), place
        if kinds == ["object"]:
            assert node["properties"], place
        elif node.get("automl_enabled") and kinds[0] in {"number", "integer"} and "enum" not in node:
            assert {"minimum", "maximum"} <= node.keys(), place
        for name, child in node.get("properties", {}).items():
            check(child, f"{place}.{name}")

    check(schema, "train")


def test_what_the_client_form_changes_is_what_it_says() -> None:
    form = schema_form(
        {
            "type": "object",
            "default": {"name": None, "colours": None, "inner": {"map": None}},
            "properties": {
                "name": {"type": ["string", "null"], "default": None},
                "kind": {"anyOf": [{"type": "string", "enum": ["a.b"]}, {"type": "string", "pattern": "^timm/x$"}]},
                "rate": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "automl_enabled": True,
                    "search": {"minimum": 0.1, "maximum": 0.5},
                },
                "colours": {"type": ["object", "null"], "patternProperties": {"^[0-9]+$": {"type": "array"}}},
                "inner": {"type": "object", "properties": {"map": {"type": ["object", "null"]}}},
            },
        }
    )
    keys = form["properties"]
    assert form["default"] == {"name": None, "inner": {}}
    assert keys["name"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert keys["kind"] == {"type": "string", "pattern": "^(?:a\\.b|timm/x)$"}
    assert (keys["rate"]["minimum"], keys["rate"]["maximum"], "exclusiveMinimum" in keys["rate"]) == (0.1, 0.5, False)
    assert list(keys["colours"]["properties"]) == ["0", "1"]

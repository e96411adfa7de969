# SPDX-License-Identifier: Apache-2.0
"""A built wheel works by itself: the code, and the skill's files that it reads."""

from __future__ import annotations

import json
import shlex
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Built, Installed

# Of a checkout, a wheel leaves out what serves working on it, and a source distribution what serves keeping it.
NOT_IN_WHEEL = {".ci", "benchmarks", "evals", "docs", "scripts", "tests"}
NOT_IN_WHEEL |= {".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "MANIFEST.in", "Makefile", "README.md"}
NOT_IN_WHEEL |= {"constraints.txt", "pyproject.toml", "setup.py", "Dockerfile", ".dockerignore"}
NOT_IN_SDIST = {".ci", ".gitignore"}
SKILL = "changenet_skill"
pytestmark = pytest.mark.long


def test_the_wheel_holds_all_code_and_every_file_of_the_skill_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = {name for name in archive.namelist() if not PurePosixPath(name).parts[0].endswith(".dist-info")}
    wanted = {name for name in built.sources if PurePosixPath(name).parts[0] not in NOT_IN_WHEEL}
    assert {name.removeprefix(f"{SKILL}/") for name in names} == wanted
    of_the_skill = {name.removeprefix(f"{SKILL}/") for name in names if name.startswith(f"{SKILL}/")}
    assert of_the_skill == {
        name
        for name in wanted
        if name.startswith(("schemas/", "references/", "deploy/", "models/"))
        or "/" not in name
        or name in {"automl/SKILL.md", "automl/skill_info.yaml"}
    }


def test_the_source_distribution_holds_what_a_checkout_holds(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {str(PurePosixPath(*PurePosixPath(one.name).parts[1:])) for one in archive if one.isfile()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert names - made == {name for name in built.sources if PurePosixPath(name).parts[0] not in NOT_IN_SDIST}


def test_an_installed_copy_plans_with_its_own_files(installed: Installed, tmp_path: Path) -> None:
    drawn = installed.run(tmp_path, "changenet", "data", "synthesize", "boards", "--boards", "4", "--size", "64")
    assert drawn.returncode == 0, drawn.stderr
    planned = installed.run(
        tmp_path, "changenet", "plan", "train ChangeNet on ./boards for 3 epochs", "--full", "--json"
    )
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert str(installed.site / SKILL) in planned.stdout
    single = installed.run(tmp_path, "changenet", "plan", "train", "--data", "boards", "--automl", "off", "--json")
    assert single.returncode == 0, single.stdout + single.stderr


def test_an_installed_copy_checks_its_schemas_and_declarations(installed: Installed, tmp_path: Path) -> None:
    checked = installed.run(tmp_path, "changenet", "schemas", "--check", "--json")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert json.loads(checked.stdout) == {"drift": [], "problems": []}


def test_an_installed_copy_writes_schemas_into_a_named_folder_only(installed: Installed, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (installed.site / SKILL).rglob("*")}
    refused = installed.run(tmp_path, "changenet", "schemas", "--json")
    error = json.loads(refused.stdout)["error"]
    assert (refused.returncode, error["code"], error["where"]) == (2, "schemas.installed", str(installed.site / SKILL))
    assert "CHANGENET_SKILL_DIR" in error["remedy"]
    assert {path: path.stat().st_mtime_ns for path in (installed.site / SKILL).rglob("*")} == before

    written = installed.run(tmp_path, "changenet", "schemas", CHANGENET_SKILL_DIR=str(tmp_path / "skill"))
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "skill" / "schemas" / "manifest.json").is_file()


def test_an_installed_copy_adds_an_extra_by_what_it_requires(installed: Installed, tmp_path: Path) -> None:
    script = "from core.installation import how_to_install; print(how_to_install('spec'))"
    remedy = shlex.split(installed.run(tmp_path, "python", "-c", script).stdout)
    assert remedy[:4] == [str(installed.bin / "python"), "-m", "pip", "install"]
    assert {word.partition(">")[0] for word in remedy[4:]} == {"pydantic", "jsonschema"}


@pytest.mark.parametrize("command", ["changenet", "visual_changenet"])
def test_both_commands_are_installed(installed: Installed, tmp_path: Path, command: str) -> None:
    assert installed.run(tmp_path, command, "--help").stdout.startswith(f"usage: {command}")

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from router.declarations import Skill, load_skill

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def skill(project_root: Path) -> Skill:
    return load_skill(project_root)


@pytest.fixture
def skill_copy(project_root: Path, tmp_path: Path) -> Path:
    """A folder with the skill's declarations, schemas and templates, to be broken at will."""
    root = tmp_path / "tao-train-visual-changenet"
    root.mkdir()
    for name in ("SKILL.md", "skill_info.yaml", "versions.yaml"):
        shutil.copy(project_root / name, root / name)
    for name in ("deploy", "schemas", "references"):
        shutil.copytree(project_root / name, root / name)
    return root


@pytest.fixture
def skill_with_automl(skill_copy: Path) -> Skill:
    """The skill with an AutoML skill beside it, whatever the checkout holds."""
    folder = skill_copy / "automl"
    folder.mkdir(exist_ok=True)
    (folder / "skill_info.yaml").write_text("name: tao-run-automl\n")
    return load_skill(skill_copy)

# SPDX-License-Identifier: Apache-2.0
"""What `make image` hands to the build is all that an installation is made of."""

from __future__ import annotations

import ast
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def _rooms(project_root: Path) -> set[str]:
    tree = ast.parse((project_root / "setup.py").read_text(encoding="utf-8"))
    value = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROOMS"
    )
    return {str(one.value) for one in ast.walk(value) if isinstance(one, ast.Constant)}


def test_no_room_and_no_file_of_the_skill_is_left_out_of_an_image(project_root: Path) -> None:
    settings = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    files = settings["tool"]["setuptools"]["package-data"]["changenet_skill"]
    wanted = _rooms(project_root) | {PurePosixPath(name).parts[0] for name in files}
    assert {"core", "deployed", "models", "SKILL.md"} <= wanted
    lines = (project_root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    assert wanted - {line.removeprefix("!") for line in lines if line.startswith("!")} == set()

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_import_arrows_never_point_back(project_root: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_source_file_names_its_licence(project_root: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=project_root, capture_output=True, text=True, check=True)
    files = [project_root / name for name in tracked.stdout.split()]
    assert files
    unnamed = [str(path) for path in files if path.exists() and "SPDX-License-Identifier" not in path.read_text()[:200]]
    assert unnamed == []

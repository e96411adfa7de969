# SPDX-License-Identifier: Apache-2.0
"""Which actions the embedded engine runs, asked of the engine itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from router.declarations import load_skill
from runners.planning.engines import not_embedded
from runners.preflight import embedded_engine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("action", ["export", "quantize", "segment_train"])
def test_the_engine_refuses_what_is_refused_before_a_launch(action: str, project_root: Path, tmp_path: Path) -> None:
    skill = load_skill(project_root)
    argv = [embedded_engine(), *skill.command(action, str(skill.template_path(action)))[1:], f"results_dir={tmp_path}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the embedded engine has no" in done.stdout + done.stderr
    assert action in not_embedded(action)

# SPDX-License-Identifier: Apache-2.0
"""Which actions the embedded engine runs: what skill_info.yaml declares, asked of the engine itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from router.declarations import load_skill
from runners.planning.engines import not_embedded
from runners.planning.resolved import embedded_engine

SKILL = load_skill(Path(__file__).parents[2])


@pytest.mark.parametrize("action", SKILL.actions)
def test_the_engine_refuses_what_is_refused_before_a_launch_and_nothing_else(action: str, tmp_path: Path) -> None:
    argv = SKILL.command(action, str(SKILL.template_path(action)))[1:]

    # The templates name no data, so that no action gets far.
    done = subprocess.run(
        [embedded_engine(SKILL), *argv, f"results_dir={tmp_path}"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    refused = "the embedded engine has no" in done.stdout + done.stderr
    assert refused == (action in not_embedded(SKILL, action))

# SPDX-License-Identifier: Apache-2.0
"""Which actions the embedded engine runs: what skill_info.yaml declares, asked of the engine itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import PlatformError
from engine.cli import main
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.planning.engines import not_embedded
from runners.planning.prepare import prepare

SKILL = load_skill(Path(__file__).parents[2])


@pytest.mark.parametrize("action", SKILL.actions)
def test_the_engine_refuses_what_is_refused_before_a_launch_and_nothing_else(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = SKILL.command(action, str(SKILL.template_path(action)))[1:]

    # The templates name no data, so that no action gets far.
    code = main([*argv, f"results_dir={tmp_path}"])

    assert code == 1
    refused = "the embedded engine has no" in "".join(capsys.readouterr())
    assert refused == (action in not_embedded(SKILL, action))


@pytest.mark.parametrize("runner", ["docker", "slurm", "kubernetes"])
def test_what_the_container_does_not_have_is_refused_by_the_plan(runner: str, tmp_path: Path) -> None:
    export = {**SKILL.info["actions"]["export"], "container": False}
    own = replace(SKILL, info={**SKILL.info, "actions": {**SKILL.info["actions"], "export": export}})
    request = Request(action="export", runner=runner, results_root=str(tmp_path))
    decision = decide(request, own)

    with pytest.raises(PlatformError, match="the container has no export") as caught:
        prepare(decision, own)

    assert "--runner local" in caught.value.remedy
    assert prepare(decision, SKILL).image

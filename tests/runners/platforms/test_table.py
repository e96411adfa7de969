# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError, RequestError
from router.types import Request
from runners import api
from runners.platforms.table import PLATFORMS, Row, capabilities, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from router.declarations import Skill
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


def plan_on(runner: str, skill: Skill, boards: Path) -> Plan:
    request = Request(action="train", automl_policy="off", data=str(boards), runner=runner)
    plan = api.prepare_request(request, skill)[1]
    assert plan
    return plan


def test_a_plan_for_debug_differs_from_a_local_one_in_its_runner_alone(skill: Skill, boards: Path) -> None:
    local, debug = plan_on("local", skill, boards).to_json(), plan_on("debug", skill, boards).to_json()

    assert {name for name in local if local[name] != debug[name]} == {"id", "decision", "runner"}


def test_what_can_not_be_launched_is_planned_all_the_same(
    skill: Skill, boards: Path, make_plan: Callable[..., Plan], store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = "planned"
    monkeypatch.setitem(PLATFORMS, runner, Row(capabilities("docker")))
    plan = plan_on(runner, skill, boards)
    assert (plan.runner, plan.engine, plan.image is not None) == (runner, "container", True)
    assert f"this version launches nothing on runner '{runner}': it only plans for it" in plan.warnings

    with pytest.raises(PlatformError) as error:
        api.launch(make_plan(runner=runner), store=store)

    assert (error.value.code, error.value.message) == ("runner.unknown", plan.warnings[-1])
    assert error.value.remedy.startswith("use --runner local or --runner debug or ")
    assert "or start the container by hand" in error.value.remedy
    assert not store.root.exists()


def test_an_unknown_runner_is_refused_with_the_closest_ones(skill: Skill, boards: Path) -> None:
    with pytest.raises(RequestError, match="there is no runner 'slrum'") as error:
        plan_on("slrum", skill, boards)

    assert "'slurm'" in error.value.remedy
    assert "kubernetes" in error.value.remedy


def test_every_module_of_the_table_is_a_platform() -> None:
    verbs = ("check", "start", "look", "cancel", "log", "collect")
    for name in (name for name, row in PLATFORMS.items() if row.module):
        assert all(callable(getattr(platform_of(name), verb)) for verb in verbs)


def test_capabilities_are_known_without_importing_a_platform() -> None:
    program = "import sys; from runners.platforms.table import PLATFORMS; "
    program += "print([row.module for row in PLATFORMS.values() if row.module in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"

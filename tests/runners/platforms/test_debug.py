# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runners import api
from runners.jobs.job import JobState

if TYPE_CHECKING:
    import pytest

    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

MakePlan = Callable[..., "Plan"]


def test_a_breakpoint_in_the_engine_is_answered_by_the_caller(
    make_plan: MakePlan, store: JobStore, engine: Path, launcher: list[str], tmp_path: Path
) -> None:
    begins = 'say(status="STARTED"'
    stops = f'answer = 41\nbreakpoint()\nprint("it is", answer)\n{begins}'
    engine.write_text(engine.read_text().replace(begins, stops, 1))
    (tmp_path / "plan.json").write_text(json.dumps(make_plan(runner="debug").to_json()))
    command = [*launcher, str(tmp_path / "plan.json"), str(store.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as caller:
        assert caller.stdin
        assert caller.stderr
        shown = b""
        while b"(Pdb) " not in shown:
            shown += caller.stderr.read(1)
        caller.stdin.write(b"answer = 42\nc\n")
        rest = caller.stderr.read().decode()

    assert "it is 42" in rest
    assert "Execution status: PASS" in rest
    (job,) = store.newest()
    assert job.state is JobState.COMPLETE
    assert "it is 42" in (Path(job.folder) / "log.txt").read_text()


def test_what_the_action_prints_is_shown_once(
    make_plan: MakePlan, store: JobStore, capfd: pytest.CaptureFixture[str]
) -> None:
    followed: list[Any] = []

    plan = make_plan(runner="debug", epochs=0)
    api.launch(plan, store=store, follow=followed.append)

    shown = capfd.readouterr()
    assert shown.err.count("train begins") == 1
    assert shown.out == ""
    assert followed == []

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runners import api
from runners.jobs.job import JobState
from runners.platforms.debug import _Screen

if TYPE_CHECKING:
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


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ((b"password=hun", b"", b"ter2secret\nend\n"), "password=********\nend\n"),
        ((b"the token: ", b"", b"hf_abcdefghijklmnopqrstuvwxyz\n"), "the token: ********\n"),
        ((b"(Pdb) ", b"", b"(Pdb) ", b"", b"it is 42\n"), "(Pdb) (Pdb) it is 42\n"),
        ((b"\x1b]0;title\x07 1 %\r", b" 2 %\r\n", b"\xe2\x80", b"\xae\n"), "\\x1b]0;title\\x07 1 %\n 2 %\n\\u202e\n"),
        ((b"-----BEGIN PRIVATE KEY-----\n", b"", b"YWJj\n", b"-----END"), None),
    ],
)
def test_what_comes_in_pieces_is_masked_as_a_whole_and_moves_no_cursor(
    said: tuple[bytes, ...], shown: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = _Screen()
    for piece in said:
        screen.add(piece) if piece else screen.rest(over=False)
    screen.rest(over=False)
    screen.rest(over=True)

    told = capsys.readouterr().err
    assert told == shown if shown else "YWJj" not in told


def test_a_prompt_is_shown_when_nothing_more_comes(capsys: pytest.CaptureFixture[str]) -> None:
    screen = _Screen()
    screen.add(b"go on? ")
    screen.rest(over=False)
    assert capsys.readouterr().err == ""
    screen.rest(over=False)
    screen.rest(over=False)
    assert capsys.readouterr().err == "go on? "

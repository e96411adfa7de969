# SPDX-License-Identifier: Apache-2.0
"""What others named never steers the terminal: options, keys, folders, headers, log lines, trial messages."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from interfaces.cli import main
from interfaces.console import Console, Terminal
from runners.jobs.follow import Update
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "x\x1b[2J\x07\x9b31m\u202egpj\u2066"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ("plan", EVIL),
        ("plan", f"train ChangeNet on {EVIL}"),
        ("plan", "train", f"--{EVIL}"),
        ("plan", "train", "--automl", EVIL),
        ("plan", "train", "--data", EVIL),
        ("plan", "train", "--runner", EVIL),
        ("plan", "train", "-s", f"{EVIL}=1"),
        ("plan", "train", "-s", f"lr={EVIL}"),
        ("plan", "train", "--objective", EVIL),
        ("plan", "train", "--target", EVIL),
        (EVIL,),
        ("status", EVIL),
        ("status", f"automl-{EVIL}"),
        ("jobs", "--results", EVIL),
        ("data", "check", EVIL),
        ("data", "synthesize", f"{EVIL}/a", "--style", EVIL),
        ("report", "x", "--out", EVIL),
    ],
)
def test_what_was_typed_is_shown_by_escapes(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for more in ((), ("--json",)):
        main([*words, *more])
        shown = capsys.readouterr()
        assert shown.out + shown.err
        assert RAW.search(shown.out + shown.err) is None


def test_headers_and_labels_of_a_csv_are_shown_by_escapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "images").mkdir()
    table = tmp_path / "dataset.csv"
    table.write_text(
        f"input_path,golden_path,label,object_name,{EVIL}\n{EVIL},{EVIL},{EVIL},{EVIL},1\n", encoding="utf-8"
    )
    for more in ((), ("--json",)):
        assert main(["data", "check", str(table), *more]) == 2
        shown = capsys.readouterr().out
        assert "x" in shown
        assert RAW.search(shown) is None


def test_a_recorded_job_is_shown_by_escapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results" / "train-1"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text(f"{EVIL}\n\x1b[32mgreen\x1b[0m\n", encoding="utf-8")
    first = Transition(JobState.PENDING, "2026-01-01T12:00:00.000+00:00", EVIL)
    job = Job("train-1", EVIL, EVIL, "local", JobState.PENDING, str(folder), str(folder), "p", "c", (first,))
    store = JobStore(tmp_path / "results")
    store.open_record(job, Handle("local"))
    store.move("train-1", JobState.CANCELED, EVIL)
    for words in (("jobs",), ("status", "train-1"), ("result", "train-1"), ("logs", "train-1")):
        for more in ((), ("--json",)):
            main([*words, *more])
            shown = capsys.readouterr()
            assert "train-1" in shown.out or "green" in shown.out
            assert RAW.search(shown.out + shown.err) is None
    main(["logs", "train-1"])
    assert capsys.readouterr().out.splitlines()[1] == "green"
    main(["logs", "train-1", "--json"])
    assert json.loads(capsys.readouterr().out)["lines"][0] == EVIL


def test_what_a_verb_tells_is_shown_by_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    terminal, stream = Terminal(), io.StringIO()
    terminal.say(EVIL)
    terminal.preview(EVIL)
    terminal.line(EVIL)
    with Console(EVIL, stream) as console:
        console(Update(line=f"WARNING {EVIL}"))
        console(Update(line=f"ERROR {EVIL}"))
        console(Update(line=f"step 1 of 9 {EVIL}"))
        console(Update(state=JobState.RUNNING))
    shown = capsys.readouterr()
    assert RAW.search(shown.out + shown.err + stream.getvalue()) is None
    assert stream.getvalue().count("\\x07") == 2

# SPDX-License-Identifier: Apache-2.0
"""Several steps that run by themselves: launched by the plan id that was shown, from the shell and over MCP."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from interfaces.cli import main
from interfaces.mcp_server import tasks
from interfaces.mcp_server.roots import Roots
from interfaces.mcp_server.session import Session
from interfaces.verbs.chain_record import Chain, ChainStep
from interfaces.verbs.chains import job_of
from runners.api import open_store
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from tests.interfaces.test_api import ENGINE, boards

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["boards"]
WORDS = "train on ./boards for 2 epochs without HPO, then evaluate it on ./boards and score ./boards/test"
SMALL = "backbone=fan_tiny_8_p4_hybrid"
WAITING = 'import time\nwhile command == "evaluate" and Path("WAIT").exists(): time.sleep(0.05)\nprint("Exec'
_SECONDS = 90.0


@pytest.fixture
def call(boards: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Exit code and document of a command in the folder of the boards."""
    monkeypatch.chdir(Path(boards).parent)

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        code = main([*words, "--json"])
        return code, json.loads(capfd.readouterr().out)

    return run


@pytest.fixture
def hold(boards: str) -> Path:
    """The evaluation waits while this file is there."""
    wait = Path(boards).parent / "wait"
    wait.touch()
    engine = ENGINE.format(python=sys.executable).replace('print("Exec', WAITING.replace("WAIT", str(wait)))
    (wait.parent / "bin/visual_changenet").write_text(engine)
    return wait


def _until(state: set[str], look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    deadline = time.monotonic() + _SECONDS
    while (found := look())["state"] not in state:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def _is_at(number: int, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    deadline = time.monotonic() + _SECONDS
    while (found := look())["steps"][number].get("job_state") != "RUNNING":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def test_steps_have_a_plan_id_and_start_only_as_they_were_shown(call: Any, boards: str) -> None:
    code, shown = call("plan", WORDS, "-s", SMALL)
    assert (code, len(shown["plan_id"])) == (0, 12)
    assert call("plan", WORDS, "-s", SMALL)[1]["plan_id"] == shown["plan_id"]
    other = WORDS.replace("2 epochs", "3 epochs")
    assert call("plan", other, "-s", SMALL)[1]["plan_id"] != shown["plan_id"]
    code, refused = call("run", other, "-s", SMALL, "--plan", shown["plan_id"])
    assert (code, refused["error"]["code"]) == (2, "plan.changed")
    assert not Path(boards).parent.joinpath("results").exists()
    code, done = call("run", WORDS, "-s", SMALL, "--plan", shown["plan_id"])
    assert (code, len(done["steps"])) == (0, 3)


def test_steps_that_are_cancelled_stop_with_their_job_and_can_be_gone_on_with(call: Any, hold: Path) -> None:
    code, begun = call("run", WORDS, "-s", SMALL, "--detach")
    name = begun["chain"]["id"]
    assert code == 0

    def look() -> dict[str, Any]:
        return dict(call("status", name)[1]["chain"])

    _is_at(1, look)
    assert [one["id"] for one in call("jobs", "--running")[1]["chains"]] == [name]
    assert call("result", name)[0] == 3
    code, stopped = call("cancel", name)
    assert (code, stopped["chain"]["state"]) == (0, "canceled")
    train, evaluate, inference = stopped["chain"]["steps"]
    assert (train["exit_code"], evaluate["job_state"], inference["name"]) == (0, "CANCELED", "")
    assert call("result", name)[0] == 4

    hold.unlink()
    assert call("run", "--resume", name)[0] == 0
    ended = look()
    assert (ended["state"], ended["steps"][0]["name"]) == ("finished", train["name"])
    jobs = {job.action: job for job in open_store(None).newest()}
    assert {jobs["evaluate"].parent_job_id, jobs["inference"].parent_job_id} == {train["name"]}
    assert [job.action for job in open_store(None).newest()].count("train") == 1
    assert call("result", name)[0] == 0


def test_steps_that_are_cancelled_before_their_process_begins_stay_cancelled(
    call: Any, boards: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[tuple[list[str], dict[str, str]]] = []
    with monkeypatch.context() as slow:
        slow.setattr(
            "interfaces.verbs.tuning.start_process",
            lambda words, _log, _place, variables: launched.append((words, variables)),
        )
        begun = call("run", WORDS, "-s", SMALL, "--detach")[1]["chain"]
    assert begun["state"] == "starting"
    assert call("cancel", begun["id"])[1]["chain"]["state"] == "canceled"

    (words, variables) = launched[0]
    with monkeypatch.context() as late:
        for name, value in variables.items():
            late.setenv(name, value)
        code, refused = call(*words)
    assert (code, refused["error"]["code"]) == (2, "chain.canceled")
    stopped = call("status", begun["id"])[1]["chain"]
    assert (stopped["state"], stopped["reason"]) == ("canceled", "canceled by the user")
    assert open_store(str(Path(boards).parent / "results")).newest() == []

    assert call("run", "--resume", begun["id"])[0] == 0  # asked for by hand
    assert call("status", begun["id"])[1]["chain"]["state"] == "finished"


def _chain(root: Path, number: int, **facts: Any) -> Chain:
    folder = root / f"chain-20260101-00000{number}-aaaaaa"
    folder.mkdir(parents=True)
    chain = Chain(str(folder), "plan", str(root), {}, (ChainStep("train"), ChainStep("evaluate")))
    return replace(chain, **facts).write()


def _job(store: JobStore, number: int, claim: str | None = None) -> Job:
    first = Transition(JobState.PENDING, "2026-01-01T00:00:00.000+00:00", "the record is opened")
    name = f"train-20260101-000000-{number:06}"
    folder = store.root / name
    folder.mkdir(parents=True)
    (folder / "model.pth").write_bytes(b"model")
    job = Job(name, "train", "classify", "local", JobState.PENDING, str(folder), str(folder), "plan", "c", (first,))
    store.open_record(job, Handle("local"), claim)
    store.close(name, Ending(JobState.COMPLETE, "done", 0))
    return store.read(name)


def test_a_step_is_the_job_that_it_launched_not_one_of_the_same_plan(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    step = ChainStep("train", "plan", "chain-1/0/aa")
    _job(store, 1)
    assert job_of(step, store) is None
    own = _job(store, 2, step.claim)
    _job(store, 3)
    assert job_of(step, store) == own


def test_what_is_removed_of_steps_is_every_job_and_their_record_says_so(call: Any, tmp_path: Path) -> None:
    store = JobStore(tmp_path / "results")
    done, stopped = _job(store, 1), _job(store, 2, "chain-1/1/aa")
    steps = (ChainStep("train", "plan", "", done.id, 0), ChainStep("evaluate", "plan", "chain-1/1/aa"))
    chain = _chain(store.root, 1, steps=steps, state="canceled")
    code, told = call("remove", chain.id, "--yes")
    assert (code, told["jobs"]) == (0, [done.id, stopped.id])
    assert not list(store.root.rglob("model.pth"))
    assert call("status", chain.id)[1]["chain"]["removed"] is True
    code, refused = call("run", "--resume", chain.id)
    assert (code, refused["error"]["code"]) == (2, "chain.removed")


def test_steps_that_run_are_listed_however_many_ended_after_them(call: Any, tmp_path: Path) -> None:
    root = tmp_path / "results"
    oldest, second = _chain(root, 1), _chain(root, 2)
    _chain(root, 3, state="finished")
    listed = call("jobs", "--running", "--limit", "1")[1]
    assert ([one["id"] for one in listed["chains"]], listed["more"]["chains"]) == ([second.id], 1)
    listed = call("jobs", "--running")[1]
    assert ([one["id"] for one in listed["chains"]], listed["more"]["chains"]) == ([second.id, oldest.id], 0)


@pytest.mark.parametrize(
    "harm",
    [
        '{"a": 1}', "[]", '{"steps": 3}', '{"steps": [{"action": 7}]}', '{"steps": [{"other": "train"}]}',
        '{"state": "running well"}', '{"options": {"no such": 1}}', '{"options": [1]}', '{"plan_id": null}',
    ],
)  # fmt: skip
def test_a_damaged_record_of_steps_is_told(call: Any, tmp_path: Path, harm: str) -> None:
    chain = _chain(tmp_path / "results", 1)
    path = Path(chain.folder, "chain.json")
    document = json.loads(harm)
    whole = isinstance(document, list) or "a" in document
    path.write_text(harm if whole else json.dumps(json.loads(path.read_text()) | document))
    for verb in ("status", "result", "cancel", "logs", "remove"):
        code, told = call(verb, chain.id)
        assert (code, told["error"]["code"]) == (2, "chain.damaged")
    assert call("jobs")[0] == 0


def test_steps_whose_process_was_killed_are_stopped_and_their_job_is_cancelled(call: Any, hold: Path) -> None:
    from automl.writer_lock import writer_of

    assert hold.exists()
    begun = call("run", WORDS, "-s", SMALL, "--detach")[1]["chain"]

    def look() -> dict[str, Any]:
        return dict(call("status", begun["id"])[1]["chain"])

    _is_at(1, look)
    writer = writer_of(Path(begun["folder"]))
    assert writer
    assert writer.process
    os.kill(writer.process.pid, signal.SIGKILL)
    _until({"stopped"}, look)
    stopped = call("cancel", begun["id"])[1]["chain"]
    assert (stopped["state"], stopped["steps"][1]["job_state"]) == ("canceled", "CANCELED")
    assert call("logs", begun["id"])[1]["lines"]
    code, refused = call("status", f"{begun['id'][:-1]}x")
    assert (code, refused["error"]["code"]) == (2, "chain.unknown")
    assert begun["id"] in refused["error"]["remedy"]


@pytest.mark.usefixtures("call")
def test_an_inspection_planned_by_an_agent_is_a_job_of_its_results_root(
    boards: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHANGENET_ENGINE")  # the starter takes the embedded one
    place = Path(boards).parent
    for name in ("golden.jpg", "test.jpg"):
        Image.new("RGB", (64, 64), (20, 70, 30)).save(place / name)
    session = Session({"results_root": str(place / "own")}, Roots())

    def reply(name: str, **arguments: Any) -> dict[str, Any]:
        found = session.call(name, arguments)
        while found.document.get("working"):
            found = session.call("wait", {"call_id": found.document["call_id"]})
        return dict(found.document)

    planned = reply("plan", request=["Two photos, golden.jpg and test.jpg: what is different?"])
    launched = reply("launch", plan_id=planned["plan_id"])["result"]["job"]
    assert launched["action"] == "segment_inspect"
    assert Path(launched["folder"]).parent == place / "own"
    reply("cancel", job=launched["id"])
    assert not (place / "results").exists()
    session.close()


def test_an_agent_launches_steps_by_their_plan_id(call: Any, boards: str) -> None:
    assert call
    session = Session({"results_root": str(Path(boards).parent / "results")}, Roots())

    def reply(name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
        found = session.call(name, arguments)
        while found.document.get("working"):
            found = session.call("wait", {"call_id": found.document["call_id"]})
        return found.text, dict(found.document)

    text, planned = reply("plan", request=[WORDS], overrides=[SMALL])
    assert text.splitlines()[-1] == f"next: launch with plan_id {planned['plan_id']}"
    text, launched = reply("launch", plan_id=planned["plan_id"])
    name = launched["result"]["chain"]["id"]
    assert name in text
    assert tasks.standing(session, name)[0] == "working"
    ended = _until({"finished", "failed"}, lambda: dict(reply("status", job=name)[1]["result"]["chain"]))
    assert ended["state"] == "finished", reply("logs", job=name)
    assert [step["job_state"] for step in ended["steps"]] == ["COMPLETE"] * 3
    assert tasks.standing(session, name)[0] == "completed"
    assert re.search(r"3 of 3 steps: train, evaluate, inference", reply("jobs")[0])
    last = ended["steps"][-1]["job"]
    assert reply("diagnose", job=name)[0].startswith(f"{last}: COMPLETE")
    text, logged = reply("logs", job=name)
    assert "step 3 of 3: inference" in text
    assert logged["result"]["next_after"] == logged["result"]["total"]
    assert reply("logs", job=name, after=1)[1]["result"]["first"] == 2
    assert reply("logs", job=last, after=-1)[1]["error"]["code"] == "usage.value"
    session.close()


def test_diagnose_of_steps_of_which_none_left_a_job_says_why(call: Any, tmp_path: Path) -> None:
    chain = _chain(tmp_path / "results", 1)
    code, told = call("diagnose", chain.id)
    assert (code, told["error"]["code"]) == (2, "chain.no_job")
    assert told["error"]["remedy"] == f"changenet status {chain.id}"

# SPDX-License-Identifier: Apache-2.0
"""Searches as a user runs them: `changenet` as a process, trials as processes, on the simulated training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl.ledger import Ledger
from runners.jobs.job import JobState
from runners.jobs.store import JobStore
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHANGENET = str(Path(sys.executable).with_name("changenet"))
BASE = (
    "model.backbone.type=fan_tiny_8_p4_hybrid",
    "model.backbone.pretrained_backbone_path=null",
    "dataset.classify.num_input=1",
    "dataset.classify.input_map=null",
    "num_epochs=2",
)
SEARCH = ("--algorithm", "random", "--trials", "3", "--seed", "7", "--parallel", "1")
SLOW = {"epoch_seconds": 0.5}


class Shell:
    """Runs commands in a folder of its own, with the simulated engine."""

    def __init__(self, folder: Path, engine: Path, stack: ExitStack) -> None:
        self.folder, self.results = folder, folder / "results"
        self._engine, self._stack = engine, stack

    def words(self, boards: Path, *more: str) -> list[str]:
        """The words of a search."""
        keys = [word for key in BASE for word in ("-s", key)]
        return ["run", "train", "--data", str(boards), "--engine", str(self._engine), *keys, *SEARCH, *more]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        argv = [CHANGENET, *words]
        pipe = subprocess.PIPE
        started = subprocess.Popen(argv, cwd=self.folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        return self._stack.enter_context(started)

    def done(self, *words: str, expect: int = 0) -> dict[str, Any]:
        """Run a command with --json to its end; returns its one document."""
        process = self.begin(*words, "--json")
        out, err = process.communicate(timeout=120)
        assert process.returncode == expect, out + err
        assert "Traceback" not in err
        document: dict[str, Any] = json.loads(out)
        return document

    @property
    def search(self) -> Path:
        """The folder of the only search."""
        (folder,) = self.results.glob("automl-*")
        return folder

    def trials(self) -> list[tuple[Any, ...]]:
        """What best_rec.json says of each trial, without names, paths and times."""
        best = json.loads((self.search / "best_rec.json").read_text())
        return [(t["trial"], t["state"], t["values"], t["setting"], t["epochs_trained"]) for t in best["trials"]]


@pytest.fixture
def shells(tmp_path: Path, engine: Path) -> Iterator[Callable[[str], Shell]]:
    with ExitStack() as stack:

        def make(name: str) -> Shell:
            (tmp_path / name).mkdir()
            return Shell(tmp_path / name, engine, stack)

        yield make


@pytest.fixture
def shell(shells: Callable[[str], Shell]) -> Shell:
    return shells("place")


@pytest.fixture
def simulate(tmp_path: Path) -> Callable[..., None]:
    def tell(**told: Any) -> None:
        (tmp_path / "simulation.json").write_text(json.dumps(told))

    return tell


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read on until a line has these words."""
    assert process.stderr
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended without '{words}'")


def running_job(shell: Shell) -> str:
    """The trial that runs; waits until one does."""
    store = JobStore(shell.results)
    deadline = time.monotonic() + 60  # so that a hang ends
    while time.monotonic() < deadline:
        for job_id in store.ids():
            if store.read(job_id).state is JobState.RUNNING and "action" in processes_in(store.handle(job_id)):
                return job_id
        time.sleep(0.05)
    raise AssertionError("no trial runs")


def test_a_search_is_one_document_and_its_name_works_everywhere(shell: Shell, boards: Path) -> None:
    found = shell.done(*shell.words(boards))["automl"]

    assert (found["state"], len(found["trials"]), found["metric"]) == ("finished", 3, "val_loss")
    name, winner = found["experiment"], found["job_id"]
    assert {Path(path).name for path in found["files"].values()} == {
        "best_rec.json",
        "leaderboard.csv",
        "automl_report.html",
        "experiment.sqlite3",
    }
    listed = shell.done("jobs")
    assert ([s["experiment"] for s in listed["experiments"]], len(listed["jobs"])) == ([name], 5)
    assert shell.done("status", name)["automl"]["best"]["job_id"] == winner
    assert shell.done("result", name)["automl"]["evaluations"]["winner.test"]["metrics"]["test_acc"] == 90
    trials = shell.done("logs", name)["trials"]
    assert [job["id"] for job in listed["jobs"] if job["id"] in {trial["job_id"] for trial in trials}]
    said, _ = shell.begin("logs", name).communicate(timeout=120)
    assert "each trial has one" in said
    assert said.count("changenet logs train-") == len(trials) > 1
    (figure,) = [f for f in shell.done("result", name)["automl"]["evaluations"]["winner.test"]["figures"] if "of" in f]
    assert figure == {"name": "test_acc", "value": 90.0, "unit": "%", "of": "all pairs", "at": "eval_margin"}
    assert Path(shell.done("report", str(shell.search))["report"]).is_file()
    for parent in (name, winner):
        plan = shell.done("plan", "evaluate", "--data", str(boards), "--parent", parent, "--full")["plan"]
        assert (plan["parent_job_id"], plan["spec"]["evaluate"]["checkpoint"]) == (winner, found["checkpoint"])


@pytest.mark.long
def test_killed_controller_and_killed_trial_then_resume_end_as_without(
    shells: Callable[[str], Shell], boards: Path, simulate: Callable[..., None]
) -> None:
    whole, shell = shells("whole"), shells("killed")
    whole.done(*whole.words(boards, "--no-test"))
    simulate(**SLOW)
    first = shell.begin(*shell.words(boards, "--no-test"))
    job_id = running_job(shell)
    first.kill()
    first.wait()
    store = JobStore(shell.results)
    os.kill(processes_in(store.handle(job_id))["action"].pid, signal.SIGKILL)
    name = shell.search.name
    assert shell.done("status", name)["automl"]["state"] == "stopped"
    assert shell.done("result", name, expect=3)["automl"]["state"] == "stopped"

    second = shell.begin("run", "--resume", name)
    wait_for(second, "started")
    locked = shell.done("run", "--resume", name, expect=2)["error"]
    assert (locked["code"], name in locked["where"]) == ("automl.locked", True)
    assert shell.done("status", name)["automl"]["state"] == "running"
    second.kill()
    second.wait()
    simulate()
    resumed = shell.done("run", "--resume", name)["automl"]

    assert resumed["state"] == "finished"
    assert shell.trials() == whole.trials()
    assert shell.done("run", "--resume", name)["automl"]["trials"] == resumed["trials"]


def test_control_c_stops_the_trial_and_says_how_to_go_on(
    shell: Shell, boards: Path, simulate: Callable[..., None]
) -> None:
    simulate(epoch_seconds=30)
    process = shell.begin(*shell.words(boards, "--no-test"))
    job_id = running_job(shell)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, out + err
    assert f"to go on: changenet run --resume {shell.search.name}" in out
    assert JobStore(shell.results).read(job_id).state is JobState.CANCELED
    other = shell.done("run", "--resume", shell.search.name, "--engine", "/bin/true", expect=2)["error"]
    assert (other["code"], other["where"]) == ("automl.changed", "--engine")
    changed = shell.done("run", "--resume", shell.search.name, "--seed", "9", "-s", "lr=0.002", expect=2)["error"]
    assert changed["code"] == "automl.changed"
    assert "settings.seed: was 7, is 9" in changed["message"]
    assert "train.optim.lr" in changed["message"]
    simulate()
    same = shell.done(*shell.words(boards, "--no-test", "--resume", str(shell.search)))["automl"]
    assert [trial["state"] for trial in same["trials"]] == ["complete"] * 3


@pytest.mark.long
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_control_c_waits_for_no_trial_and_leaves_none_at_work(
    shell: Shell, boards: Path, simulate: Callable[..., None], monkeypatch: pytest.MonkeyPatch, second: signal.Signals
) -> None:
    simulate(epoch_seconds=30, deaf=True)
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "4")
    process = shell.begin(*shell.words(boards, "--no-test", "--parallel", "2"))
    store = JobStore(shell.results)
    wait_until(lambda: store.exists() and len(actions_of(store)) == 2)
    actions = actions_of(store)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: any(store.cancel_reason(job_id) for job_id in actions))
    process.send_signal(second)
    assert process.wait(timeout=60) == 130
    assert any(action.is_alive() for action in actions.values())
    wait_until(lambda: not any(action.is_alive() for action in actions.values()))
    wait_until(lambda: all(store.read(job_id).state is JobState.CANCELED for job_id in actions))
    simulate()
    again = shell.done("run", "--resume", shell.search.name)["automl"]
    assert [trial["state"] for trial in again["trials"]] == ["complete"] * 3


def actions_of(store: JobStore) -> dict[str, Any]:
    """The processes of the actions that run, by job."""
    people = {job_id: processes_in(store.handle(job_id)) for job_id in store.ids()}
    return {job_id: found["action"] for job_id, found in people.items() if "action" in found}


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for it, so that a hang ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_detached_search_is_watched_stopped_and_taken_up_again(
    shell: Shell, boards: Path, simulate: Callable[..., None]
) -> None:
    simulate(epoch_seconds=30)
    begun = shell.done(*shell.words(boards, "--no-test", "--detach"))["automl"]
    job_id = running_job(shell)
    status = shell.done("status", begun["experiment"])["automl"]
    assert (status["state"], status["running"]) == ("running", [{"trial": 0, "job_id": job_id}])
    assert "started" in "\n".join(shell.done("logs", begun["experiment"])["lines"])
    assert shell.done("cancel", begun["experiment"])["automl"]["state"] == "interrupted"
    assert JobStore(shell.results).read(job_id).state is JobState.CANCELED
    simulate()
    assert shell.done("run", "--resume", begun["experiment"])["automl"]["state"] == "finished"


@pytest.mark.parametrize("record", [None, b"", b"no record at all"])
def test_a_search_that_died_before_it_was_recorded_is_told_and_hides_nothing(
    shell: Shell, record: bytes | None
) -> None:
    name = "automl-train-20260101-000000-abcdef"
    with Ledger(shell.results / name, create=True) as ledger:
        path = ledger.path
    if record is not None:
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
        path.write_bytes(record)

    (listed,) = shell.done("jobs")["experiments"]
    assert (listed["experiment"], listed["state"]) == (name, "unreadable")
    broken = record == b"no record at all"
    for words in (("status", name), ("run", "--resume", name)):
        error = shell.done(*words, expect=5 if broken else 2)["error"]
        assert error["code"] == ("automl.record" if broken else "automl.empty")
        assert name in error["where"]


def test_without_any_figure_there_is_no_winner_and_the_exit_code_says_so(
    shell: Shell, boards: Path, simulate: Callable[..., None]
) -> None:
    simulate(fail_above=1e-9)
    found = shell.done(*shell.words(boards, "--trials", "2"), expect=4)["automl"]

    assert [trial["state"] for trial in found["trials"]] == ["failed", "failed"]
    assert shell.done("result", shell.search.name, expect=4)["automl"]["best"] is None
    error = shell.done("plan", "evaluate", "--data", str(boards), "--parent", shell.search.name, expect=3)["error"]
    assert error["code"] == "parent.no_winner"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("train", "--automl", "off", "--trials", "3"), "automl.options", "--trials"),
        (("evaluate", "--seed", "3"), "automl.options", "--seed"),
        (("train", "--search", "train.optim.lrr"), "spec.unknown_key", "train.optim.lr"),
        (("train", "--range", "lrr=1..2"), "spec.unknown_key", "'lr'"),
        (("train", "--range", "lr=1e-4..inf"), "automl.space", "not finite"),
        (("train", "--range", "lr=1e-4..7"), "automl.space", "to 1"),
        (("train", "--objective", "val_f1"), "automl.objective", "direction"),
        (("train", "--objective", "val_f2:maximize"), "spec.monitor", "val_f1"),
        (("train", "--algorithm", "bayes"), "automl.settings", "bayesian"),
        (("train", "--parallel", "0"), "automl.settings", "parallel"),
        (("train", "--test", "nowhere"), "data.missing", "nowhere"),
        (("--resume", "automl-train-x"), "automl.unknown", "automl-train-x"),
    ],
)
def test_what_can_not_be_searched_is_refused_before_anything_is_written(
    words: tuple[str, ...], code: str, said: str, shell: Shell, boards: Path
) -> None:
    data = () if words[0] == "--resume" else ("--data", str(boards))
    error = shell.done("run", *words, *data, expect=2)["error"]

    assert said in error["message"] + error["remedy"]
    assert error["code"] == code
    assert not shell.results.exists()

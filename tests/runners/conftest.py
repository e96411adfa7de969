# SPDX-License-Identifier: Apache-2.0
"""A stand-in for `visual_changenet` that keeps its contract, real jobs made with it, and nothing left running."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from router.declarations import Skill, load_skill
from router.types import Decision, Request
from runners.jobs.store import JobStore
from runners.planning.plan import JOB_FOLDER, Plan
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from pathlib import Path

    from runners.platforms.processes import ProcessId

# It stands for an engine that any user may name. What it does is told by the spec's `behaviour`, or by a variable.
STAND_IN = """#!{python}
import json, os, pickle, signal, subprocess, sys, time, zipfile
from pathlib import Path

import yaml

command, spec = sys.argv[1], yaml.safe_load(Path(sys.argv[3]).read_text())
behaviour = spec.get("behaviour") or json.loads(os.environ.get("CHANGENET_STAND_IN", "{{}}"))
own = spec.get(command) or {{}}
out = Path(own.get("results_dir") or Path(spec["results_dir"]) / command)
out.mkdir(parents=True, exist_ok=True)
(out / "experiment.yaml").write_text(yaml.safe_dump(spec))


def say(**entry):
    with (out / "status.json").open("a") as handle:
        handle.write(json.dumps(entry) + "\\n")


def checkpoint(name, epoch, step):
    with zipfile.ZipFile(out / name, "w") as archive:
        content = {{"epoch": epoch, "global_step": step, "state_dict": {{}}}}
        if "ranking" in behaviour:
            content["callbacks"] = {{"CheckpointWriter": {{"best": behaviour["ranking"]}}}}
        archive.writestr("archive/data.pkl", pickle.dumps(content))


def stopped(number, frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as the engine does: a cluster may ask twice
    print("Execution status: FAIL", flush=True)
    sys.exit(1)


signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour.get("deaf") else stopped)
say(status="STARTED", message="begun")
print(f"{{command}} begins", flush=True)
print("environment " + json.dumps(dict(os.environ)), flush=True)
print("arguments " + json.dumps(sys.argv), flush=True)
if behaviour.get("worker"):
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (out / "worker.pid").write_text(str(worker.pid))
if "eats" in behaviour:
    eaten = os.urandom(1) * behaviour["eats"]
if "kills" in behaviour:
    os.kill(os.getpid(), behaviour["kills"])
if "sleep" in behaviour:
    (out / "ready").write_text(str(os.getpid()))
    time.sleep(behaviour["sleep"])
for epoch in range(behaviour.get("epochs", 2)):
    checkpoint(f"model_epoch_{{epoch:03d}}_step_{{(epoch + 1) * 10:05d}}.pth", epoch, (epoch + 1) * 10)
    loss = behaviour.get("losses", [0.5, 0.25])[epoch % 2]
    say(status="RUNNING", epoch=epoch, max_epoch=2, step=(epoch + 1) * 10, kpi={{"val_loss": loss}}, message="epoch")
for epoch in behaviour.get("best", []):
    checkpoint(f"model_best_{{epoch:03d}}.pth", epoch, (epoch + 1) * 10)
for name in behaviour.get("files", []):
    (out / name).write_text(name)
if "table" in behaviour:
    (out / "predictions.csv").write_text(behaviour["table"])
say(status=behaviour.get("status", "SUCCESS"), message=behaviour.get("message", "done"))
if behaviour.get("pass", True):
    print("Execution status: PASS", flush=True)
sys.exit(behaviour.get("exit", 0))
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """An executable `visual_changenet` as a user may name one."""
    path = tmp_path / "bin" / "visual_changenet"
    path.parent.mkdir()
    path.write_text(STAND_IN.format(python=sys.executable))
    path.chmod(0o755)
    return path


WriteBoards = Callable[..., "Path"]
HEADER = "input_path,golden_path,label,object_name\n"


def write_boards(root: Path, lights: tuple[str, ...] = (), extension: str = ".png", archived: bool = False) -> Path:
    """Classify data as the importers write it: a CSV per split, and one folder of pictures (empty files) for all."""
    endings = [f"_{light}{extension}" for light in lights] or [extension]
    for split in ("train", "val", "test"):
        rows = [f"{split}_board,golden,{'PASS' if n % 2 else 'MISSING'},C{n}" for n in range(20)]
        (root / split).mkdir(parents=True)
        (root / split / "dataset.csv").write_text(HEADER + "\n".join(rows) + "\n")
        for folder in (f"{split}_board", "golden"):
            (root / "images" / folder).mkdir(parents=True, exist_ok=True)
            for name in (f"C{n}{ending}" for n in range(20) for ending in endings):
                (root / "images" / folder / name).touch()
    if archived:
        with tarfile.open(root / "images.tar.gz", "w:gz") as archive:
            archive.add(root / "images", "images")
        shutil.rmtree(root / "images")
    return root


@pytest.fixture(scope="session", name="write_boards")
def _write_boards() -> WriteBoards:
    return write_boards


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    return write_boards(tmp_path / "boards")


@pytest.fixture(scope="session")
def skill(project_root: Path) -> Skill:
    return load_skill(project_root)


MakePlan = Callable[..., Plan]


@pytest.fixture
def make_plan(engine: Path, tmp_path: Path) -> MakePlan:
    """A sealed plan for the stand-in; keyword arguments are what it shall do."""

    def make(
        *, action: str = "train", runner: str = "local", spec: dict[str, Any] | None = None, **behaviour: Any
    ) -> Plan:
        decision = Decision("changenet", action, "classify", "direct", "off", "slot", Request(action=action))
        return Plan.sealed(
            decision=decision,
            action=action,
            task="classify",
            spec={"results_dir": f"{JOB_FOLDER}/results", "behaviour": behaviour} | (spec or {}),
            provenance={},
            runner=runner,
            command=(str(engine), action.removeprefix("segment_"), "-e", f"{JOB_FOLDER}/spec.yaml"),
            results_root=str(tmp_path / "results"),
            engine="named",
        )

    return make


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "results")


@pytest.fixture(autouse=True)
def nothing_is_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every process that a test's jobs started ends by itself when the test is over; the ones that do not are ended."""
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "3")
    yield
    stores = [JobStore(path.parent) for path in tmp_path.rglob("jobs.*") if is_record(path)]
    people = [p for store in stores for job_id in store.ids() for p in processes_in(store.handle(job_id)).values()]
    # A supervisor closes the record, and ends a moment later.
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _running(people):
        time.sleep(0.02)
    left = _running(people)
    for process in left:
        process.signal(signal.SIGKILL)
    assert not left


def is_record(path: Path) -> bool:
    return path.suffix in {".sqlite3", ".postgresql"}


def _running(people: list[ProcessId]) -> list[ProcessId]:
    return [process for process in people if process.pid != os.getpid() and process.is_alive()]


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"still not true: {condition}")


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., Any]:
    return wait_for

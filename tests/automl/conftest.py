# SPDX-License-Identifier: Apache-2.0
"""A simulated training that keeps the contract of `visual_changenet`, data for it, and searches made with both."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from automl import experiment
from automl.plan import ExperimentPlan
from automl.settings import AutomlSettings
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.jobs.store import JobStore
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from pathlib import Path

# The loss falls with the epochs and is lowest at lr 1e-3; `SIM_` variables tell it to be slow, to fail or to die.
SIMULATED = """#!{python} -S
import json, math, os, pickle, signal, sys, time, zipfile
sys.path[:0] = {path!r}
from pathlib import Path
import yaml

command, spec = sys.argv[1], yaml.load(Path(sys.argv[3]).read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
own = spec.get(command) or {{}}
out = Path(own.get("results_dir") or Path(spec["results_dir"]) / command)
out.mkdir(parents=True, exist_ok=True)
control = Path(os.environ["CHANGENET_SIM"])
told = json.loads(control.read_text()) if control.exists() else {{}}
begun = time.time()

def say(**entry):
    with (out / "status.json").open("a") as handle:
        handle.write(json.dumps(entry) + "\\n")

def fail(message):
    say(status="FAILURE", message=message)
    print("Execution status: FAIL", flush=True)
    sys.exit(1)

def checkpoint(name, epoch, history):
    with zipfile.ZipFile(out / name, "w") as archive:
        content = {{"epoch": epoch, "global_step": (epoch + 1) * 10, "state_dict": {{}}, "history": history}}
        archive.writestr("archive/data.pkl", pickle.dumps(content))

def history_of(path):
    with zipfile.ZipFile(path) as archive:
        return pickle.loads(archive.read("archive/data.pkl"))["history"]

signal.signal(signal.SIGTERM, lambda *_: told.get("deaf") or fail("stopped"))
say(status="STARTED", message=command)
if command == "evaluate":
    time.sleep(told.get("evaluate_seconds", 0))
    history = history_of(own["checkpoint"])
    say(status="RUNNING", message="metrics", kpi={{"test_acc": 90.0, "test_epochs": len(history)}})
else:
    train = spec["train"]
    lr, interval = train["optim"]["lr"], train["validation_interval"]
    resumed = train.get("resume_training_checkpoint_path")
    history = history_of(resumed) if resumed else []
    if not told.get("fail_below", 0) <= lr <= told.get("fail_above", 1):
        fail(told.get("message", "the loss is not finite"))
    monitor, best = train["checkpointer"]["monitor"], None
    sign = -1 if train["checkpointer"]["mode"] == "max" else 1
    for epoch in range(len(history), train["num_epochs"]):
        time.sleep(told.get("epoch_seconds", 0))
        history.append(lr)
        loss = abs(math.log10(lr) + 3) + 1 / (epoch + 1)
        if (epoch + 1) % interval == 0:
            kpi = {{"val_loss": loss, "val_acc": 100 - loss, "val_far": 10 * loss}}
            say(status="RUNNING", message="validation metrics", kpi=kpi)
            if best is None or sign * kpi[monitor] < sign * best[0]:
                if best:
                    best[1].unlink()
                best = (kpi[monitor], out / f"model_best_{{epoch:03d}}.pth")
                checkpoint(best[1].name, epoch, history)
        clock = f"0:00:{{50 / (1 + loss):05.2f}}"  # the better, the slower
        done = {{"epoch": epoch + 1, "max_epoch": train["num_epochs"], "step": (epoch + 1) * 10}}
        say(status="RUNNING", message="epoch", time_per_epoch=clock, **done)
        if (epoch + 1) % train["checkpoint_interval"] == 0:
            name = f"model_epoch_{{epoch:03d}}_step_{{(epoch + 1) * 10:05d}}.pth"
            checkpoint(name, epoch, history)
            link = out / "changenet_model_classify_latest.pth"
            link.unlink(missing_ok=True)
            link.symlink_to(name)
(out / "interval.json").write_text(json.dumps([begun, time.time()]))
say(status="SUCCESS", message="done")
print("Execution status: PASS", flush=True)
"""

Planned = Callable[..., ExperimentPlan]


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classify data set with 24 training, 12 validation and 12 test pairs."""
    root = tmp_path_factory.mktemp("boards")
    for split, count in (("train", 24), ("val", 12), ("test", 12)):
        _write_split(root / split, count)
    return root


def _write_split(folder: Path, count: int) -> None:
    images = folder / "images"
    images.mkdir(parents=True)
    rows = ["input_path,golden_path,label,object_name"]
    for n in range(count):
        for place in ("input", "golden"):
            (images / place).mkdir(exist_ok=True)
            Image.new("RGB", (8, 8), (n, 2 * n, 90)).save(images / place / f"c{n}.png")
        rows.append(f"input,golden,{'PASS' if n % 3 else 'NO_PASS'},c{n}")
    (folder / "dataset.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The simulated `visual_changenet`, quick to start."""
    path = tmp_path / "bin" / "visual_changenet"
    path.parent.mkdir()
    libraries = [entry for entry in sys.path if entry.endswith("site-packages")]
    path.write_text(SIMULATED.format(python=sys.executable, path=libraries))
    path.chmod(0o755)
    monkeypatch.setenv("CHANGENET_SIM", str(tmp_path / "simulation.json"))
    return path


@pytest.fixture
def planned(engine: Path, boards: Path, tmp_path: Path, project_root: Path) -> Planned:
    """Plans a search on the simulated training; `request` takes slots of the request, the rest are settings."""

    def make(*, request: dict[str, Any] | None = None, epochs: int = 2, **settings: Any) -> ExperimentPlan:
        skill = load_skill(project_root)
        slots: dict[str, Any] = {"action": "train", "data": str(boards)} | (request or {})
        slots["overrides"] = {"train.num_epochs": epochs, **BASE, **slots.get("overrides", {})}
        slots.setdefault("results_root", str(tmp_path / "results"))
        decision = decide(Request(**slots), skill)
        chosen = {"algorithm": "random", "trials": 4, "parallel": 1, "seed": 7} | settings
        return experiment.plan(decision, skill, AutomlSettings(**chosen), engine=str(engine))

    return make


def is_record(path: Path) -> bool:
    return path.suffix in {".sqlite3", ".postgresql"}


# A user's own engine is taken for the container, which knows no timm backbones.
BASE = {
    "model.backbone.type": "fan_tiny_8_p4_hybrid",
    "model.backbone.pretrained_backbone_path": None,
    "dataset.classify.num_input": 1,
    "dataset.classify.input_map": None,
    "dataset.classify.image_ext": ".png",
}


@pytest.fixture(autouse=True)
def nothing_is_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every process that a test's jobs started ends by itself when the test is over; the ones that do not are ended."""
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "3")
    yield
    stores = [JobStore(path.parent) for path in tmp_path.rglob("jobs.*") if is_record(path)]
    people = [p for store in stores for job_id in store.ids() for p in processes_in(store.handle(job_id)).values()]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(p.pid != os.getpid() and p.is_alive() for p in people):
        time.sleep(0.02)
    left = [p for p in people if p.pid != os.getpid() and p.is_alive()]
    for process in left:
        process.signal(signal.SIGKILL)
    assert not left

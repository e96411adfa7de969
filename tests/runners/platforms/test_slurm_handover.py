# SPDX-License-Identifier: Apache-2.0
"""A container's job on a real Slurm, and a folder that is carried to one; of apptainer a stand-in runs.

The stand-in knows what `--bind` means: it gives the program a spec with the places of this machine for those of the
container. It stands for no container otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.errors import RequestError
from router.types import Request
from runners import api
from runners.handover.folder import write_folder
from runners.handover.importing import import_job
from runners.jobs.job import JobState

if TYPE_CHECKING:
    from router.declarations import Skill
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

StandBefore = Callable[[str, str], Path]
pytestmark = pytest.mark.usefixtures("slurm")
APPTAINER = """#!{python}
import os, subprocess, sys, tempfile
from pathlib import Path

words, binds = sys.argv[1:], {{}}
while "--bind" in words:
    at = words.index("--bind")
    source, target = words[at + 1].split(":")[:2]
    assert Path(source).exists(), source
    binds[target], words[at : at + 2] = source, []
program, action, flag, spec = words[-4:]
text = Path(binds[str(Path(spec).parent)], Path(spec).name).read_text()
for target in sorted(binds, key=len, reverse=True):
    text = text.replace(f" {{target}}", f" {{binds[target]}}")
inside = Path(tempfile.mkdtemp()) / "spec.yaml"
inside.write_text(text)
sys.exit(subprocess.call([{engine!r}, action, flag, str(inside)]))
"""


@pytest.fixture
def contained(
    skill: Skill, boards: Path, tmp_path: Path, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Plan]:
    """Plans a training on boards in an image, by a stand-in for apptainer that is found on the nodes."""
    program = tmp_path / "nodes" / "apptainer"
    program.parent.mkdir()
    program.write_text(APPTAINER.format(python=sys.executable, engine=str(engine)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def make(**settings: object) -> Plan:
        request = Request(
            action="train",
            automl_policy="off",
            data=str(boards),
            runner="slurm",
            platform={"container": "apptainer", **settings},
            results_root=str(tmp_path / "results"),
            overrides={"num_epochs": 2, "model.backbone.pretrained_backbone_path": ""},
        )
        plan = api.prepare_request(request, skill)[1]
        assert plan
        return plan

    return make


def test_what_a_container_writes_is_the_jobs_result(contained: Callable[..., Plan], store: JobStore) -> None:
    plan = contained()

    job = api.launch(plan, store=store)

    assert (job.state, job.image) == (JobState.COMPLETE, plan.image)
    assert [artifact for artifact in job.artifacts if "latest" in artifact.roles]
    assert read_yaml(Path(job.folder) / "container" / "spec.yaml")["results_dir"] == "/results"


def test_a_folder_is_submitted_by_its_script_and_taken_back(contained: Callable[..., Plan], tmp_path: Path) -> None:
    folder = tmp_path / "carried"
    plan = contained()
    write_folder(plan, folder)
    assert len((folder / "README.md").read_text().splitlines()) <= 10

    def sh(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", *words], cwd=folder, capture_output=True, text=True, check=False)

    missing = sh("run.sh")
    assert (missing.returncode, "sh fetch.sh" in missing.stderr) == (1, True)
    assert sh("fetch.sh").returncode == 0
    done = sh("run.sh", "--wait")
    assert (done.returncode, done.stderr) == (0, "")
    assert "changenet import-job" in done.stdout

    job = import_job(folder)

    assert (job.state, job.plan_id, job.runner, job.exit_code) == (JobState.COMPLETE, plan.id, "slurm", 0)
    assert job.metrics == {"val_loss": 0.25}
    with pytest.raises(RequestError, match=f"taken back as {job.id}"):
        import_job(folder)


@pytest.mark.long
def test_a_folder_whose_job_has_not_ended_is_not_submitted_again(
    contained: Callable[..., Plan], tmp_path: Path, engine: Path
) -> None:
    engine.write_text(engine.read_text().replace('if "sleep" in', 'import time; time.sleep(600)\nif "sleep" in', 1))
    folder = tmp_path / "carried"
    write_folder(contained(), folder)

    first, *_, second = [
        subprocess.run(["sh", script], cwd=folder, capture_output=True, text=True, check=False)
        for script in ("fetch.sh", "run.sh", "run.sh")
    ]
    number = (folder / "submitted").read_text().strip()
    subprocess.run(["scancel", number], check=True)

    assert first.returncode == 0
    assert (second.returncode, f"Slurm job {number}, which has not ended" in second.stderr) == (1, True)
    assert f"scancel {number}" in second.stderr


@pytest.mark.long
@pytest.mark.parametrize("submitted", [True, False], ids=["submitted", "not yet submitted"])
def test_a_script_that_was_killed_while_it_waited_submits_no_second_job(
    submitted: bool,
    contained: Callable[..., Plan],
    tmp_path: Path,
    engine: Path,
    stand_before: StandBefore,
    wait_for: Callable[..., Any],
) -> None:
    """Before Slurm has told the number, and while the submission itself is still on its way."""
    engine.write_text(engine.read_text().replace('if "sleep" in', 'import time; time.sleep(600)\nif "sleep" in', 1))
    folder = tmp_path / "carried"
    write_folder(contained(), folder)
    subprocess.run(["sh", "fetch.sh"], cwd=folder, check=True, capture_output=True)
    if not submitted:
        stand_before("sbatch", 'touch asked; sleep 8; exec "$real" "$@"')
    waiting = subprocess.Popen(
        ["sh", "run.sh", "--wait"], cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True
    )
    name = wait_for(lambda: (folder / "submitting").exists() and (folder / "name").read_text().strip())
    wait_for(lambda: jobs_named(name) if submitted else (folder / "asked").exists())
    waiting.kill()  # the shell alone: its sbatch goes on
    waiting.wait()

    again = subprocess.run(["sh", "run.sh"], cwd=folder, capture_output=True, text=True, check=False)

    numbers = jobs_named(name)
    subprocess.run(["scancel", "--name", name], check=True)
    assert len(numbers) == 1
    assert (again.returncode, f"Slurm job {numbers[0]}, which has not ended" in again.stderr) == (1, True)
    assert (folder / "submitted").read_text().strip() == numbers[0]


def test_where_slurm_does_not_answer_nothing_is_submitted(
    contained: Callable[..., Plan], tmp_path: Path, stand_before: StandBefore
) -> None:
    folder = tmp_path / "carried"
    write_folder(contained(), folder)
    subprocess.run(["sh", "fetch.sh"], cwd=folder, check=True, capture_output=True)
    stand_before("squeue", 'case "$*" in *--name*) exit 1 ;; esac; exec "$real" "$@"')

    done = subprocess.run(["sh", "run.sh"], cwd=folder, capture_output=True, text=True, check=False)

    assert (done.returncode, "is not known" in done.stderr, (folder / "submitting").exists()) == (1, True, False)


def jobs_named(name: str) -> list[str]:
    """The numbers of the jobs of this name that have not ended."""
    argv = ["squeue", "--me", "--noheader", "--format=%A", f"--name={name}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


def test_a_plan_without_a_container_is_not_carried(contained: Callable[..., Plan], tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="bound to this installation"):
        write_folder(contained(container="none"), tmp_path / "carried")

# SPDX-License-Identifier: Apache-2.0
"""How jobs ended by the word of a real accounting (slurmdbd on a MariaDB), where the queue has forgotten them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runners import api
from runners.diagnosis.diagnose import diagnose
from runners.jobs.job import JobState
from runners.planning.plan import Plan
from runners.platforms.slurm_commands import Host
from runners.platforms.slurm_queue import Queue, queue_of
from tests.conftest import free_ports

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

pytestmark = pytest.mark.long
MakePlan = Callable[..., Plan]
WaitFor = Callable[..., Any]


def started(project_root: Path, folder: Path, **options: str) -> Iterator[Path]:
    """The slurm.conf of a real Slurm that keeps accounts, or a skip that says why not."""
    needed = ("munged", "slurmctld", "slurmd", "sbatch", "slurmdbd", "mariadbd", "mariadb-install-db")
    if missing := [name for name in needed if not shutil.which(name)]:
        pytest.skip(f"no {missing[0]} on this machine (scripts/slurm_cluster.sh install-accounting)")
    script = str(project_root / "scripts" / "slurm_cluster.sh")
    given = [f"{name}={value}" for name, value in options.items()]
    begun = subprocess.run(
        ["env", "ACCOUNTING=yes", *given, "sh", script, "start", str(folder), str(free_ports(5))],
        capture_output=True,
        text=True,
        check=False,
    )
    if begun.returncode:
        pytest.skip(f"such a Slurm can't be started here: {' '.join(begun.stderr.split())[-300:]}")
    yield folder / "slurm.conf"
    subprocess.run(["sh", script, "stop", str(folder)], check=True)


@pytest.fixture(scope="module")
def cluster(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Slurm whose daemons count memory, and kill what takes too much."""
    yield from started(project_root, tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def cluster_of_groups(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Slurm whose memory is limited by the kernel's control groups."""
    yield from started(project_root, tmp_path_factory.mktemp("groups"), CGROUPS="yes")


@pytest.fixture
def forgetful(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, stand_before: Callable[[str, str], Path]
) -> Callable[[], None]:
    """The cluster; the call has its queue list nothing any more, so that the accounting alone is asked."""
    monkeypatch.setenv("SLURM_CONF", str(cluster))
    monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "0.1")
    queue_of.cache_clear()

    def forget() -> None:
        stand_before("squeue", "exit 0")
        queue_of.cache_clear()

    return forget


def fit(plan: Plan, **settings: Any) -> Plan:
    draft = replace(plan, platform={"container": "none", "retries": 0} | settings)
    return replace(draft, id=draft.fingerprint())


def number(job: Job, store: JobStore) -> str:
    return str(store.handle(job.id).details["slurm"]["job_id"])


def accounted(job: Job, store: JobStore) -> str:
    """The state that sacct gives a job."""
    argv = ["sacct", "--allocations", "--parsable2", "--noheader", "--format=State", f"--jobs={number(job, store)}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def launched(plan: Plan, store: JobStore, wait_for: WaitFor, until: Callable[[str], bool]) -> Job:
    job = api.launch(plan, store=store, detach=True)
    wait_for(lambda: until(accounted(job, store)))
    return job


def over(state: str) -> bool:
    return bool(state) and state not in {"PENDING", "RUNNING", "COMPLETING"}


def ended(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    return wait_for(lambda: (found := api.get_job(job.id, store)).state.is_terminal and found)  # type: ignore[no-any-return]


def test_states_of_jobs_that_ended_are_those_of_the_accounting(
    make_plan: MakePlan, store: JobStore, forgetful: Callable[[], None], wait_for: WaitFor
) -> None:
    good, bad = (launched(fit(make_plan(runner="slurm", exit=code)), store, wait_for, over) for code in (0, 3))
    called_off = launched(fit(make_plan(runner="slurm", sleep=600)), store, wait_for, lambda state: state == "RUNNING")
    wait_for((Path(called_off.results_dir) / "ready").exists)
    subprocess.run(["scancel", number(called_off, store)], check=True)
    wait_for(lambda: over(accounted(called_off, store)))
    for job in (good, bad, called_off):
        (Path(job.folder) / "exit_code").unlink(missing_ok=True)  # the script's own word is not asked
    forgetful()

    found = [ended(job, store, wait_for) for job in (good, bad, called_off)]

    assert [job.state for job in found] == [JobState.COMPLETE, JobState.ERROR, JobState.CANCELED]
    assert [job.exit_code for job in found[:2]] == [0, 3]


def test_a_job_that_took_more_memory_than_it_was_given_is_told_so(
    make_plan: MakePlan, store: JobStore, forgetful: Callable[[], None], wait_for: WaitFor
) -> None:
    plan = fit(make_plan(runner="slurm", eats=600 * 2**20, sleep=60), memory="200m")
    job = launched(plan, store, wait_for, over)
    forgetful()

    found = ended(job, store, wait_for)

    # Without control groups Slurm notes FAILED with signal 9, and how much memory the step took.
    assert accounted(job, store) == "FAILED"
    assert found.failure
    assert (found.state, found.failure.code) == (JobState.ERROR, "action.out_of_memory")
    cause = diagnose(store, found).cause
    assert cause
    assert cause.rule == "memory.limit"


@pytest.mark.parametrize("asked", ["batch", "step"])
@pytest.mark.parametrize("kind", ["cluster", "cluster_of_groups"])
def test_memory_that_a_job_or_its_step_lacked_is_known_from_the_accounting(
    asked: str,
    kind: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stand_before: Callable[[str, str], Path],
    wait_for: WaitFor,
) -> None:
    """A script that outlives its step ends as FAILED for Slurm, with control groups as well."""
    monkeypatch.setenv("SLURM_CONF", str(request.getfixturevalue(kind)))
    monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "0.1")
    eater = "python3 -c 'import time; eaten = b\"x\" * (600 << 20); time.sleep(60)'"
    script = f"{'srun ' if asked == 'step' else ''}{eater}"
    words = ["sbatch", "--parsable", "--wait", "--mem=200M", f"--output={tmp_path / 'log'}", "--wrap", script]
    before = time.time()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    stand_before("squeue", "exit 0")
    queue = Queue(Host(""))

    found = wait_for(lambda: (job := queue.find("wrap", before, done.stdout.strip())) and over(job.native) and job)

    assert done.returncode != 0
    assert (found.native, found.name) == ("OUT_OF_MEMORY", "wrap")


def test_a_time_limit_is_known_from_the_accounting(
    make_plan: MakePlan, store: JobStore, forgetful: Callable[[], None], wait_for: WaitFor
) -> None:
    job = api.launch(fit(make_plan(runner="slurm", sleep=600), time_limit="1"), store=store, detach=True)
    wait_for(lambda: accounted(job, store) == "TIMEOUT", seconds=150)
    (Path(job.folder) / "exit_code").unlink(missing_ok=True)
    forgetful()

    found = ended(job, store, wait_for)

    assert found.failure
    assert (found.state, found.failure.code) == (JobState.ERROR, "job.time_limit")

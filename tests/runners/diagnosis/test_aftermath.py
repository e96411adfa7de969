# SPDX-License-Identifier: Apache-2.0
"""What is said after a failure, or was overcome before it, is never told in the place of its cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from runners.diagnosis.diagnose import diagnose

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

FailedJob = Callable[..., "Job"]
LOGS = Path(__file__).with_name("logs")
TABLE: dict[str, dict[str, Any]] = read_yaml(LOGS / "table.yaml")
# Causes that the log itself tells, by the program's own words or its platform's.
TOLD = [
    name
    for name, row in TABLE.items()
    if row["cause"] != "unknown" and row.get("exit_code", 1) == 1 and "code" not in row
]
AFTERWARDS = {
    "the table is not there": "FileNotFoundError: [Errno 2] No such file or directory: '/scratch/train.csv'\n",
    "no data": "train: num_samples should be a positive integer value, but got num_samples=0\n",
    "a look": "$ ls results/evaluate\nls: cannot access 'results/evaluate': No such file or directory\n",
    "an image": "docker: Error response from daemon: pull access denied for aoi/train, repository does not exist\n",
    "telemetry": "HTTPSConnectionPool(host='telemetry.example', port=443): Max retries exceeded with url: /api\n",
    "a copy": "cp: cannot stat '/results/train/model.onnx': No such file or directory\n",
    "another disk": "rsyslogd: file '/var/log/messages': write error: No space left on device\n",
    "rights": "logrotate: error: cannot open /var/log/train.log: Permission denied\n",
}
OVERCOME = {
    "a second attempt": "fetch: attempt 1: ConnectionRefusedError: [Errno 111] Connection refused\n"
    "fetch: attempt 2 ok, 812 files\n",
    "done without": "ModuleNotFoundError: No module named 'bitsandbytes'\n"
    "bitsandbytes is not there, going on without it\n",
    "an image that came": 'Warning  Failed  9m  kubelet  Failed to pull image "lab/cn:1": dial tcp: i/o timeout\n'
    'Normal  Pulled  8m  kubelet  Successfully pulled image "lab/cn:1" in 41s\n',
}


def told(log: bytes, name: str, failed_job: FailedJob, store: JobStore) -> str:
    row = TABLE[name]
    made = failed_job(
        log, name=f"job-{name}", action=row.get("action", "train"), runner=row.get("runner", "local"), recorded=False
    )
    cause = diagnose(store, made).cause
    return cause.rule if cause else "none"


@pytest.mark.long
@pytest.mark.parametrize("said", AFTERWARDS)
def test_what_is_said_afterwards_is_not_the_cause(said: str, failed_job: FailedJob, store: JobStore) -> None:
    chosen = TOLD[list(AFTERWARDS).index(said) :: len(AFTERWARDS)]
    logs = {name: (LOGS / f"{name}.log").read_bytes().rstrip(b"\n") + b"\n" for name in chosen}

    causes = {name: told(log + AFTERWARDS[said].encode(), name, failed_job, store) for name, log in logs.items()}

    assert len(chosen) > 30
    other = {name: cause for name, cause in causes.items() if cause not in {TABLE[name]["cause"], "none"}}
    # A hung collective, what was cut off while it was written, and a pull that fails say less than what follows them.
    assert {TABLE[name]["cause"] for name in other} <= {
        "nccl.timeout",
        "checkpoint.not_written",
        "image.pull_backoff",
    }, other
    assert sum(cause == "none" for cause in causes.values()) <= 1


@pytest.mark.long
@pytest.mark.parametrize("said", OVERCOME)
def test_what_was_overcome_is_not_the_cause(said: str, failed_job: FailedJob, store: JobStore) -> None:
    chosen = TOLD[list(OVERCOME).index(said) :: len(OVERCOME) * 2]
    causes = {
        name: told(OVERCOME[said].encode() + (LOGS / f"{name}.log").read_bytes(), name, failed_job, store)
        for name in chosen
    }

    assert len(chosen) > 40
    assert {name: cause for name, cause in causes.items() if cause not in {TABLE[name]["cause"], "none"}} == {}
    assert sum(cause == "none" for cause in causes.values()) <= 1


def test_what_is_absent_after_a_failure_that_nobody_knows_is_only_possible(
    failed_job: FailedJob, store: JobStore
) -> None:
    log = "RuntimeError: the conveyor has no boards\nFileNotFoundError: [Errno 2] No such file: '/data/train.csv'\n"
    first, alone = (failed_job(text, name=f"job-{n}", recorded=False) for n, text in enumerate((log, log[41:])))

    found, known = diagnose(store, first), diagnose(store, alone)

    assert (found.confidence, [cause.rule for cause in found.possible][:1]) == ("likely", ["data.table_missing"])
    assert [line.text for line in found.words] == ["RuntimeError: the conveyor has no boards"]
    assert known.cause
    assert known.cause.rule == "data.table_missing"


def test_what_happened_gives_way_to_its_reason(failed_job: FailedJob, store: JobStore) -> None:
    cut = "RuntimeError: [enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0\n"
    jobs = [
        failed_job(cut + more, name=f"job-{n}", recorded=False)
        for n, more in enumerate(("", "OSError: [Errno 27] File too large\n", "OSError: [Errno 28] No space left\n"))
    ]

    found = [diagnose(store, job) for job in jobs]

    causes = [one.cause.rule for one in found if one.cause]
    assert causes == ["checkpoint.not_written", "files.size_limit", "disk.full"]
    assert {cause.rule for cause in found[0].possible} >= {"disk.full", "disk.quota", "files.size_limit"}

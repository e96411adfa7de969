# SPDX-License-Identifier: Apache-2.0
"""Logs of real failures, with the causes that table.yaml gives them: few are missed, and none gets a wrong cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.problem import Problem
from runners.diagnosis.diagnose import diagnose
from runners.diagnosis.rules import rules_for

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

FailedJob = Callable[..., "Job"]
LOGS = Path(__file__).with_name("logs")
SHORT_LOGS = Path(__file__).with_name("short_logs.txt")
UNKNOWN = "unknown"
TABLE: dict[str, dict[str, Any]] = read_yaml(LOGS / "table.yaml")


def found(name: str, entry: dict[str, Any], failed_job: FailedJob, store: JobStore) -> str:
    failure = Problem(entry["code"], name, entry["said"]) if "code" in entry else None
    job = failed_job(
        (LOGS / f"{name}.log").read_bytes(),
        name=f"job-{name}",
        action=entry.get("action", "train"),
        runner=entry.get("runner", "local"),
        exit_code=entry.get("exit_code", 1),
        failure=failure,
        recorded=False,
    )
    cause = diagnose(store, job).cause
    return cause.rule if cause else UNKNOWN


def test_every_log_has_its_row_and_every_row_its_log(project_root: Path) -> None:
    assert {path.stem for path in LOGS.glob("*.log")} == TABLE.keys()
    known = {rule.id for rule in rules_for(project_root)} | {UNKNOWN}
    assert [name for name, entry in TABLE.items() if entry["cause"] not in known] == []
    assert {entry["origin"] for entry in TABLE.values()} == {"provoked", "reported", "made_up"}
    assert sum(entry["origin"] == "provoked" for entry in TABLE.values()) >= 60
    told = {rule.id for rule in rules_for(project_root) if not rule.symptom}
    short = {line.split()[1] for line in SHORT_LOGS.read_text("utf-8").splitlines() if line.startswith("@@ ")}
    assert told - {entry["cause"] for entry in TABLE.values()} - short == set()
    assert sum(entry["cause"] == UNKNOWN for entry in TABLE.values()) >= 10


def test_the_right_cause_is_told_for_nearly_all_and_a_wrong_one_for_none(
    failed_job: FailedJob, store: JobStore
) -> None:
    told = {name: found(name, entry, failed_job, store) for name, entry in TABLE.items()}

    wrong = {name: cause for name, cause in told.items() if cause not in {UNKNOWN, TABLE[name]["cause"]}}
    missed = [name for name, cause in told.items() if cause == UNKNOWN != TABLE[name]["cause"]]
    assert wrong == {}
    assert len(missed) <= 0.05 * len(TABLE), missed


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry["origin"] == "provoked"][::6])
def test_a_log_that_is_torn_off_anywhere_gets_no_other_cause(name: str, failed_job: FailedJob, store: JobStore) -> None:
    """What is written to the end of a log by nobody, as after a kill, must not make up a cause."""
    text = (LOGS / f"{name}.log").read_bytes()
    allowed = {UNKNOWN, TABLE[name]["cause"], *TABLE[name].get("torn", ())}
    for part in range(1, 8):
        job = failed_job(text[: len(text) * part // 8], name=f"job-{part}", recorded=False)
        cause = diagnose(store, job).cause
        assert (cause.rule if cause else UNKNOWN) in allowed, part

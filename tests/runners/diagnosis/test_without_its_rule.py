# SPDX-License-Identifier: Apache-2.0
"""A failure for which no rule was made gets no confident wrong cause.

Each log of the corpus is asked about once more without the rule of its own cause, as if nobody had thought of it. What
is then told with certainty has to be true all the same: by a rule that covers the missing one in less detail, or one
that tells what happened and not why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.documents import read_yaml
from interfaces.present_diagnosis import diagnosis_lines
from runners.diagnosis import evidence
from runners.diagnosis.diagnose import diagnose
from runners.diagnosis.matching import hits_of
from runners.diagnosis.rules import rules_for

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

FailedJob = Callable[..., "Job"]
LOGS = Path(__file__).with_name("logs")
SHORT_LOGS = Path(__file__).with_name("short_logs.txt")


def cases() -> Iterator[tuple[str, str, bytes, int, str]]:
    """Name, cause, log, exit code and runner of each log that has a cause."""
    for name, row in read_yaml(LOGS / "table.yaml").items():
        log = (LOGS / f"{name}.log").read_bytes()
        yield name, row["cause"], log, row.get("exit_code", 1), row.get("runner", "local")
    for number, block in enumerate(SHORT_LOGS.read_text("utf-8").split("\n@@ ")[1:]):
        head, _, short = block.partition("\n")
        cause, code, runner = head.split()
        yield f"short-{number}", cause, short.encode(), int(code), runner


@pytest.mark.long
def test_a_log_that_no_rule_was_made_for_gets_no_other_cause_with_certainty(
    failed_job: FailedJob, project_root: Path
) -> None:
    rules = rules_for(project_root)
    known = {rule.id for rule in rules}
    wrong: dict[str, tuple[str, str]] = {}
    asked = [case for case in cases() if case[1] in known and not case[1].startswith("engine.")]
    for name, cause, log, code, runner in asked:
        job = failed_job(log, name=f"job-{name}", exit_code=code, runner=runner, recorded=False)
        lines = evidence.of_log(Path(job.folder) / "log.txt", "log.txt")
        hits = hits_of([rule for rule in rules if rule.id != cause], lines, job)
        told = next((hit for hit in hits if hit.certain), None)
        if told and not told.rule.between and cause not in told.rule.covers:
            wrong[name] = (cause, told.rule.id)

    assert len(asked) > 600
    assert wrong == {}


def test_what_a_rule_covers_or_stands_between_is_a_rule(project_root: Path) -> None:
    rules = rules_for(project_root)
    known = {rule.id for rule in rules}

    named = {name for rule in rules for name in (*rule.covers, *rule.between)}

    assert named <= known
    assert all(rule.id not in (*rule.covers, *rule.between) for rule in rules)


def test_a_failure_that_no_rule_knows_makes_what_follows_likely_and_not_certain(
    failed_job: FailedJob, store: JobStore
) -> None:
    """The line that would tell them apart is shown: the first failure, which nothing explains."""
    alone = "srun: Job 4 starts\npython: can't open file '/tmp/train.py': [Errno 2] No such file or directory\n"
    first = "conveyor: error: the belt of line 3 does not move\n"

    sure, doubted = (
        diagnose(store, failed_job(text, name=f"job-{n}", recorded=False))
        for n, text in enumerate((alone, first + alone))
    )

    assert (sure.confidence, sure.cause and sure.cause.rule) == ("certain", "program.script_missing")
    assert (doubted.confidence, doubted.cause) == ("likely", None)
    assert next((cause.rule, cause.likely) for cause in doubted.possible) == ("program.script_missing", True)
    assert [line.text for line in doubted.words] == [first.strip()]
    said = diagnosis_lines(doubted)
    assert [line.split()[0] for line in said[:4]] == ["cause", "|", "likely", "|"]
    assert (first.strip() in said[1], doubted.to_json()["confidence"]) == (True, "likely")


def test_a_kill_is_not_told_where_an_exception_that_nobody_knows_came_first(
    failed_job: FailedJob, store: JobStore
) -> None:
    log = "Traceback (most recent call last):\n  File 'a.py', line 1\nRuntimeError: the belt does not move\n"
    killed = "/opt/run.sh: line 22: 40180 Killed                  visual_changenet train -e spec.yaml\n"

    found = [
        diagnose(store, failed_job(text, name=f"job-{n}", recorded=False))
        for n, text in enumerate((killed, log + killed))
    ]

    assert [one.confidence for one in found] == ["what_happened", "likely"]
    assert found[1].words[0].text == "RuntimeError: the belt does not move"

# SPDX-License-Identifier: Apache-2.0
"""Many ways in which frameworks, schedulers and shells say the same: one short log each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runners.diagnosis.diagnose import diagnose
from runners.diagnosis.languages import in_english

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

FailedJob = Callable[..., "Job"]
LOGS = Path(__file__).with_name("short_logs.txt").read_text("utf-8").split("\n@@ ")[1:]


def test_each_wording_gets_its_cause_and_what_is_nobodys_gets_none(failed_job: FailedJob, store: JobStore) -> None:
    wrong = []
    for number, block in enumerate(LOGS):
        head, _, log = block.partition("\n")
        family, code, platform = head.split()
        job = failed_job(log, name=f"job-{number}", runner=platform, exit_code=int(code), recorded=False)
        cause = diagnose(store, job).cause
        told = cause.rule if cause else "none"
        wrong += [(log[:80], family, told)] if told != family else []
    assert wrong == []
    assert len(LOGS) > 250


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("cp: 'a': Auf dem Gerät ist kein Speicherplatz mehr verfügbar", "cp: 'a': No space left on device"),
        ("mkdir: a: Permission non accordée", "mkdir: a: Permission denied"),
        ("bash: Zeile 3: 12 Speicherzugriffsfehler", "bash: Zeile 3: 12 Segmentation fault"),
        ("cat: a: 没有那个文件或目录", "cat: a: No such file or directory"),
        ("Epoch 3 is done", "Epoch 3 is done"),
        ("Größe der Bilder: 3", "Größe der Bilder: 3"),
    ],
)
def test_the_systems_messages_are_read_in_the_language_of_the_machine(said: str, english: str) -> None:
    assert in_english(said) == english


def test_what_keeps_a_program_from_being_started_is_past_once_it_has_spoken(
    failed_job: FailedJob, store: JobStore
) -> None:
    pull = 'GET "https://nvcr.io/v2/": unauthorized: authentication required\n'
    own = "Traceback (most recent call last):\n  File 'a.py', line 1\nRuntimeError: the optimizer has no state\n"
    before, after = (failed_job(log, name=f"job-{n}", recorded=False) for n, log in enumerate((pull, pull + own)))

    told = diagnose(store, before).cause
    assert told
    assert told.rule == "image.pull_denied"
    assert diagnose(store, after).cause is None


def test_a_verdict_of_the_cluster_counts_above_the_log_and_below_a_programs_own_words(
    failed_job: FailedJob, store: JobStore
) -> None:
    verdict = "  State: Terminated\n  Reason: OOMKilled\n"
    progress = "".join(f"Epoch 0:  10%|# | {n}/90 [00:10<00:20]\n" for n in range(1, 60))
    own = "Traceback (most recent call last):\n  File 'a.py', line 1\nRuntimeError: the optimizer has no state\n"
    killed = failed_job(verdict + progress, name="job-0", exit_code=137, recorded=False)
    raised = failed_job(verdict + progress + own, name="job-1", exit_code=1, recorded=False)

    told = diagnose(store, killed).cause
    assert told
    assert told.rule == "memory.limit"
    assert diagnose(store, raised).cause is None

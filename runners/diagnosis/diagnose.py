# SPDX-License-Identifier: Apache-2.0
"""Why a job failed, told from its record, its log and its plan when that is asked, so that new rules serve old jobs.

A cause is told with certainty only where the words that the job ended with, or its record, say so. What was said
earlier, in passing, or after another failure that no rule knows, is told as possible.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError
from core.file_names import DETAILS_FILE, LOG_FILE, PLAN_FILE, STATUS_FILE
from runners.diagnosis import evidence
from runners.diagnosis.commands import commands_of
from runners.diagnosis.differences import Difference, differences, last_good
from runners.diagnosis.evidence import Line, Weight
from runners.diagnosis.exceptions import first_exception
from runners.diagnosis.matching import alternatives, hits_of
from runners.diagnosis.rules import RETRIES, rules_for
from runners.jobs.job import JobState
from runners.jobs.status_log import read_progress
from runners.jobs.watch import log_of
from runners.names import SUPERVISOR_LOG

if TYPE_CHECKING:
    from runners.diagnosis.rules import Hit
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_MOST_EVIDENCE, _MOST_POSSIBLE, _MOST_WORDS = 4, 3, 3
_ONLY_REPEATS_THE_LOG = frozenset({"action.failed", "action.unconfirmed", "process.lost", "process.killed"})
_PLACE = re.compile(r"\{(\w+)\}")
_NOT_FILLED = re.compile(r"[ :(]*\{\w+\}\)?")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a job failed, by one rule: a sentence, the lines that say so, what helps, commands, and about a retry.

    `likely`: the words that it ended with say so, and another failure that nothing explains stands before them.
    """

    rule: str
    sentence: str
    evidence: tuple[Line, ...]
    advice: str
    fix: tuple[str, ...]
    retry: str
    retries: bool
    likely: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "rule": self.rule,
            "cause": self.sentence,
            "likely": self.likely,
            "evidence": [{"file": line.source, "line": line.number, "text": line.text} for line in self.evidence],
            "advice": self.advice,
            "fix": list(self.fix),
            "retry": {"automatic": self.retries, "why": self.retry},
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of why a job failed.

    `cause` is None where no rule fits with certainty: `possible` are those that fit in part, likely ones first, `words`
    what the job ended with; where a cause is likely, the failures before it that nothing explains. Where the cause
    tells what happened and not why, `possible` are those of which one may be behind it.
    `followed` names what came of the cause. `differs` compares with `good`, the last of its kind that completed.
    `retried_as` is the job that goes on with it by itself.
    """

    job_id: str
    state: JobState
    cause: Cause | None = None
    possible: tuple[Cause, ...] = ()
    followed: tuple[str, ...] = ()
    words: tuple[Line, ...] = ()
    good: str | None = None
    differs: tuple[Difference, ...] = ()
    retried_as: str | None = None

    @property
    def confidence(self) -> str:
        """`certain`, `what_happened` (and not why), `likely`, or `unknown`."""
        if self.cause:
            return "what_happened" if self.possible else "certain"
        return "likely" if any(cause.likely for cause in self.possible) else "unknown"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "job": self.job_id,
            "state": self.state,
            "confidence": self.confidence,
            "cause": self.cause.to_json() if self.cause else None,
            "possible": [cause.to_json() for cause in self.possible],
            "followed_by": list(self.followed),
            "last_words": [{"file": line.source, "line": line.number, "text": line.text} for line in self.words],
            "retried_as": self.retried_as,
            "last_good_job": self.good,
            "differs": [difference.to_json() for difference in self.differs],
        }


def diagnose(store: JobStore, job: Job) -> Diagnosis:
    """Why the job failed; for one that did not fail, its state alone.

    Raises:
        DeclarationError: the rules are broken.
    """
    if job.state is not JobState.ERROR:
        return Diagnosis(job.id, job.state)
    plan, skill = _plan(job), None
    with suppress(ChangenetError):
        from runners.model_rules import skill_at

        skill = skill_at(plan.skill_dir if plan else "")
    lines = _lines(store, job)
    rules = rules_for(skill.root if skill else None)
    hits = hits_of(rules, lines, job)
    certain = [hit for hit in hits if hit.certain]

    def cause(hit: Hit) -> Cause:
        return _cause(hit, lines, job, commands_of(job, plan, skill, store, hit.told))

    good = last_good(store, job)
    told = certain[:1] or sorted(hits, key=lambda hit: not hit.doubts)[:_MOST_POSSIBLE]
    behind = [one for hit in told for one in alternatives(hit, rules, lines)]
    possible = behind if certain else [*told, *(one for one in behind if one.rule not in [hit.rule for hit in told])]
    next_job = store.retry_of(job.id) if store.exists() else None
    return Diagnosis(
        job.id,
        job.state,
        cause=cause(certain[0]) if certain else None,
        possible=tuple(map(cause, possible)),
        followed=_followed(certain, lines),
        words=() if certain else _doubted(told, lines) or _last_words(lines),
        good=good.id if good else None,
        differs=differences(job, good) if good else (),
        retried_as=next_job.id if next_job else None,
    )


def _followed(certain: list[Hit], lines: list[Line]) -> tuple[str, ...]:
    """The rules below the first that fit other lines; what a file repeats of the log's end is no line of its own."""
    repeated = {n for n, line in enumerate(lines) if line.number is None}
    return tuple(hit.rule.id for hit in certain[1:] if not set(hit.lines) <= set(certain[0].lines) | repeated)


def _lines(store: JobStore, job: Job) -> list[Line]:
    """All evidence: the log, the traceback that the engine kept apart, what it and its platform say of the end."""
    log = Path(job.folder) / LOG_FILE
    with suppress(ChangenetError, OSError):
        log = log_of(store, job)
    lines = evidence.of_log(log, log.name)
    if any(f"{DETAILS_FILE}:" in line.text for line in lines[-5:]):
        lines += evidence.of_details(Path(job.results_dir) / DETAILS_FILE, DETAILS_FILE)
    failures = [p for p in read_progress(Path(job.results_dir) / STATUS_FILE) if p.status == "FAILURE" and p.message]
    lines += evidence.said(STATUS_FILE, failures[-1].message) if failures else []
    if job.failure and job.failure.code not in _ONLY_REPEATS_THE_LOG:
        lines += evidence.said("record", job.failure.message)
        lines += evidence.of_log(Path(job.folder) / SUPERVISOR_LOG, SUPERVISOR_LOG)
    return lines


def _cause(hit: Hit, lines: list[Line], job: Job, commands: dict[str, str]) -> Cause:
    rule, told = hit.rule, hit.told
    filled = (_first_filled(choice, commands) for choice in rule.fix)
    shown = [lines[n] for n in hit.lines[:_MOST_EVIDENCE]] or (_of_record(job) if hit.certain else [])
    return Cause(
        rule.id,
        _with(rule.cause, told),
        tuple(replace(line, text=line.text.strip()) for line in shown),
        _with(rule.advice, told),
        tuple(dict.fromkeys(command for command in filled if command)),
        RETRIES[rule.retry],
        rule.retry == "infrastructure",
        likely=bool(hit.doubts),
    )


def _first_filled(choices: str, commands: dict[str, str]) -> str:
    for choice in choices.split(" | "):
        if all(name in commands for name in _PLACE.findall(choice)):
            return _PLACE.sub(lambda found: commands[found[1]], choice)
    return ""


def _with(text: str, told: dict[str, str]) -> str:
    """The text with what a message told; a place that it left open goes, with the colon or bracket before it."""
    return _NOT_FILLED.sub("", _PLACE.sub(lambda found: told.get(found[1], found[0]), text))


def _of_record(job: Job) -> list[Line]:
    code = "" if job.exit_code is None else f"exit code {job.exit_code}. "
    return [Line("record", None, f"{code}{job.failure.message if job.failure else ''}".strip())]


def _doubted(told: list[Hit], lines: list[Line]) -> tuple[Line, ...]:
    """The failures that stand before a likely cause, and that nothing explains."""
    return tuple(lines[n] for n in told[0].doubts[:_MOST_WORDS]) if told else ()


def _last_words(lines: list[Line]) -> tuple[Line, ...]:
    """What the job ended with, where no rule knows it: its first exception, else the last lines."""
    if first := first_exception(lines):
        return (lines[first[0]],)
    return tuple(line for line in lines if line.weight > Weight.NONE)[-_MOST_WORDS:]


def _plan(job: Job) -> Plan | None:
    from runners.planning.plan import Plan

    with suppress(ChangenetError, KeyError, TypeError, ValueError, AttributeError):
        return Plan.from_json(read_json(Path(job.folder) / PLAN_FILE))
    return None

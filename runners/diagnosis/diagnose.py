# SPDX-License-Identifier: Apache-2.0
"""Why a job failed, told from its record, its log and its plan when that is asked, so that new rules serve old jobs.

A cause is told with certainty only where the words that the job ended with, or its record, say so. What was said
earlier, in passing, or after another failure that no rule knows, is told as possible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.documents import read_json
from core.errors import ChangenetError
from core.file_names import DETAILS_FILE, LOG_FILE, PLAN_FILE, STATUS_FILE
from runners.diagnosis import evidence
from runners.diagnosis.commands import commands_of
from runners.diagnosis.differences import Difference, differences, last_good
from runners.diagnosis.evidence import Line, Weight
from runners.diagnosis.rules import RETRIES, Rule, compiled, rules_for
from runners.jobs.job import JobState
from runners.jobs.status_log import read_progress
from runners.jobs.watch import log_of
from runners.names import SUPERVISOR_LOG

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_MOST_EVIDENCE, _MOST_POSSIBLE, _MOST_WORDS = 4, 3, 3
_ONLY_REPEATS_THE_LOG = frozenset({"action.failed", "action.unconfirmed", "process.lost", "process.killed"})
_PLACE = re.compile(r"\{(\w+)\}")
_NOT_FILLED = re.compile(r"[ :(]*\{\w+\}\)?")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a job failed, by one rule: a sentence, the lines that say so, what helps, commands, and about a retry."""

    rule: str
    sentence: str
    evidence: tuple[Line, ...]
    advice: str
    fix: tuple[str, ...]
    retry: str
    retries: bool

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "rule": self.rule,
            "cause": self.sentence,
            "evidence": [{"file": line.source, "line": line.number, "text": line.text} for line in self.evidence],
            "advice": self.advice,
            "fix": list(self.fix),
            "retry": {"automatic": self.retries, "why": self.retry},
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of why a job failed.

    `cause` is None where no rule fits with certainty: `possible` are those that fit in part, `words` what the job ended
    with. `followed` names what came of the cause. `differs` compares with `good`, the last of its kind that completed.
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

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "job": self.job_id,
            "state": self.state,
            "cause": self.cause.to_json() if self.cause else None,
            "possible": [cause.to_json() for cause in self.possible],
            "followed_by": list(self.followed),
            "last_words": [{"file": line.source, "line": line.number, "text": line.text} for line in self.words],
            "retried_as": self.retried_as,
            "last_good_job": self.good,
            "differs": [difference.to_json() for difference in self.differs],
        }


class _Hit(NamedTuple):
    rule: Rule
    lines: tuple[int, ...]
    told: dict[str, str]
    certain: bool


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
    hits = list(_hits(rules_for(skill.root if skill else None), lines, job))
    certain = [hit for hit in hits if hit.certain]

    def cause(hit: _Hit) -> Cause:
        return _cause(hit, lines, job, commands_of(job, plan, skill, store, hit.told))

    good = last_good(store, job)
    possible = [] if certain else hits[:_MOST_POSSIBLE]
    next_job = store.retry_of(job.id) if store.exists() else None
    return Diagnosis(
        job.id,
        job.state,
        cause=cause(certain[0]) if certain else None,
        possible=tuple(map(cause, possible)),
        followed=tuple(hit.rule.id for hit in certain[1:] if not set(hit.lines) <= set(certain[0].lines)),
        words=() if certain else _last_words(lines),
        good=good.id if good else None,
        differs=differences(job, good) if good else (),
        retried_as=next_job.id if next_job else None,
    )


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


def _hits(rules: Sequence[Rule], lines: list[Line], job: Job) -> Iterable[_Hit]:
    bare = [line.bare for line in lines]
    text = "\n".join(bare)
    starts = list(accumulate((len(line) + 1 for line in bare), initial=0))
    code = job.failure.code if job.failure else ""
    hits = [
        hit for rule in rules if _fits(rule, job) and (hit := _hit(rule, lines, text, starts, said=code in rule.codes))
    ]
    first = evidence.first_exception(lines)
    if first and first[1] and not any(first[0] in hit.lines for hit in hits):
        # The first thing that went wrong is no rule's: what came after it may only have followed.
        said = {n for n, line in enumerate(lines[: first[0]]) if not line.warns}
        hits = [hit if not hit.lines or said & set(hit.lines) else hit._replace(certain=False) for hit in hits]
    return hits


def _fits(rule: Rule, job: Job) -> bool:
    """Whether the conditions of the rule hold for the job's record."""
    return (not rule.exit_codes or job.exit_code in rule.exit_codes) and (
        not rule.actions or job.action in rule.actions
    )


def _hit(rule: Rule, lines: list[Line], text: str, starts: list[int], *, said: bool) -> _Hit | None:
    """Where the rule fits; `said`: the platform gave the failure a code that is the rule's own."""
    if said:
        return _Hit(rule, (), {}, certain=True)
    if any(lines[n].weight >= Weight.NEAR for pattern in rule.none for n, _ in _found(pattern, text, starts)):
        return None
    if not rule.patterns:
        return _Hit(rule, (), {}, certain=True) if rule.exit_codes else None
    found = {pattern: _found(pattern, text, starts) for pattern in (*rule.patterns, *rule.fill)}
    usable = {pattern: [(n, m) for n, m in hits if lines[n].weight > Weight.NONE] for pattern, hits in found.items()}
    if (rule.any and not any(usable[p] for p in rule.any)) or not all(usable[p] for p in rule.all):
        return None
    matches = [hit for pattern in rule.patterns for hit in usable[pattern]]
    final = [hit for hit in matches if _is_final(rule, lines[hit[0]])]
    certain = bool(final) and not rule.symptom and all(any(h in final for h in usable[p]) for p in rule.all)
    chosen = sorted(final if certain else matches, key=lambda hit: hit[0])
    told = [match.groupdict() for _, match in (*chosen, *(hit for p in rule.fill for hit in usable[p]))]
    groups = {name: value.strip() for each in reversed(told) for name, value in each.items() if value}
    return _Hit(rule, tuple(dict.fromkeys(n for n, _ in chosen)), groups, certain)


def _found(pattern: str, text: str, starts: list[int]) -> list[tuple[int, re.Match[str]]]:
    return [(bisect_right(starts, match.start()) - 1, match) for match in compiled(pattern).finditer(text)]


def _is_final(rule: Rule, line: Line) -> bool:
    enough = Weight.NEAR if rule.system else Weight.FINAL
    return line.weight >= enough and (rule.warnings or not line.warns)


def _cause(hit: _Hit, lines: list[Line], job: Job, commands: dict[str, str]) -> Cause:
    rule, told = hit.rule, hit.told
    filled = (_first_filled(choice, commands) for choice in rule.fix)
    shown = [lines[n] for n in hit.lines[:_MOST_EVIDENCE]] or _of_record(job)
    return Cause(
        rule.id,
        _with(rule.cause, told),
        tuple(replace(line, text=line.text.strip()) for line in shown),
        _with(rule.advice, told),
        tuple(dict.fromkeys(command for command in filled if command)),
        RETRIES[rule.retry],
        rule.retry == "infrastructure",
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


def _last_words(lines: list[Line]) -> tuple[Line, ...]:
    """What the job ended with, where no rule knows it: its first exception, else the last lines."""
    if first := evidence.first_exception(lines):
        return (lines[first[0]],)
    return tuple(line for line in lines if line.weight > Weight.NONE)[-_MOST_WORDS:]


def _plan(job: Job) -> Plan | None:
    from runners.planning.plan import Plan

    with suppress(ChangenetError, KeyError, TypeError, ValueError, AttributeError):
        return Plan.from_json(read_json(Path(job.folder) / PLAN_FILE))
    return None

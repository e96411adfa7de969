# SPDX-License-Identifier: Apache-2.0
"""Plans, jobs and results as text for people."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from core.dotted import get
from core.figure import digits
from runners.figures import figures_of, leading_of
from runners.jobs.inspection_report import verdict_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.figure import Figure
    from router.types import Decision
    from runners.jobs.job import Artifact, Job
    from runners.planning.plan import Plan, Provenance

_IMAGES_NAMED = 4


def decision_text(decision: Decision) -> str:
    """A decision that is not a plan yet: what was understood, and the questions that are open."""
    if decision.command:
        known = [decision.command.line]
    else:
        known = [f"action {decision.action or '?'}", f"task {decision.task or '?'}", f"route {decision.route or '?'}"]
    lines = [", ".join(known), *_bullets("because", decision.reasons), *_bullets("warning", decision.warnings)]
    return "\n".join([*lines, *_questions(decision)])


def plan_text(plan: Plan) -> str:
    """What would run: action, route, command, each value that is not the template's with its source, open questions."""
    decision = plan.decision
    lines = [
        f"plan {plan.id[:12]}: {plan.action} ({plan.task}) on runner {plan.runner}, route {decision.route}",
        f"  automl_policy {decision.automl_policy} ({decision.policy_source})",
        f"  command: {' '.join(plan.command)}",
        *(f"  because {reason}" for reason in decision.reasons),
    ]
    if plan.profile:
        lines.append(f"  profile {plan.profile}")
    if plan.image:
        lines.append(f"  image {plan.image}")
    lines += [f"  mount {m.source} -> {m.target}{' (read-only)' if m.read_only else ''}" for m in plan.mounts]
    lines += value_lines(plan)
    lines += _bullets("warning", (*decision.warnings, *plan.warnings))
    return "\n".join([*lines, *_bullets("missing", [question.text for question in plan.missing])])


def value_lines(plan: Plan) -> list[str]:
    """Each value that is not the template's with its source, and each that was adjusted."""
    width = max((len(key) for key in plan.provenance), default=0)
    values = [
        f"  {key:<{width}}  {_short(get(plan.spec, key))}  [{_origin(origin)}]"
        for key, origin in sorted(plan.provenance.items())
    ]
    return values + [
        f"  adjusted {a.key}: {_short(a.before)} -> {_short(a.after)} ({a.reason})" for a in plan.adjustments
    ]


def _origin(origin: Provenance) -> str:
    # The reason of an adjustment stands in a line of its own.
    return origin.source if origin.source == "adjusted" else f"{origin.source} {origin.detail}".strip()


def jobs_text(jobs: Sequence[Job], root: PurePath) -> str:
    """One line a job; without any, where they were looked for."""
    if not jobs:
        return f"no jobs in {root} yet; `changenet run` makes some, and --results DIR names another folder"
    lines = [f"{job.id:<40} {job.state:<9} {job.created_at[:19].replace('T', ' ')}  {_headline(job)}" for job in jobs]
    return "\n".join(line.rstrip() for line in lines)


def _headline(job: Job) -> str:
    if job.removed_at:
        return f"files removed {job.removed_at[:10]}"
    if job.failure:
        return f"{job.failure.code}: {job.failure.message.partition(chr(10))[0][:80]}"
    return "  ".join(f"{figure.label} {figure.text}" for figure in leading_of(job.metrics, job.task))


def job_text(job: Job, progress: dict[str, Any] | None = None) -> str:
    """One job: state with its history, progress, figures, artifacts, failure."""
    removed = f", files removed {job.removed_at[:19].replace('T', ' ')}" if job.removed_at else ""
    lines = [f"{job.id}: {job.state}{removed}", f"  action   {job.action} on {job.runner}", f"  folder   {job.folder}"]
    if job.parent_job_id:
        lines.append(f"  parent   {job.parent_job_id}")
    if job.retry_of:
        lines.append(f"  retry of {job.retry_of}")
    if progress:
        lines.append("  progress " + "  ".join(f"{name} {value}" for name, value in progress.items()))
    lines += [f"  {step.at[:19].replace('T', ' ')} {step.state:<9} {step.reason}".rstrip() for step in job.transitions]
    lines += figure_lines(figures_of(job.metrics, job.task)) + artifact_lines(job.artifacts)
    if verdict := verdict_line(job):
        lines.append(f"  verdict  {verdict}")
    if job.failure:
        word = "unseen" if job.state == "UNKNOWN" else "failed"
        lines += [f"  {word}   {job.failure.code}: {job.failure.message}", f"  remedy   {job.failure.remedy}"]
    return "\n".join(lines)


def artifact_lines(artifacts: Sequence[Artifact]) -> list[str]:
    """One line a file; pictures of one folder, of which there is one per pair, share a line where they are many."""
    crowds = Counter(str(PurePath(a.path).parent) for a in artifacts if a.kind == "image")
    crowds = Counter({folder: count for folder, count in crowds.items() if count > _IMAGES_NAMED})
    alone = [a for a in artifacts if a.kind != "image" or str(PurePath(a.path).parent) not in crowds]
    lines = [f"  {'images':<10} {folder}/ ({count:,} files)" for folder, count in crowds.items()]
    return lines + [f"  {a.kind:<10} {a.path} ({a.size:,} bytes) {' '.join(a.roles)}".rstrip() for a in alone]


def figure_lines(figures: Sequence[Figure]) -> list[str]:
    """One line a figure, aligned: its value in one unit, what it is a share of, where it was taken."""
    width = max((len(figure.name) for figure in figures), default=0)
    return [f"  {figure.name:<{width}}  {figure.whole_text}" for figure in figures]


def _bullets(word: str, texts: Iterable[str]) -> list[str]:
    return [f"  {word}: {text}" for text in texts]


def _questions(decision: Decision) -> list[str]:
    return [
        f"  missing: {question.text}" + (f" ({', '.join(question.choices)})" if question.choices else "")
        for question in decision.missing
    ]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return digits(value)
    # As a spec spells it: true and null, not True and None.
    text = json.dumps(value) if value is None or isinstance(value, bool) else str(value)
    return text if len(text) <= 90 else f"{text[:87]}..."

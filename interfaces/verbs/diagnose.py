# SPDX-License-Identifier: Apache-2.0
"""`diagnose`: why a job failed, what helps, what was otherwise when it last worked; of a search or chain, its parts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NotReadyError, RequestError
from interfaces.outcome import Outcome
from interfaces.present_diagnosis import diagnosis_lines
from interfaces.verbs.searches import NamedOptions
from runners.names import names_chain, names_search

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from runners.diagnosis.diagnose import Diagnosis


@dataclass(frozen=True, slots=True)
class DiagnoseOptions(NamedOptions):
    """Which job, or search."""


def diagnose(options: DiagnoseOptions, reporter: Reporter) -> Outcome:
    """Why a job failed: exit code 0 once that was looked into, 3 while the job runs."""
    from interfaces.verbs.jobs import job_of
    from runners.api import diagnosis

    del reporter
    if names_search(options.job):
        return _of_search(options)
    if names_chain(options.job):
        options = replace(options, job=_step_of(options))
        if names_search(options.job):
            return _of_search(options)
    job, _ = job_of(options)
    found = diagnosis(job)
    lines = [f"{job.id}: {job.state}", *diagnosis_lines(found)]
    if not job.state.is_terminal:
        return Outcome({"diagnosis": found.to_json()}, f"{lines[0]}: it has not ended", NotReadyError.exit_code)
    return Outcome({"diagnosis": found.to_json()}, "\n".join(lines))


def _step_of(options: DiagnoseOptions) -> str:
    """The job or search of the step that a chain failed at, or of the latest that began.

    Raises:
        RequestError: no step has begun, or it could not be launched.
    """
    from interfaces.verbs.chain_record import find_chain

    chain = find_chain(options.job, options.results_root)
    failed = next((step for step in chain.steps if step.exit_code), None)
    begun = [step.name for step in ([failed] if failed else chain.steps) if step.name]
    if not begun:
        where = f"its step {failed.action}" if failed else "it"
        message, remedy = f"{where} has left no job: {chain.reason or chain.state}", f"changenet status {chain.id}"
        raise RequestError(message, code="chain.no_job", where=chain.id, remedy=remedy)
    return begun[-1]


def _of_search(options: DiagnoseOptions) -> Outcome:
    """Each way in which trials of a search failed, the most frequent first, with a job as the example."""
    from runners.api import diagnosis, open_store

    store = open_store(options.results_root)
    name = Path(options.job).name
    failed = [job for job in store.parts(name) if job.state == "ERROR"]
    found = [diagnosis(job) for job in failed]
    counts = Counter(_kind(one) for one in found)
    examples = {_kind(one): one for one in reversed(found)}
    lines = [f"{name}: {len(failed)} jobs failed"]
    for kind, count in counts.most_common():
        lines += [f"{count} x {kind}, such as {examples[kind].job_id}", *diagnosis_lines(examples[kind])]
    document = {"experiment": name, "failed": len(failed), "causes": dict(counts)}
    return Outcome(document | {"diagnoses": [one.to_json() for one in found]}, "\n".join(lines))


def _kind(found: Diagnosis) -> str:
    return found.cause.rule if found.cause else "unknown"

# SPDX-License-Identifier: Apache-2.0
"""`compare`: two models on the same pairs, from the scored tables of their evaluations."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import NotReadyError, RequestError
from core.file_names import PREDICTIONS_FILE
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from scoring.paired import PairedDifference

_KEY = ("input_path", "golden_path", "object_name")
_KINDS = {"escapes": "defects that passed", "false alarms": "good pairs that were flagged"}


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """The two jobs."""

    first: str = argument("a job that was evaluated", metavar="A")
    second: str = argument("another", metavar="B")
    results_root: str | None = option(**RESULTS)


def compare(options: CompareOptions, reporter: Reporter) -> Outcome:
    """The paired difference of escapes and of false alarms, with its interval; "no difference can be told" where so.

    Raises:
        NotReadyError: one of them was not evaluated yet.
        RequestError: they share no pair.
    """
    from runners.api import open_store
    from runners.planning.parents import winner_of
    from scoring.paired import paired_difference

    del reporter
    store = open_store(options.results_root)
    evaluated = _evaluations((options.first, options.second), store)
    tables = [_table(job) for job in evaluated]
    common = [key for key in tables[0] if key in tables[1]]
    if not common:
        message = f"{evaluated[0].id} and {evaluated[1].id} share no pair"
        remedy = "evaluate both on the same data: changenet run evaluate --data DIR --parent JOB"
        raise RequestError(message, code="compare.pairs", remedy=remedy)
    found: dict[str, PairedDifference] = {}
    for kind, is_defect in (("escapes", True), ("false alarms", False)):
        cases = [key for key in common if (tables[0][key][0] != "PASS") is is_defect]
        found[kind] = paired_difference((_wrong(tables[0][key]), _wrong(tables[1][key])) for key in cases)
    models = [
        name if job.parent_job_id and store.read(winner_of(store, name)).id != job.id else job.parent_job_id or job.id
        for name, job in zip((options.first, options.second), evaluated, strict=True)
    ]
    return _outcome(evaluated, models, [len(table) for table in tables], len(common), found)


def _evaluations(names: tuple[str, str], store: JobStore) -> list[Job]:
    """The evaluations that are named, or the newest ones of the models that are."""
    from interfaces.verbs.spoken import data_of
    from runners.planning.parents import winner_of

    jobs = [store.read(winner_of(store, name)) for name in names]
    found = [_evaluation(job, store) for job in jobs]
    without = [job for job, evaluation in zip(jobs, found, strict=True) if evaluation is None]
    if without:
        said = " and ".join(job.id for job in without)
        message = f"{said} {'were' if len(without) > 1 else 'was'} not evaluated"
        known = next((data for job in jobs if (data := data_of(job)) != "DIR"), "DIR")
        remedy = " && ".join(f"changenet run evaluate --data {known} --parent {job.id}" for job in without)
        raise NotReadyError(message, code="compare.evaluation", where=without[0].id, remedy=remedy)
    return [job for job in found if job]


def _evaluation(job: Job, store: JobStore) -> Job | None:
    return next((one for one in (job, *store.children(job.id)) if _scored(one)), None)


def _scored(job: Job) -> Path | None:
    paths = (artifact.path for artifact in job.artifacts if Path(artifact.path).name == PREDICTIONS_FILE)
    return next((Path(job.results_dir) / path for path in paths), None)


def _table(job: Job) -> dict[tuple[str, ...], tuple[str, str]]:
    """Label and verdict by pair.

    Raises:
        NotReadyError: the table is gone, or holds no verdicts.
    """
    path = _scored(job)
    try:
        with Path(path or "").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {tuple(row[name] for name in _KEY): (row["label"].strip(), row["verdict"]) for row in rows}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as problem:
        message = f"the scored table can't be read: {problem}"
        remedy = f"changenet run evaluate --data DIR --parent {job.parent_job_id or 'JOB'}"
        raise NotReadyError(message, code="compare.table", where=str(path), remedy=remedy) from None


def _wrong(row: tuple[str, str]) -> bool:
    label, verdict = row
    return (label != "PASS") != (verdict != "PASS")


def _outcome(
    jobs: list[Job], models: list[str], sizes: list[int], common: int, found: dict[str, PairedDifference]
) -> Outcome:
    first, second = jobs
    lines = [f"A {first.id} of {first.parent_job_id or '-'}", f"B {second.id} of {second.parent_job_id or '-'}"]
    left = [size - common for size in sizes]
    lines.append(
        f"{common:,} pairs in common" + (f"; {left[0]} of A's and {left[1]} of B's alone" if any(left) else "")
    )
    for kind, one in found.items():
        lines.append(f"  {kind} ({_KINDS[kind]}): A {one.first_wrong}, B {one.second_wrong} of {one.cases:,}")
        lines.append(f"    {_told(one)}")
    worse = _worse(found, models)
    lines.append(worse[1])
    document: dict[str, Any] = {
        "first": first.id,
        "second": second.id,
        "pairs": common,
        "worse": worse[0],
        "differences": {kind.replace(" ", "_"): one.to_json() for kind, one in found.items()},
    }
    return Outcome({"comparison": document}, "\n".join(lines))


def _worse(found: dict[str, PairedDifference], models: list[str]) -> tuple[str | None, str]:
    """The model that is worse by every difference that can be told, and what to do about it."""
    told = {one.difference > 0 for one in found.values() if one.told}
    if not told:
        return None, "neither is the worse one by these pairs: keep both, or evaluate both on more"
    if len(told) > 1:
        return None, "each is better at one of the two: which counts more is the user's choice"
    second_is = told.pop()
    letter, model = ("B", models[1]) if second_is else ("A", models[0])
    return model, f"next: {letter} is the worse one; `changenet remove {model}` tells what would go with it"


def _told(one: PairedDifference) -> str:
    points = f"{100 * one.difference:+.2f} points (95 % interval {100 * one.lower:+.2f} to {100 * one.upper:+.2f})"
    if not one.told:
        unlike = one.first_only + one.second_only
        return f"no difference can be told: they differ on {unlike} pairs, B minus A is {points}"
    return f"{'A' if one.difference > 0 else 'B'} is better: B minus A is {points}"

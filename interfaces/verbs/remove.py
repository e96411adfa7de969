# SPDX-License-Identifier: Apache-2.0
"""`remove`: the files of a job, or of a search or chain with its jobs. The record stays, and says so."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NotReadyError, RequestError
from core.files import write_json
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.verbs.searches import NamedOptions
from runners.names import REMOVED_FILE, names_chain, names_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interfaces.outcome import Reporter
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore


@dataclass(frozen=True, slots=True)
class RemoveOptions(NamedOptions):
    """What is removed, and whether that was asked for knowingly."""

    yes: bool = option("remove it; without, only tell what would go", default=False)


def remove(options: RemoveOptions, reporter: Reporter) -> Outcome:
    """Tell what would go and which jobs built on it; with `yes` remove it. Exit code 3 until then.

    Raises:
        RequestError: something of it still runs.
    """
    from runners.api import open_store

    del reporter
    store = open_store(options.results_root)
    jobs, folders = _what(options, store)
    _require_ended(jobs)
    ids = {job.id for job in jobs}
    children = [child.id for job in jobs for child in store.children(job.id) if child.id not in ids]
    size = sum(_bytes(folder) for folder in folders)
    lines = [
        f"{options.job}: {len(folders)} folder{'s' * (len(folders) != 1)}, {size:,} bytes",
        *(f"  built on it, and can't be run again without it: {child}" for child in children),
    ]
    document = {"jobs": sorted(ids), "folders": [str(f) for f in folders], "bytes": size, "children": children}
    if not options.yes:
        place = f" --results {shlex.quote(options.results_root)}" if options.results_root else ""
        line = f"changenet remove {options.job} --yes{place}"
        text = "\n".join([*lines, f"nothing was removed yet; next: {line}"])
        return Outcome({"removed": False, "next": line} | document, text, NotReadyError.exit_code)
    if names_chain(options.job):
        _say_removed(options)
    for job in jobs:  # first, so that no record names files that are gone
        store.record_removal(job.id, _bytes(Path(job.folder)))
    for folder in folders:
        _empty(folder)
    return Outcome({"removed": True} | document, "\n".join([*lines, "removed; the record says so"]))


def _what(options: RemoveOptions, store: JobStore) -> tuple[Sequence[Job], Sequence[Path]]:
    """The jobs that go, and their folders."""
    if names_chain(options.job):
        return _of_chain(options, store)
    if not names_search(options.job):
        job = store.read(options.job)
        return [job], [Path(job.folder)]
    from automl.lookup import find_experiment, overview

    folder = find_experiment(options.job, options.results_root)
    if overview(folder).state == "running":
        raise _running(folder.name)
    parts = store.parts(folder.name)
    return parts, [folder, *(Path(job.folder) for job in parts)]


def _of_chain(options: RemoveOptions, store: JobStore) -> tuple[Sequence[Job], Sequence[Path]]:
    """What a chain ran; its own folder has little more than the names of that."""
    from interfaces.verbs.chain_record import RUNNING, STARTING, find_chain
    from interfaces.verbs.chains import job_of

    chain = find_chain(options.job, options.results_root)
    if chain.state in {STARTING, RUNNING}:
        raise _running(chain.id)
    found = {step: job_of(step, store) for step in chain.steps}  # one that was stopped has no name yet
    names = [job.id if job else step.name for step, job in found.items()]
    parts = [_what(replace(options, job=name), store) for name in dict.fromkeys(names) if name]
    return [job for jobs, _ in parts for job in jobs], [folder for _, folders in parts for folder in folders]


def _say_removed(options: RemoveOptions) -> None:
    """The record of a chain says that what it ran is gone."""
    from interfaces.verbs.chain_record import find_chain, recorded
    from runners.jobs.store import now

    chain = recorded(Path(find_chain(options.job, options.results_root).folder))
    replace(chain, removed_at=now()).write()


def _require_ended(jobs: Iterable[Job]) -> None:
    for job in jobs:
        if not job.state.is_terminal:
            raise _running(job.id)


def _running(name: str) -> RequestError:
    remedy = f"changenet cancel {name}, then remove it"
    return RequestError(f"{name} has not ended", code="remove.running", where=name, remedy=remedy)


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def _empty(folder: Path) -> None:
    """Remove all that a job's folder holds, and leave word of it."""
    size = _bytes(folder)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / REMOVED_FILE, {"removed": True, "bytes": size})

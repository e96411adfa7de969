# SPDX-License-Identifier: Apache-2.0
"""`upload`: what a job or a search left, sent to a store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from core.errors import ChangenetError, NotReadyError
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.searches import NamedOptions
from interfaces.verbs.stage import watcher_of
from runners.names import names_search

if TYPE_CHECKING:
    from pathlib import Path

    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class UploadOptions(NamedOptions):
    """What is sent, and where to."""

    place: str = argument("folder in a store: s3://, gs:// or az://", metavar="URI", default="")
    exclude: tuple[str, ...] = option(
        "leave out files whose name, or path in the job's folder, fits", metavar="PATTERN", default=()
    )


def upload(options: UploadOptions, reporter: Reporter) -> Outcome:
    """Send the folder of a job to a store, or that of a search with its winner's, each under its own name.

    Raises:
        InputError: the place is no store, or there is no such job.
        NotReadyError: the job still runs.
        PlatformError: the store can't be written to.
    """
    from runners.staging.upload import require_store, send_folders

    require_store(options.place)
    folders = _of_search(options) if names_search(options.job) else _of_job(options)
    excludes = (*the_skill().info.get("upload_excludes", ()), *options.exclude)
    sent = send_folders(folders, options.place, excludes, watcher_of(reporter, "sent (MB)"))
    names = ", ".join(f"{sent.place}/{folder.name}" for folder in folders)
    text = f"{names}: {sent.files:,} files, {sent.size / 1e6:,.1f} MB"
    text += f"; left out: {', '.join(sent.left_out)}" if sent.left_out else ""
    return Outcome({"sent": asdict(sent)}, text)


def with_upload(outcome: Outcome, job: str, results_root: str | None, place: str, reporter: Reporter) -> Outcome:
    """The outcome of what was followed to its end, once what it left was sent; that this failed is told beside it."""
    try:
        sent = upload(UploadOptions(job, results_root, place), reporter)
    except ChangenetError as problem:
        document = outcome.document | problem.as_dict()
        again = f"error: {problem}\n  to send it later: changenet upload {job} {place}"
        return Outcome(document, f"{outcome.text}\n{again}", outcome.exit_code or problem.exit_code)
    return replace(outcome, document=outcome.document | sent.document, text=f"{outcome.text}\n{sent.text}")


def _of_job(options: UploadOptions) -> list[Path]:
    from interfaces.verbs.jobs import job_of
    from runners.staging.upload import folders_of

    job, _ = job_of(options)
    if not job.state.is_terminal:
        remedy = f"wait for its end: changenet logs {job.id} -f"
        raise NotReadyError(f"the job is {job.state}", code="upload.running", where=job.id, remedy=remedy)
    return folders_of(job)


def _of_search(options: UploadOptions) -> list[Path]:
    from automl.lookup import find_experiment, overview

    folder = find_experiment(options.job, options.results_root)
    winner = overview(folder).outcome.winner
    return [folder, *_of_job(replace(options, job=winner.job_id))] if winner and winner.job_id else [folder]

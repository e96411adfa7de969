# SPDX-License-Identifier: Apache-2.0
"""What platforms have in common whose jobs are scripts in a folder that the cluster shares with this machine."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import LOG_FILE, STATUS_FILE
from runners.jobs.status_log import last_lines

if TYPE_CHECKING:
    from jinja2 import Template

    from runners.jobs.job import Job

SCRIPT_FILE, EXIT_FILE, GIVEN_UP_FILE = "job.sh", "exit_code", "given_up"
_TEMPLATES = Path(__file__).parent / "templates"
AT_WORK_SECONDS = 120.0
_FILE_SECONDS = 5.0  # in which a shared file system shows what another machine wrote
_POLL_SECONDS = 0.05


@cache
def script_template(name: str) -> Template:
    """The template of a job script; every word that it is filled with has to be quoted for the shell."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - a shell script
    )
    return templates.get_template(name)


def exit_code_of(folder: Path) -> int | None:
    """The exit code that the job's script wrote, below zero for a signal; None where it wrote none."""
    lines = last_lines(folder / EXIT_FILE, 1)
    return code_of_shell(int(lines[0])) if lines and lines[0].strip().isdigit() else None


def code_of_shell(code: int) -> int:
    """The same with a signal, which a shell tells of as 128 and its number, as a number below zero."""
    return 128 - code if 128 < code <= 192 else code


def wrote_lately(job: Job) -> bool:
    """Whether the action wrote within `AT_WORK_SECONDS`: a cluster may forget a job that goes on without it."""
    paths = (Path(job.folder) / LOG_FILE, Path(job.results_dir) / STATUS_FILE)
    newest = max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)
    return time.time() < newest + AT_WORK_SECONDS


def give_up(folder: Path) -> None:
    """Mark a job that its cluster has not confirmed: should it be run yet, its script ends."""
    if folder.is_dir():  # a launch that died early left none
        (folder / GIVEN_UP_FILE).touch()


def wait_for_exit_file(folder: Path) -> None:
    """Wait a moment until the shared file system shows what the script of a job that has ended wrote last."""
    deadline = time.monotonic() + _FILE_SECONDS
    while not (folder / EXIT_FILE).exists() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)

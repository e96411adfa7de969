# SPDX-License-Identifier: Apache-2.0
"""`import-job`: what ran in a hand-over folder is a job from here on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.options import argument, option
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The folder that came back, and where jobs are kept."""

    folder: str = argument("folder that `changenet plan --out` wrote, after its run.sh", metavar="FOLDER")
    results_root: str | None = option(**{**RESULTS, "otherwise": "where the plan keeps them"})


def import_job(options: ImportOptions, reporter: Reporter) -> Outcome:
    """Record what the folder brings back; exit code 4 where the action failed there."""
    from interfaces.verbs.job_outcome import job_outcome
    from runners.handover.importing import import_job as take_back

    folder = Path(options.folder).expanduser()
    reporter.say(f"taking back {folder}")
    return job_outcome(take_back(folder, options.results_root))

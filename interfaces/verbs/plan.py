# SPDX-License-Identifier: Apache-2.0
"""`plan`: what a request would run is shown, or written for a machine that nobody reaches from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RequestError
from interfaces.options import option
from interfaces.verbs.planned import next_line, planned
from interfaces.verbs.request import route
from interfaces.verbs.request_options import RequestOptions

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter


@dataclass(frozen=True, slots=True)
class PlanOptions(RequestOptions):
    """A request that is planned, and where the plan is written for a machine that nobody reaches from here."""

    out: str | None = option("write a new folder for the machine that runs it", metavar="FOLDER")


def plan(options: PlanOptions, reporter: Reporter) -> Outcome:
    """Decide and prepare, start nothing; exit code 3 where something is missing. What a command answers is answered.

    Raises:
        RequestError: a folder is asked for, and the request is a search.
        ChangenetError: as `route` and `runners.handover.folder.write_folder` say.
    """
    from interfaces.verbs.answers import answer

    routed = route(options)
    if answered := answer(routed.decision, reporter):
        return answered
    shown = planned(routed, full=options.full, next_line="" if options.out else next_line(options))
    if options.out is None or shown.exit_code:
        return shown
    if routed.plan is None:
        message = "what is carried in a folder is one job: no search, which decides as its trials end, and no steps"
        remedy = "ask for one training (--automl off) or one step, or run it where its jobs can be started"
        raise RequestError(message, code="handover.search", where="--out", remedy=remedy)
    from runners.handover.folder import write_folder

    folder = Path(options.out).expanduser().absolute()
    reporter.say(f"writing {folder}")
    files = write_folder(routed.plan, folder)
    written = f"folder {folder}: {', '.join(files)}\nnext: copy it to the machine, and do what its README.md says"
    text = f"{shown.text}\n{written}"
    return replace(shown, document=shown.document | {"folder": str(folder), "files": list(files)}, text=text)

# SPDX-License-Identifier: Apache-2.0
"""A search that is taken up again: what has to be as it was, and what may be changed.

Everything that its decisions depend on stays. Limits may be moved: a search can be given more trials, epochs or time,
and go on in another place, as long as its jobs lie beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.algorithms import ALGORITHMS
from automl.lookup import required_identity
from automl.plan import make_plan
from automl.settings import AutomlSettings
from automl.trial_spec import fixed_values
from core import dotted
from core.errors import InputError, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.ledger import Ledger
    from automl.plan import ExperimentPlan

_LIMITS = frozenset({"trials", "epochs", "wall_minutes", "trial_minutes", "pin"})
# Defaults of the skill, and words about the space: they may be those of another version.
_COMPARED_WHERE_BOTH_HAVE_IT = "spec."
_NOT_COMPARED = ("space.left_out.", *(f"settings.{name}" for name in sorted(_LIMITS)))


def reopened(
    ledger: Ledger, settings: AutomlSettings | None = None, request: Mapping[str, Any] | None = None
) -> ExperimentPlan:
    """The plan of the search; `settings` and `request` are what the caller gives again, if anything.

    Raises:
        RequestError: nothing was recorded, its jobs are not beside it, or something is not as it was.
    """
    from router.decision import decide
    from router.declarations import load_skill
    from router.types import Request

    before = required_identity(ledger)
    _require_jobs(ledger)
    skill = load_skill(Path(before["skill_dir"]))
    decision = decide(Request.from_json(dict(request or before["request"])), skill)
    earlier = AutomlSettings.from_json(before["settings"])
    experiment = make_plan(decision, skill, settings or earlier, engine=before["engine"], parallel=before["parallel"])
    _require_unchanged(before, experiment, ledger.folder)
    if experiment.settings != earlier:
        _require_possible(earlier, experiment.settings, ledger)
        ledger.change_settings(experiment.settings.to_json())
    return experiment


def _require_unchanged(before: Mapping[str, Any], experiment: ExperimentPlan, folder: Path) -> None:
    """Refuse to go on where anything else than a limit differs, with every such value."""
    old, new = dotted.flatten(before), dotted.flatten(experiment.identity())
    # What the search sets in every trial is no default that a trial could have met.
    own = fixed_values(experiment.keys, experiment.objectives, experiment.overrides, experiment.start)
    set_by_search = {f"{_COMPARED_WHERE_BOTH_HAVE_IT}{key}" for key in own}
    common = old.keys() & new.keys()
    keys = [
        key
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
        and key not in set_by_search
        and not key.startswith(_NOT_COMPARED)
        and (key in common or not key.startswith(_COMPARED_WHERE_BOTH_HAVE_IT))
    ]
    if keys:
        lines = "".join(f"\n  - {key}: was {old.get(key)}, is {new.get(key)}" for key in keys)
        remedy = "resume with the settings that it began with, or start a new search"
        message = f"the experiment began with other settings:{lines}"
        raise RequestError(message, code="automl.changed", where=str(folder), remedy=remedy)


def _require_possible(before: AutomlSettings, now: AutomlSettings, ledger: Ledger) -> None:
    """Refuse a number of trials that the search can't have any more."""
    begun = len({run.trial for run in ledger.runs()})
    refused = sum(result.state == "refused" for result in ledger.results().values())
    if now.trials < begun - refused:
        raise _refused(f"{begun - refused} trials have begun already", "give at least as many", ledger)
    if not ALGORITHMS[now.algorithm].promotes:
        return
    ending = ledger.ending()
    if now.trials != before.trials:
        raise _refused(f"{now.algorithm} compares so many trials as it began with", "start a new search", ledger)
    if ending and ending[0] == "finished":
        message = f"{now.algorithm} has finished, and the checkpoints that runs would go on from are gone"
        raise _refused(message, "start a new search", ledger)


def _refused(message: str, remedy: str, ledger: Ledger) -> RequestError:
    return RequestError(message, code="automl.trials", where=str(ledger.folder), remedy=remedy)


def _require_jobs(ledger: Ledger) -> None:
    """The trials are jobs of the results root that the search's folder lies in."""
    from runners.jobs.store import JobStore

    root = ledger.folder.absolute().parent
    for job_id in (jobs[0] for jobs in list(ledger.jobs().values())[:1]):
        try:
            JobStore(root).read(job_id)
        except InputError:
            message, remedy = f"the jobs of its trials are not in {root}", "move the whole results root, with its jobs"
            raise RequestError(message, code="automl.moved", where=str(ledger.folder), remedy=remedy) from None

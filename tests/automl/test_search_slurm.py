# SPDX-License-Identifier: Apache-2.0
"""A search whose trials are jobs of a real Slurm, two at a time, on a simulated training."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment
from automl.ledger import Ledger
from runners.jobs.job import JobState
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from pathlib import Path

    from automl.plan import ExperimentPlan

pytestmark = [pytest.mark.usefixtures("slurm"), pytest.mark.long]
Planned = Callable[..., "ExperimentPlan"]
CALLER = """
import json, sys
from pathlib import Path
from automl import experiment
from automl.settings import AutomlSettings
from router.decision import decide
from router.declarations import load_skill
from router.types import Request

given = json.loads(sys.argv[1])
skill = load_skill(Path(given["skill"]))
decision = decide(Request.from_json(given["request"]), skill)
plan = experiment.plan(decision, skill, AutomlSettings.from_json(given["settings"]), engine=given["engine"])
experiment.run(plan, lambda update: print(update.kind, update.run.number, update.job_id, flush=True))
"""


def test_a_search_of_eight_trials_two_at_a_time_survives_its_controller(
    planned: Planned, tmp_path: Path, project_root: Path
) -> None:
    (tmp_path / "simulation.json").write_text(json.dumps({"epoch_seconds": 0.1}))
    request = {"runner": "slurm", "platform": {"container": "none"}}
    plan = planned(trials=8, parallel=2, test=False, request=request)
    assert plan.parallel == 2
    said = json.dumps(given_of(plan))
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, said], stdout=subprocess.PIPE, text=True, cwd=project_root
    ) as controller:
        assert controller.stdout
        for line in controller.stdout:
            if line.startswith("started 3 "):
                controller.kill()  # two trials of it are jobs that go on
    (name,) = experiment.list_experiments(str(tmp_path / "results"))

    result = experiment.resume(name, results_root=str(tmp_path / "results"))

    assert result.state == "finished"
    assert [standing.state for standing in result.outcome.standings] == ["complete"] * 8
    store = JobStore(tmp_path / "results")
    jobs = [store.read(job_id) for job_id in store.ids()]
    assert {(job.runner, job.state, job.part_of) for job in jobs} == {("slurm", JobState.COMPLETE, name)}
    with Ledger(result.folder, read_only=True) as ledger:
        assert Counter(job_id for ids in ledger.jobs().values() for job_id in ids) == Counter(store.ids())
        assert len(ledger.jobs()) == len(jobs) == 8
    assert most_at_once(tmp_path / "results") == 2


def given_of(plan: ExperimentPlan) -> dict[str, Any]:
    return {
        "skill": str(plan.skill.root),
        "request": plan.decision.request.to_json(),
        "settings": plan.settings.to_json(),
        "engine": plan.engine,
    }


def most_at_once(root: Path) -> int:
    """How many trials were at work at the same time, as each of them noted."""
    spans = [json.loads(path.read_text()) for path in root.rglob("interval.json")]
    return max(sum(begin <= other[0] < end for other in spans) for begin, end in spans)

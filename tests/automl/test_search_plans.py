# SPDX-License-Identifier: Apache-2.0
"""What the plan of a search hands to its trials; nothing is launched."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from automl import experiment
from automl.evaluation import Evaluator, Subject
from automl.ledger import Ledger
from automl.plan_text import spelt
from automl.settings import AutomlSettings, parse_ranges
from core import dotted
from core.errors import DataError, PlatformError, RequestError
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.jobs.store import JobStore
from runners.planning.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from automl.plan import ExperimentPlan
    from runners.jobs.job import Job
    from runners.planning.plan import Plan

BACKBONE = "model.backbone.type"
# Another backbone can't take the profile's weights, and what is random can't be kept frozen.
FOLLOW = {"model.backbone.pretrained_backbone_path", "model.backbone.frozen_levels"}
LITE, SMALL = "timm/tf_efficientnet_lite0", "timm/mobilenetv3_small_100"


@pytest.mark.parametrize(("backbone", "changed"), [(LITE, set()), (SMALL, {BACKBONE, *FOLLOW})])
def test_a_trial_whose_backbone_is_searched_differs_from_the_defaults_in_nothing_else(
    boards: Path, tmp_path: Path, project_root: Path, backbone: str, changed: set[str]
) -> None:
    """Naming a backbone means no profile; a search that names one in some trials alone compared two set-ups."""
    skill = load_skill(project_root)
    request = Request(action="train", data=str(boards), results_root=str(tmp_path))
    settings = AutomlSettings(trials=2, **parse_ranges([f"{BACKBONE}={LITE},{SMALL}"]))
    plan = experiment.plan(decide(request, skill), skill, settings)
    if plan.base.profile is None:
        pytest.skip("this machine has a GPU: it takes no profile")

    asked = replace(plan.decision.request, overrides={**plan.overrides, BACKBONE: backbone})
    trial = prepare(replace(plan.decision, route="direct", request=asked, handover=None), skill)

    assert differing(plan.base, trial) == changed
    assert [warning for warning in plan.base.warnings if "no trial starts from package:starter" in warning]


def test_the_start_is_looked_at_as_the_trials_are(
    boards: Path, tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of the embedded engine alone stand in no template: an evaluation takes them all the same."""
    skill = load_skill(project_root)
    launched: list[Plan] = []

    def launch(plan: Plan, **_: object) -> Job:
        launched.append(plan)
        raise PlatformError("nothing runs here")

    monkeypatch.setattr("runners.api.launch", launch)
    overrides = {"model.classify.second_look": 0, "train.optim.lr": 1e-4, "image_width": 96, "image_height": 96}
    request = Request(
        action="train", data=str(boards), results_root=str(tmp_path), overrides=overrides, profile="laptop"
    )
    plan = experiment.plan(decide(request, skill), skill, AutomlSettings(trials=2))
    with Ledger(tmp_path / "search", create=True) as ledger:
        evaluator = Evaluator(plan, JobStore(tmp_path), ledger)
        found = evaluator.evaluate(Subject("baseline", str(plan.start), None), "validation")

    assert found == {"checkpoint": "package:starter", "skipped": "nothing runs here"}
    (evaluation,) = launched
    for key in ("model.classify.second_look", "dataset.classify.image_width"):
        assert dotted.get(evaluation.spec, key) == dotted.get(plan.base.spec, key), key
    assert dotted.get(evaluation.spec, "dataset.classify.test_dataset.csv_path").endswith("val/dataset.csv")


def differing(one: Plan, other: Plan) -> set[str]:
    """The keys that two plans set to different values."""
    specs = [dotted.flatten(plan.spec) for plan in (one, other)]
    return {key for key in specs[0].keys() | specs[1].keys() if specs[0].get(key) != specs[1].get(key)}


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("val_f1:minimize", "of val_f1 the highest value is best: a search can't minimize it. write val_f1:maximize"),
        ("val_loss:maximize", "of val_loss the lowest value is best: a search can't maximize it. write val_loss:min"),
        ("val_f2:maximize", "'val_f2' is no metric that training of the classify task logs. choose val_loss, val_acc"),
    ],
)
def test_an_objective_that_can_not_be_is_refused_in_its_own_words(
    objective: str, words: str, planned: Callable[..., ExperimentPlan]
) -> None:
    with pytest.raises(RequestError) as refused:
        planned(objectives=(objective,))
    said = refused.value
    assert f"{said.message}. {said.remedy}".startswith(words)
    assert said.where == objective
    assert "train." not in str(said)


@pytest.mark.parametrize(("label", "missing"), [("PASS", "defect"), ("NO_PASS", "PASS")])
def test_an_objective_that_the_validation_split_can_not_give_is_refused_before_anything_runs(
    label: str, missing: str, planned: Callable[..., ExperimentPlan], boards: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(boards, data)
    table = data / "val" / "dataset.csv"
    head, *rows = table.read_text().splitlines()
    cells = [row.split(",") for row in rows]
    table.write_text("\n".join([head, *(f"{a},{b},{label},{name}" for a, b, _, name in cells)]) + "\n")

    for metric in ("val_far:minimize", "val_auc:maximize"):
        for objectives in ((metric,), ("val_loss:minimize", metric)):
            with pytest.raises(DataError, match=rf"no {missing} row\): {metric.partition(':')[0]} can't") as refused:
                planned(request={"data": str(data)}, objectives=objectives)
            assert refused.value.code == "data.one_class"
    assert planned(request={"data": str(data)}).objectives[0].metric == "val_loss"
    assert not (tmp_path / "results").exists()


def test_a_value_is_spelt_as_a_spec_has_it() -> None:
    assert [spelt(value) for value in (True, False, None, "sgd", 0.5)] == ["true", "false", "null", "sgd", "0.5"]

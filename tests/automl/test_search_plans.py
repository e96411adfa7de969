# SPDX-License-Identifier: Apache-2.0
"""What the plan of a search hands to its trials; nothing is launched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from automl import experiment
from automl.settings import AutomlSettings, parse_ranges
from core import dotted
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.planning.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

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


def differing(one: Plan, other: Plan) -> set[str]:
    """The keys that two plans set to different values."""
    specs = [dotted.flatten(plan.spec) for plan in (one, other)]
    return {key for key in specs[0].keys() | specs[1].keys() if specs[0].get(key) != specs[1].get(key)}

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from router.decision import decide
from router.declarations import load_skill
from router.types import Request

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill
    from router.types import Decision

PHRASES = (
    "train",
    "evaluate",
    "don't",
    "ChangeNet segment",
    "no HPO",
    "with AutoML",
    "on ./data",
    "validate on ./val",
    "30 epochs",
    "4 GPUs",
    "docker",
    "lr=1e-3",
    "train-20261123-063012-a1b2c3",
    "the engine",
    "a={",
    "'./x y'",
    "|",
)
TEXTS = st.one_of(st.lists(st.sampled_from(PHRASES), max_size=6).map(" ".join), st.text(max_size=60))
PLACES = st.one_of(st.none(), st.sampled_from(["./data", "s3://b/x", "/data/boards", "no such folder"]))
VALUES = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.booleans(), st.text(max_size=8), st.lists(st.integers())
)
KEYS = st.sampled_from(["train.num_epochs", "num_epochs", "lr", "dataset.classify.batch_size", "model.backbone.type"])
REQUESTS = st.builds(
    Request,
    text=TEXTS,
    action=st.sampled_from([None, "train", "segment_train", "evaluate", "export", "gen_trt_engine"]),
    task=st.sampled_from([None, "classify", "segment"]),
    automl_policy=st.sampled_from([None, "on", "off"]),
    data=PLACES,
    train_datasets=st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple),
    eval_dataset=PLACES,
    inference_dataset=PLACES,
    calibration_dataset=st.lists(st.sampled_from(["c"]), max_size=1).map(tuple),
    overrides=st.dictionaries(KEYS, VALUES, max_size=3),
    parent_job_id=st.sampled_from([None, "train-20261123-063012-a1b2c3", "my own"]),
    runner=st.sampled_from([None, "local", "slurm"]),
    gpus=st.sampled_from([None, 0, 2]),
    nodes=st.sampled_from([None, 1, 3]),
    profile=st.sampled_from([None, "laptop"]),
    results_root=PLACES,
)


@pytest.fixture(scope="module")
def automl_skill(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Skill:
    """The skill with an AutoML skill beside it, so that the hand-over is made."""
    root = tmp_path_factory.mktemp("skill")
    for name in ("SKILL.md", "skill_info.yaml", "versions.yaml"):
        shutil.copy(project_root / name, root / name)
    for name in ("deploy", "schemas", "references"):
        shutil.copytree(project_root / name, root / name)
    (root / "automl").mkdir()
    (root / "automl" / "skill_info.yaml").write_text("name: tao-run-automl\n")
    return load_skill(root)


def given_slots(request: Request) -> dict[str, Any]:
    slots = request.to_json()
    slots.pop("overrides", None)
    return slots


def decided(request: Request, skill: Skill) -> Decision | None:
    try:
        return decide(request, skill)
    except InputError:
        return None


@settings(max_examples=150, deadline=None)
@given(request_=REQUESTS)
def test_every_slot_that_was_given_is_handed_on_unchanged(automl_skill: Skill, request_: Request) -> None:
    decision = decided(request_, automl_skill)
    if decision is None:
        return
    assert given_slots(request_).items() <= given_slots(decision.request).items()
    for key, value in request_.overrides.items():
        assert decision.request.overrides[key] == value
    if request_.automl_policy:
        assert decision.automl_policy == request_.automl_policy
    if decision.route == "automl":
        assert decision.handover is not None
        assert decision.handover["request"] == decision.request.to_json()
    assert "automl_policy" not in decision.request.overrides


@settings(max_examples=40, deadline=None)
@given(request_=REQUESTS)
def test_deciding_twice_gives_the_same_decision(automl_skill: Skill, request_: Request) -> None:
    assert decided(request_, automl_skill) == decided(request_, automl_skill)

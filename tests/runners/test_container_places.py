# SPDX-License-Identifier: Apache-2.0
"""Where a container finds what a plan names, and the way back."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from core import dotted
from core.errors import RequestError
from router.types import Request
from runners import api
from runners.planning.container import as_staged, in_container
from runners.planning.plan import Plan
from runners.staging.inputs import stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from router.declarations import Skill
    from runners.planning.plan import Mount

WEIGHTS = "/data/pretrained_models/C-RADIOv2_B.safetensors"


def plan_of(skill: Skill, action: str = "train", **slots: Any) -> Plan:
    plan = api.prepare_request(Request(action=action, automl_policy="off", runner="docker", **slots), skill)[1]
    assert plan
    return plan


def places(plan: Plan) -> dict[str, str]:
    return {mount.target: mount.source for mount in plan.mounts}


def test_data_lies_below_data_as_it_lies_here_and_only_results_can_be_written(
    skill: Skill, boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = plan_of(skill, data=str(boards))

    assert places(plan) == {
        "/specs": "{job}/container",
        "/data/boards/images": str(boards / "images"),
        "/data/boards/train/dataset.csv": str(boards / "train" / "dataset.csv"),
        "/data/boards/val/dataset.csv": str(boards / "val" / "dataset.csv"),
        WEIGHTS: str(tmp_path / "backbone" / "c_radio_v2_b.safetensors"),
        "/results": "{job}/results",
    }
    assert [mount.target for mount in plan.mounts if not mount.read_only] == ["/results"]
    assert plan.command[-1] == "/specs/spec.yaml"
    inside = in_container(plan.spec, plan.mounts)
    assert inside["dataset"]["classify"]["train_dataset"]["csv_path"] == "/data/boards/train/dataset.csv"
    assert inside["results_dir"] == "/results"


def test_weights_of_ones_own_stand_where_the_container_expects_them_unless_their_kind_differs(
    skill: Skill, boards: Path, tmp_path: Path
) -> None:
    for name, target in (("mine.safetensors", WEIGHTS), ("mine.pth", "/data/models/mine.pth")):
        (tmp_path / name).touch()
        plan = plan_of(skill, data=str(boards), overrides={"pretrained_backbone": str(tmp_path / name)})
        inside = in_container(plan.spec, plan.mounts)

        assert places(plan)[target] == str(tmp_path / name)
        assert inside["model"]["backbone"]["pretrained_backbone_path"] == target


def test_results_that_go_elsewhere_are_mounted_from_there(skill: Skill, boards: Path, tmp_path: Path) -> None:
    overrides = {"results_dir": str(tmp_path / "out"), "train.checkpointer.dirpath": str(tmp_path / "best")}
    plan = plan_of(skill, data=str(boards), overrides=overrides)

    writable = {mount.target: mount.source for mount in plan.mounts if not mount.read_only}
    assert writable == {"/results": str(tmp_path / "out"), "/outputs/best": str(tmp_path / "best")}
    assert in_container(plan.spec, plan.mounts)["train"]["checkpointer"]["dirpath"] == "/outputs/best"


def test_two_models_of_one_name_stay_two(skill: Skill, boards: Path, tmp_path: Path) -> None:
    keys = ("train.pretrained_model_path", "train.resume_training_checkpoint_path")
    for number in range(len(keys)):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "model.pth").touch()
    overrides = {key: str(tmp_path / str(number) / "model.pth") for number, key in enumerate(keys)}
    plan = plan_of(skill, data=str(boards), overrides=overrides)

    inside = dotted.flatten(in_container(plan.spec, plan.mounts))
    assert {inside[key] for key in keys} == {"/data/models/model.pth", "/data/models/model-2.pth"}


def test_data_in_a_store_has_a_place_as_well(skill: Skill) -> None:
    plan = plan_of(skill, train_datasets=("s3://line/boards/train",), eval_dataset="s3://line/boards/val")

    assert places(plan)["/data/boards/train/dataset.csv"] == "s3://line/boards/train/dataset.csv"
    assert places(plan)["/data/boards/val/images"] == "s3://line/boards/val/images.tar.gz"


def staged_mounts(plan: Plan, parts: dict[str, list[str]]) -> list[Mount]:
    spec = stage(plan.spec, plan.inputs, parts=parts)
    return as_staged(plan.inputs, plan.mounts, dotted.flatten(spec))


def test_packed_pictures_are_mounted_as_what_they_were_unpacked_to(
    skill: Skill, write_boards: Callable[..., Path], tmp_path: Path
) -> None:
    boards = write_boards(tmp_path / "boards", archived=True)
    plan = plan_of(skill, data=str(boards))
    assert places(plan)["/data/boards/images"] == str(boards / "images.tar.gz")

    staged = {mount.target: mount.source for mount in staged_mounts(plan, {})}

    assert staged["/data/boards/images"].endswith("/images")
    assert "archives" in staged["/data/boards/images"]


def test_a_data_set_of_packed_parts_is_mounted_part_by_part(skill: Skill, tmp_path: Path) -> None:
    root = tmp_path / "changes"
    for part in ("A", "B", "label", "list"):
        (root / part).mkdir(parents=True)
        (root / part / "one.png").touch()
    with tarfile.open(root / "A.tar.gz", "w:gz") as archive:
        archive.add(root / "A", "A")
    for leftover in (root / "A").iterdir():
        leftover.unlink()
    (root / "A").rmdir()
    plan = plan_of(skill, "segment_train", overrides={"segment_root": str(root), "pretrained_backbone": None})

    staged = {
        m.target: m.source for m in staged_mounts(plan, {"dataset.segment.root_dir": ["A", "B", "label", "list"]})
    }

    assert staged["/data/changes/B"] == str(root / "B")
    assert staged["/data/changes/A"].endswith("/A")
    assert "/data/changes" not in staged


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("mount", ["boards"], "PLACE:PATH"),
        ("mount", ["boards:relative"], "PLACE:PATH"),
        ("mount", ["boards:/data/../etc"], "PLACE:PATH"),
        ("shm_size", "much", "no size of memory"),
        ("memory", "0g", "no size of memory"),
        ("image", "changnet", "no image 'changnet'"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_by_the_plan(
    setting: str, value: Any, said: str, skill: Skill, boards: Path
) -> None:
    with pytest.raises(RequestError, match=said) as error:
        plan_of(skill, data=str(boards), platform={setting: value})

    assert error.value.remedy


@pytest.mark.parametrize(("asked", "given"), [("16g", "16g"), ("1g", "8g"), (None, "8g")])
def test_shared_memory_is_as_much_as_data_loaders_need_unless_more_is_asked_for(
    asked: str | None, given: str, skill: Skill, boards: Path
) -> None:
    plan = plan_of(skill, data=str(boards), platform={"shm_size": asked} if asked else {})

    assert plan.resources.shm_size == given
    assert bool([text for text in plan.warnings if "shm_size=1g has no effect" in text]) == (asked == "1g")


def test_a_container_has_a_network_only_where_the_spec_needs_one(skill: Skill, boards: Path) -> None:
    assert not plan_of(skill, data=str(boards)).resources.network
    assert plan_of(skill, data=str(boards), overrides={"wandb.enable": True}).resources.network
    assert plan_of(skill, data=str(boards), nodes=2, overrides={"batch_size": 4}).resources.network


def test_an_image_by_its_key_says_which_engine_it_holds(skill: Skill, boards: Path) -> None:
    own = plan_of(skill, data=str(boards), platform={"image": "changenet"}, profile="laptop")
    other = plan_of(skill, data=str(boards), platform={"image": "registry.local/tao:1"})

    assert (own.engine, own.image) == ("embedded", skill.image("train", "changenet"))
    assert (other.engine, other.image) == ("container", "registry.local/tao:1")
    assert Plan.from_json(own.to_json()) == own

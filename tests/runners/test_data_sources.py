# SPDX-License-Identifier: Apache-2.0
"""Data as users have it, expanded by the tables of skill_info.yaml."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from core import dotted
from core.errors import ChangenetError, DataError, MissingInputError
from router.types import Request
from runners import api

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from router.declarations import Skill
    from runners.planning.plan import Plan

TRAIN, EVAL, CALIBRATION = "s3://bucket/data/train", "s3://bucket/data/eval", "s3://bucket/data/calibration"
CLASSIFY = "dataset.classify"
ROOT = "dataset.segment.root_dir"
CAL_IMAGES = "gen_trt_engine.tensorrt.calibration.cal_image_dir"


def plan_of(skill: Skill, action: str, **slots: Any) -> Plan:
    request = Request(action=action, **{"automl_policy": "off", **slots})
    plan = api.prepare_request(request, skill)[1]
    assert plan
    return plan


def from_data(plan: Plan) -> dict[str, Any]:
    """The keys that data sources filled."""
    keys = [key for key, origin in plan.provenance.items() if origin.source == "data"]
    return {key: dotted.get(plan.spec, key) for key in keys if key.endswith(("_path", "_dir"))}


def pair(split: str, place: str) -> dict[str, str]:
    key = f"{CLASSIFY}.{split}_dataset"
    return {f"{key}.images_dir": f"{place}/images.tar.gz", f"{key}.csv_path": f"{place}/dataset.csv"}


# Every row of the requirement's tables, as its examples of overrides have them.
REMOTE: dict[str, dict[str, Any]] = {
    "train": pair("train", TRAIN) | pair("validation", EVAL),
    "quantize": pair("train", TRAIN)
    | pair("validation", EVAL)
    | {f"{CLASSIFY}.quant_calibration_dataset.images_dir": f"{TRAIN}/images.tar.gz"},
    "evaluate": pair("validation", EVAL) | pair("test", EVAL),
    "inference": pair("infer", EVAL),
    "export": pair("validation", EVAL),
    "segment_train": {ROOT: TRAIN},
    "segment_evaluate": {ROOT: TRAIN},
    "segment_inference": {ROOT: TRAIN},
    "deploy_classify_gen_trt_engine": {CAL_IMAGES: [f"{CALIBRATION}/images.tar.gz"]},
    "deploy_classify_evaluate": pair("validation", EVAL) | pair("test", EVAL),
    "deploy_classify_inference": pair("infer", EVAL),
    "deploy_segment_gen_trt_engine": {ROOT: TRAIN, CAL_IMAGES: [f"{CALIBRATION}/images.tar.gz"]},
    "deploy_segment_evaluate": {ROOT: TRAIN},
    "deploy_segment_inference": {ROOT: TRAIN},
}


@pytest.mark.parametrize("action", REMOTE)
def test_uris_are_expanded_by_the_tables(skill: Skill, action: str) -> None:
    plan = plan_of(
        skill,
        action,
        runner="slurm",
        train_datasets=(TRAIN,),
        eval_dataset=EVAL,
        inference_dataset=EVAL,
        calibration_dataset=(f"{CALIBRATION}/",),
    )

    assert from_data(plan) == REMOTE[action]
    assert REMOTE[action].items() <= plan.inputs.items()
    assert {question.slot for question in plan.missing} <= {"parent_job_id"}


@pytest.mark.parametrize("action", [action for action in REMOTE if REMOTE[action]])
def test_data_that_nobody_named_is_asked_for_by_source(skill: Skill, action: str) -> None:
    plan = plan_of(skill, action, runner="slurm")

    entries = skill.data_sources(action).values()
    sources = {entry["source"] for entry in entries if not entry.get("optional")}
    assert {question.slot for question in plan.missing} - {"parent_job_id"} == sources
    assert all("Give a folder or URI that holds" in q.text for q in plan.missing if q.slot in sources)
    with pytest.raises(MissingInputError):
        api.launch(plan)


def test_a_remote_folder_of_splits_gives_each_source_its_own(skill: Skill) -> None:
    plan = plan_of(skill, "train", runner="slurm", data="s3://bucket/data/")
    assert from_data(plan) == pair("train", TRAIN) | pair("validation", "s3://bucket/data/val")


def local(boards: Path, split: str, part: str, images: str = "images") -> dict[str, str]:
    key = f"{CLASSIFY}.{split}_dataset"
    return {f"{key}.images_dir": str(boards / images), f"{key}.csv_path": str(boards / part / "dataset.csv")}


def test_a_local_folder_of_splits_gives_each_source_its_own(skill: Skill, boards: Path) -> None:
    wanted = {
        "train": local(boards, "train", "train") | local(boards, "validation", "val"),
        "evaluate": local(boards, "validation", "val") | local(boards, "test", "test"),
        "inference": local(boards, "infer", "test"),
    }
    assert {action: from_data(plan_of(skill, action, data=str(boards))) for action in wanted} == wanted


def test_evaluation_makes_do_with_the_split_that_is_there(skill: Skill, boards: Path) -> None:
    (boards / "test/dataset.csv").unlink()
    assert from_data(plan_of(skill, "evaluate", data=str(boards))) == local(boards, "validation", "val") | local(
        boards, "test", "val"
    )


def test_data_without_splits_is_for_the_source_that_the_action_needs_first(skill: Skill, boards: Path) -> None:
    whole = str(boards / "train")

    assert from_data(plan_of(skill, "inference", data=whole)) == local(boards, "infer", "train")
    plan = plan_of(skill, "train", data=whole)
    assert from_data(plan) == local(boards, "train", "train")
    assert [question.slot for question in plan.missing] == ["eval_dataset"]
    assert whole in plan.missing[0].text


@pytest.mark.parametrize("part", ["val", "val/dataset.csv", "images.tar.gz"])
def test_a_source_is_given_by_folder_csv_or_archive(
    skill: Skill, tmp_path: Path, part: str, write_boards: Callable[..., Path]
) -> None:
    boards = write_boards(tmp_path / "boards", archived=True)
    (boards / "dataset.csv").write_bytes((boards / "val/dataset.csv").read_bytes())

    found = from_data(plan_of(skill, "inference", inference_dataset=str(boards / part)))

    folder = "" if part.endswith(".gz") else "val"
    assert found == local(boards, "infer", folder, "images.tar.gz")


def test_an_unpacked_folder_is_taken_before_the_archive(skill: Skill, boards: Path) -> None:
    (boards / "images.tar.gz").touch()
    assert from_data(plan_of(skill, "inference", data=str(boards))) == local(boards, "infer", "test")


def test_a_slot_that_names_the_folder_of_splits_means_its_split(skill: Skill, boards: Path) -> None:
    plan = plan_of(skill, "train", train_datasets=(str(boards),), eval_dataset=str(boards))
    assert from_data(plan) == local(boards, "train", "train") | local(boards, "validation", "val")


# As NVIDIA's documentation names them, and as folders are written by hand.
OTHERWISE = [
    ("labels/train.csv", "labels/validation.csv", "labels/test.csv"),
    ("training_set.csv", "validation_set.csv", "test_set.csv"),
    ("training/boards.csv", "validation/boards.csv", "testing/boards.csv"),
    ("Train/a.csv", "Evaluation/a.csv", "inference/a.csv"),
]


def renamed(boards: Path, names: tuple[str, ...]) -> Path:
    """The boards with the tables of training, validation and test under other names."""
    for split, name in zip(("train", "val", "test"), names, strict=True):
        (boards / name).parent.mkdir(exist_ok=True)
        (boards / split / "dataset.csv").rename(boards / name)
        (boards / split).rmdir()
    return boards


@pytest.mark.parametrize("names", OTHERWISE)
def test_tables_of_other_names_are_taken_by_their_split(skill: Skill, boards: Path, names: tuple[str, ...]) -> None:
    train, val, test = names
    root = str(renamed(boards, names))

    def place(split: str, name: str) -> dict[str, str]:
        return local(boards, split, "") | {f"{CLASSIFY}.{split}_dataset.csv_path": str(boards / name)}

    training = place("train", train) | place("validation", val)
    assert from_data(plan_of(skill, "train", data=root)) == training
    assert from_data(plan_of(skill, "train", train_datasets=(root,), eval_dataset=root)) == training
    assert from_data(plan_of(skill, "evaluate", data=root)) == place("validation", val) | place("test", test)
    assert from_data(plan_of(skill, "inference", data=root)) == place("infer", test)
    assert api.prepare_request(Request(text=f"train ChangeNet on {root}, no AutoML"), skill)[0].task == "classify"


def test_a_table_in_a_folder_of_its_own_is_the_whole_data(skill: Skill, boards: Path) -> None:
    (boards / "labels").mkdir()
    (boards / "train/dataset.csv").rename(boards / "labels/dataset.csv")
    for split in ("val", "test"):
        (boards / split / "dataset.csv").unlink()
    wanted = local(boards, "train", "labels")

    assert from_data(plan_of(skill, "train", train_datasets=(str(boards),))) == wanted
    plan = plan_of(skill, "train", data=str(boards))
    assert from_data(plan) == wanted
    assert [question.slot for question in plan.missing] == ["eval_dataset"]


def test_pictures_for_calibration_need_no_table(skill: Skill, boards: Path) -> None:
    """So it does not matter that there are several, and that none is the one."""
    for name, split in (("a.csv", "train"), ("b.csv", "val")):
        (boards / split / "dataset.csv").rename(boards / name)
    plan = plan_of(skill, "deploy_classify_gen_trt_engine", calibration_dataset=(str(boards),), runner="docker")
    assert from_data(plan) == {CAL_IMAGES: [str(boards / "images")]}


def test_segment_data_is_one_root(skill: Skill, tmp_path: Path) -> None:
    root = tmp_path / "masks"
    for name in ("A", "B", "list", "label"):
        (root / name).mkdir(parents=True)
    for split in ("train", "val", "test"):
        (root / "list" / f"{split}.txt").write_text("\n".join(f"{n}.png" for n in range(8)))
    for n, folder in itertools.product(range(8), ("A", "B", "label")):
        (root / folder / f"{n}.png").touch()

    for action in ("segment_train", "segment_evaluate", "segment_inference"):
        assert from_data(plan_of(skill, action, runner="docker", data=str(root))) == {ROOT: str(root)}
        assert from_data(plan_of(skill, action, runner="docker", train_datasets=(str(root),))) == {ROOT: str(root)}


def test_several_sources_fill_lists_and_nothing_else(skill: Skill, boards: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    places = (str(pictures), str(boards / "train"))

    plan = plan_of(skill, "deploy_classify_gen_trt_engine", runner="docker", calibration_dataset=places)
    assert from_data(plan) == {CAL_IMAGES: [str(pictures), str(boards / "images")]}
    with pytest.raises(DataError) as error:
        plan_of(skill, "train", train_datasets=(str(boards / "train"), str(boards / "val")))
    assert error.value.code == "data.several"


def test_keys_set_by_name_leave_no_question_open(skill: Skill, boards: Path) -> None:
    overrides = {
        "train_csv": str(boards / "train/dataset.csv"),
        "train_images": str(boards / "images"),
        "val_csv": str(boards / "val/dataset.csv"),
        "dataset.classify.validation_dataset.images_dir": str(boards / "images"),
        "image_ext": ".png",
    }
    plan = plan_of(skill, "train", overrides=overrides, profile="laptop")

    assert plan.missing == ()
    assert set(plan.inputs) == set(local(boards, "train", "") | local(boards, "validation", ""))


@pytest.mark.parametrize(
    ("slots", "code", "said"),
    [
        ({"data": "{boards}s"}, "data.missing", "Did you mean 'boards'?"),
        ({"train_datasets": ("{boards}/trian",)}, "data.missing", "Did you mean 'train'?"),
        ({"eval_dataset": "{boards}/images"}, "data.csv_missing", "there is none"),
        ({"eval_dataset": "{boards}/twins"}, "data.csv_several", "several tables"),
        ({"data": "{boards}/twins"}, "data.csv_several", "several tables"),
        ({"data": "{boards}/gaps"}, "data.csv_several", "several tables"),
        ({"data": "{boards}/hole"}, "data.csv_missing", "there is none"),
        ({"eval_dataset": "{boards}/far/away"}, "data.images_missing", "neither images/ nor images.tar.gz"),
        ({"eval_dataset": "s3://user:secret@bucket/x"}, "data.secret", "a secret"),
    ],
)
def test_data_that_can_not_be_used_is_told(
    skill: Skill, boards: Path, slots: dict[str, Any], code: str, said: str
) -> None:
    gaps, hole = ("gaps/train/a.csv", "gaps/val/a.csv", "gaps/val/b.csv"), ("hole/train/a.csv",)
    for name in ("gaps/images", "hole/images", "hole/val"):
        (boards / name).mkdir(parents=True)
    for name in ("twins/a.csv", "twins/b.csv", *gaps, *hole, "far/away/dataset.csv"):
        (boards / name).parent.mkdir(parents=True, exist_ok=True)
        (boards / name).write_bytes((boards / "val/dataset.csv").read_bytes())
    filled = {
        slot: tuple(v.format(boards=boards) for v in value) if isinstance(value, tuple) else value.format(boards=boards)
        for slot, value in slots.items()
    }

    with pytest.raises(ChangenetError) as error:
        plan_of(skill, "train", **filled)

    assert (error.value.code, error.value.exit_code) == (code, 2)
    assert said in error.value.message
    assert "user:secret" not in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize(
    "lights", [(), ("SolderLight",), ("LowAngleLight", "SolderLight", "UniformLight", "WhiteLight")]
)
def test_lightings_and_extension_are_read_from_the_pictures(
    skill: Skill, tmp_path: Path, lights: tuple[str, ...], write_boards: Callable[..., Path]
) -> None:
    boards = write_boards(tmp_path / "boards", lights, ".jpeg")
    plan = plan_of(skill, "train", data=str(boards), profile="laptop")

    classify = plan.spec["dataset"]["classify"]
    assert classify["image_ext"] == ".jpeg"
    assert classify["num_input"] == max(1, len(lights))
    assert classify["input_map"] == ({light: place for place, light in enumerate(lights)} or None)


def test_a_table_that_can_not_be_read_hides_no_lightings(skill: Skill, boards: Path) -> None:
    """Else the check would call pictures missing that are there, beside what is wrong."""
    table = boards / "train" / "dataset.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")

    with pytest.raises(DataError) as error:
        plan_of(skill, "train", data=str(boards), profile="laptop")

    assert error.value.code == "data.csv_delimiter"
    assert "missing" not in str(error.value)
    assert "end in" not in str(error.value)


def test_what_lies_beside_the_pictures_changes_nothing(skill: Skill, boards: Path) -> None:
    for name in ("C3_SolderLight.png", "C1.json", "C1_mask.png", "C2.jpg", "._C4.png"):
        (boards / "images/train_board" / name).touch()
    plan = plan_of(skill, "train", data=str(boards), profile="laptop")

    classify = plan.spec["dataset"]["classify"]
    assert (classify["image_ext"], classify["num_input"], classify["input_map"]) == (".png", 1, None)


def test_object_names_that_begin_alike_are_told_apart(skill: Skill, boards: Path) -> None:
    for name in ("C1_2.png", "C1_2_x.png"):
        (boards / "images/train_board" / name).touch()
    plan = plan_of(skill, "train", data=str(boards), profile="laptop")

    assert plan.spec["dataset"]["classify"]["num_input"] == 1

# SPDX-License-Identifier: Apache-2.0
"""From a training to what is built on it, with real jobs of a named engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core import dotted
from core.errors import DataError, InputError, ParentError, PlatformError
from deployed.model_file import write_model
from router.types import Request
from runners import api
from runners.jobs.checkpoint_record import read_checkpoint_record
from runners.jobs.job import Job, JobState
from tests.engine.test_tensorrt_engine import graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.declarations import Skill
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

BACKBONE = "fan_tiny_8_p4_hybrid"


class Bench:
    """Prepares and launches actions on one data set, with an engine that does as it is told."""

    def __init__(self, skill: Skill, boards: Path, engine: Path, store: JobStore) -> None:
        self.skill, self.boards, self.engine, self.store = skill, boards, engine, store

    def plan(self, action: str, parent: Job | str | None = None, **slots: Any) -> Plan:
        parent_id = parent.id if isinstance(parent, Job) else parent
        data = {} if action == "export" else {"data": str(self.boards)}
        slots = {"automl_policy": "off", "results_root": str(self.store.root), "parent_job_id": parent_id, **slots}
        request = Request(action=action, **{**data, **slots})
        plan = api.prepare_request(request, self.skill, engine=str(self.engine))[1]
        assert plan
        return plan

    def run(self, action: str, parent: Job | None = None, **slots: Any) -> Job:
        """A job in this process: what a parent leaves is the same on every platform, and this one starts the least."""
        return api.launch(self.plan(action, parent, runner="debug", **slots), store=self.store)

    def train(self, **overrides: Any) -> Job:
        return self.run("train", overrides={"backbone": BACKBONE, "num_epochs": 2} | overrides)


@pytest.fixture
def bench(skill: Skill, boards: Path, engine: Path, store: JobStore) -> Bench:
    return Bench(skill, boards, engine, store)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Tell the stand-in what to do from now on."""
    return lambda **behaviour: monkeypatch.setenv("CHANGENET_STAND_IN", json.dumps(behaviour))


def checkpoint_of(plan: Plan, key: str = "evaluate.checkpoint") -> str:
    return Path(dotted.get(plan.spec, key)).name


def test_a_child_takes_the_final_checkpoint_and_the_architecture(bench: Bench) -> None:
    parent = bench.train(
        **{
            "model.classify.embed_dec": 12,
            "dataset.classify.image_width": 96,
            "dataset.classify.image_height": 64,
            "model.classify.eval_margin": 0.4,
        }
    )
    keys = {"evaluate": "evaluate.checkpoint", "inference": "inference.checkpoint", "export": "export.checkpoint"}
    for action, key in (keys | {"quantize": "quantize.model_path"}).items():
        plan = bench.plan(action, parent)

        assert plan.missing == ()
        assert dotted.get(plan.spec, key) == f"{parent.results_dir}/model_epoch_001_step_00020.pth"
        assert plan.provenance[key].source == "parent"
        assert parent.id in plan.provenance[key].detail
        wanted = {"model.backbone.type": BACKBONE, "model.classify.embed_dec": 12, "model.classify.eval_margin": 0.4}
        for name, value in (wanted | {"dataset.classify.image_width": 96}).items():
            assert dotted.get(plan.spec, name) == value
            assert plan.provenance[name].detail == parent.id
        assert plan.parent_job_id == parent.id


@pytest.mark.parametrize("runner", ["docker", "slurm", "kubernetes"])
@pytest.mark.parametrize("action", ["train", "evaluate", "inference", "export", "quantize"])
def test_a_network_of_the_embedded_engine_is_no_parent_for_the_container(
    bench: Bench, action: str, runner: str
) -> None:
    parent = bench.train(**{"train.optim.lr": 0.001})
    plan_file = Path(parent.folder, "plan.json")
    document = json.loads(plan_file.read_text())
    document["spec"]["model"]["backbone"]["type"] = "timm/tf_efficientnet_lite0"
    document["spec"]["model"]["classify"]["difference_head"] = "pooled"
    plan_file.chmod(0o644)
    plan_file.write_text(json.dumps(document))

    with pytest.raises(PlatformError) as error:
        bench.plan(action, parent, runner=runner)

    assert (error.value.exit_code, error.value.code) == (5, "runner.network")
    first = str(error.value).partition("\n")[0]
    for part in ("container can't load", parent.id, "timm/tf_efficientnet_lite0", "difference_head=pooled"):
        assert part in first
    assert "--profile container" in error.value.remedy
    assert ("--runner local" in error.value.remedy) == (action in bench.skill.info["engines"]["embedded"]["actions"])


def test_the_loss_of_the_parent_is_that_of_its_children(bench: Bench) -> None:
    parent = bench.train(difference_module="euclidean", **{"train.classify.cls_weight": [1.0, 3.0]})

    for action in ("evaluate", "inference", "export", "quantize"):
        plan = bench.plan(action, parent, runner="docker")
        assert plan.spec["train"]["classify"] == {"loss": "contrastive", "cls_weight": [1.0, 3.0]}
        assert plan.provenance["train.classify.loss"].detail == parent.id


def test_export_takes_the_stitched_size_and_writes_into_its_own_folder(bench: Bench) -> None:
    parent = bench.train(image_width=96, image_height=64)
    plan = bench.plan("export", parent)

    assert (plan.spec["export"]["input_height"], plan.spec["export"]["input_width"]) == (64, 96)
    assert plan.spec["export"]["onnx_file"] == "{job}/results/export/changenet_classify.onnx"


def test_a_child_runs_and_is_recorded_with_its_parent(bench: Bench) -> None:
    parent = bench.train()
    child = bench.run("evaluate", parent)

    assert (child.state, child.parent_job_id) == (JobState.COMPLETE, parent.id)
    result = api.result(child)
    assert result["parent_job_id"] == parent.id
    assert result["spec"]["evaluate"]["checkpoint"].startswith(parent.results_dir)
    assert all(Path(artifact["path"]).is_file() for artifact in result["artifacts"])


def test_the_best_checkpoint_is_taken_before_the_final_one(bench: Bench, told: Callable[..., None]) -> None:
    told(best=[0])
    assert checkpoint_of(bench.plan("evaluate", bench.train())) == "model_best_000.pth"


def test_of_several_best_ones_the_recorded_ranking_decides(bench: Bench, told: Callable[..., None]) -> None:
    told(best=[0, 1], ranking=[[0.1, "model_best_000.pth"], [0.2, "model_best_001.pth"]])
    assert checkpoint_of(bench.plan("evaluate", bench.train())) == "model_best_000.pth"


def test_where_only_best_ones_are_kept_training_goes_on_from_the_latest(
    bench: Bench, told: Callable[..., None]
) -> None:
    told(epochs=0, best=[0, 1], ranking=[[0.1, "model_best_000.pth"], [0.2, "model_best_001.pth"]])
    parent = bench.train()

    assert checkpoint_of(bench.plan("train", parent), "train.resume_training_checkpoint_path") == "model_best_001.pth"


def test_several_best_ones_without_a_ranking_are_ambiguous_and_listed(bench: Bench, told: Callable[..., None]) -> None:
    told(best=[0, 1])
    parent = bench.train()

    with pytest.raises(ParentError) as error:
        bench.plan("evaluate", parent)

    assert (error.value.code, error.value.exit_code) == ("parent.ambiguous", 3)
    for part in ("model_best_000.pth (top_k, epoch 1, step 10)", "model_best_001.pth", "model_epoch_001"):
        assert part in error.value.message
    named = f"{parent.results_dir}/model_best_001.pth"
    assert checkpoint_of(bench.plan("evaluate", parent, overrides={"checkpoint": named})) == "model_best_001.pth"


def test_names_do_not_decide_what_is_latest(bench: Bench, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    plan = bench.plan("train", overrides={"backbone": BACKBONE, "num_epochs": 2, "train.results_dir": str(kept)})
    (kept / "model_epoch_999_step_99999.pth").write_bytes(b"of an older run")
    parent = api.launch(plan, store=bench.store)

    assert checkpoint_of(bench.plan("evaluate", parent)) == "model_epoch_001_step_00020.pth"


def test_training_goes_on_as_it_was(bench: Bench, told: Callable[..., None]) -> None:
    told(exit=1, **{"pass": False})
    parent = bench.train(**{"train.optim.lr": 3e-4, "train.seed": 7, "num_epochs": 9})
    assert parent.state is JobState.ERROR
    plan = bench.plan("train", parent, overrides={"num_epochs": 12})

    assert plan.provenance["train.resume_training_checkpoint_path"].source == "parent"
    kept = {key: dotted.get(plan.spec, key) for key in ("train.optim.lr", "train.seed", "train.num_epochs")}
    assert kept == {"train.optim.lr": 3e-4, "train.seed": 7, "train.num_epochs": 12}
    assert plan.spec["results_dir"] == "{job}/results"


def test_training_goes_on_with_the_parents_data_unless_told(bench: Bench) -> None:
    parent = bench.train()
    plan = bench.plan("train", parent, data=None)

    assert plan.missing == ()
    assert dotted.get(plan.spec, "dataset.classify.train_dataset.csv_path") == str(bench.boards / "train/dataset.csv")


@pytest.mark.parametrize("behaviour", [{"exit": 1, "pass": False}, {"pass": False}])
def test_a_parent_that_failed_is_refused(bench: Bench, told: Callable[..., None], behaviour: dict[str, Any]) -> None:
    good = bench.train()
    told(**behaviour)
    parent = bench.train()

    with pytest.raises(ParentError, match="is ERROR, not COMPLETE") as error:
        bench.plan("evaluate", parent)

    assert error.value.code == "parent.state"
    assert good.id in error.value.remedy


def test_a_parent_that_is_not_there_is_refused_with_those_that_are(bench: Bench) -> None:
    good = bench.train()

    with pytest.raises(ParentError) as error:
        bench.plan("evaluate", "train-20200101-000000-000000")

    assert error.value.code == "parent.unknown"
    assert good.id in error.value.remedy


def test_a_missing_parent_is_asked_for_with_the_candidates(bench: Bench) -> None:
    assert [q.choices for q in bench.plan("evaluate", profile="container").missing if q.slot == "parent_job_id"] == [()]
    good = bench.train()

    (question,) = bench.plan("evaluate", profile="container").missing

    assert question.choices == (good.id,)
    assert "evaluate.checkpoint" in question.text


def test_candidates_are_of_the_task_and_each_question_is_asked_once(bench: Bench) -> None:
    good = bench.train()
    data = {"data": None, "train_datasets": (str(bench.boards),), "runner": "docker"}
    segment = bench.plan("segment_evaluate", **data)
    assert [q.choices for q in segment.missing if q.slot == "parent_job_id"] == [()]
    with pytest.raises(ParentError) as error:
        bench.plan("segment_evaluate", good, **data)
    assert good.id not in error.value.remedy

    exported = bench.run("export", good)
    Path(exported.results_dir).mkdir(parents=True, exist_ok=True)
    plan = bench.plan("deploy_classify_gen_trt_engine", profile="container", runner="docker")
    slots = [question.slot for question in plan.missing]
    assert slots.count("parent_job_id") == 1
    assert len(slots) == len(set(slots))


def test_a_parent_of_the_other_task_is_refused(bench: Bench) -> None:
    parent = bench.train()

    with pytest.raises(ParentError) as error:
        bench.plan("segment_evaluate", parent, data=None, train_datasets=(str(bench.boards),))

    assert error.value.code == "parent.task"


def test_a_parent_without_the_artifact_is_refused_with_its_own_parent(bench: Bench, told: Callable[..., None]) -> None:
    first = bench.train()
    told(epochs=0)
    second = bench.run("evaluate", first)

    with pytest.raises(ParentError) as error:
        bench.plan("inference", second)

    assert error.value.code == "parent.no_artifact"
    assert first.id in error.value.remedy


def test_deploy_without_an_onnx_model_is_blocked(bench: Bench) -> None:
    parent = bench.train()

    with pytest.raises(ParentError, match="no onnx"):
        bench.plan("deploy_classify_gen_trt_engine", parent, calibration_dataset=(str(bench.boards / "train"),))
    plan = bench.plan("deploy_classify_gen_trt_engine", profile="container")
    assert "blocked" in next(q.text for q in plan.missing if q.slot == "parent_job_id")


@pytest.mark.parametrize(
    "overrides",
    [
        {"backbone": "fan_small_12_p4_hybrid"},
        {"model.backbone.type": "fan_small_12_p4_hybrid"},
        {"image_width": 64},
        {"difference_module": "euclidean"},
    ],
)
def test_values_that_contradict_the_parents_network_are_refused(bench: Bench, overrides: dict[str, Any]) -> None:
    parent = bench.train()

    with pytest.raises(ParentError) as error:
        bench.plan("evaluate", parent, overrides=overrides)

    assert error.value.code == "parent.architecture"
    assert str(next(iter(overrides.values()))) in error.value.message


def test_values_that_repeat_the_parents_network_are_fine(bench: Bench) -> None:
    parent = bench.train()
    plan = bench.plan("evaluate", parent, overrides={"backbone": BACKBONE, "eval_margin": 0.7})

    assert plan.provenance["model.backbone.type"].source == "shorthand"
    assert plan.spec["model"]["classify"]["eval_margin"] == 0.7


def test_a_checkpoint_that_is_gone_is_told(bench: Bench) -> None:
    parent = bench.train()
    Path(parent.results_dir, "model_epoch_001_step_00020.pth").unlink()

    with pytest.raises(ParentError) as error:
        bench.plan("evaluate", parent)

    assert error.value.code == "parent.gone"


def test_a_checkpoint_that_was_changed_between_plan_and_launch_is_refused(bench: Bench) -> None:
    parent = bench.train()
    plan = bench.plan("evaluate", parent)
    path = Path(parent.results_dir, "model_epoch_001_step_00020.pth")
    path.write_bytes(bytes(path.stat().st_size))

    with pytest.raises(ParentError) as error:
        api.launch(plan, store=bench.store)

    assert error.value.code == "parent.changed"
    assert len(api.list_jobs(bench.store)) == 1


def test_data_that_broke_since_the_plan_stops_the_launch_before_it_is_recorded(bench: Bench) -> None:
    plan = bench.plan("train", overrides={"backbone": BACKBONE})
    table = bench.boards / "train/dataset.csv"
    table.write_text(table.read_text().replace("golden_path", "golden"))

    with pytest.raises(DataError, match="golden_path"):
        api.launch(plan, store=bench.store)

    assert not bench.store.root.exists()


def test_data_that_is_broken_is_told_by_the_plan(bench: Bench) -> None:
    table = bench.boards / "train/dataset.csv"
    table.write_text(table.read_text().replace("golden_path", "golden"))
    with pytest.raises(DataError, match="golden_path") as error:
        bench.plan("train", overrides={"backbone": BACKBONE, "image_ext": ".png"})

    assert error.value.exit_code == 2
    assert not bench.store.root.exists()


def test_archives_are_unpacked_for_the_job_and_stay_as_they_are_in_the_plan(
    bench: Bench, tmp_path: Path, write_boards: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    bench.boards = write_boards(tmp_path / "packed", archived=True)
    key = "dataset.classify.train_dataset.images_dir"

    job = bench.train(image_ext=".png", num_input=1, input_map=None)

    spec = api.result(job)["spec"]
    assert dotted.get(spec, key).startswith(str(tmp_path / "cache/archives"))
    assert Path(dotted.get(spec, key), "train_board/C0.png").is_file()
    plan = json.loads((Path(job.folder) / "plan.json").read_text())
    assert dotted.get(plan["spec"], key) == str(bench.boards / "images.tar.gz")


LIGHTNING = {
    "ModelCheckpoint{'monitor': 'val_loss'}": {
        "best_model_path": "/results/train/model_best_003.pth",
        "best_k_models": {"/results/train/model_best_001.pth": 0.3, "/results/train/model_best_003.pth": 0.2},
    }
}


def test_what_torch_wrote_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    path, layer = tmp_path / "any_name.pth", torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    written = {"state_dict": layer.state_dict(), "optimizer_states": [optimizer.state_dict()], "callbacks": LIGHTNING}
    torch.save(written | {"epoch": 4, "global_step": 77, "config": {"task": "classify"}}, path)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails from here on

    record = read_checkpoint_record(path)

    assert (record.epoch, record.step) == (4, 77)
    assert record.ranking == ("model_best_003.pth", "model_best_001.pth")


def test_a_checkpoint_that_is_none_is_listed_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "model_epoch_003_step_00040.pth"
    path.write_bytes(b"half of a file")

    assert (read_checkpoint_record(path).epoch, read_checkpoint_record(path).step) == (3, 40)


def test_reading_a_checkpoint_runs_nothing_that_it_names(tmp_path: Path) -> None:
    import pickle
    import zipfile

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harm",))

    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"epoch": 1, "global_step": 2, "state_dict": Harm()}))

    assert read_checkpoint_record(tmp_path / "x.pth").epoch == 1
    assert not (tmp_path / "harm").exists()


def test_a_child_takes_over_what_it_shares_with_its_parent_and_nothing_else(bench: Bench) -> None:
    """Each key of `inherited_keys`, one by one, and keys beside them that are the child's own."""
    parent = bench.train()
    plan_file = Path(parent.folder, "plan.json")
    document = json.loads(plan_file.read_text())
    kept = {
        "model.backbone.feat_downsample": True,
        "model.decode_head.decoder_params.embed_dim": 64,
        "model.decode_head.align_corners": True,
        "model.classify.embed_dec": 11,
        "model.classify.embedding_vectors": 7,
        "model.classify.learnable_difference_modules": 3,
        "model.classify.eval_margin": 0.61,
        "dataset.classify.image_width": 96,
        "dataset.classify.image_height": 160,
        "dataset.classify.augmentation_config.rgb_input_mean": [0.1, 0.2, 0.3],
        "dataset.classify.augmentation_config.rgb_input_std": [0.4, 0.5, 0.6],
        "train.classify.cls_weight": [1.0, 7.0],
    }
    own = {
        "dataset.classify.batch_size": 5,
        "dataset.classify.workers": 9,
        "model_name": "another",
        "results_dir": "/elsewhere",
    }
    for key, value in (kept | own).items():
        dotted.put(document["spec"], key, value)
    plan_file.chmod(0o644)
    plan_file.write_text(json.dumps(document))

    child = bench.plan("evaluate", parent)

    for key, value in kept.items():
        assert (dotted.get(child.spec, key), child.provenance[key].source) == (value, "parent"), key
    for key, value in own.items():
        assert dotted.get(child.spec, key) != value, key
    resumed = bench.plan("train", parent)
    assert dotted.get(resumed.spec, "dataset.classify.batch_size") == 5
    assert resumed.spec["results_dir"] == "{job}/results"
    for key in bench.skill.info["inherited_keys"]["not_resumed"]:
        assert (
            resumed.provenance.get(key) is None
            or resumed.provenance[key].source != "parent"
            or key.endswith("resume_training_checkpoint_path")
        ), key


def test_only_finished_jobs_with_the_right_kind_and_ending_are_candidates(
    bench: Bench, told: Callable[..., None]
) -> None:
    good = bench.train()
    told(exit=1, **{"pass": False})
    bench.train()
    told(epochs=0)
    bench.train()

    (question,) = bench.plan("evaluate", profile="container").missing

    assert question.choices == (good.id,)


def test_a_parent_that_still_runs_is_refused(bench: Bench, told: Callable[..., None]) -> None:
    told(sleep=600)
    running = api.launch(bench.plan("train", overrides={"backbone": BACKBONE, "num_epochs": 2}), detach=True)
    try:
        for action in ("evaluate", "train"):
            with pytest.raises(ParentError, match="RUNNING, not COMPLETE") as error:
                bench.plan(action, running)
            assert error.value.code == "parent.state"
    finally:
        api.cancel(running.id, bench.store)


def embedded(bench: Bench, action: str, parent: Job | str, **slots: Any) -> Plan:
    """A plan of the skill's own engine."""
    request = Request(
        action=action, results_root=str(bench.store.root), parent_job_id=getattr(parent, "id", parent), **slots
    )
    plan = api.prepare_request(request, bench.skill)[1]
    assert plan
    return plan


PAIRS = "dataset.classify.validation_dataset"


def test_an_export_takes_the_pairs_that_it_is_compared_on_from_its_parent(bench: Bench) -> None:
    parent = bench.train()
    trained = api.result(parent)["spec"]

    plan = embedded(bench, "export", parent)

    assert plan.missing == ()
    for name in ("csv_path", "images_dir"):
        assert dotted.get(plan.spec, f"{PAIRS}.{name}") == dotted.get(trained, f"{PAIRS}.{name}")
        assert plan.provenance[f"{PAIRS}.{name}"].source == "parent"
    other = embedded(bench, "export", parent, eval_dataset=str(bench.boards / "train"))
    assert str(other.inputs[f"{PAIRS}.csv_path"]).startswith(str(bench.boards / "train"))
    assert f"{PAIRS}.csv_path" not in bench.plan("export", parent).inputs  # another engine compares nothing


def test_an_exported_model_is_taken_as_a_checkpoint_by_the_embedded_engine_alone(
    bench: Bench, told: Callable[..., None]
) -> None:
    parent = bench.train()
    told(epochs=0, files=["changenet_classify.onnx"])
    exported = bench.run("export", parent)

    plan = embedded(bench, "evaluate", exported, data=str(bench.boards))

    assert checkpoint_of(plan) == "changenet_classify.onnx"
    file = bench.boards.parent / "line.onnx"
    write_model(file, graph(), {"task": "classify", "config": {}})
    named = embedded(bench, "evaluate", parent, data=str(bench.boards), overrides={"checkpoint": str(file)})
    assert checkpoint_of(named) == "line.onnx"
    with pytest.raises(ParentError, match=r"no checkpoint \(\.pth\) for evaluate\.checkpoint; it has onnx"):
        bench.plan("evaluate", exported)
    with pytest.raises(InputError, match="is no checkpoint file"):
        bench.plan("evaluate", parent, overrides={"checkpoint": plan.spec["evaluate"]["checkpoint"]})
    with pytest.raises(ParentError, match=r"no checkpoint \(\.pth\) for export\.checkpoint"):
        embedded(bench, "export", exported)


def test_what_deploy_needs_is_told_with_the_step_that_makes_it(bench: Bench, told: Callable[..., None]) -> None:
    parent = bench.train()
    told(epochs=0, files=["changenet_classify.onnx"])
    exported = bench.run("export", parent)
    for action, job, maker in (("gen_trt_engine", parent, "export"), ("evaluate", exported, "gen_trt_engine")):
        with pytest.raises(ParentError, match="has no") as caught:
            embedded(bench, f"deploy_classify_{action}", job, data=str(bench.boards))
        assert f"changenet run {maker} --parent {job.id}" in str(caught.value.remedy)

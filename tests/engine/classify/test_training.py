# SPDX-License-Identifier: Apache-2.0
"""Real training runs on small pictures: what they write, and that they learn, resume and fail as they should."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.documents import read_yaml
from scoring.thresholds import best_f1
from tests.engine.conftest import base_spec

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = dict[str, Any]
WEIGHTS = "state_dict"
LATEST = "changenet_model_classify_latest.pth"


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(path, weights_only=True)
    return content


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pth"))


def same_weights(one: Path, other: Path) -> bool:
    a, b = load(one)[WEIGHTS], load(other)[WEIGHTS]
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def status_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "status.json").read_text().splitlines()]


@pytest.fixture
def train(spec: Spec, engine: Callable[..., Any], tmp_path: Path) -> Callable[..., Path]:
    """Trains with overrides, and gives the folder of the results."""

    def run(*overrides: str, name: str = "run") -> Path:
        outcome = engine("train", spec, f"train.results_dir={tmp_path / name}", *overrides)
        assert outcome.code == 0, outcome.err
        return tmp_path / name

    return run


@pytest.fixture
def refused(spec: Spec, engine: Callable[..., Any], tmp_path: Path) -> Callable[..., str]:
    """Trains with overrides that must fail without a checkpoint, and gives the error."""

    def run(*overrides: str) -> str:
        outcome = engine("train", spec, f"train.results_dir={tmp_path / 'run'}", *overrides)
        assert outcome.code == 1
        assert outcome.out.endswith("Execution status: FAIL\n")
        assert "Traceback" not in outcome.err
        if (tmp_path / "run").exists():  # rules between keys are checked before anything is made
            assert status_of(tmp_path / "run")[-1]["status"] == "FAILURE"
        assert not names(tmp_path / "run")
        assert not list((tmp_path / "run").rglob("*.tmp"))
        return str(outcome.err)

    return run


def figures(folder: Path, name: str) -> list[Any]:
    """A key figure, each time that it was reported."""
    return [record["kpi"][name] for record in status_of(folder) if name in record.get("kpi", {})]


def test_a_run_ends_well_and_says_so_last(trained: Any) -> None:
    assert trained.outcome.code == 0
    assert trained.outcome.err == ""
    assert trained.outcome.out.endswith("Execution status: PASS\n")
    assert "training: 24/24 steps" in trained.outcome.out


def test_checkpoints_are_periodic_and_the_last_epoch_is_among_them(trained: Any) -> None:
    assert names(trained.folder) == [
        "changenet_model_classify_latest.pth",
        "model_epoch_001_step_00008.pth",
        "model_epoch_003_step_00016.pth",
        "model_epoch_005_step_00024.pth",
    ]
    assert trained.latest.is_symlink()
    assert trained.latest.readlink() == Path("model_epoch_005_step_00024.pth")
    assert not list(trained.folder.glob("**/*.tmp"))


def test_a_checkpoint_holds_what_the_contract_says(trained: Any) -> None:
    content = load(trained.latest)
    assert all(name.startswith("model.") for name in content[WEIGHTS])
    assert (content["epoch"], content["global_step"], content["task"]) == (5, 24, "classify")
    assert {"optimizer_states", "lr_schedulers", "config", "threshold", "threshold_source"} <= content.keys()
    assert content["white_level"] == 65_535
    assert content["config"]["model"]["backbone"]["type"] == "timm/test_resnet"
    assert 0.0 < content["threshold"] < 1.0
    assert content["threshold_source"] == "best F1 on validation, epoch 6"
    assert content["threshold_origin"] == {"kind": "validation", "split": "validation", "target": ""}


def test_secrets_reach_no_file(trained: Any) -> None:
    assert read_yaml(trained.folder / "experiment.yaml")["encryption_key"] == "********"
    for path in trained.folder.rglob("*"):
        if path.is_file():
            assert b"hush-hush" not in path.read_bytes(), path


def test_status_runs_from_started_to_success_with_kpi_and_progress(trained: Any) -> None:
    records = trained.status()
    assert [record["status"] for record in records] == ["STARTED", *["RUNNING"] * (len(records) - 2), "SUCCESS"]
    training = [record["kpi"] for record in records if "train_loss" in record.get("kpi", {})]
    validation = [record["kpi"] for record in records if "val_loss" in record.get("kpi", {})]
    assert len(training) == len(validation) == 6
    assert training[0].keys() == {"train_loss", "train_acc", "train_fpr", "train_fpr_of_all"}
    assert {"val_loss", "val_acc", "val_fpr", "val_far", "val_f1", "val_auc", "val_ap"} <= validation[0].keys()
    assert all(kpi["val_latency_ms"] > 0 for kpi in validation)
    last = [record for record in records if "epoch" in record][-1]
    assert (last["epoch"], last["step"], last["max_epoch"], last["eta"]) == (6, 24, 6, "0:00:00")
    assert "time_per_epoch" in last


def test_experiment_is_written_first_and_whole(trained: Any) -> None:
    written = read_yaml(trained.folder / "experiment.yaml")
    assert written["train"]["num_epochs"] == 6
    assert written["results_dir"] == written["train"]["results_dir"] == str(trained.folder)
    assert written["dataset"]["classify"]["fpratio_sampling"] == 0.25  # a default
    files = [trained.folder / "experiment.yaml", trained.folder / "status.json"]
    assert files[0].stat().st_mtime_ns <= files[1].stat().st_mtime_ns


def test_scalars_are_there_for_tensorboard(trained: Any) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained.folder / "lightning_logs" / "version_0")).Reload()
    assert {"train_loss", "train_acc", "val_loss", "val_far"} <= set(events.Tags()["scalars"])
    assert len(events.Scalars("val_loss")) == 6


def test_a_tiny_run_separates_obvious_defects_it_never_saw(trained: Any, engine: Any) -> None:
    outcome = engine("evaluate", trained.spec, f"evaluate.checkpoint={trained.latest}")
    assert outcome.code == 0
    kpi = status_of(trained.folder.parent / "evaluate")[-2]["kpi"]
    assert kpi["auc"] > 0.95
    assert kpi["f1_at_threshold"] > 0.85


def test_training_repeats_by_seed(train: Callable[..., Path]) -> None:
    one, again, other = (
        train("train.num_epochs=1", f"train.seed={seed}", name=name) / LATEST
        for name, seed in (("one", 1234), ("again", 1234), ("other", 77))
    )
    assert same_weights(one, again)
    assert not same_weights(one, other)


AUGMENTED = (
    "dataset.classify.augmentation_config={augment: true}",
    "model.backbone.type=timm/test_efficientnet",
    "train.optim.policy=cosine",
    "train.optim.warmup_epochs=0.5",
    "train.num_epochs=3",
)


def interrupted_copy(whole: Path, folder: Path, checkpoint: str) -> Path:
    """A results folder as it was when `checkpoint` had just been written."""
    folder.mkdir(parents=True)
    (folder / checkpoint).write_bytes((whole / checkpoint).read_bytes())
    (folder / LATEST).symlink_to(checkpoint)
    return folder


@pytest.mark.parametrize(
    ("interval", "checkpoint"),
    [
        (("train.checkpoint_interval=1",), "model_epoch_000_step_00004.pth"),
        pytest.param(
            ("train.checkpoint_interval=3", "train.checkpoint_interval_unit=step"),
            "model_epoch_001_step_00006.pth",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_resumed_run_ends_with_the_same_bits(
    train: Callable[..., Path], tmp_path: Path, interval: tuple[str, ...], checkpoint: str
) -> None:
    whole = train(*AUGMENTED, *interval, name="whole")
    resumed = interrupted_copy(whole, tmp_path / "resumed", checkpoint)
    train(*AUGMENTED, *interval, name="resumed")
    last = "model_epoch_002_step_00012.pth"
    assert same_weights(whole / last, resumed / last)
    one, other = load(whole / last), load(resumed / last)
    assert one["threshold"] == other["threshold"]
    assert one["lr_schedulers"] == other["lr_schedulers"]
    for name in ("train_loss", "train_acc", "train_fpr"):  # of the epoch that was broken off as well
        assert figures(resumed, name) == figures(whole, name)[-2:]
    assert "epoch_so_far" not in one
    assert len(figures(resumed, "val_loss")) == 2  # epochs 1 and 2 only


def test_fewer_epochs_than_done_is_an_error_and_as_many_is_nothing_to_do(
    trained: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    folder = interrupted_copy(trained.folder, tmp_path / "r", "model_epoch_005_step_00024.pth")
    fewer = engine("train", trained.spec, f"train.results_dir={folder}", "train.num_epochs=5")
    assert fewer.code == 1
    assert "has 6 epochs, but train.num_epochs is 5" in fewer.err
    equal = engine("train", trained.spec, f"train.results_dir={folder}", "train.num_epochs=6")
    assert equal.code == 0
    assert "nothing left to train" in equal.out
    assert len(names(folder)) == 2


def test_a_named_checkpoint_is_resumed_and_another_architecture_refused(
    trained: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    source = trained.folder / "model_epoch_003_step_00016.pth"
    named = (f"results_dir={tmp_path}", f"train.resume_training_checkpoint_path={source}", "train.num_epochs=5")
    other = engine(
        "train", trained.spec, *named, "dataset.classify.num_classes=3", "train.classify.cls_weight=[1, 1, 1]"
    )
    assert other.code == 1
    assert "dataset.classify.num_classes is 3, the checkpoint has 2" in other.err
    assert engine("train", trained.spec, *named).code == 0
    assert names(tmp_path / "train")[-1] == "model_epoch_004_step_00020.pth"


def test_another_table_is_not_taken_for_the_same_training(
    trained: Any, engine: Callable[..., Any], folder: Any, tmp_path: Path
) -> None:
    """Without a word it would have been: nothing left to train, PASS, and a model of the old data."""
    results = interrupted_copy(trained.folder, tmp_path / "r", "model_epoch_005_step_00024.pth")
    again = ("train", trained.spec, f"train.results_dir={results}", "train.num_epochs=6")
    section = "dataset.classify.train_dataset"
    other = folder.split("train", 24, seed=7)
    given = f"{section}={{csv_path: {other}, images_dir: {folder.images}}}"
    for override, key in ((given, "csv_path"), (f"{section}.images_dir={folder.images}", "images_dir")):
        outcome = engine(*again, override)
        assert outcome.code == 1
        assert f"holds a training on other data than {section}.{key}" in outcome.err
        assert "set another results_dir" in outcome.err

    copied = tmp_path / "moved.csv"
    copied.write_bytes(Path(trained.spec["dataset"]["classify"]["train_dataset"]["csv_path"]).read_bytes())
    moved = engine(*again, f"dataset.classify.train_dataset.csv_path={copied}", "train.optim.lr=0.5")
    assert moved.code == 0
    assert f"WARNING unlike in training: dataset.classify.train_dataset.csv_path is {copied}" in moved.out
    assert "nothing is trained with them: " in moved.out
    assert "train.optim.lr is 0.5, was 0.003" in moved.out

    named = f"train.resume_training_checkpoint_path={results / LATEST}"
    chosen = engine("train", trained.spec, f"results_dir={tmp_path / 'on'}", given, named, "train.num_epochs=7")
    assert chosen.code == 0
    assert "WARNING unlike in training: dataset.classify.train_dataset.csv_path" in chosen.out


def test_a_drawn_seed_is_told_and_kept_by_what_goes_on(
    trained: Any, engine: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL_CHANGENET_SEED", "424242")
    first = engine("train", trained.spec, f"results_dir={tmp_path}", "train.seed=-1", "train.num_epochs=1")
    assert "this training draws with seed 424242" in first.out
    assert load(tmp_path / "train" / LATEST)["seed"] == 424242
    monkeypatch.setenv("VISUAL_CHANGENET_SEED", "7")
    engine("train", trained.spec, f"results_dir={tmp_path}", "train.seed=-1", "train.num_epochs=2")
    assert load(tmp_path / "train" / LATEST)["seed"] == 424242


@pytest.mark.parametrize(
    "changes",
    [
        {"loops": {}},
        {"loops": {"fit_loop": {"epoch_progress": 3}}},
        {"optimizer_states": "none"},
        {"optimizer_states": []},
        {"optimizer_states": [{"param_groups": [], "state": {}}]},
        {"lr_schedulers": [7]},
        {"callbacks": 3},
        {"epoch": "five"},
    ],
    ids=str,
)
def test_an_odd_state_is_an_error_of_the_checkpoint(
    trained: Any, engine: Callable[..., Any], tmp_path: Path, changes: dict[str, Any]
) -> None:
    torch.save(load(trained.latest) | changes, tmp_path / "odd.pth")
    given = (f"results_dir={tmp_path}", f"train.resume_training_checkpoint_path={tmp_path / 'odd.pth'}")
    outcome = engine("train", trained.spec, *given, "train.num_epochs=7")
    assert outcome.code == 1
    assert "[checkpoint." in outcome.err
    assert "train.pretrained_model_path" in outcome.err


def test_weights_alone_can_not_be_resumed(trained: Any, engine: Callable[..., Any], tmp_path: Path) -> None:
    content = load(trained.latest)
    torch.save({WEIGHTS: content[WEIGHTS], "config": content["config"]}, tmp_path / "bare.pth")
    given = f"train.resume_training_checkpoint_path={tmp_path / 'bare.pth'}"
    outcome = engine("train", trained.spec, f"results_dir={tmp_path}", given)
    assert outcome.code == 1
    assert "it has no optimizer_states" in outcome.err
    assert "train.pretrained_model_path" in outcome.err


def test_a_latest_link_to_nowhere_is_told(spec: Spec, engine: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / LATEST).symlink_to("gone.pth")
    outcome = engine("train", spec, f"train.results_dir={tmp_path}")
    assert outcome.code == 1
    assert "points to gone.pth" in outcome.err


def test_weights_of_a_whole_model_can_be_the_start(trained: Any, train: Callable[..., Path]) -> None:
    still = ("train.num_epochs=1", "train.optim.lr=1e-9", "train.optim.weight_decay=0.0")
    folder = train(f"train.pretrained_model_path={trained.latest}", *still)
    assert load(folder / LATEST)["epoch"] == 0
    assert figures(folder, "val_auc")[0] > 0.95


def test_a_tint_of_the_start_is_none_that_a_training_has_not_seen(
    trained: Any, train: Callable[..., Path], tmp_path: Path
) -> None:
    start = tmp_path / "start.pth"
    content = load(trained.latest)
    own = content["trained_on"]
    content["trained_on"] = own | {
        "blue": [-0.9, 0.9],
        "exposure": [0.0, 1.0],
        "sharpness": [0.1, 9.0],
        "width": [8, 900],
    }
    torch.save(content, start)
    kept = load(train(f"train.pretrained_model_path={start}", "train.num_epochs=1") / LATEST)["trained_on"]
    assert kept == own | {"blue": [-0.9, 0.9]}


TOPK = ("train.checkpointer.enable_topk=true", "train.num_epochs=4", "train.checkpoint_interval=4")


@pytest.mark.long
def test_the_best_checkpoints_are_kept_beside_the_periodic_ones(train: Callable[..., Path]) -> None:
    folder = train(*TOPK, "train.checkpointer.save_top_k=2")
    losses = figures(folder, "val_loss")
    expected = sorted(f"model_best_{losses.index(loss):03d}.pth" for loss in sorted(losses)[:2])
    assert [name for name in names(folder) if name.startswith("model_best_")] == expected
    assert (folder / LATEST).readlink().name == "model_epoch_003_step_00016.pth"


def test_the_best_checkpoint_can_replace_the_periodic_series(train: Callable[..., Path], tmp_path: Path) -> None:
    folder = train(
        *TOPK,
        "train.checkpointer.replace_periodic=true",
        "train.checkpointer.monitor=val_auc",
        "train.checkpointer.mode=max",
        "train.checkpointer.filename=top_{epoch:02d}_{val_auc:.2f}",
        f"train.checkpointer.dirpath={tmp_path / 'best'}",
    )
    (best,) = (tmp_path / "best").iterdir()
    values = figures(folder, "val_auc")
    assert best.name == f"top_{values.index(max(values)):02d}_{max(values):.2f}.pth"
    assert names(folder) == [LATEST]
    assert (folder / LATEST).resolve() == best.resolve()
    assert not (folder / LATEST).readlink().is_absolute()


@pytest.mark.parametrize("monitor", [pytest.param("val_far", marks=pytest.mark.long), "val_far_at_99_recall"])
def test_false_alarms_at_a_recall_may_rank_epochs(train: Callable[..., Path], monitor: str) -> None:
    folder = train(*TOPK, f"train.checkpointer.monitor={monitor}")
    values = figures(folder, monitor)
    (best,) = (name for name in names(folder) if name.startswith("model_best_"))
    assert best == f"model_best_{values.index(min(values)):03d}.pth"


@pytest.mark.parametrize("name", ["best_{nonsense}", "a/{epoch}", "{epoch:zz}", "best_{"])
def test_a_checkpoint_name_that_can_not_be_filled_in_is_refused(refused: Callable[..., str], name: str) -> None:
    assert "train.checkpointer.filename" in refused(*TOPK, f"train.checkpointer.filename={name!r}")


def test_validation_uses_eval_margin(train: Callable[..., Path]) -> None:
    # With a margin of 1 no probability is above it: every PASS is right and every defect escapes.
    folder = train("train.num_epochs=1", "model.classify.eval_margin=1.0")
    assert figures(folder, "val_acc") == [50.0]
    assert figures(folder, "val_escapes") == [8]


def test_the_last_epoch_is_validated_whatever_the_interval(train: Callable[..., Path]) -> None:
    folder = train("train.num_epochs=3", "train.validation_interval=2")
    assert len(figures(folder, "val_loss")) == 2
    assert load(folder / LATEST)["threshold"] is not None


@pytest.mark.long
def test_the_euclidean_module_learns_too(spec: Spec, train: Callable[..., Path]) -> None:
    spec["model"]["classify"] = {"difference_module": "euclidean", "eval_margin": 1.0}
    spec["train"]["classify"] = {"loss": "contrastive"}
    spec["dataset"]["classify"]["fpratio_sampling"] = 1.0
    losses = figures(train("train.num_epochs=6", "train.optim.lr=0.001"), "train_loss")
    assert losses[-1] < losses[0] / 2


@pytest.mark.long
def test_the_container_s_flattened_head_learns_too(train: Callable[..., Path]) -> None:
    narrow = ("model.classify.difference_head=flatten", "model.decode_head.decoder_params.embed_dim=16")
    losses = figures(train(*narrow, "train.num_epochs=4", "train.optim.optim=adam"), "train_loss")
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    "precision",
    [pytest.param("bf16-mixed", marks=pytest.mark.long), pytest.param("bf16-true", marks=pytest.mark.long), "64-true"],
)
def test_other_number_formats_train(train: Callable[..., Path], precision: str) -> None:
    folder = train("train.num_epochs=1", f"train.precision={precision}")
    assert figures(folder, "val_loss")[0] > 0.0


def test_a_split_with_fewer_rows_than_a_batch_is_named(refused: Callable[..., str]) -> None:
    told = refused("dataset.classify.batch_size=64")
    assert "the train split has 32 pairs, fewer than one batch on each device (64)" in told


def test_the_validation_split_may_be_smaller_than_a_batch(train: Callable[..., Path]) -> None:
    train("dataset.classify.batch_size=32", "train.num_epochs=1")  # 32 rows to train on, 16 to validate


def test_a_split_of_one_class_is_refused(spec: Spec, refused: Callable[..., str], tmp_path: Path) -> None:
    table = spec["dataset"]["classify"]["train_dataset"]
    lines = Path(table["csv_path"]).read_text().splitlines()
    table["csv_path"] = str(tmp_path / "pass.csv")
    (tmp_path / "pass.csv").write_text("\n".join([lines[0], *(line for line in lines if ",PASS," in line)]))
    assert "all rows of the train split are PASS" in refused()


def test_a_diverged_training_fails_and_leaves_no_checkpoint(refused: Callable[..., str]) -> None:
    steep = ("train.optim.optim=sgd", "train.optim.lr=1", "train.optim.weight_decay=1", "train.optim.momentum=0.999")
    late = (f"train.{name}=60" for name in ("num_epochs", "checkpoint_interval", "validation_interval"))
    assert "diverged" in refused(*steep, *late, "train.precision=16-true")


def test_a_picture_that_breaks_in_the_first_epoch_is_told_with_its_row(
    spec: Spec, refused: Callable[..., str], folder: Any
) -> None:
    for name, count in (("train", 16), ("validation", 8)):
        csv = folder.split(name, count, seed=5)
        spec["dataset"]["classify"][f"{name}_dataset"] = {"csv_path": str(csv), "images_dir": str(folder.images)}
    picture = folder.images / "validation" / "test3" / "part3.png"
    picture.write_bytes(picture.read_bytes()[:100])
    told = refused("dataset.classify.cache_images_mb=0")
    assert f"{picture} ({folder.root / 'validation.csv'}:5)" in told


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("dataset.classify.image_width=50", "multiples of"),
        ("model.backbone.freeze_backbone=true", "frozen"),
        ("model.backbone.type=timm/no_such_network", "no_such_network"),
        ("model.backbone.pretrained_backbone_path=nowhere.pth", "nowhere.pth"),
        ("train.pretrained_model_path=nowhere.pth", "no such checkpoint"),
        ("dataset.classify.image_ext=.jpg", "image_ext is .jpg"),
        ("dataset.classify.train_dataset.csv_path=nowhere.csv", "does not exist"),
        ("dataset.classify.train_dataset.images_dir=nowhere", "nowhere"),
        ("wandb.enable=true", "wandb.enable"),
    ],
)
def test_what_can_not_be_trained_is_one_clear_error(refused: Callable[..., str], override: str, told: str) -> None:
    assert told in refused(override)


@pytest.fixture(scope="module")
def once_and_twice(
    shared_folder: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Trainings that differ in how often they look; tests read their files but never change them."""
    once, twice = (tmp_path_factory.mktemp(name) for name in ("once", "twice"))
    for folder, look in ((once, ()), (twice, ("model.classify.second_look=50.0",))):
        outcome = engine("train", base_spec(shared_folder, folder), f"train.results_dir={folder}", *look)
        assert outcome.code == 0, outcome.err
    return once, twice


def test_the_threshold_is_chosen_as_evaluation_looks_and_figures_of_epochs_look_once(
    once_and_twice: tuple[Path, Path], spec: Spec, engine: Callable[..., Any], tmp_path: Path
) -> None:
    once, twice = once_and_twice
    assert figures(once, "val_loss") == figures(twice, "val_loss")
    assert same_weights(once / LATEST, twice / LATEST)

    data = spec["dataset"]["classify"]
    data["test_dataset"] = data["validation_dataset"]
    spec["evaluate"]["checkpoint"] = str(twice / LATEST)
    outcome = engine("evaluate", spec, f"evaluate.results_dir={tmp_path / 'judged'}", "model.classify.second_look=50.0")
    assert outcome.code == 0, outcome.err
    with (tmp_path / "judged" / "predictions.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    labels, scores = [row["label"] != "PASS" for row in rows], [float(row["siamese_score"]) for row in rows]
    chosen = load(twice / LATEST)["threshold"]
    assert chosen == pytest.approx(best_f1(labels, scores).value, rel=1e-4)
    assert chosen != pytest.approx(load(once / LATEST)["threshold"], rel=1e-3)


def test_a_dearer_escape_lowers_the_threshold_and_nothing_else(
    train: Callable[..., Path], once_and_twice: tuple[Path, Path]
) -> None:
    alike, dear = once_and_twice[0], train("model.classify.escape_cost=20")
    assert same_weights(alike / LATEST, dear / LATEST)
    content = load(dear / LATEST)
    assert content["threshold"] < load(alike / LATEST)["threshold"]
    assert content["config"]["model"]["classify"]["escape_cost"] == 20.0
    assert content["threshold_origin"]["escape_cost"] == 20.0
    assert content["threshold_source"].startswith("best F1 with an escape as bad as 20 false alarms on validation")


def test_batches_seen_enlarged_and_hard_pairs_change_what_is_learnt_and_are_repeatable(
    train: Callable[..., Path], trained: Any
) -> None:
    mined = ("dataset.classify.hard_mining=0.75", f"train.pretrained_model_path={trained.latest}", "train.num_epochs=1")
    larger = ("model.classify.second_look=5.0", "model.classify.second_look_scale=1.5")
    plain = train(*mined, name="plain")
    both = [train(*mined, *larger, name=name) for name in ("one", "again")]
    assert same_weights(both[0] / LATEST, both[1] / LATEST)
    assert not same_weights(plain / LATEST, both[0] / LATEST)
    unlike = train(*mined, *larger, "dataset.classify.enlarged_batches=0.0", name="unlike")
    assert same_weights(plain / LATEST, unlike / LATEST)  # the look changes no step by itself
    alike = train(*mined[1:], name="alike")
    assert not same_weights(plain / LATEST, alike / LATEST)


@pytest.mark.long
def test_a_training_on_hard_pairs_goes_on_as_if_it_had_not_stopped(train: Callable[..., Path], trained: Any) -> None:
    words = (
        "dataset.classify.hard_mining=0.5",
        f"train.pretrained_model_path={trained.latest}",
        "model.classify.second_look=5.0",
        "model.classify.second_look_scale=1.5",
    )
    whole = train(*words, "train.optim.policy=step", name="whole")
    epoch = next(whole.glob("*epoch_000*.pth"))
    going_on = f"train.resume_training_checkpoint_path={epoch}"
    again = train(*words, "train.optim.policy=step", going_on, name="resumed")
    assert same_weights(whole / LATEST, again / LATEST)


def test_the_threshold_is_chosen_by_the_look_at_two_sizes_and_evaluation_looks_so(
    train: Callable[..., Path],
    once_and_twice: tuple[Path, Path],
    spec: Spec,
    engine: Callable[..., Any],
    tmp_path: Path,
) -> None:
    look = ("model.classify.second_look=50.0", "model.classify.second_look_scale=1.5")
    once = once_and_twice[1]  # at one size
    both = train(*look, "dataset.classify.enlarged_batches=0.0", name="both")
    assert same_weights(once / LATEST, both / LATEST)
    chosen = load(both / LATEST)["threshold"]
    assert chosen != pytest.approx(load(once / LATEST)["threshold"], rel=1e-3)

    data = spec["dataset"]["classify"]
    data["test_dataset"] = data["validation_dataset"]
    spec["evaluate"]["checkpoint"] = str(both / LATEST)
    outcome = engine("evaluate", spec, f"evaluate.results_dir={tmp_path / 'judged'}", *look)
    assert outcome.code == 0, outcome.err
    with (tmp_path / "judged" / "predictions.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    labels, scores = [row["label"] != "PASS" for row in rows], [float(row["siamese_score"]) for row in rows]
    assert chosen == pytest.approx(best_f1(labels, scores).value, rel=1e-4)
    told = engine("evaluate", spec, f"evaluate.results_dir={tmp_path / 'otherwise'}", look[0])
    assert "second_look_scale is 1.0, the checkpoint has 1.5" in told.out

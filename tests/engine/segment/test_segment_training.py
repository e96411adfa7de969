# SPDX-License-Identifier: Apache-2.0
"""Real segment trainings on small pictures: what they write, and that they learn, resume and fail as they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.documents import dump_yaml
from engine.segment.task import Segment

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = dict[str, Any]
LATEST = "changenet_model_segment_latest.pth"
COMMAND = str(Path(sys.executable).with_name("visual_changenet"))


def weights(path: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["state_dict"]
    return found


def same(one: Path, other: Path) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_training_learns_the_change_and_keeps_its_threshold(trained_masks: Any, kpi_of: Callable[..., Any]) -> None:
    records = [kpi for kpi in kpi_of(trained_masks.folder) if "val_F1_1" in kpi]
    assert records[-1]["val_F1_1"] > 0.8
    assert records[-1]["val_miou"] > 0.8
    content = torch.load(trained_masks.latest, weights_only=True)
    assert 0 < content["threshold"] < 1
    assert content["threshold_source"] == "best F1 of pixels on validation, epoch 20"
    assert (content["task"], content["epoch"], content["global_step"]) == ("segment", 19, 40)
    assert set(content["data"]) == {"dataset.segment.train_split", "dataset.segment.validation_split"}


def test_training_logs_the_declared_figures_and_no_other(trained_masks: Any, kpi_of: Callable[..., Any]) -> None:
    logged = {name for kpi in kpi_of(trained_masks.folder) for name in kpi}
    assert logged == set(Segment(2).metrics)


def test_periodic_and_best_checkpoints_stand_side_by_side(mask_tree: Spec, engine: Callable[..., Any]) -> None:
    best = ("train.checkpointer.enable_topk=true", "train.checkpointer.monitor=val_miou")
    assert engine("train", mask_tree, *best).code == 0
    folder = Path(mask_tree["results_dir"]) / "train"
    names = sorted(path.name for path in folder.glob("*.pth") if not path.is_symlink())
    assert names[1:] == ["model_epoch_000_step_00002.pth", "model_epoch_001_step_00004.pth"]
    assert names[0] in {"model_best_000.pth", "model_best_001.pth"}
    assert (folder / LATEST).readlink() == Path("model_epoch_001_step_00004.pth")


@pytest.mark.parametrize("loss", ["focal", "miou"])
def test_other_losses_train_the_full_decoder_on_all_scales(
    loss: str, mask_tree: Spec, engine: Callable[..., Any]
) -> None:
    mask_tree["model"] = {"backbone": {"type": "timm/test_resnet"}, "decode_head": {"decoder_params": {"embed_dim": 8}}}
    done = engine("train", mask_tree, f"train.segment.loss={loss}", "train.num_epochs=1")
    assert done.code == 0, done.err
    saved = weights(Path(mask_tree["results_dir"]) / "train" / LATEST)
    assert saved["model.head.fuse.0.weight"].shape == (8, 32, 1, 1)


@pytest.mark.parametrize("precision", [pytest.param("bf16-mixed", marks=pytest.mark.long), "bf16-true"])
def test_16_bit_trains_with_all_that_is_done_to_pictures_and_is_evaluated_in_32(
    precision: str, mask_tree: Spec, engine: Callable[..., Any], kpi_of: Callable[..., Any]
) -> None:
    mask_tree["dataset"]["segment"] |= {"tiles": True, "align_pixels": 2, "test_split": "val"}
    mask_tree["dataset"]["segment"]["augmentation"] = {"with_random_blur": True, "nuisance": {"enable": True}}
    done = engine("train", mask_tree, f"train.precision={precision}", "train.num_epochs=1")
    assert done.code == 0, done.err
    folder = Path(mask_tree["results_dir"])
    kinds = {value.dtype for value in weights(folder / "train" / LATEST).values() if value.is_floating_point()}
    assert kinds == {torch.bfloat16 if precision == "bf16-true" else torch.float32}

    done = engine("evaluate", mask_tree, f"evaluate.checkpoint={folder / 'train' / LATEST}")

    assert done.code == 0, done.err
    losses = [kpi[name] for place in ("train", "evaluate") for kpi in kpi_of(folder / place) for name in kpi
              if name in {"val_loss", "test_loss"}]  # fmt: skip
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.long
def test_a_killed_training_resumes_to_the_same_weights(
    mask_tree: Spec, tmp_path: Path, engine: Callable[..., Any]
) -> None:
    """Killed within an epoch, with tiles and every random change in play."""
    tree = dict(mask_tree)
    tree["dataset"]["segment"] |= {"tiles": True, "align_pixels": 2, "batch_size": 4}
    tree["dataset"]["segment"]["augmentation"]["nuisance"] = {"enable": True}
    tree["train"] |= {"num_epochs": 3, "checkpoint_interval": 3, "checkpoint_interval_unit": "step"}
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert engine("train", tree, f"results_dir={straight}").code == 0
    spec = tmp_path / "killed.yaml"
    spec.write_text(dump_yaml(tree), encoding="utf-8")
    marker = broken / "train" / LATEST
    with subprocess.Popen(
        [COMMAND, "train", "-e", str(spec), f"results_dir={broken}"],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
    ) as process:
        while not marker.is_symlink() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert marker.is_symlink()

    done = engine("train", tree, f"results_dir={broken}")

    assert done.code == 0, done.err
    assert "resuming from" in done.out or "nothing left to train" in done.out
    assert same(straight / "train" / LATEST, broken / "train" / LATEST)


def test_a_folder_of_another_training_is_not_taken_for_this_one(
    mask_folder: Any, tree_of: Callable[..., Spec], engine: Callable[..., Any]
) -> None:
    mask_folder.split("train", 8, seed=1)
    mask_folder.split("val", 2, seed=50)
    tree = tree_of(mask_folder)
    assert engine("train", tree, "train.num_epochs=1").code == 0
    names = (mask_folder.root / "list" / "train.txt").read_text().splitlines()
    (mask_folder.root / "list" / "train.txt").write_text("\n".join(reversed(names)) + "\n", encoding="utf-8")

    done = engine("train", tree)

    assert done.code == 1
    assert "this folder holds a training on other data than dataset.segment.train_split" in done.err


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("dataset.segment.batch_size=32", "has 16 pairs, fewer than one batch on each device (32)"),
        ("dataset.segment.train_split=other", "the list of the split 'other' can't be read"),
        ("dataset.segment.label_suffix=.bmp", "the labels end in .png, but label_suffix is .bmp"),
        ("dataset.segment.img_size=50", "multiples of 32"),
        ("train.checkpointer.filename=best_{val_recall}", "can't be filled in"),
        ("train.precision=16-mixed", "the processor can't train in 16-mixed"),
    ],
)
def test_what_can_not_be_trained_on_is_told_before(
    override: str, told: str, mask_tree: Spec, engine: Callable[..., Any]
) -> None:
    done = engine("train", mask_tree, override, "train.checkpointer.enable_topk=true")
    assert done.code == 1
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_label_of_values_that_are_no_class_is_told_with_its_line(
    mask_folder: Any, tree_of: Callable[..., Spec], engine: Callable[..., Any]
) -> None:
    mask_folder.split("train", 8, seed=1)
    mask_folder.split("val", 2, seed=50)

    done = engine(
        "train", tree_of(mask_folder), "dataset.segment.label_transform=None", "dataset.segment.num_classes=3"
    )

    assert done.code == 0, done.err  # 255 is left out of the loss
    done = engine(
        "train",
        tree_of(mask_folder),
        "dataset.segment.label_transform=None",
        "dataset.segment.label_suffix=.png",
        "dataset.segment.annotation_folder_name=A",
        f"results_dir={mask_folder.root.parent / 'other'}",
    )
    assert done.code == 1
    assert "class ids are below 2" in done.err
    assert "list/train.txt:1" in done.err


def test_pictures_that_do_not_fit_into_memory_are_read_by_workers_to_the_same_weights(
    mask_tree: Spec, tmp_path: Path, engine: Callable[..., Any]
) -> None:
    mask_tree["dataset"]["segment"] |= {"tiles": True}
    for name, how in (("memory", ()), ("workers", ("dataset.segment.cache_images_mb=0", "dataset.segment.workers=1"))):
        done = engine("train", mask_tree, f"results_dir={tmp_path / name}", "train.num_epochs=1", *how)
        assert done.code == 0, done.err
    assert same(tmp_path / "memory" / "train" / LATEST, tmp_path / "workers" / "train" / LATEST)

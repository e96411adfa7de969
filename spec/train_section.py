# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`train`: optimisation, schedule, checkpoints, devices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spec.fields import EMBEDDED, Count, Index, Section, Tune, knob, section
from spec.metrics import DEFAULT_MONITOR

Precision = Literal["32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"]
LossWeight = Annotated[float, Field(ge=0)]


class Cudnn(Section):
    """How cuDNN picks its kernels."""

    benchmark: bool = knob(False, "Time the kernels at the start and keep the quickest.")
    deterministic: bool = knob(True, "Use only kernels that give the same result each time.")


class Checkpointer(Section):
    """Keeping the best checkpoints by a metric."""

    enable_topk: bool = knob(False, "Keep the best checkpoints by `monitor`, beside the periodic ones.")
    replace_periodic: bool = knob(
        False,
        "Keep only the best checkpoints: they take the place of the periodic ones and of the latest link's target.",
    )
    monitor: str | None = knob(
        None,
        f"Metric that checkpoints are ranked by; null for {DEFAULT_MONITOR}. Its best epoch is often not the one with "
        "the fewest false alarms: val_far is their rate at 100 % recall, val_far_at_99_recall at 99 %.",
    )
    mode: Literal["min", "max"] | None = knob(
        None, "Whether the lowest or the highest value is best; null for the metric's own."
    )
    save_top_k: Count = knob(1, "How many of the best checkpoints are kept.", le=1000, unit="checkpoints")
    filename: str = knob("model_best_{epoch:03d}", "Name of a best checkpoint, without its ending.", min_length=1)
    dirpath: str | None = knob(None, "Folder of the best checkpoints; null for the results folder of the training.")
    auto_insert_metric_name: bool = knob(False, "Write the metric's name into the file name.")


class Optim(Section):
    """Optimiser and learning rate schedule."""

    monitor_name: str = knob(DEFAULT_MONITOR, "Metric that the schedule watches.", min_length=1)
    optim: Literal["adamw", "adam", "sgd"] = knob(
        "adamw", "Optimiser.", Tune(weights=(0.7, 0.15, 0.15), on=False, parent=True), popular=True
    )
    lr: float = knob(0.0001, "Learning rate at the start.", Tune(1e-6, 1e-2, "log"), gt=0, le=1, popular=True)
    policy: Literal["linear", "step", "cosine"] = knob(
        "linear",
        "How the learning rate falls: in a line to nearly 0, to a tenth at each third of the epochs, or as a cosine.",
        Tune(weights=(0.6, 0.4, 0.0), on=False),
        option_engines={"cosine": list(EMBEDDED)},
    )
    momentum: float = knob(
        0.9, "Momentum of sgd.", Tune(0.5, 0.99, active_when={"train.optim.optim": ["sgd"]}), ge=0, lt=1
    )
    weight_decay: float = knob(0.01, "Weight decay.", Tune(1e-6, 0.1, "log"), ge=0, le=1)
    backbone_lr_scale: float = knob(
        1.0,
        "What the learning rate is multiplied with for the backbone: pretrained features change more slowly than the "
        "fresh layers after them.",
        Tune(0.03, 1.0, "log", on=False),
        ge=0.0001,
        le=1.0,
        engines=list(EMBEDDED),
    )
    warmup_epochs: float = knob(
        0.0,
        "Epochs in which the learning rate rises from 0 to its start value.",
        Tune(0.0, 5.0, on=False, math_cond="< depends_on", depends_on="train.num_epochs"),
        ge=0,
        le=1000,
        unit="epochs",
        engines=list(EMBEDDED),
    )


class ClassifyLoss(Section):
    """Loss of the classify task."""

    loss: Literal["ce", "contrastive"] = knob(
        "ce", "Loss: `ce` goes with the learnable difference module, `contrastive` with the euclidean one."
    )
    cls_weight: Annotated[list[LossWeight], Field(min_length=2)] = knob(
        [1.0, 10.0], "Weight of PASS and of NO_PASS in the `ce` loss.", popular=True
    )


class SegmentLoss(Section):
    """Loss of the segment task."""

    loss: Literal["ce", "focal", "miou"] = knob(
        "ce",
        "Loss of each predicted map: cross-entropy; `focal`, which weighs pixels by how wrong they are; or `miou`, "
        "which counts overlap instead of pixels, plus cross-entropy.",
        Tune(on=False),
        option_engines={"focal": list(EMBEDDED), "miou": list(EMBEDDED)},
    )
    weights: Annotated[list[LossWeight], Field(min_length=5, max_length=5)] = knob(
        [0.5, 0.5, 0.5, 0.8, 1.0], "Weights of the five predicted maps, coarsest first, with multi_scale_train."
    )


class Tensorboard(Section):
    """What is written for TensorBoard."""

    enabled: bool = knob(True, "Write scalars and pictures for TensorBoard.")
    infrequent_logging_frequency: Index = knob(
        2, "Epochs between pictures and histograms; 0 for none.", le=1000000, unit="epochs"
    )


class Train(Section):
    """Optimisation, schedule, checkpoints, devices."""

    num_gpus: Index = knob(
        1,
        "Devices per node; 0 trains on the processor, as does 1 where there is no GPU. Several are as many processes "
        "there, at most one a core.",
        le=1024,
        unit="devices",
        popular=True,
        option_engines={"0": list(EMBEDDED)},
    )
    gpu_ids: list[Index] = knob([0], "Which devices of the node are used, one for each of num_gpus.", popular=True)
    num_nodes: Count = knob(1, "Machines that train together.", le=1024, unit="nodes", popular=True)
    seed: int = knob(1234, "Seed of all random draws; -1 for another one each time.", ge=-1, le=4294967295)
    cudnn: Cudnn = section(Cudnn, "How cuDNN picks its kernels.")
    num_epochs: Count = knob(
        100,
        "Passes over the training pairs.",
        Tune(10, 300, "log", on=False, parent=True),
        le=100000,
        unit="epochs",
        popular=True,
    )
    checkpoint_interval: Count = knob(
        200,
        "Epochs (or steps, see checkpoint_interval_unit) between checkpoints; at most num_epochs.",
        Tune(on=False, math_cond="<= depends_on", depends_on="train.num_epochs"),
        le=100000000,
        unit="epochs",
        popular=True,
    )
    checkpoint_interval_unit: Literal["epoch", "step"] = knob("epoch", "What checkpoint_interval counts.")
    validation_interval: Count = knob(
        50,
        "Epochs between validations; at most num_epochs.",
        Tune(on=False, math_cond="<= depends_on", depends_on="train.num_epochs"),
        le=100000,
        unit="epochs",
        popular=True,
    )
    resume_training_checkpoint_path: str | None = knob(
        None, "Checkpoint to go on from; null goes on from the latest in the results folder, where there is one."
    )
    results_dir: str | None = knob(
        None, "Folder for the training's files; null for `train` under the root results_dir."
    )
    checkpointer: Checkpointer = section(Checkpointer, "Keeping the best checkpoints by a metric.")
    optim: Optim = section(Optim, "Optimiser and learning rate schedule.")
    pretrained_model_path: str | None = knob(
        None, "Checkpoint of a whole model whose weights the training starts from."
    )
    classify: ClassifyLoss = section(ClassifyLoss, "Loss of the classify task.")
    segment: SegmentLoss = section(SegmentLoss, "Loss of the segment task.")
    tensorboard: Tensorboard = section(Tensorboard, "What is written for TensorBoard.")
    precision: Precision = knob(
        "32-true",
        "Number format of training: width in bits, and whether weights stay in 32 bit. 16-mixed needs a GPU of CUDA; "
        "bf16-mixed is computed by processors as well, hardly quicker.",
        gpu_options=["16-mixed"],
    )
    sync_batchnorm: bool = knob(False, "Share batch statistics between devices.")
    use_distributed_sampler: bool = knob(
        False,
        "Give each device its own part of the training pairs instead of its own weighted draws. Segment "
        "trainings, which weigh no pairs, always do.",
    )

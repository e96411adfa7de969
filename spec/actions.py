# SPDX-License-Identifier: Apache-2.0
"""Which keys of the experiment spec each action of the skill uses, and which defaults differ by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Task = Literal["classify", "segment"]
Command = Literal["train", "evaluate", "inference", "inspect", "export", "quantize", "gen_trt_engine"]
COMMANDS: tuple[Command, ...] = get_args(Command)

TASK_DEFAULTS: dict[str, dict[str, Any]] = {
    "classify": {},
    "segment": {
        "task": "segment",
        "model.backbone.type": "vit_large_nvdinov2",
        "model.decode_head.in_channels": [1024, 1024, 1024, 1024],
        "export.input_height": 224,
    },
}


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action of the skill: the engine command behind it, its task, and the keys it keeps of the whole spec.

    `keep` and `drop` hold dotted prefixes; the longest prefix of a key decides.
    """

    name: str
    task: Task
    command: Command
    keep: tuple[str, ...]
    drop: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """File name of the action's spec template."""
        return f"spec_template_{self.name}.yaml"

    def uses(self, key: str) -> bool:
        """Whether the action uses the dotted `key`."""
        return _longest(key, self.keep) > _longest(key, self.drop)


def _longest(key: str, prefixes: tuple[str, ...]) -> int:
    return max((len(p) for p in prefixes if key == p or key.startswith(f"{p}.")), default=-1)


def _under(prefix: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names)


COMMON = ("task", "model_name", "encryption_key", "results_dir")
CLASSIFY_INPUT = _under(
    "dataset.classify",
    "num_input",
    "input_map",
    "grid_map",
    "concat_type",
    "image_width",
    "image_height",
    "num_classes",
    "num_golden",
    "augmentation_config.rgb_input_mean",
    "augmentation_config.rgb_input_std",
)
CLASSIFY_READING = _under("dataset.classify", "image_ext", "batch_size", "workers", "align_pixels", "cache_images_mb")
CLASSIFY_EVALUATION = _under("dataset.classify", "validation_dataset", "test_dataset")
SEGMENT_READING = _under(
    "dataset.segment",
    "root_dir",
    "label_transform",
    "data_name",
    "dataset",
    "multi_scale_infer",
    "num_classes",
    "img_size",
    "batch_size",
    "workers",
    "image_folder_name",
    "change_image_folder_name",
    "list_folder_name",
    "annotation_folder_name",
    "label_suffix",
    "color_map",
    "augmentation.mean",
    "augmentation.std",
)
SEGMENT_INPUT = _under(
    "dataset.segment",
    "num_classes",
    "img_size",
    "batch_size",
    "tiles",
    "align_pixels",
    "multi_scale_infer",
    "augmentation.mean",
    "augmentation.std",
)
SEGMENT_READING_HERE = _under("dataset.segment", "tiles", "align_pixels", "cache_images_mb")
CLASSIFY_MODEL_USE = ("model.backbone.type", "model.classify.difference_module", "model.classify.eval_margin")
# The container makes the loss for every action, and stops where its own default does not fit the difference module.
CLASSIFY_LOSS = ("train.classify",)
TRAINING_ONLY = ("model.classify.train_margin_euclid",)
_TEST_SPLITS = _under("dataset.segment", "test_split", "predict_split", "quant_calibration_dataset")
_OTHER_PAIRS = _under("dataset.classify", "test_dataset", "infer_dataset", "quant_calibration_dataset")


def _classify(command: Command, keep: tuple[str, ...], drop: tuple[str, ...] = ()) -> ActionSpec:
    return ActionSpec(command, "classify", command, COMMON + keep, ("model.segment", *drop))


def _segment(command: Command, keep: tuple[str, ...], drop: tuple[str, ...] = ()) -> ActionSpec:
    return ActionSpec(f"segment_{command}", "segment", command, COMMON + keep, ("model.classify", *drop))


def _deploy(task: Task, command: Command, keep: tuple[str, ...], drop: tuple[str, ...] = ()) -> ActionSpec:
    return ActionSpec(f"deploy_{task}_{command}", task, command, COMMON + keep, drop)


_CHECKPOINT_ONLY = {name: _under(name, "checkpoint", "num_nodes") for name in ("evaluate", "inference")}
_VISUALS = {name: _under(name, "vis_after_n_batches") for name in ("evaluate", "inference")}
_REGIONS = {name: _under(name, "region_gap") for name in ("evaluate", "inference")}
_MAPS = {name: _under(name, "evidence_maps") for name in ("evaluate", "inference")}
_ENGINE = {name: _under(name, "trt_engine") for name in ("evaluate", "inference")}
_INFER = ("dataset.classify.infer_dataset",)
_CALIBRATION = ("dataset.classify.image_ext",)

ACTIONS: dict[str, ActionSpec] = {
    action.name: action
    for action in (
        _classify("train", ("wandb", "model", "dataset.classify", "train"), (*_OTHER_PAIRS, "train.segment")),
        _classify(
            "evaluate",
            ("model", *CLASSIFY_INPUT, *CLASSIFY_READING, *CLASSIFY_EVALUATION, *CLASSIFY_LOSS, "evaluate"),
            (*TRAINING_ONLY, *_ENGINE["evaluate"], *_VISUALS["evaluate"], *_REGIONS["evaluate"]),
        ),
        _classify(
            "inference",
            ("model", *CLASSIFY_INPUT, *CLASSIFY_READING, *_INFER, *CLASSIFY_LOSS, "inference"),
            (*TRAINING_ONLY, *_ENGINE["inference"], *_VISUALS["inference"], *_REGIONS["inference"]),
        ),
        _classify(
            "export",
            (
                "model",
                *CLASSIFY_INPUT,
                *CLASSIFY_READING,
                "dataset.classify.validation_dataset",
                *CLASSIFY_LOSS,
                "export",
            ),
            TRAINING_ONLY,
        ),
        _classify(
            "quantize",
            (
                "model",
                *CLASSIFY_INPUT,
                *CLASSIFY_READING,
                *_under("dataset.classify", "train_dataset", "validation_dataset", "quant_calibration_dataset"),
                *CLASSIFY_LOSS,
                "quantize",
            ),
            TRAINING_ONLY,
        ),
        _classify(
            "inspect",
            (
                "model",
                *CLASSIFY_INPUT,
                *_under("dataset.classify", "batch_size", "align_pixels"),
                "inspect",
            ),
            (*TRAINING_ONLY, "inspect.least_area"),
        ),
        _segment("train", ("wandb", "model", "dataset.segment", "train"), (*_TEST_SPLITS, "train.classify")),
        _segment(
            "evaluate",
            ("model", *SEGMENT_READING, *SEGMENT_READING_HERE, "dataset.segment.test_split", "evaluate"),
            (*_ENGINE["evaluate"], *_MAPS["evaluate"]),
        ),
        _segment(
            "inference",
            ("model", *SEGMENT_READING, *SEGMENT_READING_HERE, "dataset.segment.predict_split", "inference"),
            (*_ENGINE["inference"], *_MAPS["inference"]),
        ),
        _segment("inspect", ("model", *SEGMENT_INPUT, "inspect"), ("inspect.crop",)),
        _deploy(
            "classify",
            "gen_trt_engine",
            (
                "model.backbone.type",
                "model.classify.difference_module",
                *CLASSIFY_INPUT,
                *_CALIBRATION,
                "gen_trt_engine",
            ),
        ),
        _deploy(
            "classify",
            "evaluate",
            (*CLASSIFY_MODEL_USE, *CLASSIFY_INPUT, *CLASSIFY_READING, *CLASSIFY_EVALUATION, "evaluate"),
            (*_CHECKPOINT_ONLY["evaluate"], *_VISUALS["evaluate"], *_MAPS["evaluate"], *_REGIONS["evaluate"]),
        ),
        _deploy(
            "classify",
            "inference",
            (*CLASSIFY_MODEL_USE, *CLASSIFY_INPUT, *CLASSIFY_READING, *_INFER, "inference"),
            (*_CHECKPOINT_ONLY["inference"], *_VISUALS["inference"], *_MAPS["inference"], *_REGIONS["inference"]),
        ),
        _deploy(
            "segment",
            "gen_trt_engine",
            ("model.backbone.type", *SEGMENT_READING, "gen_trt_engine"),
        ),
        _deploy(
            "segment",
            "evaluate",
            ("model.backbone.type", *SEGMENT_READING, "dataset.segment.test_split", "evaluate"),
            (*_CHECKPOINT_ONLY["evaluate"], *_MAPS["evaluate"], *_REGIONS["evaluate"]),
        ),
        _deploy(
            "segment",
            "inference",
            ("model.backbone.type", *SEGMENT_READING, "dataset.segment.predict_split", "inference"),
            (*_CHECKPOINT_ONLY["inference"], *_MAPS["inference"], *_REGIONS["inference"]),
        ),
    )
}


def command_of(action: str) -> str:
    """The engine command behind an action name; a command is its own."""
    return ACTIONS[action].command if action in ACTIONS else action


def task_of(action: str) -> Task | None:
    """The task that an action name settles; None for a bare command, of which the spec's own `task` tells."""
    return ACTIONS[action].task if action in ACTIONS and action not in COMMANDS else None

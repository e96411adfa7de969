# SPDX-License-Identifier: Apache-2.0
"""The classify task as the shared parts know it: PASS or NO_PASS for pairs of a test and a golden image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import get
from core.file_names import INFERENCE_FILE
from engine.task import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.settings import Run
    from engine.status import StatusFile

_IMAGE_SIZE = ("num_input", "concat_type", "grid_map", "image_width", "image_height")
_NORMALISATION = ("augmentation_config.rgb_input_mean", "augmentation_config.rgb_input_std")
_INPUT = ("input_map", "align_pixels", *_NORMALISATION, *_IMAGE_SIZE)
_PLACES = tuple(f"dataset.classify.{name}" for name in _IMAGE_SIZE)  # for heads with a weight per place
_EVERY_NETWORK = (
    "task",
    "model.backbone.type",
    "model.backbone.feat_downsample",
    "model.backbone.finest_stride",
    "model.decode_head.use_summary_token",
    "model.classify.difference_module",
    "model.classify.difference_head",
    "dataset.classify.num_classes",
)
_OF_HEAD = {
    "euclidean": ("model.classify.embedding_vectors", *_PLACES),
    "flatten": (
        "model.classify.embed_dec",
        "model.classify.learnable_difference_modules",
        "model.decode_head.in_index",
        "model.decode_head.decoder_params.embed_dim",
        *_PLACES,
    ),
    "pooled": (),
}
_MEASURED = ("precision", "recall", "f1", "escapes", "auc", "ap", "far_at_99_recall")


def _train(run: Run, status: StatusFile) -> None:
    from engine.classify.training import train

    train(run, status)


def _evaluate(run: Run, status: StatusFile) -> None:
    from engine.classify.evaluation import evaluate

    evaluate(run, status)


def _infer(run: Run, status: StatusFile) -> None:
    from engine.classify.evaluation import infer

    infer(run, status)


class Classify:
    """See `engine.task.Task`."""

    name = "classify"
    actions: Mapping[str, Action] = {
        "train": Action("train on the pairs of dataset.classify.train_dataset", _train),
        "evaluate": Action("measure a checkpoint on the labelled pairs of dataset.classify.test_dataset", _evaluate),
        "inference": Action(f"score the pairs of dataset.classify.infer_dataset, into {INFERENCE_FILE}", _infer),
    }
    metrics = (
        *(f"train_{name}" for name in ("loss", "acc", "fpr")),
        *(f"val_{name}" for name in ("loss", "acc", "fpr", "far", "latency_ms", *_MEASURED)),
    )
    input_keys = tuple(f"dataset.classify.{name}" for name in _INPUT)

    def architecture_keys(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Those of every network, and those of the difference head."""
        section = get(config, "model.classify")
        euclidean = section["difference_module"] == "euclidean"
        return (*_EVERY_NETWORK, *_OF_HEAD["euclidean" if euclidean else section["difference_head"]])


CLASSIFY = Classify()

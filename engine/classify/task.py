# SPDX-License-Identifier: Apache-2.0
"""The classify task as the shared parts know it: PASS or NO_PASS for pairs of a test and a golden image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import get

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class Classify:
    """See `engine.task.Task`."""

    name = "classify"
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

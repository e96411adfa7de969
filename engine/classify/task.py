# SPDX-License-Identifier: Apache-2.0
"""The classify task as the shared parts know it: PASS or NO_PASS for pairs of a test and a golden image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get
from deployed.file_head import JUDGEMENT_KEYS
from pairs.classify_csv import light_names

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
# What a deployed model has to know beside these, and beside how its output is judged: how its input is laid out.
_GOLDENS = "dataset.classify.num_golden"
_MEASURED = ("precision", "recall", "f1", "escapes", "auc", "ap", "far_at_99_recall")


class Classify:
    """See `engine.task.Task`."""

    name = "classify"
    metrics = (
        *(f"train_{name}" for name in ("loss", "acc", "fpr", "fpr_of_all")),
        *(f"val_{name}" for name in ("loss", "acc", "fpr", "fpr_of_all", "far", "latency_ms", *_MEASURED)),
    )
    input_keys = (*(f"dataset.classify.{name}" for name in _INPUT), "model.classify.second_look_scale")

    # Keys of the spec that travel with a model, and of these the ones that a spec can't contradict.
    fixed_keys = tuple(
        dict.fromkeys((*_EVERY_NETWORK, *_OF_HEAD["euclidean"], *_OF_HEAD["flatten"], *input_keys, _GOLDENS))
    )
    travelling_keys = (*fixed_keys, *JUDGEMENT_KEYS)

    data_keys = tuple(
        f"dataset.classify.{split}_dataset.{key}"
        for split in ("train", "validation")
        for key in ("csv_path", "images_dir")
    )

    def tables(self, config: Mapping[str, Any]) -> dict[str, Path]:
        """The CSV files."""
        named = {key: get(config, key) for key in self.data_keys if key.endswith("csv_path")}
        return {key: Path(str(path)) for key, path in named.items() if path}

    def judged_otherwise(self, trained: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
        """Another number of lightings, or the same ones in another order."""
        lights = "dataset.classify.num_input"
        before, now = get(trained, lights), get(config, lights)
        if before is not None and before != now:
            return [f"{lights} is {now}, the checkpoint has {before}"]
        names, order = (light_names(get(tree, "dataset.classify.input_map")) for tree in (trained, config))
        if names == order or set(names) != set(order):
            return []  # other names alone may be those of the same lightings on another line: that is a warning
        return [f"the lightings are in the order {_listed(order)}, the checkpoint has {_listed(names)}"]

    def architecture_keys(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Those of every network, and those of the difference head."""
        section = get(config, "model.classify")
        euclidean = section["difference_module"] == "euclidean"
        return (*_EVERY_NETWORK, *_OF_HEAD["euclidean" if euclidean else section["difference_head"]])


def _listed(names: tuple[str | None, ...]) -> str:
    return ", ".join(str(name) for name in names)


CLASSIFY = Classify()

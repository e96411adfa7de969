# SPDX-License-Identifier: Apache-2.0
"""The segment task as the shared parts know it: which pixels changed between a golden and a test image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.dotted import get
from pairs.quick import segment_source
from scoring.pixels import pixel_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spec.experiment import Experiment

_SECTION = "dataset.segment"
_SPLITS = ("train_split", "validation_split")
_EVERY_NETWORK = (
    "task",
    "model.backbone.type",
    "model.backbone.feat_downsample",
    "model.backbone.finest_stride",
    "model.decode_head.use_summary_token",
    "model.decode_head.in_index",
    "model.segment.decoder",
    f"{_SECTION}.num_classes",
)


@dataclass(frozen=True)
class Segment:
    """See `engine.task.Task`; `classes` are those of a spec, on which the figures depend."""

    classes: int = 2

    name = "segment"
    input_keys = tuple(
        f"{_SECTION}.{name}" for name in ("img_size", "tiles", "align_pixels", "augmentation.mean", "augmentation.std")
    )
    # Keys of the spec that travel with a model; a spec can contradict none of them.
    fixed_keys = (
        *_EVERY_NETWORK,
        "model.decode_head.decoder_params.embed_dim",
        *input_keys,
        f"{_SECTION}.multi_scale_infer",
    )
    travelling_keys = fixed_keys
    data_keys = (f"{_SECTION}.root_dir", *(f"{_SECTION}.{name}" for name in _SPLITS))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The figures of an epoch and of a validation."""
        names = ("loss", *pixel_names(self.classes))
        return tuple(f"{split}_{name}" for split in ("train", "val") for name in names)

    def tables(self, config: Mapping[str, Any]) -> dict[str, Path]:
        """The lists of both splits."""
        section = get(config, _SECTION)
        source = segment_source(section)
        return {f"{_SECTION}.{name}": source.list_file(section[name]) for name in _SPLITS}

    def judged_otherwise(self, trained: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
        """Golden and test images in each other's place."""
        keys = ("image_folder_name", "change_image_folder_name")
        before, now = ([get(tree, f"{_SECTION}.{key}") for key in keys] for tree in (trained, config))
        if before[::-1] != now or before[0] == before[1]:
            return []
        return [f"golden and test images are those of {now[0]} and {now[1]}, the checkpoint has it the other way round"]

    def architecture_keys(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Those of every network, and the width of the full decoder."""
        full = get(config, "model.segment.decoder") == "full"
        return (*_EVERY_NETWORK, *(("model.decode_head.decoder_params.embed_dim",) if full else ()))


def segment_task(experiment: Experiment) -> Segment:
    """The task of a spec."""
    return Segment(experiment.dataset.segment.num_classes)

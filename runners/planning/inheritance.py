# SPDX-License-Identifier: Apache-2.0
"""What a child's spec takes over from its parent's, so that a checkpoint meets the network it was trained as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import dotted
from core.errors import ParentError

if TYPE_CHECKING:
    from runners.planning.layers import Layers
    from runners.planning.parents import Parent

_MISSING = object()
# With another value of these the checkpoint's tensors, or what they see, would not fit.
ARCHITECTURE = (
    "model.backbone.type",
    "model.backbone.feat_downsample",
    "model.backbone.finest_stride",
    "model.decode_head",
    *(
        f"model.classify.{name}"
        for name in (
            "embedding_vectors",
            "embed_dec",
            "learnable_difference_modules",
            "difference_module",
            "difference_head",
        )
    ),
    *(
        f"dataset.classify.{name}"
        for name in ("num_input", "grid_map", "concat_type", "image_width", "image_height", "num_classes")
    ),
    "dataset.segment.num_classes",
    "dataset.segment.img_size",
)
# What the parent was used with; the user may say otherwise.
_HABITS = (
    "model.classify.eval_margin",
    "model.classify.target",
    "model.classify.second_look",
    "dataset.classify.input_map",
    "dataset.classify.num_golden",
    "dataset.classify.align_pixels",
    "dataset.classify.augmentation_config.rgb_input_mean",
    "dataset.classify.augmentation_config.rgb_input_std",
    "dataset.segment.augmentation.mean",
    "dataset.segment.augmentation.std",
    "dataset.segment.label_transform",
    "dataset.segment.label_suffix",
    "dataset.segment.color_map",
    *(f"dataset.segment.{name}_folder_name" for name in ("image", "change_image", "list", "annotation")),
)
_IMAGE_EXT = "dataset.classify.image_ext"
# Going on with a training takes all of it but its place, its devices and its identity elsewhere.
_NOT_RESUMED = (
    *("results_dir", "encryption_key", "wandb.run_id", "train.results_dir", "train.resume_training_checkpoint_path"),
    *("train.num_gpus", "train.gpu_ids", "train.num_nodes"),
)


def inherit(layers: Layers, parent: Parent, *, resumes: bool) -> None:
    """Put the parent's architecture and suggest its habits; a training that goes on takes over all it can."""
    for key in layers.schema.value_keys():
        value = dotted.get(parent.spec, key, _MISSING)
        if value is _MISSING:
            continue
        if _is_below(key, ARCHITECTURE):
            layers.put(key, value, "parent", parent.job.id)
        elif _is_taken_over(layers, key, resumes=resumes):
            layers.suggest(key, value, "parent", parent.job.id)


def _is_taken_over(layers: Layers, key: str, *, resumes: bool) -> bool:
    if key == _IMAGE_EXT or key.endswith(("_path", "_dir")):
        # The data that the request names says more about itself than the parent's data does.
        return layers.source(key) in {"template", "profile"} and (resumes or key == _IMAGE_EXT) and _resumed(key)
    return key in _HABITS or (resumes and _resumed(key))


def _resumed(key: str) -> bool:
    return not _is_below(key, _NOT_RESUMED)


def require_same_architecture(layers: Layers, parent: Parent) -> None:
    """Nothing that the user set contradicts the network of the parent's checkpoint.

    Raises:
        ParentError: with every key that does, the value given and the parent's.
    """
    wrong = []
    for key, origin in layers.provenance.items():
        theirs: Any = dotted.get(parent.spec, key, _MISSING)
        own = layers.get(key)
        if (
            origin.source in {"shorthand", "override"}
            and _is_below(key, ARCHITECTURE)
            and theirs not in (_MISSING, own)
        ):
            wrong.append(f"{key} is {own}, but the parent's is {theirs}")
    if wrong:
        message = f"the checkpoint of {parent.job.id} is of another architecture: {'; '.join(wrong)}"
        remedy = "leave these keys out: they are taken from the parent"
        raise ParentError(message, code="parent.architecture", where=parent.job.id, remedy=remedy)


def _is_below(key: str, prefixes: tuple[str, ...]) -> bool:
    return any(key == prefix or key.startswith(f"{prefix}.") for prefix in prefixes)

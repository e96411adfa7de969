# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files: their names, what they hold, and whether they fit a spec.

A checkpoint is one dictionary that loads with `weights_only=True`: state_dict (`model.*`), epoch (from 0), global_step,
optimizer_states, lr_schedulers, config (the spec it was trained with), task, threshold, threshold_source, and what
Lightning needs to resume.
"""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

import torch

from core.dotted import get
from core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor, nn

Content = dict[str, Any]
LATEST = {"classify": "changenet_model_classify_latest.pth", "segment": "changenet_model_segment_latest.pth"}
_PREFIX = "model."

_IMAGE_SIZE = ("num_input", "concat_type", "grid_map", "image_width", "image_height")
_PLACES = tuple(f"dataset.classify.{name}" for name in _IMAGE_SIZE)  # for heads with a weight per place
# Keys that decide which tensors a network has: those of every network, and those of each difference head.
_ARCHITECTURE = (
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
# Keys that change what the network sees: it runs with other values, but not as it was trained.
_NORMALISATION = ("augmentation_config.rgb_input_mean", "augmentation_config.rgb_input_std")
_INPUT = ("input_map", "align_pixels", *_NORMALISATION, *_IMAGE_SIZE)


def periodic_name(epoch: int, step: int) -> str:
    """The file name of a periodic checkpoint; `epoch` counts from 0."""
    return f"model_epoch_{epoch:03d}_step_{step:05d}.pth"


def read_checkpoint(path: Path) -> Content:
    """Read a checkpoint file into memory on the processor; no code in it is run.

    Raises:
        CheckpointError: there is no such file, or it is no checkpoint of this network.
    """
    if not path.is_file():
        raise _missing(path)
    try:
        with warnings.catch_warnings():
            # torch warns of foreign pickles before it refuses them; the refusal is told below.
            warnings.simplefilter("ignore", UserWarning)
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        reason = "the file holds more than weights and plain values, so that reading it could run code"
        raise _error(path, reason, "checkpoint.unsafe", "use a checkpoint that this engine wrote") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as problem:
        reason = str(problem).strip().partition("\n")[0]
        raise _error(path, f"this is no readable checkpoint ({reason})", "checkpoint.broken", "copy it again") from None
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        remedy = "backbone weights belong in model.backbone.pretrained_backbone_path"
        raise _error(path, "the file holds no trained model (no state_dict)", "checkpoint.no_model", remedy)
    return content


def _missing(path: Path) -> CheckpointError:
    if path.is_symlink():
        message = f"the link points to {path.readlink()}, which is gone"
        return _error(path, message, "checkpoint.missing", "remove the link to start anew, or put the file back")
    return _error(path, "there is no such checkpoint", "checkpoint.missing", "name the .pth file of a training run")


def check_fits(content: Content, config: Mapping[str, Any], path: Path) -> list[str]:
    """Compare the spec a checkpoint was trained with to `config`; returns warnings about its input.

    Raises:
        CheckpointError: another task or architecture; with both values.
    """
    trained = content.get("config")
    if not isinstance(trained, dict):
        return []
    keys = (*_ARCHITECTURE, *_OF_HEAD[_head_of(config)])
    wrong = [line for key in keys if (line := _difference(key, trained, config))]
    if wrong:
        remedy = "use the spec that the model was trained with (experiment.yaml beside the checkpoint)"
        message = "the model was trained with another architecture than the spec's: " + "; ".join(wrong)
        raise _error(path, message, "checkpoint.architecture", remedy)
    names = [f"dataset.classify.{name}" for name in _INPUT]
    return [f"unlike in training: {line}" for key in names if (line := _difference(key, trained, config))]


def _head_of(config: Mapping[str, Any]) -> str:
    section = get(config, "model.classify")
    return "euclidean" if section["difference_module"] == "euclidean" else str(section["difference_head"])


def _difference(key: str, trained: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    before, now = get(trained, key), get(config, key)
    # A spec that says nothing of a key was written before the key existed.
    return f"{key} is {now}, the checkpoint has {before}" if before is not None and before != now else ""


def load_trained(network: nn.Module, content: Content, path: Path) -> None:
    """Fill a network with a checkpoint's weights; every tensor must have its counterpart.

    Raises:
        CheckpointError: tensors are missing, unexpected or of another shape; with their names.
    """
    weights = model_weights(content)
    own = network.state_dict()
    missing = [name for name in own if name not in weights]
    unexpected = [name for name in weights if name not in own]
    misshapen = [
        f"{name} ({_shape(weights[name])}, not {_shape(own[name])})"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    problems = {"missing": missing, "unexpected": unexpected, "of another shape": misshapen}
    told = [f"{len(names)} tensors are {kind} ({_some(names)})" for kind, names in problems.items() if names]
    if told:
        remedy = "use the spec that the model was trained with (experiment.yaml beside the checkpoint)"
        raise _error(path, "; ".join(told), "checkpoint.keys", remedy)
    network.load_state_dict(weights)


def start_from(network: nn.Module, content: Content, path: Path) -> str:
    """Fill what fits of a network with another model's weights; returns a line that says how much.

    Raises:
        CheckpointError: nothing fits.
    """
    weights, own = model_weights(content), network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        message = f"no tensor of the checkpoint fits: it holds {_some(weights)}, needed are {_some(own)}"
        raise _error(path, message, "checkpoint.no_match", "name a checkpoint of the same architecture")
    network.load_state_dict(fitting, strict=False)
    left = [name for name in own if name not in fitting]
    tail = f"; {len(left)} keep their start values ({_some(left)})" if left else ""
    return f"{len(fitting)} of {len(own)} tensors taken from {path}{tail}"


def model_weights(content: Content) -> dict[str, Tensor]:
    """The network's tensors of a checkpoint, by their names in the network."""
    weights = content["state_dict"]
    return {name.removeprefix(_PREFIX): value for name, value in weights.items() if name.startswith(_PREFIX)}


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a scalar"


def _some(names: Iterable[str], count: int = 3) -> str:
    listed = list(names)
    return ", ".join(listed[:count]) + (f" and {len(listed) - count} more" if len(listed) > count else "")


def _error(path: Path, message: str, code: str, remedy: str) -> CheckpointError:
    return CheckpointError(message, code=code, where=str(path), remedy=remedy)

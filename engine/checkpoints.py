# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files: their names, what they hold, and whether they fit a spec.

A checkpoint is one dictionary that loads with `weights_only=True`: state_dict (`model.*`), epoch (from 0), global_step,
optimizer_states, lr_schedulers, config (the spec it was trained with), task, threshold with threshold_source and
threshold_origin, white_level (of 16-bit pictures), trained_on (what the pictures were like), and what Lightning needs
to resume.
"""

from __future__ import annotations

import math
import pickle
import sys
import warnings
from typing import TYPE_CHECKING, Any

import torch

from core.dotted import get
from core.errors import CheckpointError
from engine.file_names import EXPERIMENT
from engine.torch_files import damaged_part
from pairs.decoding import FULL_WHITE, WHITES
from pairs.trained_on import TRAINED_ON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from engine.task import Task

Content = dict[str, Any]
_PREFIX = "model."
_BELOW_ALL = -1e-5  # a threshold that flags all pairs stands a little below the lowest score, which may be 0
_REMEDY = f"use the spec that the model was trained with ({EXPERIMENT} beside the checkpoint)"
WHITE_LEVEL = "white_level"
# What is compared and shown, which a tensor can't be.
_TOLD = ("config", "threshold_source", "threshold_origin", WHITE_LEVEL, TRAINED_ON)


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
    except Exception as problem:  # noqa: BLE001 - a damaged pickle raises anything
        reason = str(problem).strip().partition("\n")[0] or type(problem).__name__
        raise _error(path, f"this is no readable checkpoint ({reason})", "checkpoint.broken", "copy it again") from None
    if part := damaged_part(path):
        message = f"the checkpoint was damaged after it was written ({part} does not have its checksum)"
        raise _error(path, message, "checkpoint.broken", "copy it again, or use another checkpoint of the training")
    if not isinstance(content, dict) or not _are_weights(content.get("state_dict")):
        remedy = "backbone weights belong in model.backbone.pretrained_backbone_path"
        raise _error(path, "the file holds no trained model (no state_dict)", "checkpoint.no_model", remedy)
    if strange := next((name for name in _TOLD if not _is_plain(content.get(name))), None):
        remedy = "use another checkpoint of the training"
        raise _error(path, f"its {strange} holds more than plain values", f"checkpoint.{strange}", remedy)
    return content


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_is_plain, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, bool | int | float | str)


def _are_weights(state: Any) -> bool:
    return isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    )


def read_threshold(content: Content, path: Path, highest: float) -> float | None:
    """The threshold of a checkpoint, None where it has none.

    Raises:
        CheckpointError: it is no finite number that scores from 0 to `highest` can lie above and below.
    """
    value = content.get("threshold")
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not _BELOW_ALL <= value <= min(highest, sys.float_info.max):
        bounds = "from 0 on" if highest == math.inf else f"from 0 to {highest:g}"
        message = f"its threshold is {shown(value)}, but scores are numbers {bounds}: it could not judge a board"
        raise _error(path, message, "checkpoint.threshold", "use another checkpoint of the training, or train again")
    return float(value)


def read_white(content: Content, path: Path) -> int:
    """The level of white in 16-bit pictures that the model was trained with; all of them where it tells none.

    Raises:
        CheckpointError: it is no level that a set of pictures can have.
    """
    white = content.get(WHITE_LEVEL, FULL_WHITE)
    if isinstance(white, bool) or white not in WHITES:
        message = f"its {WHITE_LEVEL} is {shown(white)}, which no set of pictures has"
        raise _error(path, message, "checkpoint.white_level", "restore the file, or train again")
    return int(white)


def shown(value: Any) -> str:
    """A value of a file in a message: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _missing(path: Path) -> CheckpointError:
    if path.is_symlink():
        message = f"the link points to {path.readlink()}, which is gone"
        return _error(path, message, "checkpoint.missing", "remove the link to start anew, or put the file back")
    return _error(path, "there is no such checkpoint", "checkpoint.missing", "name the .pth file of a training run")


def check_fits(content: Content, config: Mapping[str, Any], path: Path, task: Task) -> list[str]:
    """Compare the spec a checkpoint was trained with to `config`; returns warnings about its input.

    Raises:
        CheckpointError: another task, architecture or kind of input; with both values.
    """
    trained = content.get("config")
    if not isinstance(trained, dict):
        return []
    wrong = [line for key in task.architecture_keys(config) if (line := _difference(key, trained, config))]
    if wrong:
        message = "the model was trained with another architecture than the spec's: " + "; ".join(wrong)
        raise _error(path, message, "checkpoint.architecture", _REMEDY)
    if otherwise := task.judged_otherwise(trained, config):
        message = "the model would see something else than it was trained on: " + "; ".join(otherwise)
        raise _error(path, message, "checkpoint.input", _REMEDY)
    return [f"unlike in training: {line}" for key in task.input_keys if (line := _difference(key, trained, config))]


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
        raise _error(path, "; ".join(told), "checkpoint.keys", _REMEDY)
    _fill(network, weights, path)


def _fill(network: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(weights, strict=False)
    except (RuntimeError, NotImplementedError, TypeError, ValueError) as problem:
        reason = str(problem).strip().rpartition("\n")[2].strip()
        raise _error(path, f"its tensors can't be taken over ({reason})", "checkpoint.tensors", _REMEDY) from None


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
    _fill(network, fitting, path)
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

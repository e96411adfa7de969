# SPDX-License-Identifier: Apache-2.0
"""Any feature network of timm as a backbone: four of its levels, with the keys of timm's own weight files."""

from __future__ import annotations

import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from core.errors import SpecError, did_you_mean
from engine.backbones.base import Backbone, Levels
from engine.backbones.info import BACKBONE_KEY, GOOD_TIMM_NAMES, TIMM_PREFIX, BackboneInfo
from engine.backbones.timm_parts import timm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OWN_PREFIX = "trunk.model."
# Which levels are taken, by the stride that is asked for the finest: the last four, or one finer instead of the last.
_INDICES = {4: (-4, -3, -2, -1), 2: (-5, -4, -3, -2)}
# Pictures that a held stage sees at once: a third less time than with 32 of 128 px, on 1 MiB of second-level cache.
_PART = 8
# What timm raises for a network that has no such levels, or that can't be laid out at the asked size.
_LAYOUT_ERRORS = (AssertionError, AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)


class TimmPyramid(Backbone):
    """Four feature levels of a timm network; final features are the last map, flattened.

    The last map is not averaged: where a difference lies is evidence, as in the FAN backbones. Levels that can be
    frozen one by one are those of `freeze_levels`.
    """

    family: ClassVar[str] = "timm"
    pretrained_prefix: ClassVar[str] = "trunk."

    def __init__(self, name: str, image_height: int, image_width: int, finest_stride: int = 4) -> None:
        sizes = _map_sizes(name, image_height, image_width, finest_stride)
        info = describe(name, finest_stride)
        _check_sizes(info, sizes, image_height, image_width)
        last_height, last_width = sizes[-1]
        channels = info.decoder_channels
        super().__init__(
            name, channels=channels, strides=info.strides, embed_dim=channels[-1] * last_height * last_width
        )
        self.trunk = _create(name, image_height, image_width, finest_stride)
        self._held: list[nn.Module] = []

    def freeze_levels(self, count: int) -> None:
        """Stop training the first `count` levels and all that comes before them, running statistics held."""
        if not count:
            return
        last = self.trunk.feature_info.module_name()[count - 1]
        names = [name for name, _ in self.trunk.model.named_modules()]
        end = max(i for i, name in enumerate(names) if name == last or name.startswith(f"{last}."))
        for name in names[1 : end + 1]:
            module = self.trunk.model.get_submodule(name)
            if not last.startswith(f"{name}."):  # a container that holds later levels too
                self._held.append(module)
                for parameter in module.parameters(recurse=False):
                    parameter.requires_grad_(requires_grad=False)
        self._in_parts()
        self.train(self.training)

    def _in_parts(self) -> None:
        """Let each held stage take a few pictures at a time: their maps then stay in the processor's cache."""
        held = set(self._held)
        stages = (child for outer in self.trunk.model.children() for child in (outer, *outer.children()))
        for stage in stages:
            if isinstance(stage, nn.Sequential) and len(stage) and held.issuperset(stage.modules()):
                stage.forward = partial(_by_parts, stage.forward)  # type: ignore[method-assign]

    def train(self, mode: bool = True) -> TimmPyramid:
        """As for every backbone, and levels that are held stay in evaluation mode."""
        super().train(mode)
        for module in self._held:
            module.training = False
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the four maps c1..c4."""
        maps: list[Tensor] = self.trunk(images)
        return maps

    def final_features(self, images: Tensor) -> Tensor:
        """Return the last map as one vector per image."""
        return self.forward(images)[-1].flatten(1)

    def convert_weights(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring older layouts and other position grids to this network's, and mark what the pyramid doesn't use."""
        network = self.trunk.model
        kept = network.state_dict().keys()
        left_out = _network_keys(self.name) - kept
        plain = {key.removeprefix(_OWN_PREFIX): value for key, value in weights.items()}
        renamed = _filtered(network, plain)
        return {_own_key(key, left_out): value for key, value in renamed.items()}


def _by_parts(stage: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """A stage that sees each picture by itself; whole where there is no cache to keep to, or slopes are wanted."""
    if len(pictures) <= _PART or pictures.device.type != "cpu" or pictures.requires_grad:
        return stage(pictures)
    return torch.cat([stage(pictures[at : at + _PART]) for at in range(0, len(pictures), _PART)])


def describe(name: str, finest_stride: int = 4) -> BackboneInfo:
    """Describe `timm/<name>` from its layout alone.

    Raises:
        SpecError: timm has no such network, or it gives fewer than four maps, or none of the finest stride.
    """
    trunk = _create(name, None, None, finest_stride, device="meta")
    info = trunk.feature_info
    channels, strides = _levels(info.channels()), _levels(info.reduction())
    if finest_stride != 4 and strides[0] != finest_stride:
        raise _unsuitable(name, f"its maps have strides {list(strides)}, none of {finest_stride}")
    return BackboneInfo(
        name,
        family="timm",
        embed_dim=channels[-1],
        decoder_channels=channels,
        strides=strides,
        frozen=False,
        input_multiple=max(strides),
    )


def _network_name(name: str) -> str:
    return name.removeprefix(TIMM_PREFIX)


def _create(name: str, height: int | None, width: int | None, finest_stride: int, device: str = "cpu") -> Any:
    network = _network_name(name)
    if not timm.is_model(network):
        raise _no_such_network(name, timm.list_models())
    options: dict[str, Any] = {}
    indices = _INDICES[finest_stride]
    config = timm.get_pretrained_cfg(network)
    if height is not None and config is not None and config.fixed_input_size:
        options["img_size"] = (height, width)
    try:
        with torch.device(device):
            return timm.create_model(
                network, pretrained=False, features_only=True, feature_cls="getter", out_indices=indices, **options
            )
    except _LAYOUT_ERRORS as error:
        raise _unsuitable(name, _reason(error)) from error


def _map_sizes(name: str, height: int, width: int, finest_stride: int) -> list[tuple[int, int]]:
    """Height and width of the four maps, from a pass without memory or arithmetic."""
    trunk = _create(name, height, width, finest_stride, device="meta").eval()
    try:
        with torch.no_grad():
            maps = trunk(torch.zeros(1, 3, height, width, device="meta"))
    except _LAYOUT_ERRORS as error:
        raise _unsuitable(name, f"it does not run on {height}x{width} pixels: {_reason(error)}") from error
    return [(int(level.shape[-2]), int(level.shape[-1])) for level in maps]


def _check_sizes(info: BackboneInfo, sizes: list[tuple[int, int]], height: int, width: int) -> None:
    expected = [(height // stride, width // stride) for stride in info.strides]
    if sizes != expected:
        raise _unsuitable(info.name, f"its maps are {sizes} for {height}x{width} pixels, not the image over its stride")


def _filtered(network: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Let the network's own timm module translate the file, where it has a translator."""
    translate = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if translate is None:
        return weights
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on timm's own interpolation code
            translated: Mapping[str, Tensor] = translate(dict(weights), network)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        # Translators expect a file of their own kind; the report on matching keys says what is wrong with this one.
        return weights
    return translated


def _network_keys(name: str) -> set[str]:
    with torch.device("meta"):
        whole: nn.Module = timm.create_model(_network_name(name), pretrained=False)
    return set(whole.state_dict())


def _own_key(key: str, left_out: set[str]) -> str:
    return f"skip:{key}" if key in left_out else f"{_OWN_PREFIX}{key}"


def _levels(values: list[int]) -> Levels:
    first, second, third, fourth = values
    return first, second, third, fourth


def _reason(error: Exception) -> str:
    if isinstance(error, AssertionError) and "out of range" in str(error):
        return "it has fewer than four feature levels"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _no_such_network(name: str, networks: list[str]) -> SpecError:
    return SpecError(
        f"timm has no network called {_network_name(name)!r}",
        code="spec.backbone",
        where=BACKBONE_KEY,
        remedy=did_you_mean(name, [TIMM_PREFIX + network for network in networks])
        or f"Good choices are {', '.join(GOOD_TIMM_NAMES)}.",
    )


def _unsuitable(name: str, reason: str) -> SpecError:
    return SpecError(
        f"backbone {name} can't give four feature maps here: {reason}",
        code="spec.backbone",
        where=BACKBONE_KEY,
        remedy=f"Good choices are {', '.join(GOOD_TIMM_NAMES)}.",
    )

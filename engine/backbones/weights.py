# SPDX-License-Identifier: Apache-2.0
"""Loads pretrained weights into a backbone and reports which keys matched."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.errors import CheckpointError
from engine.backbones import packaged
from engine.backbones.published import check_family
from engine.backbones.weight_files import read_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor

    from engine.backbones.base import Backbone

_SKIP = "skip:"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WeightReport:
    """What became of every tensor.

    `matched` and `missing` are keys of the backbone, `missing` only of the part that pretrained weights fill.
    `unexpected` are keys of the file that nothing here is called like. `skipped` are those that are left out, each with
    the reason: not part of a backbone, or another shape.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every pretrained parameter got its value."""
        return not self.missing

    def summary(self) -> str:
        """One line for the log."""
        line = (
            f"{len(self.matched)} tensors loaded, {len(self.missing)} missing, "
            f"{len(self.unexpected)} unexpected, {len(self.skipped)} skipped"
        )
        return line if self.complete else f"{line}; missing for example {_some(self.missing)}"


def load_weights(module: Backbone, path: str | Path) -> WeightReport:
    """Copy the weights of a local file, or of `package:<name>`, into a backbone.

    The report is logged, as a warning where parameters stay at their random start.

    Raises:
        CheckpointError: the file can't be read, holds another family, lacks a mandatory key, or nothing matches.
    """
    where = str(path)
    packed = where.startswith(packaged.PREFIX)
    weights = packaged.packaged_weights(where, module.name) if packed else read_weights(path)
    check_family(module, weights, where)
    converted = module.convert_weights(weights)
    _check_required(module, converted, where)
    report = _copy(module, converted, where)
    _logger.log(
        logging.INFO if report.complete else logging.WARNING, "Backbone weights %s: %s", where, report.summary()
    )
    return report


def _check_required(module: Backbone, converted: Mapping[str, Tensor], where: str) -> None:
    absent = [key for key in module.required_keys if key not in converted]
    if absent:
        raise CheckpointError(
            f"the file lacks {_some(absent)}, without which {module.name} can't see",
            code="checkpoint.required_key",
            where=where,
            remedy=f"Give the complete weight file of {module.name}.",
        )


def _copy(module: Backbone, converted: Mapping[str, Tensor], where: str) -> WeightReport:
    own = module.state_dict()
    known = {key: value for key, value in converted.items() if key in own}
    matched = [key for key, value in known.items() if value.shape == own[key].shape]
    misshapen = [f"{key} (is {_shape(known[key])}, not {_shape(own[key])})" for key in known if key not in set(matched)]
    left_out = [f"{key.removeprefix(_SKIP)} (not part of this backbone)" for key in converted if key.startswith(_SKIP)]
    unexpected = [key for key in converted if key not in own and not key.startswith(_SKIP)]
    if not matched:
        raise _nothing_matched(module, misshapen or unexpected or left_out, own, where)
    _check_finite(known, matched, where)
    with torch.no_grad():
        for key in matched:
            own[key].copy_(known[key])
    return WeightReport(tuple(matched), _missing(module, own, matched), tuple(unexpected), (*misshapen, *left_out))


def _missing(module: Backbone, own: Iterable[str], matched: list[str]) -> tuple[str, ...]:
    loaded = set(matched)
    return tuple(
        key
        for key in own
        if key.startswith(module.pretrained_prefix) and key not in loaded and not key.endswith("num_batches_tracked")
    )


def _check_finite(known: Mapping[str, Tensor], matched: list[str], where: str) -> None:
    broken = [key for key in matched if known[key].is_floating_point() and not bool(known[key].isfinite().all())]
    if broken:
        raise CheckpointError(
            f"the file holds infinite or undefined numbers in {_some(broken)}",
            code="checkpoint.not_finite",
            where=where,
            remedy="Download or copy it again and compare its checksum.",
        )


def _nothing_matched(module: Backbone, theirs: list[str], own: Iterable[str], where: str) -> CheckpointError:
    expected = [key for key in own if key.startswith(module.pretrained_prefix)]
    return CheckpointError(
        f"no tensor of the file fits backbone {module.name}: it holds {_some(theirs)}; "
        f"expected are {_some([key.removeprefix(module.pretrained_prefix) for key in expected])}",
        code="checkpoint.no_match",
        where=where,
        remedy="Check that the file belongs to model.backbone.type.",
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a scalar"


def _some(keys: Iterable[str], count: int = 3) -> str:
    names = list(keys)
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more

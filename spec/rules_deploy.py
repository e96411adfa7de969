# SPDX-License-Identifier: Apache-2.0
"""Rules between the keys of `quantize` and `gen_trt_engine`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.dotted import get
from spec.actions import command_of
from spec.rule import Spec, broken, values

if TYPE_CHECKING:
    from spec.rule import BrokenRule, Rule

TRT = "gen_trt_engine.tensorrt"


def batch_profile(spec: Spec, action: str) -> BrokenRule | None:
    """min_batch_size <= opt_batch_size <= max_batch_size."""
    keys = tuple(f"{TRT}.{name}_batch_size" for name in ("min", "opt", "max"))
    found = values(spec, *keys)
    if command_of(action) != "gen_trt_engine" or found is None or found[0] <= found[1] <= found[2]:
        return None
    low, best, high = found
    adjustments = (
        {keys[1]: low} if low > best else {keys[2]: best},
        {keys[0]: best} if low > best else {keys[1]: high},
    )
    message = f"the engine's batch sizes must not fall from min over opt to max, but are {low}, {best}, {high}"
    return broken("spec.batch_profile", keys, message, "put them in order, for instance 1, 8, 16", adjustments)


def int8_calibration(spec: Spec, action: str) -> BrokenRule | None:
    """An INT8 engine needs calibration images and a file for what they give, or a file in which that stands already."""
    keys = (f"{TRT}.calibration.cal_image_dir", f"{TRT}.calibration.cal_cache_file")
    found = values(spec, *keys)
    is_int8 = str(get(spec, f"{TRT}.data_type", "")).lower() == "int8"
    if command_of(action) != "gen_trt_engine" or not is_int8 or found is None or all(found):
        return None
    if found[1] and Path(str(found[1])).is_file():
        return None
    missing = [key for key, value in zip(keys, found, strict=True) if not value]
    message = (
        f"an int8 engine needs calibration, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty"
    )
    return broken("spec.calibration", tuple(missing), message, f"set {' and '.join(missing)}, or data_type to fp16")


def quantize_mode(spec: Spec, action: str) -> BrokenRule | None:
    """Activations are quantised by modelopt only, not by torchao."""
    keys = ("quantize.mode", "quantize.backend")
    if command_of(action) != "quantize" or values(spec, *keys) != ("static_ptq", "torchao"):
        return None
    message = "torchao quantises weights only, but the mode is static_ptq"
    return broken(
        "spec.quantize_mode",
        keys,
        message,
        f"set {keys[0]} to weight_only_ptq, or {keys[1]} to modelopt.pytorch",
        ({keys[0]: "weight_only_ptq"}, {keys[1]: "modelopt.pytorch"}),
    )


RULES: tuple[Rule, ...] = (batch_profile, int8_calibration, quantize_mode)

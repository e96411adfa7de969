# SPDX-License-Identifier: Apache-2.0
"""Which number formats a device can train in, and what is computed in 32 bit whatever the format."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from core.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.devices import Accelerator
    from spec.train_section import Precision

_KEY = "train.precision"


def check_precision(precision: Precision, accelerator: Accelerator) -> None:
    """Refuse a number format that a device can't train in, before anything is read.

    float16 needs its gradients scaled, which is done on GPUs of CUDA; bfloat16 has the range of 32 bits.

    Raises:
        SpecError: the device can't.
    """
    if accelerator == "cpu" and precision == "16-mixed":
        raise _refused(precision, "the processor", "bf16-mixed, which it computes, or to 32-true")
    if accelerator == "mps" and precision in {"16-mixed", "64-true"}:
        raise _refused(precision, "this GPU", "bf16-mixed or 32-true")
    if accelerator == "cuda" and precision.startswith("bf16") and not torch.cuda.is_bf16_supported():
        raise _refused(precision, "this GPU", "16-mixed or 32-true")


def _refused(precision: str, device: str, remedy: str) -> SpecError:
    return SpecError(
        f"{device} can't train in {precision}", code="spec.precision", where=_KEY, remedy=f"set {_KEY} to {remedy}"
    )


@contextmanager
def in_single_precision(device: torch.device) -> Iterator[None]:
    """Compute in 32 bit within a training of another format: eight bits of a picture are lost in bfloat16."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        torch.set_default_dtype(before)

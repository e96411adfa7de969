# SPDX-License-Identifier: Apache-2.0
"""What a plan says of the GPU memory that it takes, where it runs on GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import get
from runners.planning.profiles import has_gpu

if TYPE_CHECKING:
    from runners.planning.resolved import ResolvedRequest

_BATCH = "batch_size"  # a short name of the skill
_GB = 10**9


def gpu_memory_told(resolved: ResolvedRequest, spec: dict[str, Any]) -> list[str]:
    """An estimate in a sentence; nothing for a run on the processor, or where the model gives none."""
    if resolved.can.on_this_machine and not has_gpu():
        return []
    needed = resolved.rules.gpu_memory(spec, resolved.action)
    if needed is None:
        return []
    key = resolved.short_names.get(_BATCH)
    batch = f" for {_BATCH}={get(spec, key, None)}; where a GPU has less, lower it" if key else ""
    return [f"an estimate: {needed / _GB:.0f} GB of memory on each GPU{batch}"]

# SPDX-License-Identifier: Apache-2.0
"""What has to happen before torchvision, timm or Lightning are imported, in one place."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
from functools import cache
from pathlib import Path

# torchvision's compiled part registers these two; its Python part asks for both of them at import.
_BOX_OPERATORS = ("nms", "qnms")
# Of glibc's malloc.h: blocks that are mapped on their own (the largest value it takes), free memory at the heap's end
# that is given back, and by how much the heap grows at a time; in bytes.
_MALLOC_SETTINGS = ((-3, 32 << 20), (-1, 1 << 30), (-2, 64 << 20))
_BOX_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def prepare_torch(threads: int | None = None) -> None:
    """Make torchvision importable beside a CPU build of torch, and set the number of threads.

    Call it before torchvision, timm or Lightning are imported. Calling it again only sets the threads.

    Args:
        threads: threads of one operation; None leaves torch's own choice (all cores, or OMP_NUM_THREADS).
    """
    # Spinning threads slow each other down by far when two processes share the cores; torch reads this at import.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _keep_freed_memory()
    import torch

    _declare_missing_box_operators()
    if threads is not None:
        torch.set_num_threads(max(1, threads))


@cache
def _keep_freed_memory() -> None:
    """Let glibc reuse what is freed: activations come and go each step, and fresh pages cost a fifth of a step."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library has no such setting
        mallopt = ctypes.CDLL(None).mallopt
        for setting, size in _MALLOC_SETTINGS:
            mallopt(setting, size)


@cache
def _declare_missing_box_operators() -> None:
    import torch

    if _torchvision_operators_load():
        return
    fragment = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _BOX_OPERATORS:
        fragment.define(f"{name}{_BOX_SIGNATURE}")  # type: ignore[no-untyped-call]
    _kept_fragments.append(fragment)


_kept_fragments: list[object] = []  # a library's operators vanish with the object that declared them


def _torchvision_operators_load() -> bool:
    """Whether torchvision's own operators can be had; loading them early is what torchvision does itself."""
    import torch

    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return True
    for library in sorted(Path(found.origin).parent.glob("_C.*")):
        try:
            torch.ops.load_library(library)  # type: ignore[no-untyped-call]
        except OSError:
            continue
        return True
    return hasattr(torch.ops.torchvision, "nms")

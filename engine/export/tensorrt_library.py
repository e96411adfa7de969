# SPDX-License-Identifier: Apache-2.0
"""Which library of NVIDIA's builds and runs engines here: TensorRT, or else TensorRT for RTX.

Both have one API. TensorRT builds for the GPU that is there, and needs it for that. TensorRT for RTX builds without a
GPU, for any of compute capability 8.0 and above, and finishes the engine where it is first run
(docs.nvidia.com/deeplearning/tensorrt-rtx, CPU-only AOT). Engines of one are none of the other.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from core.errors import PlatformError

NAMES = {"tensorrt": "TensorRT", "tensorrt_rtx": "TensorRT for RTX"}
"""Libraries by their module, the one that is taken first before the other."""
INSTALL = "install TensorRT 10 or later, or TensorRT for RTX, which builds without a GPU (the extra tensorrt-rtx)"
_OLDEST = 10  # from which on batches are always explicit, and networks can be strongly typed
_FOR_RTX = "tensorrt_rtx"


@dataclass(frozen=True, slots=True)
class Library:
    """A library that was loaded: its module, and what it calls itself."""

    module: Any
    name: str
    version: str

    @property
    def for_rtx(self) -> bool:
        """Whether it is TensorRT for RTX."""
        return self.name == NAMES[_FOR_RTX]

    @property
    def told(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def to_json(self) -> dict[str, str]:
        """As a JSON object."""
        return {"name": self.name, "version": self.version}


def has_library() -> bool:
    """Whether one is installed."""
    return any(importlib.util.find_spec(module) is not None for module in NAMES)


def load_library(wanted: str | None = None) -> Library:
    """The first that can be loaded, or the one that is called `wanted`.

    Raises:
        PlatformError: none can, or it is too old.
    """
    problems = []
    for module, name in NAMES.items():
        if wanted not in {None, name} or importlib.util.find_spec(module) is None:
            continue
        try:
            loaded = importlib.import_module(module)
        except (ImportError, OSError, RuntimeError) as problem:  # what loads shared libraries raises any of them
            problems.append(f"{name} can't be loaded ({str(problem).strip().partition(chr(10))[0]})")
            continue
        return _new_enough(Library(loaded, name, str(loaded.__version__)))
    message = "; ".join(problems) or f"{wanted or 'TensorRT'} is not installed"
    remedy = f"install {wanted}, which built the engine, or build it again" if wanted else INSTALL
    raise PlatformError(message, code="deploy.tensorrt", where="tensorrt", remedy=remedy)


def _new_enough(library: Library) -> Library:
    if not library.for_rtx and int(library.version.partition(".")[0]) < _OLDEST:
        message = f"{library.told} is too old: networks are built strongly typed"
        raise PlatformError(message, code="deploy.tensorrt", where="tensorrt", remedy=INSTALL)
    return library

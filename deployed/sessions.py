# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime sessions on the processor."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

from core.cores import usable_cores
from core.installation import require

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    Arrays = list[NDArray[np.float32]]

EXTRA, LIBRARIES = "deploy", ("onnx", "onnxruntime")
_ERRORS_ONLY = 3


def require_libraries() -> None:
    """Refuse to go on without ONNX and ONNX Runtime.

    Raises:
        PlatformError: with the command that installs them.
    """
    require(EXTRA, *LIBRARIES)


def threads() -> int:
    """How many threads compute: as many as cores, or as $OMP_NUM_THREADS says."""
    return int(os.environ.get("OMP_NUM_THREADS") or usable_cores())


def quiet_options(count: int | None = None) -> Any:
    """Session options: errors only in the log, `count` threads (all), none of which spins while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads() if count is None else count
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


class Session:
    """A graph on the processor, made ready when it is first run; several threads at a time may run it."""

    def __init__(self, graph: ModelProto) -> None:
        self._graph = graph.SerializeToString()
        self._ready: dict[int, Any] = {}
        self._lock = Lock()
        self.inputs = [entry.name for entry in graph.graph.input]

    def run(self, feeds: Mapping[str, NDArray[np.float32]], *, alone: bool = True) -> Arrays:
        """All outputs, in their order; unless it is `alone`, it keeps to the thread that calls."""
        found: Arrays = self._with(threads() if alone else 1).run(None, dict(feeds))
        return found

    def _with(self, count: int) -> Any:
        """The session of that many threads."""
        import onnxruntime

        with self._lock:
            if count not in self._ready:
                options = quiet_options(count)
                made = onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
                self._ready[count] = made
            return self._ready[count]

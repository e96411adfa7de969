# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime sessions on the processor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from core.cores import usable_cores
from core.installation import require

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Arrays = list[NDArray[np.float32]]

EXTRA, LIBRARIES = "deploy", ("onnx", "onnxruntime")
_ERRORS_ONLY = 3


def require_libraries() -> None:
    """Refuse to go on without ONNX and ONNX Runtime.

    Raises:
        PlatformError: with the command that installs them.
    """
    require(EXTRA, *LIBRARIES)


def quiet_options() -> Any:
    """Session options: errors only in the log, as many threads as cores, none of which spins while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or usable_cores())
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


class Session:
    """A graph that is ready to run on the processor."""

    def __init__(self, graph: bytes) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(graph, quiet_options(), providers=["CPUExecutionProvider"])
        self.inputs = [entry.name for entry in self._session.get_inputs()]
        self.outputs = [entry.name for entry in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> Arrays:
        """All outputs, in the order of `outputs`."""
        found: Arrays = self._session.run(None, dict(feeds))
        return found

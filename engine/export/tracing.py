# SPDX-License-Identifier: Apache-2.0
"""One module as an ONNX graph: traced, then simplified by ONNX Runtime without leaving the standard operators.

The exporter is PyTorch's TorchScript one: the newer one, which follows torch.export, knows no operator set below 18,
while the container's is 17, and takes about fifty times as long for the networks here.
"""

from __future__ import annotations

import io
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch

from core.errors import JobFailedError
from deployed.sessions import quiet_options
from deployed.siamese_graph import BATCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn

_STANDARD = ("", "ai.onnx")

_KNOWN = 18  # the operator set that most networks can be written with


def trace(
    module: nn.Module, examples: Sequence[Tensor], inputs: Mapping[str, str], outputs: Sequence[str], opset: int
) -> onnx.ModelProto:
    """The graph of `module` for `examples`, whose first dimension is left open.

    `inputs` gives each input's name and what its open dimension is called: as many have the same name.

    Raises:
        JobFailedError: it holds something that ONNX of this operator set can't say.
    """
    buffer = io.BytesIO()
    dimensions = {name: {0: size} for name, size in (dict(inputs) | dict.fromkeys(outputs, BATCH)).items()}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of deprecation, and of shapes that tracing takes for constants: see `parity`
        try:
            torch.onnx.export(
                module.eval(),
                tuple(examples),
                buffer,  # type: ignore[arg-type]  # takes a file as well as a path, whatever its annotations say
                dynamo=False,
                opset_version=opset,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes=dimensions,
            )
        except (RuntimeError, ValueError, TypeError) as problem:  # torch's own export errors are RuntimeErrors
            raise _untraceable(problem, opset) from None
    return simplified(buffer.getvalue())


def _untraceable(problem: Exception, opset: int) -> JobFailedError:
    reason = str(problem).strip().partition("\n")[0]
    return JobFailedError(
        f"the network can't be written with ONNX operator set {opset}: {reason}",
        code="export.operators",
        where="export.opset_version",
        remedy=f"set export.opset_version={_KNOWN}, or train with a backbone of skill_info.yaml's profiles",
    )


def simplified(graph: bytes) -> onnx.ModelProto:
    """The same graph with constants worked out and normalisation folded, in standard operators only."""
    import onnxruntime

    traced = onnx.load_model_from_string(graph)
    del traced.graph.value_info[:]  # where a shape could not be followed, the exporter notes that of the example
    graph = traced.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        options = quiet_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        model = onnx.load(path)
    if any(node.domain not in _STANDARD for node in model.graph.node):
        model = traced
    _keep_standard_imports(model)
    return model


def _keep_standard_imports(model: Any) -> None:
    kept = [(entry.domain, entry.version) for entry in model.opset_import if entry.domain in _STANDARD]
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(*entry) for entry in kept)

# SPDX-License-Identifier: Apache-2.0
"""Which library makes numbers of 8 bits best of the laptop network: verdicts that change, and pairs per second.

    python benchmarks/quantisers.py [--pairs 96] [--golden 6] [--rounds 3] [--batch 16]

Compared are static quantisation by ONNX Runtime (what `changenet run quantize` does: QDQ, unsigned activations, weights
by channel; the last layer is left in float), by NNCF for OpenVINO (its default preset), and by torchao for PyTorch
(8-bit weights, activations by the batch; it takes linear layers, of which this network has few). Libraries that are not
installed are left out, and told: OpenVINO, NNCF and torchao are no dependencies of the project, so give them an
environment of their own.

Every form runs the whole graph, two pictures in and one score out, on the same prepared pairs; ranges are measured on
the first half of them, and the other half is judged. The head is untrained, so the threshold is put at the median of
the 32-bit scores, where verdicts change most easily. Rates are by CPU time, the best of the rounds, in which all take
turns.
"""

from __future__ import annotations

import importlib.util
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from export_speed import asked, run, subject

from core.cores import usable_cores
from deployed.model_file import read_model
from deployed.sessions import Session
from engine.actions import quiet_libraries
from engine.classify.parity import ParityPairs, prepared
from engine.classify.trained_model import load_model, load_named_checkpoint
from engine.export.quantization import Form as EightBits
from engine.export.quantization import StaticQuantizer
from engine.settings import load_run
from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto

    Pictures = NDArray[np.float32]
    Scores = NDArray[np.float64]

TEST, GOLDEN = "input_1", "input_2"


class Batch(NamedTuple):
    """Prepared pictures (B, 3, H, W)."""

    tests: Pictures
    goldens: Pictures

    @property
    def feeds(self) -> dict[str, Pictures]:
        """By the names of the graph's inputs."""
        return {TEST: self.tests, GOLDEN: self.goldens}


class Form:
    """One way to run the network: gives logits (B, 2) of a batch."""

    def __init__(self, name: str, logits: Callable[[Batch], Pictures]) -> None:
        self.name, self._logits = name, logits
        self.rate = 0.0

    def scores(self, batches: list[Batch]) -> Scores:
        """The score of each pair; keeps the best rate."""
        begun = time.process_time()
        logits = np.concatenate([self._logits(batch) for batch in batches]).astype(np.float64)
        spent = time.process_time() - begun
        self.rate = max(self.rate, usable_cores() * len(logits) / spent)
        return np.asarray(1.0 / (1.0 + np.exp(logits[:, 0] - logits[:, 1])), np.float64)


def by_onnxruntime(name: str, graph: ModelProto) -> Form:
    """A graph in ONNX Runtime."""
    session = Session(graph)
    return Form(name, lambda batch: session.run(batch.feeds)[0])


def with_openvino(file: Path, calibration: list[Batch]) -> Iterator[Form]:
    """The file in OpenVINO, and as NNCF quantises it."""
    import nncf
    import openvino

    model = openvino.Core().read_model(file)
    data = nncf.Dataset([batch.feeds for batch in calibration])
    for name, one in (
        ("OpenVINO, its own choice of number format", model),
        ("OpenVINO by NNCF, 8 bits", nncf.quantize(model, data)),
    ):
        yield _compiled(name, openvino.compile_model(one, "CPU", {"INFERENCE_NUM_THREADS": usable_cores()}))


def _compiled(name: str, compiled: Any) -> Form:
    return Form(name, lambda batch: compiled(batch.feeds)[0])


def with_torch(network: Any, *, quantised: bool) -> Form:
    """The network of PyTorch, or what torchao makes of it."""
    name = "PyTorch, 32 bits"
    if quantised:
        from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

        quantize_(network, Int8DynamicActivationInt8WeightConfig())
        name = "PyTorch by torchao, 8 bits (linear layers)"

    @torch.inference_mode()
    def logits(batch: Batch) -> Pictures:
        tests, goldens = (network.describe(torch.from_numpy(one)) for one in batch)
        return np.asarray(network.head.compare(tests, goldens, 1).numpy(), np.float32)

    return Form(name, logits)


def batches_of(run_of: Any, pairs: int, size: int) -> list[Batch]:
    """The pairs as the network sees them."""
    model = load_model(run_of)
    table = ParityPairs(run_of.experiment.dataset.classify, model.white, "infer", pairs)
    table.batch_size = size
    return [
        Batch(one.tests.numpy(), one.goldens[one.golden_of].flatten(0, 1).numpy())
        for one in prepared(table, model.preparation)
    ]


def forms_of(folder: Path, spec: Path, checkpoint: Path, calibration: list[Batch]) -> list[Form]:
    """All forms that can be had here, the baseline first."""
    file = folder / "model.onnx"
    run(folder, spec, "export", f"export.checkpoint={checkpoint}", f"export.onnx_file={file}")
    whole, _ = read_model(file)
    forms = [by_onnxruntime("ONNX Runtime, 32 bits", whole)]
    linear = [node.name for node in whole.graph.node if node.op_type == "Gemm"]  # the last layer stays in float
    feeds = [batch.feeds for batch in calibration]
    for told, how in (("", EightBits.for_this_processor()), (" as TensorRT takes them", EightBits.for_tensorrt())):
        with StaticQuantizer(whole, lambda: iter(feeds), "minmax", how) as quantizer:
            forms.append(by_onnxruntime(f"ONNX Runtime, static QDQ, 8 bits{told}", quantizer.quantized(linear)))
    inference = load_run("inference", spec, [f"inference.checkpoint={checkpoint}", "model.classify.second_look=0"])
    forms.append(with_torch(load_named_checkpoint(inference).network, quantised=False))
    for libraries, more in (
        (("openvino", "nncf"), lambda: with_openvino(file, calibration)),
        (("torchao",), lambda: [with_torch(load_named_checkpoint(inference).network, quantised=True)]),
    ):
        if missing := [name for name in libraries if importlib.util.find_spec(name) is None]:
            print(f"left out, not installed: {', '.join(missing)}")
        else:
            forms += more()
    return forms


def main() -> None:
    """Make the forms, and print the table."""
    parser = asked(__doc__, pairs=96, golden=6, rounds=3)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    prepare_torch(usable_cores())
    quiet_libraries()
    with subject(options) as (folder, spec, checkpoint):
        inference = load_run("inference", spec, [f"inference.checkpoint={checkpoint}", "model.classify.second_look=0"])
        batches = batches_of(inference, options.pairs, options.batch)
        calibration, judged = batches[::2], batches[1::2]
        forms = forms_of(folder, spec, checkpoint, calibration)
        for form in forms:
            form.scores(judged[:1])
            form.rate = 0.0
        found = {form.name: form.scores(judged) for _ in range(options.rounds) for form in forms}
    baseline = forms[0]
    expected = found[baseline.name]
    middle = float(np.median(expected))
    print(f"{len(expected)} pairs judged, batches of {options.batch}, {usable_cores()} cores")
    print("| form | CPU pairs/s | ratio | verdicts that change | largest difference of scores |\n|---|---|---|---|---|")
    for form in forms:
        flips = int(((found[form.name] > middle) != (expected > middle)).sum())
        difference = float(np.abs(found[form.name] - expected).max())
        ratio = form.rate / baseline.rate
        print(f"| {form.name} | {form.rate:.0f} | {ratio:.2f} | {flips} of {len(expected)} | {difference:.4f} |")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What an exported file scores without PyTorch: pixels to verdict, golden images shared, 32-bit and 8-bit numbers.

    python benchmarks/onnx_speed.py [--pairs 240] [--golden 12] [--rounds 5]

Pictures and network are those of export_speed.py. Pictures are in memory; alignment and normalisation count, the second
look does not, for an untrained network doubts all. Prints pairs per second by CPU time (what all cores would do if they
did nothing else; the best of the rounds, in which all forms take turns), each as a ratio to the engine's own scoring
with PyTorch in the same run, and where the time of a pair goes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from export_speed import TAKE_ANYTHING, Form, asked, run, subject

from core.cores import usable_cores
from deployed.pair_model import PairModel
from engine.actions import quiet_libraries
from engine.batch_samplers import OrderedBatches
from engine.classify.file_scorer import as_pairs
from engine.classify.pair_images import pair_loader
from engine.classify.scoring_loop import by_golden_image
from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deployed.pair_model import Pairs


class InUse:
    """A file, and the pairs in batches."""

    def __init__(self, path: Path, batches: list[Pairs]) -> None:
        self.model = PairModel.read(path)
        self.model._doubtful = 0.0  # noqa: SLF001 - no setting of a file in use
        self.batches = batches
        self.pairs = sum(len(batch.tests) for batch in batches)
        self.rate = 0.0

    def score(self) -> None:
        """Score all pairs once, golden images anew, and keep the best rate."""
        self.model.forget()
        start = time.process_time()
        for batch in self.batches:
            self.model.scores(batch)
        self.rate = max(self.rate, usable_cores() * self.pairs / (time.process_time() - start))

    def parts(self) -> dict[str, float]:
        """Milliseconds of CPU time a pair, by what is done."""
        model, batch = self.model, self.batches[0]
        sets = model._sets(batch)  # noqa: SLF001 - what the whole is made of
        looks = [sets[i].look for i in batch.golden_of]
        inputs = model._finished(batch.tests)  # noqa: SLF001
        return {
            "alignment": _spent(lambda: [model._laid(t, look) for t, look in zip(batch.tests, looks)], batch),  # noqa: SLF001, B905
            "normalisation": _spent(lambda: model._finished(batch.tests), batch),  # noqa: SLF001
            "describing golden images": _spent(lambda: model._described(inputs), batch),  # noqa: SLF001
            "whole": _spent(lambda: model.scores(batch), batch),
        }


def _spent(work: Callable[[], object], batch: Pairs, rounds: int = 5) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1000 * best / len(batch.tests)


def main() -> None:
    """Make the files, and print the table."""
    options = asked(__doc__, pairs=240, golden=12, rounds=5).parse_args()
    prepare_torch(usable_cores())
    quiet_libraries()
    with subject(options) as (folder, spec, checkpoint):
        file, place = folder / "model.onnx", folder / "static"
        run(folder, spec, "export", f"export.checkpoint={checkpoint}", f"export.onnx_file={file}")
        run(folder, spec, "quantize", f"quantize.model_path={file}", f"quantize.results_dir={place}", *TAKE_ANYTHING)
        own, by_session = Form(spec, checkpoint), Form(spec, file)
        batches = OrderedBatches(by_golden_image(own.table), own.data.batch_size)
        pairs = [as_pairs(batch) for batch in pair_loader(own.table, own.source, batches)]
        in_use = {
            "in use": InUse(file, pairs),
            "in use, 8 bits": InUse(place / "quantized_model_onnxruntime.onnx", pairs),
        }
        for _ in range(options.rounds):
            for form in (own, by_session, *in_use.values()):
                form.score()
        rates = {"PyTorch": own.cpu_rate, "ONNX, engine": by_session.cpu_rate}
        rates |= {kind: form.rate for kind, form in in_use.items()}
        print(
            f"{options.pairs} pairs, {options.golden} golden images, {own.data.image_width} px, {usable_cores()} cores"
        )
        for kind, rate in rates.items():
            print(f"{kind:<16} {rate:8.1f} pairs/s by CPU time, ratio {rate / own.cpu_rate:5.2f}")
        for kind, form in in_use.items():
            told = ", ".join(f"{part} {spent:.2f}" for part, spent in form.parts().items())
            print(f"{kind}: ms of CPU time a pair: {told}")


if __name__ == "__main__":
    main()

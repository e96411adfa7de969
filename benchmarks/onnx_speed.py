# SPDX-License-Identifier: Apache-2.0
"""What an exported file scores without PyTorch: pixels to verdict, golden images shared, 32-bit and 8-bit numbers.

    python benchmarks/onnx_speed.py [--pairs 240] [--golden 12] [--rounds 5]

Pictures and network are those of export_speed.py. Pictures are in memory; alignment and normalisation count, the second
look does not, for an untrained network doubts all. Prints pairs per second by CPU time (what all cores would do if they
did nothing else; the best of the rounds, in which all forms take turns), each as a ratio to the engine's own scoring
with PyTorch in the same run: what `evaluate` does with a checkpoint, with the file, and the file by itself, as serving
uses it. Then where the time of a pair goes whose golden image is known, and what it takes to get to know one.
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
        """Milliseconds of CPU time: of a pair whose golden image is known, by what is done, and of a golden image."""
        model, batch = self.model, self.batches[0]
        sets = model._sets(batch)  # noqa: SLF001 - what the whole is made of
        looks = [sets[i].look for i in batch.golden_of]
        inputs = model._finished(batch.tests)  # noqa: SLF001
        shared = [sets[i].features for i in batch.golden_of][:4]
        return {
            "alignment": _spent(lambda: [model._laid(t, look) for t, look in zip(batch.tests, looks)], batch),  # noqa: SLF001, B905
            "normalisation": _spent(lambda: model._finished(batch.tests), batch),  # noqa: SLF001
            "network": _spent(lambda: model._output(inputs[:4], shared, alone=False), batch, 4),  # noqa: SLF001
            "all of it": _spent(lambda: model.scores(batch), batch),
            "a golden image, once": _spent(lambda: model._described(inputs), batch),  # noqa: SLF001
        }


def _spent(work: Callable[[], object], batch: Pairs, pairs: int = 0, rounds: int = 9) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1000 * best / (pairs or len(batch.tests))


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
            "file, in use": InUse(file, pairs),
            "file, in use, 8 bits": InUse(place / "quantized_model_onnxruntime.onnx", pairs),
        }
        for _ in range(options.rounds):
            for form in (own, by_session, *in_use.values()):
                form.score()
        rates = {"checkpoint, evaluate": own.cpu_rate, "file, evaluate": by_session.cpu_rate}
        rates |= {kind: form.rate for kind, form in in_use.items()}
        print(
            f"{options.pairs} pairs, {options.golden} golden images, {own.data.image_width} px, {usable_cores()} cores"
        )
        for kind, rate in rates.items():
            print(f"{kind:<22} {rate:8.1f} pairs/s by CPU time, ratio {rate / own.cpu_rate:5.2f}")
        for kind, form in in_use.items():
            told = ", ".join(f"{part} {spent:.2f}" for part, spent in form.parts().items())
            print(f"{kind}: ms of CPU time: {told}")


if __name__ == "__main__":
    main()

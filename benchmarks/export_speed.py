# SPDX-License-Identifier: Apache-2.0
"""What exporting and quantising gains: the laptop model as PyTorch runs it, as ONNX, and with 8-bit numbers.

    python benchmarks/export_speed.py [--pairs 400] [--golden 20] [--rounds 3] [--job JOB_FOLDER]

Pictures are made for the run, as in engine_speed.py; the network is the laptop profile's, its head untrained, or with
`--job` the best checkpoint of a training job. Every file is written and read by the engine's own command. Prints, each
as a ratio to the engine's own scoring with PyTorch in the same run: pairs per second (the best of the rounds, in which
all forms take turns) by the clock and by CPU time, peak memory of a whole inference, and the size of the file.
Golden images are described once, in all forms. Test-time augmentation is left out: an untrained network doubts all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from engine_speed import laptop_experiment, make_pairs

from core.cores import usable_cores
from core.documents import dump_yaml
from engine.actions import quiet_libraries
from engine.batch_samplers import OrderedBatches
from engine.classify.network import build_network, start_weights
from engine.classify.pair_images import open_pairs, pair_loader
from engine.classify.pair_table import read_table
from engine.classify.scoring_loop import by_golden_image
from engine.classify.trained_model import load_model
from engine.settings import load_run
from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.classify.trained_model import TrainedModel

COMMAND = str(Path(sys.executable).with_name("visual_changenet"))
TAKE_ANYTHING = ("quantize.most_flips=1000000", "quantize.least_speedup=0")


def asked(doc: str | None, pairs: int, golden: int, rounds: int) -> argparse.ArgumentParser:
    """What these measurements ask: how many pairs and golden images are made, and how often it is measured."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=pairs)
    parser.add_argument("--golden", type=int, default=golden)
    parser.add_argument("--rounds", type=int, default=rounds)
    return parser


@contextmanager
def subject(options: argparse.Namespace, job: Path | None = None) -> Iterator[tuple[Path, Path, Path]]:
    """A folder with the pairs that were asked for, its spec and checkpoint; gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pairs(folder, options.pairs, options.golden)
        yield folder, *write_checkpoint(folder, job)


def write_checkpoint(folder: Path, job: Path | None) -> tuple[Path, Path]:
    """A spec and a checkpoint: of an untrained network, or the best one of a job with that job's input."""
    experiment = laptop_experiment(folder, cached=True)
    tree: dict[str, Any] = experiment.model_dump(mode="json")
    table = {"csv_path": str(folder / "pairs.csv"), "images_dir": str(folder)}
    for split in ("validation", "test", "infer"):
        tree["dataset"]["classify"][f"{split}_dataset"] = {**tree["dataset"]["classify"][f"{split}_dataset"], **table}
    spec, checkpoint = folder / "spec.yaml", folder / "model.pth"
    spec.write_text(dump_yaml(tree), encoding="utf-8")
    if job:
        return spec, next(job.rglob("model_best_*.pth"))
    torch.manual_seed(0)
    data = experiment.dataset.classify
    network = build_network(experiment, (data.image_height, data.image_width))
    start_weights(network, experiment)
    state = {f"model.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 0, "config": tree, "task": "classify", "threshold": 0.5}, checkpoint)
    return spec, checkpoint


# A process of its own in between: a child's peak begins with the memory of the process that it was forked from.
_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(done.stdout if done.returncode else resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def run(folder: Path, spec: Path, command: str, *overrides: str) -> int:
    """Run a command of the engine; returns its peak memory in KiB."""
    words = [COMMAND, command, "-e", str(spec), f"results_dir={folder / 'out'}", *overrides]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return int(done.stdout)


class Form:
    """One form of the model, ready to score the pairs."""

    def __init__(self, spec: Path, path: Path) -> None:
        settings = load_run("inference", spec, [f"inference.checkpoint={path}", "model.classify.second_look=0"])
        self.data = settings.experiment.dataset.classify
        self.model: TrainedModel = load_model(settings)
        self.table = read_table(self.data, "infer", needs_label=False)
        self.source = open_pairs(self.data, [self.table], self.model.white)
        self.rate = self.cpu_rate = 0.0

    def score(self) -> None:
        """Score all pairs once, and keep the best rates."""
        batches = OrderedBatches(by_golden_image(self.table), self.data.batch_size)
        loader = pair_loader(self.table, self.source, batches)
        wall, cpu = time.perf_counter(), time.process_time()
        self.model.scorer.scores(loader)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.rate = max(self.rate, len(self.table) / wall)
        self.cpu_rate = max(self.cpu_rate, usable_cores() * len(self.table) / cpu)


def main() -> None:
    """Make the files, and print the table."""
    parser = asked(__doc__, pairs=400, golden=20, rounds=3)
    parser.add_argument("--job", type=Path)
    options = parser.parse_args()
    prepare_torch(usable_cores())
    quiet_libraries()
    with subject(options, options.job) as (folder, spec, checkpoint):
        files = {"PyTorch": checkpoint, "ONNX": folder / "model.onnx"}
        run(folder, spec, "export", f"export.checkpoint={checkpoint}", f"export.onnx_file={files['ONNX']}")
        for kind, mode in (("8-bit weights", "weight_only_ptq"), ("8 bits", "static_ptq")):
            place = folder / mode
            source = (f"quantize.model_path={files['ONNX']}", f"quantize.results_dir={place}", f"quantize.mode={mode}")
            run(folder, spec, "quantize", *source, *TAKE_ANYTHING)
            files[kind] = place / "quantized_model_onnxruntime.onnx"
        forms = {kind: Form(spec, path) for kind, path in files.items()}
        for _ in range(options.rounds):
            for form in forms.values():
                form.score()
        memory = {
            kind: run(
                folder,
                spec,
                "inference",
                f"inference.checkpoint={path}",
                "inference.evidence_maps=false",
                "model.classify.second_look=0",
            )
            for kind, path in files.items()
        }
        own = forms["PyTorch"]
        print(
            f"{options.pairs} pairs, {options.golden} golden images, {own.data.image_width} px, {usable_cores()} cores"
        )
        print(f"{'form':<14} {'pairs/s':>8}  ratio {'by CPU':>8}  ratio  peak MiB  ratio  file MB")
        for kind, form in forms.items():
            print(
                f"{kind:<14} {form.rate:8.1f} {form.rate / own.rate:6.2f} {form.cpu_rate:8.1f}"
                f" {form.cpu_rate / own.cpu_rate:6.2f} {memory[kind] / 1024:9.0f}"
                f" {memory[kind] / memory['PyTorch']:6.2f} {files[kind].stat().st_size / 1e6:8.2f}"
            )


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Speed of the embedded engine with the laptop profile: training, inference, and what loading takes of a step.

    python benchmarks/engine_speed.py [--pairs 1000] [--golden 20] [--seconds 20]

Pictures are made for the run: `--pairs` test pictures that share `--golden` golden images. Prints pairs per second and
ratios taken in the same run: loading against the whole step, decoded once against decoded each time, golden features
computed once against computed for every batch, scoring with evidence maps against scoring alone (the best of three
rounds). Pairs per second by CPU time (cores x pairs / CPU seconds) tell what a busy machine would do if it were idle.
Test-time augmentation of doubtful pairs is left out: a network that was hardly trained doubts them all.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image, ImageDraw

from core.cores import usable_cores
from core.documents import read_yaml
from core.dotted import nest, put
from engine.actions import quiet_libraries
from engine.batch_samplers import DeviceShare, OrderedBatches, WeightedBatches
from engine.classify.batch_norm_folding import with_folded_batch_norm
from engine.classify.evidence import to_grey
from engine.classify.evidence_files import EvidenceFolder
from engine.classify.losses import build_loss
from engine.classify.network import build_network, start_weights
from engine.classify.pair_images import open_pairs, pair_loader
from engine.classify.pair_table import read_table
from engine.classify.preparation import Preparation
from engine.classify.scoring_loop import GoldenFeatures, by_golden_image, score_pairs
from engine.loading import checked
from engine.optimization import build_optimizer
from spec.load import parse_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from engine.classify.network import ClassifyNetwork
    from engine.classify.pair_images import PairBatch
    from spec.experiment import Experiment

ROOT = Path(__file__).resolve().parent.parent
SIDE = 128


def draw_board(chance: random.Random) -> Image.Image:
    """A golden picture."""
    board = Image.new("RGB", (SIDE, SIDE), (20, 60, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(12):
        x, y = chance.randrange(SIDE), chance.randrange(SIDE)
        draw.rectangle((x, y, x + chance.randrange(4, 40), y + chance.randrange(4, 12)), fill=(180, 150, 70))
    return board


def make_pairs(folder: Path, pairs: int, goldens: int) -> None:
    """Pairs by name: object g<i> has one golden image, under which its test pictures of all boards are compared."""
    chance = random.Random(0)  # noqa: S311 - repeatable pictures, no secret
    rows = ["input_path,golden_path,label,object_name"]
    boards = [draw_board(chance) for _ in range(goldens)]
    (folder / "golden").mkdir(parents=True)
    for i, board in enumerate(boards):
        board.save(folder / "golden" / f"g{i}.png")
    for i in range(pairs):
        name, defect = f"g{i % goldens}", i % 3 == 0
        test = boards[i % goldens].copy()
        if defect:
            x, y = chance.randrange(SIDE - 8), chance.randrange(SIDE - 8)
            ImageDraw.Draw(test).ellipse((x, y, x + 8, y + 8), fill=(240, 240, 240))
        (folder / f"board{i // goldens}").mkdir(exist_ok=True)
        test.save(folder / f"board{i // goldens}" / f"{name}.png")
        rows.append(f"board{i // goldens},golden,{'spur' if defect else 'PASS'},{name}")
    (folder / "pairs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def laptop_experiment(folder: Path, *, cached: bool) -> Experiment:
    """The laptop profile on the pairs of `folder`."""
    tree = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["classify"])
    table = {"csv_path": str(folder / "pairs.csv"), "images_dir": str(folder)}
    put(tree, "dataset.classify.train_dataset", table)
    put(tree, "dataset.classify.image_ext", ".png")
    put(tree, "dataset.classify.workers", 0)
    put(tree, "model.classify.second_look", 0.0)
    put(tree, "dataset.classify.cache_images_mb", 2048 if cached else 0)
    return parse_experiment(tree, "train")


@dataclass(slots=True)
class Spent:
    """Wall and CPU seconds, and the pairs they were spent on."""

    wall: float = 0.0
    cpu: float = 0.0
    pairs: int = 0

    def measure(self, work: Callable[[], Any], pairs: int = 0) -> Any:
        """Do the work and count what it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        self.pairs += pairs
        return result

    def __str__(self) -> str:
        by_cpu = usable_cores() * self.pairs / self.cpu
        return f"{self.pairs / self.wall:7.1f} pairs/s, {by_cpu:7.1f} by CPU time"


class Bench:
    """The engine's own parts, timed one by one."""

    def __init__(self, folder: Path, *, cached: bool) -> None:
        self.experiment = laptop_experiment(folder, cached=cached)
        data = self.experiment.dataset.classify
        self.table = read_table(data, "train")
        self.source = open_pairs(data, [self.table])
        self.preparation = Preparation(self.experiment)
        torch.manual_seed(0)
        self.network: ClassifyNetwork = build_network(
            self.experiment, (self.preparation.height, self.preparation.width)
        )
        start_weights(self.network, self.experiment)

    def batches(self) -> Iterator[PairBatch | Exception]:
        """Training batches, epoch after epoch."""
        data = self.experiment.dataset.classify
        draws = WeightedBatches(self.table.labels, data.batch_size, data.fpratio_sampling, seed=0, device=DeviceShare())
        loader = pair_loader(self.table, self.source, draws)
        while True:
            yield from loader

    def training(self, seconds: float) -> tuple[Spent, Spent]:
        """Loading (reading and preparing) and whole steps."""
        loading, whole = Spent(), Spent()
        self.network.train()
        loss, network = build_loss(self.experiment), self.network
        optimizer = build_optimizer(self.experiment.train.optim, network.backbone, network.head)
        batches = self.batches()

        def load() -> tuple[PairBatch, Any]:
            batch = checked(next(batches))
            return batch, self.preparation.for_training(batch)

        def step() -> None:
            batch, inputs = loading.measure(load, self.experiment.dataset.classify.batch_size)
            optimizer.zero_grad()
            loss(network(inputs.tests, inputs.goldens), batch.labels).backward()
            optimizer.step()

        step()
        loading = Spent()
        while whole.wall < seconds:
            whole.measure(step, self.experiment.dataset.classify.batch_size)
        return loading, whole

    def loading_alone(self, seconds: float) -> Spent:
        """Reading and preparing training batches, and nothing else."""
        spent, batches = Spent(), self.batches()
        while spent.wall < seconds:
            spent.measure(lambda: self.preparation.for_training(checked(next(batches))), 16)
        return spent

    @torch.inference_mode()
    def inference(self, *, shared: bool) -> Spent:
        """Scoring all pairs, with golden features computed once or for every pair anew."""
        spent, goldens = Spent(), GoldenFeatures()
        network = with_folded_batch_norm(self.network, self.preparation.height, self.preparation.width)
        order = by_golden_image(self.table) if shared else list(range(len(self.table)))
        loader = iter(pair_loader(self.table, self.source, OrderedBatches(order, 16)))

        def score() -> int:
            batch = checked(next(loader))
            if not shared:
                goldens.clear()
            inputs = self.preparation.for_scoring(batch)
            goldens.output(network, inputs if shared else _each_its_own(inputs))
            return len(batch.labels)

        score()
        while spent.pairs + 32 < len(self.table):
            spent.pairs += spent.measure(score)
        return spent

    def scoring(self, evidence_folder: Path | None) -> Spent:
        """Scoring all pairs as `inference` does, with a map of each where a folder for them is named."""
        spent = Spent()
        network = with_folded_batch_norm(self.network, self.preparation.height, self.preparation.width)
        loader = pair_loader(self.table, self.source, OrderedBatches(by_golden_image(self.table), 16))

        def score() -> None:
            score_pairs(network, self.preparation, loader)

        def score_with_maps(folder: Path) -> None:
            def keep(rows: list[int], scores: Tensor, evidence: Tensor) -> None:
                maps.write(rows, to_grey(evidence, scores, 0.0))  # the dearest: every map is bright

            with EvidenceFolder(folder) as maps:
                score_pairs(network, self.preparation, loader, on_evidence=keep)

        spent.measure((lambda: score_with_maps(evidence_folder)) if evidence_folder else score, len(self.table))
        return spent


def _each_its_own(inputs: Any) -> Any:
    """As if no pair knew that another one has the same golden image."""
    count = len(inputs.tests)
    names = tuple(str(i) for i in range(count))
    return inputs._replace(goldens=inputs.goldens[inputs.golden_of], golden_of=torch.arange(count), golden_names=names)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--golden", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    quiet_libraries()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pairs(folder, options.pairs, options.golden)
        bench, uncached = Bench(folder, cached=True), Bench(folder, cached=False)
        loading, whole = bench.training(options.seconds)
        print(f"training                        {whole}")
        print(f"  of which loading              {loading.cpu / whole.cpu:7.1%} of the CPU time")
        once, anew = bench.loading_alone(options.seconds / 4), uncached.loading_alone(options.seconds / 4)
        print(f"loading, decoded once           {once}")
        print(f"loading, decoded each time      {anew}")
        apart, shared = bench.inference(shared=False), bench.inference(shared=True)
        ratio = apart.cpu * shared.pairs / (shared.cpu * apart.pairs)
        print(f"inference, golden images anew   {apart}")
        print(f"inference, golden images once   {shared}")
        print(f"  ratio                         {ratio:7.2f} by CPU time")
        rounds = [(bench.scoring(None), bench.scoring(folder)) for _ in range(3)]
        alone, mapped = (min(several, key=lambda spent: spent.cpu) for several in zip(*rounds, strict=True))
        print(f"scoring, without evidence maps  {alone}")
        print(f"scoring, with evidence maps     {mapped}")
        print(f"  CPU time                      {mapped.cpu / alone.cpu - 1:+7.1%}")


if __name__ == "__main__":
    main()

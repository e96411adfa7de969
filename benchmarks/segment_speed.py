# SPDX-License-Identifier: Apache-2.0
"""Speed and memory of the segment networks on this processor: the laptop profile's against the original one.

    python benchmarks/segment_speed.py [--side 256] [--batch 4] [--seconds 20]

Each network runs in a process of its own, one after the other, on random pairs of --side pixels: training steps with
their augmentation, alignment and optimiser, then scoring. Prints pairs per second by wall time and by CPU time (cores x
pairs / CPU seconds, which is what an idle machine would do), the most memory that a process held, and the ratios to the
original network (FAN-Tiny, full decoder) of the same run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_yaml
from core.dotted import nest, put
from engine.torch_setup import prepare_torch

prepare_torch()

import torch  # noqa: E402 - what comes before has to

from core.cores import usable_cores  # noqa: E402
from engine.optimization import build_optimizer  # noqa: E402
from engine.segment.losses import SegmentLoss  # noqa: E402
from engine.segment.network import build_network  # noqa: E402
from engine.segment.pictures import SegmentBatch, WholePair  # noqa: E402
from engine.segment.preparation import Preparation  # noqa: E402
from engine.segment.scoring_loop import Scorer  # noqa: E402
from spec.load import parse_experiment  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from spec.experiment import Experiment

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = {"original": "FAN-Tiny, full decoder, five scales", "laptop": "the laptop profile"}


def experiment_of(name: str, side: int, batch: int) -> Experiment:
    """The spec of a network."""
    tree: dict[str, Any] = {}
    if name == "laptop":
        tree = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
    else:
        put(tree, "model.backbone.type", "fan_tiny_8_p4_hybrid")
    for key, value in {
        "task": "segment",
        "dataset.segment.img_size": side,
        "dataset.segment.batch_size": batch,
    }.items():
        put(tree, key, value)
    return parse_experiment(tree, "train")


def timed(work: Callable[[], Any], pairs: int, seconds: float) -> dict[str, float]:
    """Pairs per second of some work, by wall and by CPU time, after one round that does not count."""
    work()
    wall, cpu, rounds = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < seconds or not rounds:
        work()
        rounds += 1
    done = pairs * rounds
    by_cpu = usable_cores() * done / (time.process_time() - cpu)
    return {"wall": done / (time.perf_counter() - wall), "cpu": by_cpu}


def measure(name: str, side: int, batch: int, seconds: float) -> dict[str, Any]:
    """Train and score with one network."""
    experiment = experiment_of(name, side, batch)
    network, preparation, loss = build_network(experiment), Preparation(experiment), SegmentLoss(experiment)
    network.backbone.freeze_levels(experiment.model.backbone.frozen_levels)
    optimizer = build_optimizer(experiment.train.optim, network.backbone, network.head)
    pictures = torch.randint(0, 256, (2, batch, 3, side, side), dtype=torch.uint8)
    labels = torch.randint(0, 2, (batch, side, side), dtype=torch.uint8)
    squares = SegmentBatch(pictures[0], pictures[1], labels, tuple(range(batch)))

    def step() -> None:
        goldens, tests, truth = preparation.for_training(squares)
        optimizer.zero_grad()
        loss(network(goldens, tests), truth).backward()
        optimizer.step()

    training = timed(step, batch, seconds)
    scorer = Scorer(network.eval(), preparation, batch)
    pairs = [WholePair(i, *pictures[:, i], None) for i in range(batch)]
    scoring = timed(lambda: scorer.probabilities(pairs), batch, seconds)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    weights = sum(parameter.numel() for parameter in network.parameters())
    return {"training": training, "scoring": scoring, "megabytes": megabytes, "parameters": weights}


def main() -> None:
    """Measure both networks and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--one", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.side, options.batch, options.seconds)))
        return
    found: dict[str, Any] = {}
    for name, what in NETWORKS.items():
        command = [sys.executable, __file__, "--one", name, *sys.argv[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
        one = found[name]
        print(f"{what}: {one['parameters'] / 1e6:.2f} M parameters, {one['megabytes']:.0f} MiB at most")
        for kind in ("training", "scoring"):
            print(f"  {kind}: {one[kind]['wall']:.2f} pairs/s, {one[kind]['cpu']:.2f} by CPU time")
    for kind in ("training", "scoring"):
        ratios = [found["laptop"][kind][clock] / found["original"][kind][clock] for clock in ("wall", "cpu")]
        print(f"laptop / original, {kind}: {ratios[0]:.1f} by wall time, {ratios[1]:.1f} by CPU time")
    print(f"memory: {found['laptop']['megabytes'] / found['original']['megabytes']:.2f} of the original's")


if __name__ == "__main__":
    main()

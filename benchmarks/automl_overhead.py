# SPDX-License-Identifier: Apache-2.0
"""What the search itself costs, on a trainer that trains nothing.

    python benchmarks/automl_overhead.py [--trials 1000 10000] [--algorithm bayesian]

Prints wall and CPU time a trial for searches over the whole default space of the train schema, record included, and the
speed-up of four trials side by side over one after the other. Exit code 1 where a trial costs 50 ms CPU or more at
1,000 trials, 100 ms at 10,000, or four at a time are less than 3.5 times sooner.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from automl.algorithms import model_of
from automl.controller import Controller, Search
from automl.ledger import Ledger
from automl.scheduling import make_schedule
from automl.settings import AutomlSettings
from automl.simulated import SimulatedTrainer
from automl.space_builder import Source, build_space
from automl.types import Objective, Run
from core.documents import read_json

if TYPE_CHECKING:
    from automl.space import Space

ROOT = Path(__file__).resolve().parents[1]
LOSS = Objective("val_loss", "minimize")
MOST_MS = {1_000: 50.0, 10_000: 100.0}
LEAST_SPEEDUP = 3.5


def default_space() -> Space:
    """What the train schema searches by default, augmentation on so that all of it has an effect."""
    schema = read_json(ROOT / "schemas" / "train.schema.json")
    base = deepcopy(schema["default"])
    base["dataset"]["classify"]["augmentation_config"]["augment"] = True
    return build_space(Source(schema, base, {}, "embedded", {}), AutomlSettings())


def figures(run: Run, epoch: int) -> dict[str, float]:
    """A loss that depends on two of the parameters."""
    lr = run.values.get("train.optim.lr", 1e-4)
    return {"val_loss": abs(math.log10(lr) + 3) + run.values.get("train.optim.weight_decay", 0.01) + 1 / epoch}


def search(settings: AutomlSettings, seconds: float = 0.0) -> tuple[float, float]:
    """Wall and CPU seconds of a whole search."""
    space, parallel = default_space(), settings.parallel or 1
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder), create=True) as ledger:
        schedule = make_schedule(settings, space, (LOSS,), 1)
        trainer = SimulatedTrainer(figures, seconds=seconds)
        wall, cpu = time.perf_counter(), time.process_time()
        Controller(Search(ledger, schedule, trainer, (LOSS,), settings, parallel)).run()
        return time.perf_counter() - wall, time.process_time() - cpu


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--algorithm", default="bayesian")
    args = parser.parse_args()
    kept = True
    print(f"{args.algorithm} ({model_of(args.algorithm)}), {len(default_space().dimensions)} parameters")
    for trials in args.trials:
        wall, cpu = search(AutomlSettings(algorithm=args.algorithm, trials=trials, parallel=1))
        print(
            f"{trials:>6} trials: {1000 * wall / trials:6.1f} ms wall, {1000 * cpu / trials:6.1f} ms CPU a trial",
            flush=True,
        )
        kept = kept and 1000 * cpu / trials < MOST_MS.get(trials, math.inf)
    one, four = (search(AutomlSettings(algorithm="random", trials=16, parallel=n), seconds=0.5)[0] for n in (1, 4))
    print(f"four at a time: {one / four:.2f} times sooner ({one:.1f} s, {four:.1f} s)")
    return 0 if kept and one / four >= LEAST_SPEEDUP else 1


if __name__ == "__main__":
    sys.exit(main())

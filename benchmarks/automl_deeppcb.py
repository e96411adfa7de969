# SPDX-License-Identifier: Apache-2.0
"""Whether tuning pays on real boards: the defaults against the winner of a small search, same epochs each.

    changenet data import deeppcb DEEPPCB BOARDS
    python benchmarks/automl_deeppcb.py BOARDS OUT [--trials 12] [--epochs 2] [--train-boards 40] [--parallel 1]

Trains on the crops of some boards, at 64 pixels, with the default algorithm and the contract's objective, as
`changenet run train` does; validation and test are whole splits, of designs of their own. Winner and defaults meet the
test designs once each, after the choice. Prints the comparison; exit code 1 where the winner does not beat the defaults
on validation, or loses to them on test.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import experiment
from automl.live import LiveTable
from automl.plan_text import plan_text
from automl.result_text import result_text
from automl.settings import AutomlSettings
from router.decision import decide
from router.declarations import load_skill, skill_root
from router.types import Request

if TYPE_CHECKING:
    from automl.experiment import ExperimentResult

_SHOWN = ("ap", "auc", "far_at_99_recall", "f1_at_threshold", "escapes_at_threshold")
# Average precision needs no threshold. Less than this is a handful of pairs that change places.
_DECIDES, _SLACK = "ap", 0.002


def main() -> int:
    """Choose boards, search, compare."""
    args = _arguments()
    data = _subset(args.boards, args.out / f"boards_{args.train_boards}", args.train_boards)
    skill = load_skill(skill_root())
    overrides: dict[str, Any] = {"num_epochs": args.epochs, "image_width": args.size, "image_height": args.size}
    request = Request(action="train", data=str(data), overrides=overrides, results_root=str(args.out / "results"))
    settings = AutomlSettings(trials=args.trials, parallel=args.parallel, seed=args.seed)
    plan = experiment.plan(decide(request, skill), skill, settings)
    print(plan_text(plan), flush=True)
    begun = time.monotonic()
    with LiveTable(plan.objectives, args.trials) as table:
        result = experiment.run(plan, table)
    print(result_text(result))
    print(f"{time.monotonic() - begun:.0f} s")
    return 0 if _pays(result) else 1


def _subset(boards: Path, out: Path, count: int) -> Path:
    """The data set with evenly chosen training boards; pictures stay where they are."""
    out.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val", "test"):
        with (boards / split / "dataset.csv").open(newline="") as handle:
            rows = list(csv.DictReader(handle))
        if split == "train":
            names = sorted({row["board"] for row in rows})
            chosen = {names[n * len(names) // count] for n in range(min(count, len(names)))}
            rows = [row for row in rows if row["board"] in chosen]
        (out / split).mkdir(exist_ok=True)
        with (out / split / "dataset.csv").open("w", newline="") as handle:
            table = csv.DictWriter(handle, rows[0].keys(), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    if not (out / "images").exists():
        (out / "images").symlink_to((boards / "images").resolve())
    return out


def _pays(result: ExperimentResult) -> bool:
    outcome = result.outcome
    if outcome.winner is None or outcome.defaults is None:
        return False
    if outcome.winner.trial == 0:
        print("no trial was better than the defaults")
        return False
    winner, defaults = (outcome.evaluations[f"{name}.test"].get("metrics", {}) for name in ("winner", "defaults"))
    print("\n".join(f"{name:<22}defaults {defaults.get(name)}, winner {winner.get(name)}" for name in _SHOWN))
    better = outcome.objectives[0].is_better(outcome.winner.values[0], outcome.defaults.values[0])
    return better and winner[_DECIDES] >= defaults[_DECIDES] - _SLACK


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--train-boards", type=int, default=40)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1234)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Whether tuning pays on real boards: the defaults against the winner of a small search, same epochs each.

    python benchmarks/automl_deeppcb.py DEEPPCB_FOLDER OUT [--trials 10] [--epochs 6] [--objective val_ap:maximize]

Imports centred crops of DeepPCB (`changenet data import deeppcb`), runs the default algorithm with the embedded engine
and the laptop profile, and tests winner and defaults once each on the held-out designs. Prints the comparison; exit
code 1 where the winner does not beat the defaults on validation, or loses to them on test by more than `--slack`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import experiment
from automl.live import LiveTable
from automl.settings import AutomlSettings
from pairs.deeppcb import import_deeppcb
from router.decision import decide
from router.declarations import default_root, load_skill
from router.types import Request

if TYPE_CHECKING:
    from automl.experiment import ExperimentResult

# Test figure that is compared, and whether more is better; average precision needs no threshold.
_TEST_FIGURE = "test_ap"


def main() -> int:
    """Import, search, compare."""
    args = _arguments()
    boards = args.out / "boards"
    if not (boards / "train").is_dir():
        import_deeppcb(args.source, boards, size=128)
    skill = load_skill(default_root())
    overrides: dict[str, Any] = {"num_epochs": args.epochs}
    overrides |= {"image_width": args.size, "image_height": args.size}
    request = Request(action="train", data=str(boards), overrides=overrides, results_root=str(args.out / "results"))
    settings = AutomlSettings(trials=args.trials, objectives=(args.objective,), parallel=args.parallel)
    plan = experiment.plan(decide(request, skill), skill, settings)
    print(plan.text(), flush=True)
    with LiveTable(plan.objectives, args.trials) as table:
        result = experiment.run(plan, table)
    print(result.text())
    return 0 if _pays(result, args.slack) else 1


def _pays(result: ExperimentResult, slack: float) -> bool:
    outcome = result.outcome
    if outcome.winner is None or outcome.defaults is None:
        return False
    figures = [
        outcome.evaluations.get(f"{name}.test", {}).get("metrics", {}).get(_TEST_FIGURE)
        for name in ("winner", "defaults")
    ]
    print(f"{_TEST_FIGURE}: winner {figures[0]}, defaults {figures[1]}")
    better = outcome.objectives[0].is_better(outcome.winner.values[0], outcome.defaults.values[0])
    return better and None not in figures and figures[0] >= figures[1] - slack


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--objective", default="val_ap:maximize")
    parser.add_argument("--slack", type=float, default=0.005)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

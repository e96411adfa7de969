# SPDX-License-Identifier: Apache-2.0
"""Train with the laptop profile on DeepPCB crops and measure on board designs that were never trained on.

    python benchmarks/deeppcb_accuracy.py BOARDS [--seeds 1234 1 2] [--epochs 4] [--work DIR]

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote. For each seed: `changenet run train`, then scores of
the validation and test split by `changenet run inference --parent`. The threshold is the best one on validation;
test pairs choose nothing. Prints figures over all test pairs and per design, the seconds of training, and at the end
the worst seed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scoring.figures import summarize
from scoring.thresholds import best_f1

CHANGENET = str(Path(sys.executable).with_name("changenet"))
SHOWN = ("f1", "auc", "far_at_99_recall", "far_at_99_9_recall", "escapes", "false_alarms")


def changenet(*words: str) -> tuple[dict[str, Any], float]:
    """Run one command; returns its document and the CPU seconds of it and its children that have ended."""
    before = os.times()
    done = subprocess.run([CHANGENET, *words, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    after = os.times()
    if done.returncode:
        sys.exit(f"changenet {' '.join(words)} ended with {done.returncode}: {done.stdout[-2000:]}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    document: dict[str, Any] = json.loads(done.stdout)
    return document, spent


def seconds_of(job: dict[str, Any]) -> float:
    """Wall seconds from the start of the action to its end."""
    from datetime import datetime

    times = {step["state"]: datetime.fromisoformat(step["at"]) for step in job["transitions"]}
    return (times["COMPLETE"] - times["RUNNING"]).total_seconds()


def scores_of(parent: str, split: Path, results: str) -> list[dict[str, str]]:
    """The rows of one split with their scores."""
    job = changenet("run", "inference", "--infer", str(split), "--parent", parent, "--results", results)[0]["job"]
    with (Path(job["results_dir"]) / "inference.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def figures(rows: list[dict[str, str]], threshold: float) -> dict[str, Any]:
    """Inspection figures of scored rows."""
    labels = [int(row["label"] != "PASS") for row in rows]
    return summarize(labels, [float(row["siamese_score"]) for row in rows], threshold)


def shown(title: str, found: dict[str, Any]) -> None:
    """Print one line of figures."""
    print(f"  {title:<14}" + "  ".join(f"{name} {found[name]:.4f}" for name in SHOWN), flush=True)


def run_seed(boards: Path, seed: int, epochs: int, results: str) -> dict[str, Any]:
    """Train and measure one seed."""
    words = ("--data", str(boards), "--automl", "off", "--results", results)
    settings = ("-s", f"num_epochs={epochs}", "-s", f"seed={seed}")
    job = changenet("run", "train", *words, *settings)[0]["job"]
    validation = scores_of(job["id"], boards / "val", results)
    test = scores_of(job["id"], boards / "test", results)
    labels = [int(row["label"] != "PASS") for row in validation]
    threshold = best_f1(labels, [float(row["siamese_score"]) for row in validation]).value
    print(f"seed {seed}: {seconds_of(job):.0f} s of training, threshold {threshold:.4f} from validation")
    shown("validation", figures(validation, threshold))
    overall = figures(test, threshold)
    shown("test", overall)
    for design in sorted({row["design"] for row in test}):
        shown(design, figures([row for row in test if row["design"] == design], threshold))
    return overall


def main() -> None:
    """Measure every seed and name the worst."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1234, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--work", help="folder for the jobs; default: a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = [run_seed(args.boards, seed, args.epochs, args.work or temporary) for seed in args.seeds]
    worst = min(found, key=lambda one: one["f1"])
    shown("worst test", worst)


if __name__ == "__main__":
    main()

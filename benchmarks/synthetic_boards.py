# SPDX-License-Identifier: Apache-2.0
"""What a model that has seen nothing but synthetic boards makes of real ones: DeepPCB crops.

    changenet data import deeppcb SRC DEEPPCB
    python benchmarks/synthetic_boards.py DEEPPCB WORK [--boards 160] [--epochs 2] [--splits train val] [--json]

Trains with the laptop profile through `changenet run`, scores the chosen splits and judges them at the threshold that
suits the synthetic validation boards best. `test` is for a last look: nothing may be tuned on it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from boards import SynthesisSettings, synthesize
from pairs.classify_csv import is_defect, read_rows
from scoring.figures import summarize
from scoring.thresholds import best_f1

SITES = 20  # crops of every board
SHOWN = ("auc", "f1", "recall", "false_alarm_rate", "average_precision", "far_at_99_recall")


def changenet(*words: str) -> dict[str, Any]:
    """Run an action with the `changenet` of this environment and return its job."""
    command = [str(Path(sys.executable).with_name("changenet")), "run", *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    job: dict[str, Any] = json.loads(done.stdout)["job"]
    return job


def synthetic(work: Path, boards: int, seed: int) -> Path:
    """Bare boards, half of the sites defective; a tenth of the boards is for validation."""
    out = work / f"synthetic_{boards}_{seed}"
    if not out.is_dir():
        share = (0.9, 0.1, 0.0)
        settings = SynthesisSettings(
            style="bare", boards=boards, components=SITES, defect_rate=0.5, split=share, seed=seed, image_ext=".png"
        )
        synthesize(out, settings)
    return out


def scores_of(data: Path, train_job: str, results: Path) -> tuple[list[dict[str, str]], np.ndarray, np.ndarray]:
    """Rows, labels (N,) and scores (N,) of one split's folder by the trained model."""
    job = changenet("inference", "--infer", str(data), "--parent", train_job, "--results", str(results))
    table = next(Path(job["results_dir"]).rglob("inference.csv"))
    rows = read_rows(table)
    found = [row.extra for row in rows]
    labels = np.array([is_defect(row.label) for row in rows])
    return found, labels, np.array([float(extra["siamese_score"]) for extra in found])


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Train on synthetic boards, then score synthetic validation boards and real ones."""
    started = time.perf_counter()
    data, results = synthetic(given.work, given.boards, given.seed), given.work / "results"
    drawn = time.perf_counter()
    seed = f"train.seed={given.seed + 1234}"
    options = ["-s", f"train.num_epochs={given.epochs}", "-s", seed, "--automl", "off", "--results", str(results)]
    train = changenet("train", "--data", str(data), *options)
    trained = time.perf_counter()
    _, labels, scores = scores_of(data / "val", train["id"], results)
    threshold = best_f1(labels, scores).value
    figures = {"synthetic val": summarize(labels, scores, threshold)}
    for split in given.splits:
        rows, labels, scores = scores_of(given.deeppcb / split, train["id"], results)
        figures[split] = summarize(labels, scores, threshold)
        designs = np.array([row["design"] for row in rows])
        for name in np.unique(designs) if len(np.unique(designs)) > 1 else ():
            figures[f"{split} {name}"] = summarize(labels[designs == name], scores[designs == name], threshold)
    seconds = {"draw": round(drawn - started), "train": round(trained - drawn)}
    return {"job": train["id"], "seconds": seconds, "threshold": threshold, "figures": figures}


def show(measured: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print(measured["job"], measured["seconds"], f"threshold {measured['threshold']:.3f}")
    print(f"{'':20}", *(f"{name:>18}" for name in SHOWN))
    for name, figures in measured["figures"].items():
        print(f"{name:20}", *(f"{figures[key]:18.4f}" for key in SHOWN))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deeppcb", type=Path, help="folder made by `changenet data import deeppcb`")
    parser.add_argument("work", type=Path, help="folder for the synthetic boards and the jobs")
    parser.add_argument("--boards", type=int, default=160, help="synthetic board designs")
    parser.add_argument("--epochs", type=int, default=2, help="training epochs")
    parser.add_argument("--seed", type=int, default=0, help="seed of the boards and of the training")
    parser.add_argument("--splits", nargs="+", choices=("train", "val", "test"), default=["train", "val"])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    measured = measure(given)
    if given.json:
        print(json.dumps(measured, indent=2))
    else:
        show(measured)


if __name__ == "__main__":
    main()

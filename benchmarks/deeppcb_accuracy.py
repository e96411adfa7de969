# SPDX-License-Identifier: Apache-2.0
"""Train with the laptop profile on DeepPCB crops and measure on board designs that were never trained on.

    python benchmarks/deeppcb_accuracy.py BOARDS [--seeds 1234 1 2] [--epochs 5] [--few 20] [--disturbed] [--work DIR]
        [--set KEY=VALUE]...

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote. For each seed: `changenet run train`, then `changenet
run evaluate --parent` on the test split at the threshold that training chose on validation pairs; test pairs choose
nothing. `--few N` trains on the crops of N boards that the seed draws from the train list. `--disturbed` measures on a
disturbed copy of the test split as well (see disturbed_pairs.py). Prints figures over all test pairs and per design,
the seconds of training (and of CPU, from request to last checkpoint), and at the end the worst of all seeds.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from disturbed_pairs import disturb_split

from scoring.figures import summarize

CHANGENET = str(Path(sys.executable).with_name("changenet"))
SHOWN = ("f1", "auc", "far_at_99_recall", "far_at_99_9_recall", "escapes", "false_alarms")


def changenet(*words: str) -> dict[str, Any]:
    """Run one command; returns its document."""
    done = subprocess.run([CHANGENET, *words, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"changenet {' '.join(words)} ended with {done.returncode}: {done.stdout[-2000:]}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def seconds_of(job: dict[str, Any]) -> float:
    """Wall seconds from the start of the action to its end."""
    from datetime import datetime

    times = {step["state"]: datetime.fromisoformat(step["at"]) for step in job["transitions"]}
    return (times["COMPLETE"] - times["RUNNING"]).total_seconds()


def processor_seconds(results: Path) -> str:
    """CPU seconds of a training, of scoring hard pairs and of validation, as its log tells them."""
    found = re.search(r"took (\d+) s of processor time", (results.parents[1] / "log.txt").read_text(encoding="utf-8"))
    return found[1] if found else "?"


def draw_boards(boards: Path, count: int, seed: int, out: Path) -> Path:
    """A train split with the crops of `count` boards."""
    with (boards / "train" / "dataset.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    names = random.Random(seed).sample(sorted({row["board"] for row in rows}), count)  # noqa: S311 - repeatable
    kept = [row for row in rows if row["board"] in names]
    (out / "train").mkdir(parents=True, exist_ok=True)
    if not (out / "images").exists():
        (out / "images").symlink_to((boards / "images").resolve())
    with (out / "train" / "dataset.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(kept)
    print(f"{len(kept)} pairs of {count} boards")
    return out / "train"


def scores_of(parent: str, split: Path, results: str) -> list[dict[str, str]]:
    """The rows of one split with their scores and the stored threshold."""
    job = changenet("run", "evaluate", "--eval", str(split), "--parent", parent, "--results", results)["job"]
    with (Path(job["results_dir"]) / "predictions.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def figures(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Inspection figures of scored rows at their threshold."""
    labels = [int(row["label"] != "PASS") for row in rows]
    return summarize(labels, [float(row["siamese_score"]) for row in rows], float(rows[0]["threshold"]))


def shown(title: str, found: dict[str, Any]) -> None:
    """Print one line of figures."""
    print(f"  {title:<14}" + "  ".join(f"{name} {found[name]:.4f}" for name in SHOWN), flush=True)


def run_seed(given: argparse.Namespace, seed: int, work: Path) -> dict[str, dict[str, Any]]:
    """Train and measure one seed; returns the figures by what was measured on."""
    boards, results = given.boards, str(work / "results")
    train = draw_boards(boards, given.few, seed, work / f"few_{seed}") if given.few else boards / "train"
    words = ("--train", str(train), "--eval", str(boards / "val"), "--automl", "off", "--results", results)
    settings = (f"num_epochs={given.epochs}", f"seed={seed}", *given.set)
    job = changenet("run", "train", *words, *(word for one in settings for word in ("-s", one)))
    parent = job["job"]["id"]
    rows = scores_of(parent, boards / "test", results)
    threshold = float(rows[0]["threshold"])
    told = f"{seconds_of(job['job']):.0f} s of training, {processor_seconds(Path(job['job']['results_dir']))} s of CPU"
    print(f"seed {seed}: {told}, threshold {threshold:.4f}")
    found = {"test": figures(rows)}
    for design in sorted({row["design"] for row in rows}):
        shown(design, figures([row for row in rows if row["design"] == design]))
    if given.disturbed:
        copy = work / "disturbed"
        found["disturbed"] = figures(scores_of(parent, copy, results))
    for name, one in found.items():
        shown(name, one)
    return found


def worst(several: list[dict[str, Any]]) -> dict[str, Any]:
    """Each figure of the seed that is worst in it."""
    return {name: (min if name in {"f1", "auc"} else max)(one[name] for one in several) for name in SHOWN}


def main() -> None:
    """Measure every seed and name the worst."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1234, 1, 2])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--few", type=int, default=0, metavar="N", help="train on N boards alone")
    parser.add_argument("--disturbed", action="store_true", help="measure on disturbed test images as well")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the training's spec")
    parser.add_argument("--work", help="folder for the jobs; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(given.work or temporary)
        if given.disturbed:
            disturb_split(given.boards / "test", work / "disturbed", seed=0)
        found = [run_seed(given, seed, work) for seed in given.seeds]
    for name in found[0]:
        shown(f"worst {name}", worst([one[name] for one in found]))


if __name__ == "__main__":
    main()

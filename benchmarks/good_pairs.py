# SPDX-License-Identifier: Apache-2.0
"""What good pairs alone are worth on DeepPCB crops: a training on defects drawn into them, and a calibration.

    python benchmarks/good_pairs.py BOARDS WORK [--pairs 30] [--calibrate 20] [--units 8] [--epochs 4] [--seed 1]

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote. `--pairs` good crops of each train design go through
`changenet data synthesize --from` into a training of the laptop profile, whose threshold drawn validation crops choose;
the test designs are measured by it. Then `--calibrate` good crops of the test designs go through `changenet calibrate`
for a rate of 1 %, and `changenet inspect` judges all their other good crops by the calibrated model.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import Any

from deeppcb_accuracy import changenet, figures, scores_of, seconds_of, shown

from core.verdicts import PASS

Row = dict[str, str]


def good_rows(boards: Path, split: str) -> list[Row]:
    """The good crops of a split."""
    with (boards / split / "dataset.csv").open(newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["label"] == PASS]


def drawn_of(rows: list[Row], count: int, seed: int, *, each: bool) -> list[Row]:
    """`count` of the rows, or so many of each design."""
    random_rows = rows.copy()
    random.Random(seed).shuffle(random_rows)  # noqa: S311 - repeatable
    if not each:
        return random_rows[:count]
    designs = sorted({row["design"] for row in rows})
    return [row for design in designs for row in [one for one in random_rows if one["design"] == design][:count]]


def write_pairs(table: Path, boards: Path, rows: list[Row]) -> Path:
    """A CSV file with the columns golden and test."""
    folders = ("golden_path", "input_path")
    lines = [
        [str((boards / "images" / row[key] / f"{row['object_name']}.png").resolve()) for key in folders] for row in rows
    ]
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="") as handle:
        csv.writer(handle).writerows([("golden", "test"), *lines])
    return table


def train(given: argparse.Namespace, results: str) -> str:
    """Train on drawn defects alone; prints the figures of the test designs and returns the job."""
    rows = drawn_of(good_rows(given.boards, "train"), given.pairs, given.seed, each=True)
    table, drawn = write_pairs(given.work / "good.csv", given.boards, rows), given.work / "drawn"
    settings = ("--task", "classify", "--units", str(given.units), "--sizes", given.sizes, "--seed", str(given.seed))
    changenet("data", "synthesize", str(drawn), "--from", str(table), *settings, "--force")
    words = ("--data", str(drawn), "--automl", "off", "--results", results)
    document, _ = changenet("run", "train", *words, "-s", f"num_epochs={given.epochs}", "-s", f"seed={given.seed}")
    job: dict[str, Any] = document["job"]
    print(f"{len(rows)} good pairs, {seconds_of(job):.0f} s of training: {job['id']}", flush=True)
    scored = scores_of(job["id"], given.boards / "test", results)
    for design in sorted({row["design"] for row in scored}):
        shown(design, figures([row for row in scored if row["design"] == design]))
    shown("test", figures(scored))
    return str(job["id"])


def calibrate(given: argparse.Namespace, model: str, results: str) -> None:
    """Calibrate on a few good crops of the test designs; prints how many of the others are flagged, and the bound."""
    rows = drawn_of(good_rows(given.boards, "test"), 10**9, given.seed, each=False)
    few, others = rows[: given.calibrate], rows[given.calibrate :]
    table = write_pairs(given.work / "calibrate.csv", given.boards, few)
    told, _ = changenet("calibrate", model, str(table), "--far", "1%", "--results", results)
    table = write_pairs(given.work / "others.csv", given.boards, others)
    found, _ = changenet("inspect", told["job"]["id"], str(table), "--results", results)
    verdicts = [board["verdict"] for board in found["boards"]]
    flagged = sum(verdict != PASS for verdict in verdicts)
    bound = 100 * told["false_alarm_rate_at_most"]
    print(
        f"calibrated on {len(few)} good pairs: threshold {told['threshold']:.4g}, at most {bound:.1f} % false alarms "
        f"(95 %), {told['recall']['found']} of {told['recall']['drawn']} drawn defects found; "
        f"{flagged} of {len(verdicts)} other good pairs flagged ({100 * flagged / len(verdicts):.2f} %)"
    )


def main() -> None:
    """Train where no model is named, then calibrate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--pairs", type=int, default=30, help="good crops of each train design")
    parser.add_argument("--calibrate", type=int, default=20, help="good crops of the test designs")
    parser.add_argument("--units", type=int, default=8, help="copies with flaws of each pair")
    parser.add_argument("--sizes", default="6..40", help="pixels of the flaws")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", help="job, file or `starter` to calibrate without a training")
    given = parser.parse_args()
    results = str(given.work / "results")
    calibrate(given, given.model or train(given, results), results)


if __name__ == "__main__":
    main()

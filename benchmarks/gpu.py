# SPDX-License-Identifier: Apache-2.0
"""The embedded engine on a GPU: trains, evaluates and infers on CUDA, and prints figures with the card's name.

    python benchmarks/gpu.py [--boards 60] [--size 256] [--epochs 3] [--batch 32]
    python benchmarks/gpu.py --device cpu --tiny

Trains in fp32 and bf16, without and with workers that load, by one process and by two (where there are two GPUs; on the
processor two nodes of one process each), then evaluates and infers with the last checkpoint. Prints seconds of the last
epoch, training pairs per second, the ratio to the first line, and the memory in use at the end, by nvidia-smi.
Exit code 5 where there is no GPU, and nothing is measured; `--device cpu --tiny` runs every step on the processor
instead, to see that it works: its figures say nothing about a card.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NO_GPU = 5
LATEST = "changenet_model_classify_latest.pth"


@dataclass(frozen=True, slots=True)
class Case:
    """One training: number format, processes that load, processes that train."""

    precision: str
    workers: int
    processes: int

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"train {self.precision:10} {self.workers} workers {self.processes} process{'es' * (self.processes > 1)}"


def cards() -> list[str]:
    """The names of the GPUs that PyTorch sees."""
    import torch

    return (
        [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )


def make_boards(folder: Path, boards: int, size: int) -> Path:
    """A synthetic data set."""
    words = ["data", "synthesize", str(folder / "boards"), "--boards", str(boards), "--size", str(size)]
    subprocess.run([BIN / "changenet", *words, "--defect-rate", "0.3"], check=True, capture_output=True)
    return folder / "boards"


def write_spec(folder: Path, boards: Path, epochs: int) -> Path:
    """The laptop profile on these boards: its start weights come with the installation."""
    tree = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["classify"])
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test"), ("infer", "test")):
        place = boards / name
        table = {"csv_path": str(place / "dataset.csv"), "images_dir": str(_images(place))}
        put(tree, f"dataset.classify.{split}_dataset", table)
    put(tree, "dataset.classify.image_ext", _ending(boards))
    put(tree, "train.num_epochs", epochs)
    path = folder / "spec.yaml"
    path.write_text(dump_yaml(tree))
    return path


def _images(place: Path) -> Path:
    return next(folder for folder in (place / "images", place.parent / "images", place) if folder.is_dir())


def _ending(boards: Path) -> str:
    return next(path.suffix for path in boards.rglob("*") if path.suffix in {".png", ".jpg", ".bmp"})


def engine(action: str, spec: Path, keys: dict[str, Any], processes: int, *, on_cpu: bool) -> float:
    """Run an action; two processes on the processor are two nodes. Returns wall seconds."""
    argv = [str(BIN / "visual_changenet"), action, "-e", str(spec), *(f"{key}={value}" for key, value in keys.items())]
    several = processes if on_cpu and action == "train" else 1
    if several > 1:
        argv.append(f"train.num_nodes={several}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    begun, running = time.perf_counter(), []
    for rank in range(several):
        ranks = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": several, "NODE_RANK": rank}
        ranks |= {"RANK": rank, "LOCAL_RANK": 0}
        own = {name: str(value) for name, value in ranks.items()} if several > 1 else {}
        running.append(
            subprocess.Popen(argv, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
    try:
        said = [process.communicate()[0] for process in running]
    finally:
        for process in running:
            process.kill()
    if any(process.returncode for process in running):
        sys.exit(f"{action} failed:\n{said[0][-3000:]}")
    return time.perf_counter() - begun


def last_epoch(results: Path) -> float:
    """Seconds of the last epoch, as the engine reports them."""
    lines = [json.loads(line) for line in (results / "status.json").read_text().splitlines()]
    clock = [line["time_per_epoch"] for line in lines if line.get("time_per_epoch")][-1]
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def memory() -> str:
    """What nvidia-smi says is in use on the first card."""
    try:
        query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader", "--id=0"]
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def measure(options: argparse.Namespace, cases: list[Case], folder: Path) -> None:
    """Train all cases, then evaluate and infer with the last one's checkpoint, and print."""
    on_cpu = options.device == "cpu"
    boards = make_boards(folder, options.boards, options.size)
    spec = write_spec(folder, boards, options.epochs)
    pairs = sum(1 for _ in (boards / "train" / "dataset.csv").open()) - 1
    first, checkpoint = 0.0, Path()
    for number, case in enumerate(cases):
        results = folder / f"train{number}"
        keys = {
            "train.results_dir": results,
            "train.precision": case.precision,
            "dataset.classify.workers": case.workers,
            "dataset.classify.batch_size": options.batch,
            "train.num_gpus": 0 if on_cpu else case.processes,
            "train.gpu_ids": "[0]" if on_cpu else str(list(range(case.processes))),
        }
        wall = engine("train", spec, keys, case.processes, on_cpu=on_cpu)
        epoch = last_epoch(results)
        first, checkpoint = first or epoch, results / LATEST
        speed = f"{pairs / epoch:8.1f} pairs/s" if epoch else "        too short"
        ratio = first / (epoch or first or 1)
        print(f"{case.name:40} epoch {epoch:7.2f} s {speed}  ratio {ratio:5.2f}  whole {wall:6.1f} s")
    for action in ("evaluate", "inference"):
        keys = {f"{action}.checkpoint": checkpoint, f"{action}.results_dir": folder / action}
        keys |= {f"{action}.num_gpus": 0 if on_cpu else 1}
        print(f"{action:40} whole {engine(action, spec, keys, 1, on_cpu=on_cpu):6.1f} s")
    if used := memory():
        print(f"memory in use now: {used}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a few small boards, one epoch: to see that it works")
    parser.add_argument("--boards", type=int, default=60)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    if options.tiny:
        options.boards, options.size, options.epochs, options.batch = 3, 64, 1, 8
    found = cards()
    if options.device == "cuda" and not found:
        print("There is no GPU that PyTorch can use here: nothing was measured.", file=sys.stderr)
        print("Run it where `nvidia-smi` lists one, or with --device cpu --tiny to try its steps.", file=sys.stderr)
        return NO_GPU
    print(
        f"{', '.join(found)}" if options.device == "cuda" else f"processor ({platform.machine()}): no figures of a GPU"
    )
    most = 2 if options.device == "cpu" or len(found) > 1 else 1
    cases = [Case("32-true", 0, 1), Case("bf16-mixed", 0, 1), Case("bf16-mixed", 2, 1)]
    if most > 1:
        cases.append(Case("bf16-mixed", 2, 2))
    else:
        print("one GPU: two processes are left out")
    with tempfile.TemporaryDirectory() as name:
        measure(options, cases, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

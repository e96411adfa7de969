# SPDX-License-Identifier: Apache-2.0
"""How fast small backbones run on this machine, against fan_tiny in the same run.

    python benchmarks/backbones.py [--size 128] [--batch 16] [--threads 2] [--rounds 5]

Backbones take turns in every round, so that a slow moment of the machine hits all of them; the median round counts. A
training step is forward, backward and an AdamW update on all four maps; one image of a pair counts as one image.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from engine.backbones.base import Backbone

BASELINE = "fan_tiny_8_p4_hybrid"
CANDIDATES = (BASELINE, "timm/tf_efficientnet_lite0", "timm/mobilenetv3_small_100", "timm/resnet18")


def main() -> None:
    """Print one row per backbone."""
    options = _options()
    prepare_torch(options.threads)
    from engine.backbones.registry import build_backbone

    backbones = {name: build_backbone(name, image_height=options.size, image_width=options.size) for name in CANDIDATES}
    seconds = _measure(backbones, options.batch, options.size, options.rounds)
    _print_table(backbones, seconds, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Throughput of small backbones against fan_tiny.")
    parser.add_argument("--size", type=int, default=128, help="side of the square images in pixels")
    parser.add_argument("--batch", type=int, default=16, help="images per step")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds; one more warms up")
    return parser.parse_args()


def _measure(backbones: dict[str, Backbone], batch: int, size: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of a forward pass and of a training step, by backbone."""
    import torch

    images = torch.rand(batch, 3, size, size)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in backbones}
    for _ in range(rounds + 1):
        for name, backbone in backbones.items():
            times[name].append((_forward_seconds(backbone, images), _training_seconds(backbone, images)))
    return {
        name: (statistics.median(t[0] for t in taken[1:]), statistics.median(t[1] for t in taken[1:]))
        for name, taken in times.items()
    }


def _forward_seconds(backbone: Backbone, images: object) -> float:
    import torch

    backbone.eval()
    started = time.perf_counter()
    with torch.inference_mode():
        backbone(images)
    return time.perf_counter() - started


def _training_seconds(backbone: Backbone, images: object) -> float:
    import torch

    optimiser = torch.optim.AdamW(backbone.parameters(), lr=1e-5)
    backbone.train()
    started = time.perf_counter()
    loss = torch.stack([level.square().mean() for level in backbone(images)]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return time.perf_counter() - started


def _print_table(
    backbones: dict[str, Backbone], seconds: dict[str, tuple[float, float]], options: argparse.Namespace
) -> None:
    print(f"{options.size} px, batch {options.batch}, {options.threads} threads, median of {options.rounds} rounds")
    print(f"{'backbone':<30}{'M param.':>9}{'forward/s':>11}{'ratio':>7}{'training/s':>12}{'ratio':>7}")
    base_forward, base_training = seconds[BASELINE]
    for name, (forward, training) in seconds.items():
        millions = sum(parameter.numel() for parameter in backbones[name].parameters()) / 1e6
        print(
            f"{name:<30}{millions:>9.1f}{options.batch / forward:>11.1f}{base_forward / forward:>7.2f}"
            f"{options.batch / training:>12.1f}{base_training / training:>7.2f}"
        )


if __name__ == "__main__":
    main()

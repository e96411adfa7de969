# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from engine.classify.network_input import NetworkInput
from engine.classify.scoring_loop import GoldenFeatures

if TYPE_CHECKING:
    from engine.classify.head_kinds import Features


class Head(nn.Module):
    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        return tests[0][:, 0] - goldens[0].view(-1, count, 1)[:, :, 0].mean(dim=1)


class CountingNetwork(nn.Module):
    """Counts the images it describes; the feature of an image is its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.described = 0

    def describe(self, images: Tensor) -> Features:
        self.described += len(images)
        return [images.mean(dim=(1, 2, 3)).unsqueeze(1)]


def batch(names: tuple[str, ...], golden_of: list[int]) -> NetworkInput:
    tests = torch.arange(len(golden_of), dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    goldens = torch.tensor([10.0 * int(n) for n in names]).view(-1, 1, 1, 1, 1).expand(-1, 2, 3, 2, 2)
    return NetworkInput(tests, goldens, torch.tensor(golden_of), names)


def score(cache: GoldenFeatures, network: CountingNetwork, inputs: NetworkInput) -> list[float]:
    return cache.output(network, inputs).tolist()  # type: ignore[arg-type]


def test_each_golden_image_is_described_once() -> None:
    network, cache = CountingNetwork(), GoldenFeatures()
    assert score(cache, network, batch(("1", "2"), [0, 1, 0])) == [-10.0, -19.0, -8.0]
    assert network.described == 3 + 2 * 2
    assert score(cache, network, batch(("2", "3"), [0, 1])) == [-20.0, -29.0]
    assert network.described == 7 + 2 + 2
    cache.clear()
    score(cache, network, batch(("2",), [0]))
    assert network.described == 11 + 1 + 2


@pytest.mark.parametrize(("room", "described_again"), [(16, 0), (8, 2)])
def test_memory_is_bounded_and_the_latest_used_stays(room: int, described_again: int) -> None:
    network, cache = CountingNetwork(), GoldenFeatures(limit=room)  # a set takes 8 bytes
    for name in ("1", "2", "1"):
        score(cache, network, batch((name,), [0]))
    before = network.described
    assert score(cache, network, batch(("1",), [0])) == [-10.0]
    assert network.described == before + 1
    score(cache, network, batch(("2",), [0]))
    assert network.described == before + 2 + described_again


def test_a_batch_with_more_golden_images_than_fit_is_still_right() -> None:
    network, cache = CountingNetwork(), GoldenFeatures(limit=8)
    assert score(cache, network, batch(("1", "2", "3"), [2, 0, 1])) == [-30.0, -9.0, -18.0]

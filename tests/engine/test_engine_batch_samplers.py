# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from engine.batch_samplers import DeviceShare, HardBatches, OrderedBatches, WeightedBatches, derived_seed

LABELS = [1 if i % 10 == 0 else 0 for i in range(1000)]


def epoch(draws: WeightedBatches, number: int) -> list[list[int]]:
    draws.set_epoch(number)
    return [[draw.index for draw in batch] for batch in draws]


def make(seed: int = 5, ratio: float = 0.25, device: DeviceShare | None = None) -> WeightedBatches:
    return WeightedBatches(LABELS, 16, ratio, seed=seed, device=device or DeviceShare())


@pytest.mark.parametrize("ratio", [0.1, 0.25, 1.0])
def test_defects_come_in_the_asked_ratio_to_pass_pairs(ratio: float) -> None:
    drawn = [LABELS[i] for number in range(20) for batch in epoch(make(ratio=ratio), number) for i in batch]
    defects = sum(drawn)
    assert defects / (len(drawn) - defects) == pytest.approx(ratio, rel=0.1)


def test_draws_are_with_replacement_and_full_batches_only() -> None:
    batches = epoch(make(), 0)
    assert len(batches) == len(make()) == 1000 // 16
    assert {len(batch) for batch in batches} == {16}
    flat = [i for batch in batches for i in batch]
    assert len(set(flat)) < len(flat)


def test_an_epoch_follows_from_seed_and_number_alone() -> None:
    one = make()
    first, second = epoch(one, 0), epoch(one, 1)
    assert first != second
    assert epoch(make(), 1) == second
    assert epoch(make(seed=6), 0) != first


def test_resuming_leaves_out_the_batches_that_were_done_in_that_epoch_only() -> None:
    draws = make()
    whole, following = epoch(draws, 3), epoch(draws, 4)
    resumed = make()
    resumed.resume_at(3, 10)
    assert epoch(resumed, 3) == whole[10:]
    assert epoch(resumed, 4) == following


def test_devices_share_one_series_or_draw_their_own() -> None:
    alone = [i for batch in epoch(make(), 0) for i in batch]
    shared = [epoch(make(device=DeviceShare(rank, 2, shared=True)), 0) for rank in (0, 1)]
    assert {len(batches) for batches in shared} == {1000 // 2 // 16}
    first = [i for batch in shared[0] for i in batch]
    assert first == alone[::2][: len(first)]
    own = [epoch(make(device=DeviceShare(rank, 2)), 0) for rank in (0, 1)]
    assert own[0] == epoch(make(), 0)
    assert len(own[1]) == 1000 // 16
    second = [i for batch in shared[1] for i in batch]
    assert second == alone[1::2][: len(second)]
    # Each on its own draws another series, not the same one from another place on.
    agree = sum(a == b for ours, theirs in zip(*own, strict=True) for a, b in zip(ours, theirs, strict=True))
    assert agree < 200


def test_augmentation_of_devices_differs_by_itself_and_is_one_series_where_they_share() -> None:
    def seeds(device: DeviceShare) -> list[int | None]:
        return [draw.seed for batch in make(device=device) for draw in batch]

    alone = seeds(DeviceShare())
    assert not set(seeds(DeviceShare(0, 2))) & set(seeds(DeviceShare(1, 2)))
    assert seeds(DeviceShare(1, 2, shared=True)) == alone[1::2][: 1000 // 2 // 16 * 16]


def test_ordered_batches_hold_every_pair_once_without_chance() -> None:
    batches = OrderedBatches([4, 2, 9, 7, 1], 2)
    drawn = list(batches)
    assert [[draw.index for draw in batch] for batch in drawn] == [[4, 2], [9, 7], [1]]
    assert len(batches) == 3
    assert all(draw.seed is None for batch in drawn for draw in batch)


def test_derived_seeds_differ_in_every_position() -> None:
    assert len({derived_seed(a, b) for a in range(30) for b in range(30)}) == 900


@pytest.mark.parametrize("share", [0.3, 0.75])
def test_the_asked_share_of_the_draws_goes_to_the_pairs_that_are_hardest(share: float) -> None:
    certainty = torch.randn(1000, generator=torch.Generator().manual_seed(0)).double()
    hard = set(certainty.argsort()[:300].tolist())
    draws = HardBatches(certainty, 16, share, seed=5, device=DeviceShare())
    drawn = []
    for number in range(10):
        draws.set_epoch(number)
        drawn += [draw.index for batch in draws for draw in batch]
    assert len(drawn) == 10 * (1000 // 16) * 16
    assert sum(index in hard for index in drawn) / len(drawn) == pytest.approx(share, abs=0.02)
    assert {index in hard for index in drawn} == {True, False}


def test_of_a_few_pairs_one_is_hard() -> None:
    certainty = torch.tensor([3.0, -2.0, 4.0], dtype=torch.float64)
    draws = HardBatches(certainty, 3, 0.99, seed=1, device=DeviceShare())
    drawn = []
    for number in range(30):
        draws.set_epoch(number)
        drawn += [draw.index for batch in draws for draw in batch]
    assert drawn.count(1) > 80


def test_a_single_pair_is_drawn_though_it_is_the_hardest() -> None:
    batches = HardBatches(torch.tensor([0.5]), 1, 0.75, seed=7, device=DeviceShare())
    assert [[draw.index for draw in batch] for batch in batches] == [[0]]

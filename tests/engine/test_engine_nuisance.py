# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.classify.pair_images import PairBatch
from engine.classify.preparation import Preparation
from engine.nuisance import Disturbance, disturb, draw_disturbance
from spec.augmentation_section import Nuisance
from spec.experiment import Experiment

QUIET: dict[str, Any] = {
    "enable": True,
    "probability": 1.0,
    "shift_pixels": 0.0,
    "rotation_degrees": 0.0,
    "blur_sigma": 0.0,
    "gain": 0.0,
    "noise_sigma": 0.0,
}


def settings(**changes: float) -> Nuisance:
    return Nuisance.model_validate({**QUIET, **changes})


def dot(down: int, right: int, side: int = 33) -> Tensor:
    images = torch.zeros(1, 2, 3, side, side)
    images[..., down, right] = 1.0
    return images


def middle_of(image: Tensor) -> tuple[float, float]:
    """Centre of mass (down, right) of one lighting."""
    weights = image.sum(dim=0)
    steps = torch.arange(weights.shape[0], dtype=torch.float32)
    total = weights.sum()
    return float((weights.sum(dim=1) * steps).sum() / total), float((weights.sum(dim=0) * steps).sum() / total)


def test_without_a_seed_and_without_strength_images_stay_as_they_are() -> None:
    tests = torch.rand(2, 1, 3, 16, 16)
    assert disturb(tests, settings(shift_pixels=4.0), [None, None]) is tests
    assert torch.allclose(disturb(tests, settings(), [1, 2]), tests, atol=1e-6)


def test_the_same_seed_gives_the_same_whatever_stands_beside_it() -> None:
    tests = torch.rand(3, 1, 3, 16, 16)
    strong = settings(shift_pixels=4.0, rotation_degrees=2.0, gain=0.2, noise_sigma=0.05)
    together = disturb(tests, strong, [5, None, 7])
    alone = disturb(tests[2:], strong, [7])
    assert torch.allclose(together[2:], alone, atol=1e-6)
    assert torch.equal(together[1], tests[1])
    assert not torch.allclose(together[0], tests[0], atol=0.05)


def test_an_image_moves_by_what_was_drawn_in_all_lightings_alike() -> None:
    config = settings(shift_pixels=4.0)
    for seed in range(5):
        drawn = draw_disturbance(config, seed)
        moved = disturb(dot(16, 16), config, [seed])
        assert torch.equal(moved[0, 0], moved[0, 1])
        assert middle_of(moved[0, 0]) == pytest.approx((16 + drawn.down, 16 + drawn.right), abs=0.02)


def test_rotation_is_counter_clockwise_about_the_middle() -> None:
    config = settings(rotation_degrees=30.0)
    seed = next(seed for seed in range(50) if draw_disturbance(config, seed).angle > 20)
    down, right = middle_of(disturb(dot(16, 28), config, [seed])[0, 0])
    assert down < 16 - 3
    assert right < 28


def test_each_image_is_blurred_by_its_own_sigma_and_keeps_its_sum() -> None:
    config = settings(blur_sigma=2.0)
    tests = dot(16, 16).repeat(2, 1, 1, 1, 1)
    seeds = sorted(range(20), key=lambda seed: draw_disturbance(config, seed).blur)
    soft = disturb(tests, config, [seeds[0], seeds[-1]])
    assert soft[0].max() > 3 * soft[1].max()
    assert soft.sum(dim=(1, 2, 3, 4)).tolist() == pytest.approx([6.0, 6.0], abs=0.02)


def test_gain_and_noise_keep_to_intensities() -> None:
    tests = torch.full((4, 1, 3, 16, 16), 0.95)
    changed = disturb(tests, settings(gain=0.5, noise_sigma=0.1), [1, 2, 3, 4])
    assert float(changed.min()) >= 0.0
    assert float(changed.max()) <= 1.0
    assert len({round(float(one.mean()), 3) for one in changed}) == 4


def test_as_many_images_are_disturbed_as_the_probability_says() -> None:
    config = settings(probability=0.3, shift_pixels=4.0)
    share = sum(draw_disturbance(config, seed) != Disturbance() for seed in range(2000)) / 2000
    assert share == pytest.approx(0.3, abs=0.03)


def batch_of(seeds: tuple[int | None, ...]) -> PairBatch:
    tests = torch.randint(0, 256, (1, 1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return PairBatch(tests, tests.unsqueeze(1), torch.tensor([0]), ("a",), torch.tensor([0]), torch.tensor([0]), seeds)


def prepared(**config: Any) -> Preparation:
    off = {"random_flip": {"enable": False}, "random_rotate": {"enable": False}, "random_color": {"enable": False}}
    plain = {"with_scale_random_crop": {"enable": False}, "with_random_blur": False, "with_random_crop": False}
    return Preparation(
        Experiment.model_validate(
            {
                "model": {"backbone": {"type": "timm/test_resnet"}},
                "dataset": {
                    "classify": {
                        "image_height": 32,
                        "image_width": 32,
                        "num_input": 1,
                        "augmentation_config": {**off, **plain, **config},
                    }
                },
            }
        )
    )


def test_training_disturbs_the_test_image_alone_and_scoring_nothing() -> None:
    strong = {**QUIET, "gain": 0.5}
    inputs = prepared(augment=True, nuisance=strong).for_training(batch_of((3,)))
    as_is = prepared(augment=True).for_training(batch_of((3,)))
    assert torch.equal(inputs.goldens, as_is.goldens)
    assert not torch.allclose(inputs.tests, as_is.tests, atol=0.01)
    scored = prepared(augment=True, nuisance=strong).for_scoring(batch_of((3,)))
    assert torch.equal(scored.tests, scored.goldens[:, 0])


def test_without_augment_nothing_is_disturbed() -> None:
    inputs = prepared(augment=False, nuisance={**QUIET, "gain": 0.5}).for_training(batch_of((3,)))
    assert torch.equal(inputs.tests, inputs.goldens[:, 0])

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.classify.network_input import Layout, layout_of
from engine.classify.pair_images import PairBatch
from engine.classify.preparation import Preparation
from spec.experiment import Experiment


def experiment(backbone: str = "timm/test_resnet", **classify: Any) -> Experiment:
    return Experiment.model_validate(
        {"model": {"backbone": {"type": backbone}}, "dataset": {"classify": {"image_height": 32, **classify}}}
    )


def lights(count: int, side: int = 2) -> torch.Tensor:
    return torch.arange(count).view(count, 1, 1, 1).expand(count, 3, side, side)


def test_linear_stacks_lightings_vertically() -> None:
    layout = layout_of(experiment(concat_type="linear"))
    combined = layout.combine(lights(4))
    assert combined.shape == (3, 8, 2)
    assert combined[0, ::2, 0].tolist() == [0, 1, 2, 3]


def test_a_grid_fills_rows_from_the_top_left() -> None:
    layout = layout_of(experiment(concat_type="grid", grid_map={"x": 2, "y": 2}))
    combined = layout.combine(lights(4))
    assert combined.shape == (3, 4, 4)
    assert combined[0, ::2, ::2].tolist() == [[0, 1], [2, 3]]
    wide = layout_of(experiment(concat_type="grid", num_input=6, grid_map={"x": 3, "y": 2})).combine(lights(6))
    assert wide[0, ::2, ::2].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_an_odd_number_of_lightings_is_stacked_whatever_the_grid() -> None:
    assert layout_of(experiment(concat_type="grid", num_input=3)) == Layout(3, 1)


def test_combining_keeps_leading_dimensions_and_pixels() -> None:
    given = torch.rand(2, 5, 4, 3, 6, 7)
    combined = Layout(2, 2).combine(given)
    assert combined.shape == (2, 5, 3, 12, 14)
    assert torch.equal(combined[1, 3, :, 6:, :7], given[1, 3, 2])


def batch(augmented: bool = False) -> PairBatch:
    generator = torch.Generator().manual_seed(0)
    tests = torch.randint(0, 256, (3, 1, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return PairBatch(
        tests=tests,
        goldens=tests[[0, 2]].unsqueeze(1),  # the first golden image equals the first test picture
        golden_of=torch.tensor([0, 1, 0]),
        golden_names=("a", "b"),
        labels=torch.tensor([0, 1, 1]),
        indices=torch.arange(3),
        seeds=(11, 12, 13) if augmented else (None, None, None),
    )


def test_scoring_normalises_with_the_spec_s_mean_and_std() -> None:
    config = {"rgb_input_mean": [0.5, 0.25, 0.0], "rgb_input_std": [0.5, 1.0, 2.0]}
    prepared = Preparation(experiment(num_input=1, image_width=32, augmentation_config=config))
    inputs = prepared.for_scoring(batch())
    raw = batch().tests[:, 0] / 255.0
    assert torch.allclose(inputs.tests[:, 0], (raw[:, 0] - 0.5) / 0.5)
    assert torch.allclose(inputs.tests[:, 2], raw[:, 2] / 2.0)
    assert inputs.goldens.shape == (2, 1, 3, 32, 32)
    assert torch.equal(inputs.goldens[0, 0], inputs.tests[0])


@pytest.mark.parametrize("name", ["c_radio_v2_vit_base_patch16_224", "c_radio_p3_vit_huge_patch16_224_mlpnorm"])
def test_c_radio_takes_the_values_of_clip_for_those_of_imagenet(name: str) -> None:
    black = batch()._replace(tests=torch.zeros(3, 1, 3, 32, 32, dtype=torch.uint8))
    expected = -torch.tensor([0.48145466 / 0.26862954, 0.4578275 / 0.26130258, 0.40821073 / 0.27577711])
    inputs = Preparation(experiment(name, num_input=1, image_width=32)).for_scoring(black)
    assert torch.allclose(inputs.tests[0, :, 0, 0], expected)
    other = {"rgb_input_mean": [0.5] * 3, "rgb_input_std": [0.5] * 3}
    kept = Preparation(experiment(name, num_input=1, image_width=32, augmentation_config=other)).for_scoring(black)
    assert kept.tests[0, :, 0, 0].tolist() == [-1.0] * 3
    imagenet = Preparation(experiment(num_input=1, image_width=32)).for_scoring(black)
    assert torch.allclose(imagenet.tests[0, 0], torch.tensor(-0.485 / 0.229))


def test_a_training_pair_gets_one_draw_for_both_pictures() -> None:
    prepared = Preparation(experiment(num_input=1, image_width=32, augmentation_config={"augment": True}))
    inputs = prepared.for_training(batch(augmented=True))
    assert inputs.goldens.shape == (3, 1, 3, 32, 32)
    assert torch.equal(inputs.tests[0], inputs.goldens[0, 0])
    plain = prepared.for_scoring(batch())
    assert not torch.equal(inputs.tests[0], plain.tests[0])
    assert not torch.equal(inputs.goldens[0, 0], inputs.goldens[2, 0])  # two draws of one golden image


def test_without_augment_training_sees_what_scoring_sees() -> None:
    prepared = Preparation(experiment(num_input=1, image_width=32))
    inputs, plain = prepared.for_training(batch(augmented=True)), prepared.for_scoring(batch())
    assert torch.equal(inputs.tests, plain.tests)
    assert torch.equal(inputs.goldens, plain.goldens[plain.golden_of])


def test_every_lighting_is_changed_alike() -> None:
    config = {"augment": True, "random_color": {"enable": False}}
    prepared = Preparation(
        experiment(num_input=2, input_map={"a": 0, "b": 1}, image_width=32, augmentation_config=config)
    )
    one = batch(augmented=True)
    two = one._replace(tests=one.tests.repeat(1, 2, 1, 1, 1), goldens=one.goldens.repeat(1, 1, 2, 1, 1, 1))
    inputs = prepared.for_training(two)
    assert inputs.tests.shape == (3, 3, 64, 32)
    assert torch.equal(inputs.tests[:, :, :32], inputs.tests[:, :, 32:])

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.augmentation import Change, ColourChange, Window, apply_change, draw_change
from spec.augmentation_section import ClassifyAugmentation


def settings(**changes: Any) -> ClassifyAugmentation:
    off: dict[str, Any] = {
        "augment": True,
        "random_flip": {"enable": False},
        "random_rotate": {"enable": False},
        "random_color": {"enable": False},
        "with_scale_random_crop": {"enable": False},
        "with_random_blur": False,
        "with_random_crop": False,
    }
    return ClassifyAugmentation.model_validate({**off, **changes})


def pictures(side: int = 8) -> Tensor:
    return torch.arange(2 * 3 * side * side, dtype=torch.float32).view(2, 3, side, side) / (6 * side * side)


def share(config: ClassifyAugmentation, what: str, count: int = 2000) -> float:
    drawn = [getattr(draw_change(config, seed, 32, 32), what) for seed in range(count)]
    return sum(value not in {None, False} for value in drawn) / count


def test_with_everything_off_nothing_happens() -> None:
    assert all(draw_change(settings(), seed, 32, 32) == Change() for seed in range(50))
    assert torch.equal(apply_change(pictures(), Change()), pictures())


def test_flips_come_with_their_own_probabilities() -> None:
    flips = settings(random_flip={"hflip_probability": 0.8, "vflip_probability": 0.1})
    assert share(flips, "flip_left_right") == pytest.approx(0.8, abs=0.03)
    assert share(flips, "flip_up_down") == pytest.approx(0.1, abs=0.03)


def test_colour_changes_come_with_their_probability_not_its_complement() -> None:
    assert share(settings(random_color={"color_probability": 0.9}), "colour") == pytest.approx(0.9, abs=0.03)
    assert share(settings(random_color={"color_probability": 0.0}), "colour") == 0.0


def test_enlarged_crops_come_only_when_enabled() -> None:
    assert share(settings(with_scale_random_crop={"enable": False}), "zoom") == 0.0
    assert share(settings(with_scale_random_crop={"enable": True}), "zoom") == 1.0


def test_rotation_takes_one_of_the_listed_angles() -> None:
    config = settings(random_rotate={"rotate_probability": 0.5, "angle_list": [90.0, 180.0, 33.0]})
    angles = [draw_change(config, seed, 32, 32).angle for seed in range(500)]
    assert set(angles) == {0.0, 90.0, 180.0, 33.0}
    assert angles.count(0.0) / 500 == pytest.approx(0.5, abs=0.07)


def test_a_random_crop_is_a_square_of_eighty_percent_of_the_area_and_more() -> None:
    crops = [draw_change(settings(with_random_crop=True), seed, 100, 100).crop for seed in range(300)]
    sides = [crop.height for crop in crops if crop]
    assert min(sides) >= 89
    assert max(sides) <= 100
    assert all(crop.height == crop.width and crop.top + crop.height <= 100 for crop in crops if crop)


def test_the_same_seed_draws_the_same_change() -> None:
    everything = ClassifyAugmentation(augment=True)
    assert draw_change(everything, 5, 64, 64) == draw_change(everything, 5, 64, 64)
    assert draw_change(everything, 5, 64, 64) != draw_change(everything, 6, 64, 64)


def test_flips_and_quarter_turns_move_pixels_exactly() -> None:
    given = pictures()
    assert torch.equal(apply_change(given, Change(flip_left_right=True)), given.flip(-1))
    assert torch.equal(apply_change(given, Change(flip_up_down=True)), given.flip(-2))
    turned = apply_change(given, Change(angle=90.0))
    assert torch.equal(turned[..., 0, 0], given[..., 0, -1])  # counter-clockwise: the right column becomes the top row
    assert torch.equal(apply_change(given, Change(angle=-90.0)), torch.rot90(given, 3, (-2, -1)))


def test_quarter_turns_of_oblong_pictures_keep_their_size() -> None:
    oblong = torch.rand(1, 3, 8, 16)
    turned = apply_change(oblong, Change(angle=90.0))
    assert turned.shape == oblong.shape
    assert float(turned[..., 0, 0].abs().max()) == 0.0  # what turns in from outside is black
    assert torch.equal(apply_change(oblong, Change(angle=180.0)), oblong.flip(-1, -2))


def test_other_angles_keep_size_and_centre() -> None:
    spot = torch.zeros(1, 3, 9, 9)
    spot[..., 4, 4] = 1.0
    turned = apply_change(spot, Change(angle=30.0))
    assert turned.shape == spot.shape
    assert float(turned[0, 0, 4, 4]) > 0.9


def test_a_window_is_enlarged_to_the_whole() -> None:
    left_white = torch.zeros(1, 3, 8, 8)
    left_white[..., :4] = 1.0
    cut = apply_change(left_white, Change(crop=Window(0, 0, 4, 4)))
    assert cut.shape == (1, 3, 8, 8)
    assert float(cut.min()) > 0.99
    assert torch.equal(cut, apply_change(left_white, Change(zoom=Window(0, 0, 4, 4))))


def test_blur_spreads_and_keeps_the_sum() -> None:
    spot = torch.zeros(1, 3, 9, 9)
    spot[..., 4, 4] = 1.0
    blurred = apply_change(spot, Change(blur=1.0))
    assert 0.1 < float(blurred[0, 0, 4, 4]) < 0.3
    assert float(blurred[0, 0].sum()) == pytest.approx(1.0, abs=1e-4)
    assert torch.equal(apply_change(spot, Change(blur=0.01)), spot)


def test_colours_change_alike_for_every_picture_of_a_pair() -> None:
    same = torch.rand(1, 3, 8, 8).repeat(3, 1, 1, 1)
    colour = ColourChange(brightness=1.2, contrast=0.8, saturation=1.3, hue=0.1, order=(3, 0, 2, 1))
    changed = apply_change(same, Change(colour=colour))
    assert not torch.equal(changed, same)
    assert torch.equal(changed[0], changed[2])
    brighter = ColourChange(brightness=2.0, contrast=1.0, saturation=1.0, hue=0.0, order=(0, 1, 2, 3))
    grey = torch.full((1, 3, 4, 4), 0.25)
    assert torch.allclose(apply_change(grey, Change(colour=brighter)), torch.full_like(grey, 0.5), atol=1e-5)

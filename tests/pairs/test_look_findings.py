# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pairs.look_findings import content_leaks, look_findings
from pairs.looks import PairLook, pair_look

if TYPE_CHECKING:
    from pathlib import Path


def looks(folder: Path, gains: dict[int, float], *, golden_gain: float = 1.0) -> list[PairLook]:
    """Twelve pairs of boards from nearly black to nearly white; the pictures of `gains` are exposed otherwise."""
    found = []
    for i in range(12):
        board = np.random.default_rng(i).integers(0, 40, (48, 48)) + 18 * i
        test = (board * gains.get(i, 1.0)).clip(0, 255)
        test[4:30, 4:30] = 255 * (i % 2)  # a large part is missing, or put there
        paths = folder / f"t{i}.png", folder / f"g{i}.png"
        for path, pixels in zip(paths, (test, (board * golden_gain).clip(0, 255)), strict=True):
            Image.fromarray(pixels.astype(np.uint8)).save(path)
        found.append(pair_look((i + 2, "PASS"), f"U{i}", *paths))
    return found


def brightness(found: list[PairLook]) -> list[tuple[int, ...]]:
    return [finding.rows for finding in look_findings(found, "x.csv") if finding.code == "data.brightness"]


def test_an_exposure_is_held_against_the_golden_image_where_boards_differ(tmp_path: Path) -> None:
    assert brightness(looks(tmp_path, {})) == []
    assert brightness(looks(tmp_path, {5: 0.4, 8: 1.4})) == [(7, 10)]


@pytest.mark.parametrize("golden_gain", [0.5, 1.2])
def test_golden_images_that_are_all_darker_or_brighter_say_nothing_of_an_exposure(
    tmp_path: Path, golden_gain: float
) -> None:
    assert brightness(looks(tmp_path, {}, golden_gain=golden_gain)) == []


@pytest.mark.parametrize(("noise", "codes"), [(0, []), (5, ["data.duplicate_picture"])])
def test_nearly_blank_pictures_are_the_same_by_chance_unless_a_camera_took_them(
    tmp_path: Path, noise: float, codes: list[str]
) -> None:
    board = 250 + np.random.default_rng(1).normal(0, noise, (128, 128)).clip(-5 * noise, 0)
    board[:3, 123:] = 0  # the corner of a track
    found = []
    for i in range(2):
        paths = tmp_path / f"t{i}.png", tmp_path / f"g{i}.png"
        for path, pixels in zip(paths, (board, board - i - 1), strict=True):
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        found.append(pair_look((i + 2, "PASS"), f"U{i}", *paths))
    assert [finding.code for finding in look_findings(found, "x.csv")] == codes
    assert len(content_leaks(found[:1], found[1:], "val.csv", "train.csv")) == len(codes)


def test_a_blank_picture_is_no_matter_of_its_golden_image(tmp_path: Path) -> None:
    found = looks(tmp_path, {})
    Image.new("L", (48, 48), 100).save(tmp_path / "blank.png")
    found[11] = pair_look((13, "PASS"), "U11", tmp_path / "blank.png", tmp_path / "g11.png")
    assert brightness(found) == []


def test_a_blank_pair_is_told_once(tmp_path: Path) -> None:
    for label, codes in (("PASS", ["data.blank"]), ("open", ["data.golden_copied", "data.blank"])):
        Image.new("L", (32, 32), 255).save(tmp_path / "blank.png")
        look = pair_look((2, label), "U1", tmp_path / "blank.png", tmp_path / "blank.png")
        assert [finding.code for finding in look_findings([look], "x.csv")] == codes

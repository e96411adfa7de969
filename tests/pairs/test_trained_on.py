# SPDX-License-Identifier: Apache-2.0
"""What a model says of pictures that it was not trained on."""

from pathlib import Path

import pytest

from core.errors import CheckpointError
from pairs.appearance import Appearance
from pairs.trained_on import LEVELS, TRAINED_ON, TrainedOn, read_trained_on

GREEN_LINE = TrainedOn(
    {"width": (128, 128), "height": (128, 128), "sharpness": (1.0, 1.5), "exposure": (0.3, 0.4), "blue": (-0.2, 0.0)},
    50,
)
START = TrainedOn({"sharpness": (0.6, 2.0), "exposure": (0.1, 0.6), "red": (-0.5, 0.5), "blue": (-0.4, 0.2)}, 200)
BLUE_BOARD = Appearance(sharpness=1.2, exposure=0.35, red=0.0, blue=0.25)
GREEN_BOARD = BLUE_BOARD._replace(blue=-0.1)


def test_a_tint_that_the_start_of_a_training_has_seen_is_not_unlike() -> None:
    assert any("blue over green" in word for word in GREEN_LINE.unlike(BLUE_BOARD))
    after = GREEN_LINE.after(START)
    assert after.unlike(BLUE_BOARD, (128, 128)) == []
    assert after.known["blue"] == (-0.4, 0.2)
    assert "red" not in after.known  # what these pictures do not tell is not told of others


def test_what_says_that_the_camera_is_another_one_is_told_whatever_the_start_has_seen() -> None:
    after = GREEN_LINE.after(START)
    assert "sharpness" in after.unlike(BLUE_BOARD._replace(sharpness=0.6))[0]
    assert "128 x 128" in after.unlike(BLUE_BOARD, (640, 640))[0]
    assert "mean level" in after.unlike(BLUE_BOARD._replace(exposure=0.05))[0]
    assert "blue over green" in after.unlike(BLUE_BOARD._replace(blue=0.6))[0]
    assert after.pictures == 50


def test_finer_pictures_that_are_reduced_no_more_than_those_of_the_training_are_like_them() -> None:
    assert GREEN_LINE.unlike(GREEN_BOARD, (192, 192)) == []
    assert "128 x 128" in GREEN_LINE.unlike(GREEN_BOARD, (256, 256))[0]
    assert GREEN_LINE.unlike(GREEN_BOARD, (256, 256), (1.5, 1.5)) == []
    assert GREEN_LINE.unlike(GREEN_BOARD, (128, 128), (2.0, 2.0)) == []  # as large as they were
    assert "128 x 128" in GREEN_LINE.unlike(GREEN_BOARD, (512, 512), (2.0, 2.0))[0]


def test_a_start_that_tells_nothing_changes_nothing() -> None:
    assert GREEN_LINE.after(TrainedOn()) == GREEN_LINE
    assert TrainedOn().after(START) == TrainedOn()


def test_how_many_levels_a_model_needs_travels_with_it_and_not_into_what_is_trained_from_it() -> None:
    start = TrainedOn({LEVELS: (0.3, 1.0), "red": (-0.5, 0.5)}, 200)
    read = read_trained_on({TRAINED_ON: start.to_json()}, Path("model.pth"))
    assert (read, read.fewest_levels) == (start, 0.3)
    assert GREEN_LINE.after(start).fewest_levels == 0
    with pytest.raises(CheckpointError):
        read_trained_on({TRAINED_ON: start.to_json() | {LEVELS: [1.0, 0.3]}}, Path("model.pth"))

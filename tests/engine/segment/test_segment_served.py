# SPDX-License-Identifier: Apache-2.0
"""A segment model behind serving: whole boards with their regions, as an inspection finds them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from core.errors import ChangenetError
from core.served_pairs import Golden, Judged, Pair, Picture
from engine.serving.opening import open_model

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("cv2")


def sent(path: Path) -> Picture:
    return Picture(path.read_bytes())


def test_a_board_is_judged_with_regions_and_a_broken_one_spoils_no_other(trained_masks: Any, mask_folder: Any) -> None:
    mask_folder.add("board.png", 7, size=(192, 192))
    folder = mask_folder.root
    scorer, self_test = open_model(trained_masks.latest, 1_000_000)
    assert (scorer.facts["task"], self_test) == ("segment", None)
    golden = Golden("g", (sent(folder / "A" / "board.png"),))
    scorer.check(golden)
    bad, pixels = sent(folder / "B" / "board.png"), np.asarray(Image.open(folder / "B" / "board.png"))
    raw = Picture(pixels.tobytes(), (192, 192, 3))
    asked = [Pair((one,), golden, overlay=True) for one in (bad, Picture(b"junk"), raw)]
    found, broken, same = scorer.judge(asked)
    assert isinstance(found, Judged)
    assert isinstance(same, Judged)
    assert isinstance(broken, ChangenetError)
    assert broken.code == "data.image"
    assert (found.verdict, found.size, found.score) == ("NO_PASS", (192, 192), same.score)
    ys, xs = np.nonzero(np.asarray(Image.open(folder / "label" / "board.png")))
    x, y, width, height = found.regions[0]["box"]
    assert x <= xs.mean() <= x + width
    assert y <= ys.mean() <= y + height
    assert Image.open(io.BytesIO(found.overlay)).width > 192
    large, _ = open_model(trained_masks.latest, 1000)
    (refused,) = large.judge(asked[:1])
    assert isinstance(refused, ChangenetError)
    assert refused.code == "data.image_size"

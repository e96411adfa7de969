# SPDX-License-Identifier: Apache-2.0
"""One board: what is not on the test picture never passes, and pictures taken differently are told."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import ChangenetError
from core.served_pairs import Golden, Pair, Picture
from engine.inspect.board import Board, inspect_board
from engine.inspect.difference import plain_difference
from engine.inspect.levels import with_enough_levels
from engine.serving.board_scorer import BoardScorer
from pairs.whole_pairs import WholePair
from tests.drawn_boards import draw_board

if TYPE_CHECKING:
    from pathlib import Path

    from engine.inspect.evidence import Inspector

SIZE = (400, 300)
# Its evidence is that of the plain difference, and it may say PASS.
JUDGE = replace(plain_difference(0.2, 12), judges=True)


def look(tmp_path: Path, test: Image.Image) -> Board:
    golden = draw_board(1, SIZE, 60)
    golden.save(tmp_path / "golden.png")
    test.save(tmp_path / "test.png")
    return inspect_board(WholePair("test", tmp_path / "golden.png", tmp_path / "test.png"), JUDGE, gap=8)


@pytest.mark.parametrize(("width", "verdict"), [(400, "PASS"), (376, "PASS"), (340, "NOT_INSPECTED")])
def test_a_board_of_which_a_tenth_is_not_shown_does_not_pass(tmp_path: Path, width: int, verdict: str) -> None:
    board = look(tmp_path, draw_board(1, SIZE, 60).crop((0, 0, width, 300)))
    assert board.registration.covered == pytest.approx(width / 400, abs=0.01)
    assert board.verdict == verdict
    told = board.to_json()
    assert (told.get("code") == "inspect.covered") == (verdict == "NOT_INSPECTED")
    assert told.get("reason", "").startswith("15 % of the golden picture") == (verdict == "NOT_INSPECTED")


def test_a_defect_on_half_a_board_is_still_one(tmp_path: Path) -> None:
    half = draw_board(1, SIZE, 60).crop((0, 0, 240, 300))
    half.paste((250, 250, 250), (100, 100, 130, 130))
    board = look(tmp_path, half)
    assert board.verdict == "NO_PASS"
    assert "40 % of the golden picture" in board.unseen


def test_a_grey_picture_against_one_in_colour_is_told(tmp_path: Path) -> None:
    same = draw_board(1, SIZE, 60)
    assert look(tmp_path, same).warnings == ()
    (warning,) = look(tmp_path, same.convert("L")).to_json()["warnings"]
    assert warning.startswith("the test picture is grey and the golden picture in colour")


@pytest.mark.parametrize("dark", [1.0, 0.5])
def test_what_a_dark_picture_hides_is_found_where_the_model_tells_how_many_levels_it_needs(
    tmp_path: Path, dark: float
) -> None:
    judge = replace(JUDGE, threshold=0.4)
    spoilt = draw_board(1, SIZE, 60)
    spoilt.paste((200, 200, 200), (100, 100, 130, 130))
    paths = [tmp_path / name for name in ("golden.png", "good.png", "bad.png")]
    for path, picture in zip(paths, (draw_board(1, SIZE, 60), draw_board(1, SIZE, 60), spoilt), strict=True):
        picture.point([round(level * dark) for level in range(256)] * 3).save(path)
    told = replace(judge, find=with_enough_levels(judge.find, 0.3), fewest_levels=0.3)

    def found(by: Inspector) -> list[Board]:
        return [inspect_board(WholePair("test", paths[0], path), by, gap=8) for path in paths[1:]]

    bright = dark == 1.0
    assert [board.verdict for board in found(judge)] == ["PASS", "NO_PASS" if bright else "PASS"]
    boards = found(told)
    assert [board.verdict for board in boards] == ["PASS", "NO_PASS"]
    warned = [any("were stretched" in warning for warning in board.warnings) for board in boards]
    assert warned == [not bright, not bright]


def test_a_pair_of_hardly_any_levels_passes_nothing(tmp_path: Path) -> None:
    for name in ("golden.png", "test.png"):
        draw_board(1, SIZE, 60).point([level // 12 for level in range(256)] * 3).save(tmp_path / name)
    told = replace(JUDGE, find=with_enough_levels(JUDGE.find, 0.4), fewest_levels=0.4)
    board = inspect_board(WholePair("test", tmp_path / "golden.png", tmp_path / "test.png"), told, gap=8)
    assert board.verdict == "NOT_INSPECTED"
    assert "levels" in board.to_json()["reason"]


def test_sixteen_bits_are_scaled_by_themselves_where_the_golden_picture_has_eight(tmp_path: Path) -> None:
    grey = np.asarray(draw_board(1, SIZE, 60).convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 23)  # 12 bits: 4095 is white
    board = look(tmp_path, deep)
    assert int(board.laid.max()) == round(int(grey.max()) * 23 * 255 / 4095)


def test_behind_serving_a_part_of_a_board_or_another_board_is_refused_without_a_place_on_the_disk() -> None:
    scorer = BoardScorer("segment", JUDGE, 8, 1_000_000)
    golden = Golden("g", (as_sent(draw_board(1, SIZE, 60)),))
    half, other = draw_board(1, SIZE, 60).crop((0, 0, 240, 300)), draw_board(2, SIZE, 60)
    answers = scorer.judge([Pair((as_sent(one),), golden, overlay=False) for one in (half, other)])
    assert [(one.code, one.where) for one in answers if isinstance(one, ChangenetError)] == [
        ("inspect.covered", "test picture"),
        ("data.registration", "test picture"),
    ]


def as_sent(picture: Image.Image) -> Picture:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return Picture(stream.getvalue())

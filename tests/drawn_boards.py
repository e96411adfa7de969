# SPDX-License-Identifier: Apache-2.0
"""Boards that tests draw: small, quick and the same for the same seed."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw


def draw_board(seed: int, size: tuple[int, int] = (64, 64), parts: int = 4) -> Image.Image:
    """A green board of `size` (width, height) with parts of 16 x 5 pixels."""
    chance = random.Random(seed)
    board = Image.new("RGB", size, (20, 70, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(parts):
        x, y = chance.randrange(size[0] - 20), chance.randrange(size[1] - 8)
        draw.rectangle((x, y, x + 16, y + 5), fill=(170, 150, 60))
    return board


def add_defect(board: Image.Image, seed: int) -> Image.Image:
    """The board with a white blot of 14 pixels somewhere."""
    chance = random.Random(seed)
    spoiled = board.copy()
    x, y = chance.randrange(board.width - 16), chance.randrange(board.height - 16)
    ImageDraw.Draw(spoiled).ellipse((x, y, x + 14, y + 14), fill=(250, 250, 250))
    return spoiled


def shifted(board: Image.Image, right: int, down: int) -> Image.Image:
    """A photo of the board that was held up to 40 pixels elsewhere; its edge goes on."""
    pixels = np.pad(np.asarray(board), ((40, 40), (40, 40), (0, 0)), mode="edge")
    return Image.fromarray(pixels[40 - down : 40 - down + board.height, 40 - right : 40 - right + board.width])

# SPDX-License-Identifier: Apache-2.0
"""The picture of an inspected board that a person understands at once, and a crop of each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.verdicts import PASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.inspect.board import Board, Found

    Pixels = NDArray[np.uint8]

_WIDEST = 1400  # pixels of each of the two pictures
_MARK, _GOOD, _INK, _PAPER = (214, 16, 60), (28, 106, 70), (27, 34, 32), (255, 255, 255)
_GAP = 8  # pixels
_LEAST_TEXT, _TEXT_SHARE = 14, 0.017  # pixels, or share of a picture's width: the sheet is looked at made smaller
_AROUND = 0.6  # of a region's size that its crop shows on each side
_LEAST_AROUND = 16  # pixels


def board_picture(board: Board) -> Image.Image:
    """Golden and test picture side by side under the verdict, each region in a numbered box on both."""
    scale = min(1.0, _WIDEST / board.golden.shape[1])
    sides = [_marked(picture, board, scale) for picture in (board.golden, board.laid)]
    width, height = sides[0].size
    text = _text_size(width)
    bar = 3 * text
    sheet = Image.new("RGB", (2 * width + _GAP, height + bar), _PAPER)
    for place, side in zip((0, width + _GAP), sides, strict=True):
        sheet.paste(side, (place, bar))
    pen = ImageDraw.Draw(sheet)
    count = len(board.found)
    regions = "no difference found" if not count else f"{count} region{'' if count == 1 else 's'}"
    if not count and (board.unlike or board.unseen):
        regions = "unlike the training pictures" if board.unlike else "a part of the board is not on the picture"
    colour = _MARK if count else _GOOD if board.verdict == PASS else _INK
    pen.text((8, bar // 2), f"{board.verdict}: {regions}", colour, font=_font(text * 3 // 2), anchor="lm")
    pen.text((width - 8, bar // 2), "golden", _INK, font=_font(text), anchor="rm")
    pen.text((width + _GAP + 8, bar // 2), "test, laid on it", _INK, font=_font(text), anchor="lm")
    return sheet


def region_crop(board: Board, region: Found) -> Image.Image:
    """Golden and test picture of a region with what is around it, side by side."""
    x, y, width, height = region.box
    around = max(_LEAST_AROUND, round(_AROUND * max(width, height)))
    rows = slice(max(0, y - around), y + height + around)
    columns = slice(max(0, x - around), x + width + around)
    parts = [picture[rows, columns] for picture in (board.golden, board.laid)]
    gap = np.full((parts[0].shape[0], 4, 3), 255, dtype=np.uint8)
    return Image.fromarray(np.concatenate([parts[0], gap, parts[1]], axis=1))


def _marked(picture: Pixels, board: Board, scale: float) -> Image.Image:
    image = Image.fromarray(picture)
    if scale < 1:
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.BOX)
    pen = ImageDraw.Draw(image)
    for region in board.found:
        x, y, width, height = (value * scale for value in region.box)
        frame = (x - 4, y - 4, x + width + 3, y + height + 3)
        pen.rectangle(tuple(value + off for value, off in zip(frame, (-1, -1, 1, 1), strict=True)), outline=_PAPER)
        pen.rectangle(frame, outline=_MARK, width=2)
        _number(pen, region.number, frame, image.size)
    return image


def _number(pen: ImageDraw.ImageDraw, number: int, frame: tuple[float, ...], size: tuple[int, int]) -> None:
    """The region's number beside its frame, where the picture has room for it."""
    high = _text_size(size[0])
    font, text = _font(high), str(number)
    wide, tall = pen.textlength(text, font=font) + 6, high + 4
    left = min(max(0, frame[0]), size[0] - wide)
    top = frame[1] - tall if frame[1] >= tall else min(frame[3] + 1, size[1] - tall)
    pen.rectangle((left, top, left + wide, top + tall - 1), fill=_MARK)
    pen.text((left + 3, top + tall / 2), text, _PAPER, font=font, anchor="lm")


def _text_size(width: int) -> int:
    return max(_LEAST_TEXT, round(_TEXT_SHARE * width))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

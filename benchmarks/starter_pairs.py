# SPDX-License-Identifier: Apache-2.0
"""What the starter is trained on: synthetic pairs of many kinds, with every harmless difference drawn freely.

Bare and assembled boards of `boards`, bare ones with worn and brushed metal or under solder mask, and scenes of
textures, print and plain parts, none of them like any real set.
Defects are the boards' own, and those of `pairs.flaws` in all of them, strong and faint. Camera and handling change
golden and test picture each by itself: exposure, colour, light across the picture, shadows, sharpness, grain, JPEG,
shift and warp; some lines are calm. What can't be told from that in the end is not labelled.
"""

from __future__ import annotations

import io
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from starter_surfaces import SIDE, Rng, blurred, metal_pair, slow, specimens
from starter_views import masked_pair, with_dirt, with_edge, with_holes

from boards import SynthesisSettings, synthesize
from pairs.flaws.drawing import KINDS, draw_flaw, drawn_size
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

SMALLEST, LARGEST = 5.0, 70.0
SMALLEST_BRUSHED = 9.0  # pixels: what is smaller is wear, on such a surface
MOST_FLAWS = 9
UNHARMED = 0.12  # share of the pairs without any flaw
FAINT = 0.4  # share of the flaws that are drawn at 0.3 to 0.6 of their depth
CALM = 0.35  # share of the pairs from lines whose camera and light hardly change
BRUSHED_DIRT, DIRT = 6.0, 3.0  # pixels of the largest specks that are harmless
LEAST_SIGNAL = 4.0  # levels that a flaw has to differ by in the end


@dataclass(frozen=True, slots=True)
class Pair:
    """A golden and a test picture (SIDE, SIDE, 3), and where the test picture is defective."""

    golden: Picture
    test: Picture
    mask: Mask
    brushed: bool = False  # each picture has scratches of its own, so that a scratch is no defect


def pairs_of(seed: int, counts: dict[str, int], work: Path) -> Iterator[tuple[str, Pair]]:
    """Pairs with their kind: `counts` of bare, assembled, large and scene; `work` holds boards while they are drawn."""
    for kind, count in counts.items():
        rng = np.random.default_rng((seed, sorted(MAKERS).index(kind)))
        for pair in MAKERS[kind](rng, count, work / kind):
            yield kind, with_visible(with_camera(rng, with_surroundings(rng, with_flaws(rng, pair))))


def with_flaws(rng: Rng, pair: Pair) -> Pair:
    """The pair with flaws of many kinds drawn into its test picture."""
    test, mask = pair.test, pair.mask
    if rng.random() < UNHARMED:
        return pair
    kinds = [kind for kind in KINDS if kind != "scratch"] if pair.brushed else list(KINDS)
    for _ in range(int(rng.integers(1, MOST_FLAWS + 1))):
        kind = str(rng.choice(kinds))
        size = drawn_size(rng, SMALLEST_BRUSHED if pair.brushed else SMALLEST, LARGEST)
        drawn = draw_flaw(test, kind, size, rng, mask)
        if drawn:
            depth = rng.uniform(0.3, 0.6) if rng.random() < FAINT else 1.0
            levels = test + depth * (drawn[0].astype(np.float32) - test)
            test, mask = np.asarray(np.round(levels), dtype=np.uint8), mask | drawn[1].mask
    return replace(pair, test=test, mask=mask)


def with_surroundings(rng: Rng, pair: Pair) -> Pair:
    """Harmless differences that lie in the scene: holes seen from another side, the board's edge, dirt."""
    golden, test, mask = pair.golden, pair.test, pair.mask
    if rng.random() < 0.3:
        golden, test, covered = with_holes(rng, golden, test)
        mask = mask & ~covered
    if rng.random() < 0.2:
        golden, test, covered = with_edge(rng, golden, test)
        mask = mask & ~covered
    if rng.random() < 0.4:
        largest = BRUSHED_DIRT if pair.brushed else DIRT
        golden, test = (with_dirt(rng, one, largest) for one in (golden, test))
    return replace(pair, golden=golden, test=test, mask=mask)


def with_visible(pair: Pair) -> Pair:
    """The pair with the labels of those flaws alone that stand out from what differs around them anyway.

    A flaw of few pixels has to differ by more than the others: it is told by the sum over its pixels.
    """
    differs = pair.test.astype(np.float32) - pair.golden
    differs -= cv2.GaussianBlur(differs, (0, 0), 25)
    power = np.square(differs).max(axis=2)
    regions, mask = find_regions(pair.mask, 2), pair.mask.copy()
    for one in regions.regions:
        around = np.s_[max(0, one.y1 - 12) : one.y2 + 12, max(0, one.x1 - 12) : one.x2 + 12]
        inside, free = regions.numbers[around] == one.number, ~pair.mask[around]
        noise = float(power[around][free].mean()) if free.any() else 0.0
        least = LEAST_SIGNAL**2 + (1 + max(0.5, 5 / np.sqrt(one.area)) ** 2) * noise
        if float(power[around][inside].mean()) < least:
            mask[around][inside] = False
    return replace(pair, mask=mask)


def with_camera(rng: Rng, pair: Pair) -> Pair:
    """Both pictures as two exposures of one line show them; the test picture is off by more."""
    grey, calm = rng.random() < 0.15, rng.random() < CALM
    pair = _dimmed(rng, pair)
    golden = exposed(rng, pair.golden, 0.15 if calm else 0.4, grey=grey)
    if rng.random() < 0.5:
        golden = jpeg(golden, int(rng.integers(85 if calm else 60, 96)))
    x, y = displacement(rng, 0.15 if calm else 1.0)
    test, mask = sampled(pair.test, x, y), sampled(pair.mask.astype(np.uint8) * 255, x, y) > 127
    test = exposed(rng, test, 0.25 if calm else 1.0, grey=grey)
    if rng.random() < 0.6:
        test = jpeg(test, int(rng.integers(80 if calm else 35, 96)))
    return Pair(golden, test, mask)


def _dimmed(rng: Rng, pair: Pair) -> Pair:
    """Some lines have little light, or little contrast: the levels of both pictures lie near one another."""
    if rng.random() < 0.75:
        return pair
    gain, lift = rng.uniform(0.35, 0.7), rng.choice((0, 0, 1)) * rng.uniform(0, 90)
    golden, test = ((one * gain + lift).astype(np.uint8) for one in (pair.golden, pair.test))
    return replace(pair, golden=golden, test=test)


def displacement(rng: Rng, strength: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the test picture comes from: what registration leaves, and a slow warp."""
    v, u = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    spread = strength * rng.choice((0.3, 0.8, 2.0), p=(0.4, 0.4, 0.2))
    (dx, dy), angle, zoom = rng.normal(0, spread, 2), *rng.normal(0, strength * np.array((0.0012, 0.001)))
    warp = strength * rng.choice((0.0, 0.5, 1.2, 2.0))
    x = u + dx + zoom * (u - SIDE / 2) - angle * (v - SIDE / 2) + warp * slow(rng, 100)
    y = v + dy + zoom * (v - SIDE / 2) + angle * (u - SIDE / 2) + warp * slow(rng, 100)
    return np.clip(x, 0, SIDE - 1.01).astype(np.float32), np.clip(y, 0, SIDE - 1.01).astype(np.float32)


def sampled(picture: Picture, x: NDArray[np.float32], y: NDArray[np.float32]) -> Picture:
    """A picture (H, W) or (H, W, 3) read at places, between pixels."""
    left, top = x.astype(np.intp), y.astype(np.intp)
    a, b = x - left, y - top
    if picture.ndim == 3:
        a, b = a[..., None], b[..., None]
    upper = picture[top, left] * (1 - a) + picture[top, left + 1] * a
    lower = picture[top + 1, left] * (1 - a) + picture[top + 1, left + 1] * a
    return np.asarray(np.round(upper * (1 - b) + lower * b), dtype=np.uint8)


def exposed(rng: Rng, picture: Picture, strength: float, *, grey: bool) -> Picture:
    """What light and camera make of a picture; a strength of 1 is that of a careless station."""
    levels = picture.astype(np.float32) / 255
    if grey:
        levels = np.broadcast_to(levels.mean(axis=2, keepdims=True), levels.shape)
    if rng.random() < 0.8:
        level = np.exp(rng.normal(0, 0.16 * strength))
        cast = np.exp(rng.normal(0, 0.0 if grey else 0.05 * strength, 3))
        levels = np.power(np.clip(levels, 0, 1), np.exp(rng.normal(0, 0.12 * strength))) * level * cast
    if rng.random() < 0.5:
        levels = levels * (1 + 0.12 * strength * slow(rng, 300))[..., None]
    if rng.random() < 0.3 * strength:
        levels = levels * shadow(rng)[..., None]
    if rng.random() < 0.5:
        levels = blurred(levels, rng.uniform(0.2, 1.3) * strength)
    noise = rng.uniform(0, 0.03) * strength if rng.random() < 0.7 else 0.0
    grain = rng.standard_normal((SIDE, SIDE, 1 if grey else 3), dtype=np.float32)
    return np.asarray(np.round(np.clip(levels + noise * grain, 0, 1) * 255), dtype=np.uint8)


def shadow(rng: Rng) -> NDArray[np.float32]:
    """A soft shadow over part of the picture, as a factor."""
    image = Image.new("L", (SIDE, SIDE))
    middle, turn, reach = rng.uniform(0, SIDE, 2), rng.uniform(0, 2 * np.pi), rng.uniform(60, 300)
    corners = [(middle + reach * np.array((np.cos(turn + a), np.sin(turn + a)))).tolist() for a in (0, 1.2, 2.6, 4.2)]
    ImageDraw.Draw(image).polygon([tuple(c) for c in corners], fill=255)
    soft = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(6, 40))))
    return 1 - np.float32(rng.uniform(0.1, 0.4)) * np.asarray(soft, dtype=np.float32) / 255


def jpeg(picture: Picture, quality: int) -> Picture:
    """A picture as its JPEG file gives it back."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held).convert("RGB"))


def _boards(rng: Rng, count: int, work: Path, style: str, side: int) -> Iterator[Pair]:
    """Pairs cut from boards as they are drawn, half of which have the boards' own defects."""
    each = max(1, (side // SIDE) ** 2)
    for part, (rate, factor) in enumerate(((0.2, 1.0), (0.0, 1.6))):
        folder = work / str(part)
        settings = SynthesisSettings(
            task="segment",
            style="bare" if style == "bare" else "assembled",
            boards=max(3, round(count / 2 / each)),
            components=int(rng.integers(20, 40)),
            size=side,
            defect_rate=rate,
            nuisance=factor,
            seed=int(rng.integers(2**31)),
            force=True,
        )
        synthesize(folder, settings)
        for path in sorted((folder / "A").iterdir()):
            shown = [_open(folder / name / path.name) for name in ("A", "B", "label")]
            for top in range(0, side, SIDE):
                for left in range(0, side, SIDE):
                    golden, test, label = (one[top : top + SIDE, left : left + SIDE] for one in shown)
                    yield Pair(golden, test, label[..., 0] > 127)


def _open(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _bare(rng: Rng, count: int, work: Path) -> Iterator[Pair]:
    for pair in _boards(rng, count, work, "bare", SIDE):
        yield _coloured(rng, pair)


def _coloured(rng: Rng, pair: Pair) -> Pair:
    """Bare boards stay black and white in half of the pairs; else copper and laminate take two colours."""
    if rng.random() < 0.5:
        return pair
    dark, light = rng.uniform(0, 255, (2, 3))
    grain = 1 + 0.05 * rng.uniform(0, 2) * slow(rng, rng.choice((3, 8, 30)))
    both = []
    for picture in (pair.golden, pair.test):
        share = blurred(picture.astype(np.float32) / 255, 0.7)
        both.append(np.clip((dark + (light - dark) * share) * grain[..., None], 0, 255).astype(np.uint8))
    return Pair(both[0], both[1], pair.mask)


def _worn(rng: Rng, count: int, work: Path) -> Iterator[Pair]:
    """Bare boards of metal that was brushed, scratched or stained, each picture with a surface of its own."""
    for pair in _boards(rng, count, work, "bare", SIDE):
        near = _nearer(pair, rng.choice((1.0, 1.5, 2.2, 3.0)), rng.integers(0, 10_000, 2).tolist())
        golden, test = metal_pair(rng, near.golden, near.test)
        yield Pair(golden, test, near.mask, brushed=True)


def _masked(rng: Rng, count: int, work: Path) -> Iterator[Pair]:
    """Bare boards under solder mask, copper and ground of one colour, with pads, holes and print."""
    for pair in _boards(rng, count, work, "bare", SIDE):
        near = _nearer(pair, rng.choice((1.0, 1.0, 1.5, 2.2)), rng.integers(0, 10_000, 2).tolist())
        golden, test = masked_pair(rng, near.golden, near.test)
        yield Pair(golden, test, near.mask)


def _nearer(pair: Pair, zoom: float, corner: list[int]) -> Pair:
    """A part of both pictures, enlarged."""
    side = round(SIDE / zoom)
    top, left = (place % (SIDE - side + 1) for place in corner)
    at = np.s_[top : top + side, left : left + side]
    golden, test, mask = (
        np.asarray(Image.fromarray(one[at]).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        for one in (pair.golden, pair.test, pair.mask.astype(np.uint8) * 255)
    )
    return Pair(golden, test, mask > 127)


def _scenes(rng: Rng, count: int, _work: Path) -> Iterator[Pair]:
    for _ in range(count):
        scene = draw_scene(rng)
        golden, test = specimens(rng, scene, scene) if rng.random() < 0.6 else (scene, scene)
        yield Pair(golden, test, np.zeros((SIDE, SIDE), dtype=bool))


def draw_scene(rng: Rng) -> Picture:
    """A textured ground with parts, lines, discs and print on it."""
    palette = rng.uniform(0, 255, (6, 3))
    ground = palette[0] + sum(
        rng.uniform(0, 14) * slow(rng, grain)[..., None] * rng.uniform(0.5, 1, 3) for grain in (2, 6, 25, 120)
    )
    if rng.random() < 0.3:
        ground = ground + _weave(rng)[..., None]
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    layers = rng.permutation(("lines", "parts", "discs", "print", "print"))[: int(rng.integers(1, 6))]
    for layer in layers.tolist():
        _LAYERS[layer](rng, pen, palette)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.1)))))


def _weave(rng: Rng) -> NDArray[np.float64]:
    v, u = np.mgrid[0:SIDE, 0:SIDE]
    pitch, turn = rng.uniform(4, 24), rng.uniform(0, np.pi)
    across = np.cos(turn) * u + np.sin(turn) * v
    along = np.cos(turn) * v - np.sin(turn) * u
    both = np.sin(2 * np.pi * across / pitch) + rng.choice((0, 1)) * np.sin(2 * np.pi * along / pitch)
    return np.asarray(rng.uniform(4, 30) * both)


def _colour(rng: Rng, palette: NDArray[np.float64]) -> tuple[int, int, int]:
    red, green, blue = np.clip(rng.choice(palette[1:]) + rng.normal(0, 8, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _lines(rng: Rng, pen: ImageDraw.ImageDraw, palette: NDArray[np.float64]) -> None:
    colour, width = _colour(rng, palette), int(rng.integers(2, 16))
    for _ in range(int(rng.integers(4, 30))):
        x, y = rng.uniform(0, SIDE, 2)
        points = [(x, y)]
        for _ in range(int(rng.integers(1, 5))):
            step, reach = rng.choice((0, 0.5, 1, 1.5)) * np.pi / 2 + rng.choice((0, np.pi)), rng.uniform(20, 200)
            x, y = x + reach * np.cos(step), y + reach * np.sin(step)
            points.append((x, y))
        pen.line(points, fill=colour, width=width, joint="curve")


def _parts(rng: Rng, pen: ImageDraw.ImageDraw, palette: NDArray[np.float64]) -> None:
    for _ in range(int(rng.integers(5, 50))):
        x, y = rng.uniform(0, SIDE, 2)
        wide, high = rng.uniform(8, 90, 2)
        pen.rounded_rectangle((x, y, x + wide, y + high), rng.uniform(0, 6), fill=_colour(rng, palette))
        if rng.random() < 0.5:
            end = wide * rng.uniform(0.15, 0.3)
            metal = _colour(rng, palette)
            pen.rectangle((x, y, x + end, y + high), fill=metal)
            pen.rectangle((x + wide - end, y, x + wide, y + high), fill=metal)


def _discs(rng: Rng, pen: ImageDraw.ImageDraw, palette: NDArray[np.float64]) -> None:
    pitch, radius = rng.uniform(14, 60), rng.uniform(3, 16)
    colour, hole = _colour(rng, palette), _colour(rng, palette)
    for x in np.arange(rng.uniform(0, pitch), SIDE, pitch).tolist():
        for y in np.arange(rng.uniform(0, pitch), SIDE, pitch).tolist():
            if rng.random() < 0.7:
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
                inner = radius * 0.45
                pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=hole)


def _print(rng: Rng, pen: ImageDraw.ImageDraw, palette: NDArray[np.float64]) -> None:
    letters = list(string.ascii_letters + string.digits + "-./")
    colour = _colour(rng, palette)
    for _ in range(int(rng.integers(3, 20))):
        text = "".join(rng.choice(letters, int(rng.integers(2, 14))))
        x, y = rng.uniform(0, SIDE, 2)
        pen.text((x, y), text, fill=colour, font=ImageFont.load_default(float(rng.uniform(8, 60))))


_LAYERS = {"lines": _lines, "parts": _parts, "discs": _discs, "print": _print}
MAKERS = {
    "bare": _bare,
    "assembled": lambda rng, count, work: _boards(rng, count, work, "assembled", SIDE),
    "large": lambda rng, count, work: _boards(rng, count, work, "assembled", 2 * SIDE),
    "scene": _scenes,
    "masked": _masked,
    "worn": _worn,
}

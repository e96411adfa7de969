# SPDX-License-Identifier: Apache-2.0
"""Copy a split of pairs with every test image disturbed, as a camera and a conveyor would; golden images stay.

    python benchmarks/disturbed_pairs.py SPLIT OUT [--seed 0]

SPLIT is a folder with `dataset.csv` and `images` in it or beside it. Each test image is shifted by up to 4 pixels,
turned by up to 1 degree, blurred by up to 1 pixel, made brighter or darker by up to 15 %, and given noise of up to 8 of
255 grey levels, all drawn evenly from `--seed`. It shares no code with the engine's own augmentation.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SHIFT, ANGLE, BLUR, GAIN, NOISE = 4.0, 1.0, 1.0, 0.15, 8.0
_EDGE = 16  # pixels repeated around the image, so that nothing black turns in


def disturbed(image: Image.Image, chance: np.random.Generator) -> Image.Image:
    """One image with its own draw of everything."""
    grey = np.asarray(image.convert("RGB"))
    height, width = grey.shape[:2]
    wide = Image.fromarray(np.pad(grey, ((_EDGE, _EDGE), (_EDGE, _EDGE), (0, 0)), mode="edge"))
    right, down = chance.uniform(-SHIFT, SHIFT, 2)
    wide = wide.rotate(chance.uniform(-ANGLE, ANGLE), Image.Resampling.BICUBIC, translate=(right, down))
    wide = wide.filter(ImageFilter.GaussianBlur(chance.uniform(0.0, BLUR)))
    pixels = np.asarray(wide.crop((_EDGE, _EDGE, _EDGE + width, _EDGE + height)), dtype=np.float64)
    pixels = pixels * chance.uniform(1 - GAIN, 1 + GAIN)
    pixels = pixels + chance.normal(0.0, chance.uniform(0.0, NOISE), pixels.shape[:2])[..., None]
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def images_of(split: Path) -> Path:
    """The folder of pictures of a split."""
    return next(folder for folder in (split / "images", split.parent / "images") if folder.is_dir())


def disturb_split(split: Path, out: Path, seed: int) -> Path:
    """Write the copy as OUT/dataset.csv and OUT/images (PNG); returns OUT."""
    source, target = images_of(split), out / "images"
    with (split / "dataset.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    for number, row in enumerate(rows):
        for column in ("input_path", "golden_path"):
            name = f"{row[column]}/{row['object_name']}"
            file = next((source / row[column]).glob(f"{row['object_name']}.*"))
            copy = target / f"{name}.png"
            copy.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(file) as image:
                tested = column == "input_path"
                (disturbed(image, np.random.default_rng((seed, number))) if tested else image).save(copy)
    with (out / "dataset.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("split", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(disturb_split(given.split, given.out, given.seed))


if __name__ == "__main__":
    main()

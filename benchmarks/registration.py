# SPDX-License-Identifier: Apache-2.0
"""How exactly boards are laid back that were moved by what is known, and how many are refused, or laid wrong.

    python benchmarks/registration.py DEEPPCB [--real FOLDER] [--pairs 24] [--moves 3] [--split train]

The test pictures of published pairs, with their defects, are moved by up to 40 px and turned by up to 3 degrees, lit
otherwise and slightly blurred, and registered on their golden ones. How far the corners and the middle of the middle
half then lie from where the unmoved pair was registered is the error: what the scans themselves are off does not count.
FOLDER holds golden/ and test/ with photos that are called alike up to the first `_`. Prints shares of pairs by error,
how many were refused, and seconds a pair beside those of reading and moving the pictures.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.errors import DataError
from pairs.deeppcb_source import read_splits
from pairs.registration import register
from pairs.whole_picture import read_whole_pair

if TYPE_CHECKING:
    from collections.abc import Iterable

    Pair = tuple[str, Path, Path]

MOST_SHIFT, MOST_TURN = 40, 3.0  # pixels and degrees
BOUNDS = (0.5, 1.0, 2.0)  # pixels


def moved(picture: Any, chance: random.Random, strength: float) -> tuple[Any, Any]:
    """The picture as it is taken once more, and the matrix from the old pixels to the new ones."""
    height, width = picture.shape[:2]
    turn = np.vstack(
        [cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-1, 1) * MOST_TURN * strength, 1), [0, 0, 1]]
    )
    turn[:2, 2] += [chance.uniform(-1, 1) * MOST_SHIFT * strength for _ in range(2)]
    taken = cv2.warpPerspective(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    taken = cv2.GaussianBlur(taken, (0, 0), chance.uniform(0.3, 0.8)).astype(np.float32)
    return np.clip(taken * chance.uniform(0.85, 1.1) + chance.uniform(-10, 10), 0, 255).astype(np.uint8), turn


def error_of(found: Any, reference: Any, size: tuple[int, ...]) -> float:
    """The furthest that five places of the picture lie apart under two homographies."""
    height, width = size[:2]
    places = [[width / 4, height / 4], [3 * width / 4, height / 4], [width / 2, height / 2],
              [width / 4, 3 * height / 4], [3 * width / 4, 3 * height / 4]]  # fmt: skip
    both = [cv2.perspectiveTransform(np.array([places]), one) for one in (found, reference)]
    return float(np.linalg.norm(both[0] - both[1], axis=2).max())


def measure(pairs: Iterable[Pair], moves: int, seed: int) -> None:
    """Register each pair as it is and moved, and print what came out."""
    errors: list[float] = []
    refused: list[str] = []
    seconds = plain = 0.0
    unmoved = total = 0
    for name, golden_file, test_file in pairs:
        golden, test = read_whole_pair(golden_file, test_file)
        total += 1
        try:
            reference = register(golden, test, name).to_golden
        except DataError as error:
            refused.append(f"{name}, not moved: {error.message}")
            continue
        unmoved += 1
        chance = random.Random(f"{seed}/{name}")  # noqa: S311 - repeatable, no secret
        for _ in range(moves):
            began = time.perf_counter()
            taken, turn = moved(test, chance, 1.0)
            plain += time.perf_counter() - began
            began = time.perf_counter()
            try:
                found = register(golden, taken, name)
            except DataError as error:
                refused.append(f"{name}: {error.message}")
            else:
                errors.append(error_of(found.to_golden @ turn, reference, golden.shape))
                if errors[-1] > BOUNDS[-1]:
                    print(f"  {name}: {errors[-1]:.1f} px off, {found.to_json()}")
            seconds += time.perf_counter() - began
    tries = max(1, moves * unmoved)
    within = ", ".join(f"{sum(error <= bound for error in errors)} within {bound} px" for bound in BOUNDS)
    print(f"{unmoved} of {total} pairs registered as they are; of {tries} moved ones {within}, "
          f"{tries - len(errors)} refused; worst {max(errors, default=0):.2f} px")  # fmt: skip
    print(f"{seconds / tries:.2f} s a pair, {seconds / max(plain, 1e-9):.0f} times what moving it takes")
    for line in refused:
        print(f"  refused: {line}")


def real_pairs(folder: Path) -> list[Pair]:
    """Photos of `folder/test` with the golden photo that has the beginning of their name."""
    goldens = {path.stem: path for path in sorted((folder / "golden").iterdir())}
    return [(one.stem, goldens[one.stem.split("_")[0]], one) for one in sorted((folder / "test").iterdir())]


def main() -> None:
    """Both kinds of pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--moves", type=int, default=3)
    parser.add_argument("--split", default="train")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    boards = read_splits(options.source)[options.split]
    step = max(1, len(boards) // options.pairs)
    print(f"DeepPCB, {options.split} list:")
    measure(((board.name, board.golden, board.test) for board in boards[::step]), options.moves, options.seed)
    if options.real:
        print("photos:")
        measure(real_pairs(options.real)[::3], 1, options.seed)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The self-test of an exported model: a few pairs that stand in the file, with the scores that it gave when written.

Another processor, another release of ONNX Runtime, a disk that forgets: a model may judge otherwise where it is used
than where it was made. `run_self_test` asks it, by the code that judges.
"""

from __future__ import annotations

import base64
import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.errors import CheckpointError
from deployed.layout import Tiling
from deployed.model_file import normalisation
from deployed.pair_model import PairModel, Pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from deployed.mask_model import MaskModel
    from deployed.model_file import Settings

    Bytes = NDArray[np.uint8]
    Figures = NDArray[np.float64]
    Model = PairModel | MaskModel

SELF_TEST = "self_test"
# Scores in 0..1 that may differ between processors: by rounding, and by whole steps of 8 bits.
TOLERANCE = {"fp32": 1e-3}
_ROUGH_TOLERANCE = 0.05
_BLOCKS = 8  # in a row and in a column of a square, each with the mean of its probabilities


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How a model did on the pairs in its file; `pairs` 0 means that it holds none, so that nothing was shown."""

    passed: bool
    largest_difference: float
    pairs: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    def sentence(self) -> str:
        """For people."""
        if not self.pairs:
            return "the file holds no pairs to test itself on"
        found = "passed" if self.passed else "FAILED"
        return f"self-test {found}: {self.pairs} stored pairs, scores differ by {self.largest_difference:.2g} at most"


def run_self_test(model: Model) -> SelfTest:
    """Score the pairs that stand in a model's file, or mark them."""
    stored = model.settings.get(SELF_TEST) or {}
    pairs = stored.get("pairs", [])
    if not pairs:
        return SelfTest(passed=True, largest_difference=0.0, pairs=0)
    found, expected = _scores(model, pairs) if isinstance(model, PairModel) else _blocks(model, pairs)
    # Distances have no upper end: large ones are compared by their size.
    differences = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    difference = float(np.nan_to_num(differences, nan=np.inf).max())
    return SelfTest(difference <= float(stored["tolerance"]), difference, len(pairs))


def require_self_test(model: Model, path: Path) -> SelfTest:
    """As `run_self_test`, of the model in `path`.

    Raises:
        CheckpointError: the model does not give the scores that it was written with.
    """
    found = run_self_test(model)
    if not found.passed:
        remedy = "do not use it here: export the checkpoint again on this machine"
        raise CheckpointError(found.sentence(), code="checkpoint.self_test", where=str(path), remedy=remedy)
    return found


def stored_inputs(settings: Settings) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Test and golden pictures of the stored pairs as a graph takes them, not aligned; None where there are none."""
    entries = (settings.get(SELF_TEST) or {}).get("pairs", [])
    if not entries:
        return None
    pairs = _unpacked(entries)
    scale, offset = normalisation(settings)
    tiling = Tiling(*settings["input"].get("layout", (1, 1)))
    tests, goldens = (
        tiling.combine(some * scale + offset)
        for some in (pairs.tests, pairs.goldens.reshape(-1, *pairs.goldens.shape[2:]))
    )
    if (count := pairs.goldens.shape[1]) > 1:
        goldens = goldens.reshape(-1, count, *goldens.shape[1:])
    return np.ascontiguousarray(tests), np.ascontiguousarray(goldens)


def packed(model: PairModel, pairs: Pairs, precision: str) -> dict[str, Any]:
    """What a file holds of pairs: each with its pictures as PNG, and the score that `model` gives."""
    scores = model.scores(pairs)
    entries = [
        {
            "test": [_png(light) for light in test],
            "golden": [[_png(light) for light in golden] for golden in pairs.goldens[place]],
            "score": round(float(score), 9),
        }
        for test, place, score in zip(pairs.tests, pairs.golden_of, scores, strict=True)
    ]
    return {"tolerance": TOLERANCE.get(precision, _ROUGH_TOLERANCE), "pairs": entries}


def packed_squares(model: MaskModel, squares: Sequence[tuple[Bytes, Bytes]]) -> dict[str, Any]:
    """What a file holds of golden and test squares (3, S, S): both as PNG, and what `model` marks, block by block."""
    entries = [
        {
            "test": [_png(test)],
            "golden": [[_png(golden)]],
            "change": block_means(model.change(golden, test)).round(6).tolist(),
        }
        for golden, test in squares
    ]
    return {"tolerance": TOLERANCE["fp32"], "pairs": entries}


def _scores(model: PairModel, entries: list[dict[str, Any]]) -> tuple[Figures, Figures]:
    """Those that are found and those that stand there."""
    return model.scores(_unpacked(entries)), np.array([entry["score"] for entry in entries])


def _blocks(model: MaskModel, entries: list[dict[str, Any]]) -> tuple[Figures, Figures]:
    """The same of squares, block by block."""
    goldens, tests = (np.stack([_pixels(text) for text in texts]) for texts in zip(*map(_texts, entries), strict=True))
    found = np.concatenate([block_means(change) for change in model.changes(goldens, tests)])
    return found, np.concatenate([np.array(entry["change"]) for entry in entries])


def _texts(entry: dict[str, Any]) -> tuple[str, str]:
    """The one golden and the one test picture of a stored pair."""
    return entry["golden"][0][0], entry["test"][0]


def block_means(change: NDArray[Any]) -> Figures:
    """The mean probability of change in each block of a square (S, S), row by row."""
    rows = np.array_split(change.astype(np.float64), _BLOCKS)
    return np.array([block.mean() for row in rows for block in np.array_split(row, _BLOCKS, axis=1)])


def _unpacked(entries: list[dict[str, Any]]) -> Pairs:
    tests = np.stack([np.stack([_pixels(light) for light in entry["test"]]) for entry in entries])
    goldens = np.stack(
        [np.stack([np.stack([_pixels(light) for light in one]) for one in entry["golden"]]) for entry in entries]
    )
    return Pairs(tests, goldens, range(len(entries)), [""] * len(entries))


def _png(picture: Bytes) -> str:
    """A picture (3, H, W)."""
    memory = io.BytesIO()
    Image.fromarray(picture.transpose(1, 2, 0)).save(memory, "PNG", optimize=True)
    return base64.b64encode(memory.getvalue()).decode("ascii")


def _pixels(text: str) -> Bytes:
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))

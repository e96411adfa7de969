# SPDX-License-Identifier: Apache-2.0
"""`inspect` with an exported classify model and two pictures of one part: a verdict at once, without the engine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import ImageError
from core.verdicts import NOT_INSPECTED, PASS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from deployed.pair_model import PairModel
    from interfaces.outcome import Outcome

    Bytes = NDArray[np.uint8]


def crop_outcome(file: Path, golden: Path, test: Path, threshold: float | None = None) -> Outcome | None:
    """The verdict on a pair of pictures of just the size that the model sees; None where they are anything else.

    The model tests itself on the pairs that its file holds first. `threshold` stands in for its own.

    Raises:
        CheckpointError: the file can't be read, or gives other scores than it was written with.
        ImageError: a picture is broken.
        PlatformError: ONNX Runtime is not installed.
    """
    if not (golden.is_file() and test.is_file()):
        return None
    from deployed.sessions import require_libraries

    require_libraries()
    from deployed.pair_model import PairModel

    model = PairModel.read(file)
    if threshold is not None:
        model.threshold = threshold
    return _judged(model, file, golden, test) if _fits(model, golden, test) else None


def _fits(model: PairModel, *pictures: Path) -> bool:
    from pairs.pictures import picture_size

    if len(model.lights) > 1 or model.goldens > 1:
        return False
    with suppress(ImageError):
        return all(picture_size(path) == (model.width, model.height) for path in pictures)
    return False


def _judged(model: PairModel, file: Path, golden: Path, test: Path) -> Outcome:
    from deployed.pair_model import Pairs
    from deployed.self_test import require_self_test
    from interfaces.outcome import Outcome
    from pairs.rgb_pixels import read_rgb

    tested = require_self_test(model, file)
    size = (model.height, model.width)
    pixels = [read_rgb(path, *size, white=model.white) for path in (test, golden)]
    pair = Pairs(pixels[0][None, None], pixels[1][None, None, None], [0], [""])
    score = float(model.scores(pair)[0])
    warnings = _unlike(model, file, (test, golden), pixels)
    verdict = model.verdict(score)
    if warnings and verdict == PASS:  # as of whole boards: what a model says of such pictures passes nothing
        verdict = NOT_INSPECTED
    document = {
        "model": str(file),
        "golden": str(golden),
        "test": str(test),
        "verdict": verdict,
        "score": round(score, 6),
        "threshold": model.threshold,
        "warnings": warnings,
        "self_test": {"pairs": tested.pairs, "largest_difference": tested.largest_difference},
    }
    told = f"{verdict}: score {score:.4f}, threshold {model.threshold:.4f}"
    return Outcome(document, "\n".join([told, *(f"warning: {one}" for one in warnings), tested.sentence()]))


def _unlike(model: PairModel, file: Path, paths: tuple[Path, Path], pixels: list[Bytes]) -> list[str]:
    """In what the pictures lie outside of all that the model was trained on."""
    from pairs.appearance import appearance_of
    from pairs.pictures import picture_size
    from pairs.trained_on import read_trained_on

    known = read_trained_on(model.settings, file)
    both = zip(paths, pixels, strict=True)
    said = [known.unlike(appearance_of(seen.transpose(1, 2, 0)), picture_size(path)) for path, seen in both]
    return list(dict.fromkeys([*said[0], *said[1]]))

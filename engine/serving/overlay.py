# SPDX-License-Identifier: Apache-2.0
"""The evidence of a pair as a person sees it: laid on the test picture, and as boxes around its strongest places."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from scoring.regions import find_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_MARK = np.array([214, 16, 60], dtype=np.float32)  # as the reports mark what differs
_MOST = 0.75  # of the mark, over the strongest place
_STRONG = 128  # of 255: half of the evidence that the strongest place has
_GAP = 4  # pixels between places that are one region


def laid_over(test: Pixels, evidence: Pixels) -> bytes:
    """A PNG of a test picture (3, H, W) with evidence (H, W) laid on it, the stronger the redder."""
    share = (evidence.astype(np.float32) * (_MOST / 255.0))[..., None]
    mixed = test.transpose(1, 2, 0) * (1.0 - share) + _MARK * share
    return as_png(Image.fromarray(mixed.round().astype(np.uint8)))


def as_png(picture: Image.Image) -> bytes:
    """The file of a picture that is looked at once: quick to write, and no smaller than need be."""
    stream = io.BytesIO()
    picture.save(stream, format="PNG", compress_level=1)
    return stream.getvalue()


def strong_places(evidence: Pixels, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Boxes (x, y, width, height) around strong evidence (H, W), in pixels of a picture of `size` (width, height)."""
    height, width = evidence.shape
    across, down = size[0] / width, size[1] / height
    return [
        {
            "box": [
                round(one.x1 * across),
                round(one.y1 * down),
                round((one.x2 - one.x1) * across),
                round((one.y2 - one.y1) * down),
            ],
            "strength": round(float(evidence[one.y1 : one.y2, one.x1 : one.x2].max()) / 255.0, 3),
        }
        for one in find_regions(evidence >= _STRONG, _GAP).regions
    ]

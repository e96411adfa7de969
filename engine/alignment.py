# SPDX-License-Identifier: Apache-2.0
"""Moves a test image onto its golden image by whole pixels, so that a rough registration is no difference.

The shift is the one with the least mean squared grey difference over the overlap of the two images, searched
exhaustively: sums over all shifts come from three correlations, computed with the fast Fourier transform of zero-padded
images (Lewis, "Fast normalized cross-correlation", Vision Interface 1995, for the sums over the overlap).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from deployed.pixel_alignment import quick_length

# Squared grey levels (of 0..1) that each squared pixel of shift costs: where nothing tells, the image stays.
_PULL = 2.5e-5


def best_shifts(tests: Tensor, goldens: Tensor, reach: int) -> Tensor:
    """The shift (dy, dx) in pixels, each within `reach`, that lays each test image on its golden image.

    Args:
        tests: grey images (B, H, W) in 0..1.
        goldens: the same.
        reach: how far an image may move; at most half a side is used.

    Returns:
        (B, 2) int64: the test image's pixel (y - dy, x - dx) belongs to the golden image's pixel (y, x).
    """
    _, height, width = tests.shape
    reach = min(reach, (min(height, width) - 1) // 2)
    steps = torch.arange(-reach, reach + 1, device=tests.device)
    overlap = (height - steps.abs()).view(-1, 1) * (width - steps.abs()).view(1, -1)  # pixels
    mean_error = _squared_errors(tests, goldens, reach) / overlap
    cost = mean_error + _PULL * (steps.view(-1, 1) ** 2 + steps.view(1, -1) ** 2)
    best = cost.flatten(1).argmin(dim=1)
    return torch.stack([steps[best // len(steps)], steps[best % len(steps)]], dim=1)


def _squared_errors(tests: Tensor, goldens: Tensor, reach: int) -> Tensor:
    """Summed squared differences over the overlap for every shift, (B, 2 * reach + 1, 2 * reach + 1)."""
    # A common brightness is taken off first: it cancels in the difference, and the sums stay small.
    middle = goldens.mean(dim=(1, 2), keepdim=True)
    test, golden = tests - middle, goldens - middle
    height, width = test.shape[1:]
    size = (quick_length(height + reach), quick_length(width + reach))
    spectrum_of_ones = torch.fft.rfft2(torch.ones_like(test[:1]), s=size)
    spectra = [torch.fft.rfft2(image, s=size) for image in (test, golden, test.square(), golden.square())]
    test_s, golden_s, test_squared_s, golden_squared_s = spectra
    total = (
        golden_squared_s * spectrum_of_ones.conj()
        + spectrum_of_ones * test_squared_s.conj()
        - 2 * golden_s * test_s.conj()
    )
    errors: Tensor = torch.fft.irfft2(total, s=size)
    steps = torch.arange(-reach, reach + 1, device=tests.device)
    return errors[:, steps % size[0]][:, :, steps % size[1]]


def shifts_onto(tests: Tensor, goldens: Tensor, reach: int) -> Tensor:
    """The shifts (B, 2) as `best_shifts`, from all lightings of each pair together.

    Args:
        tests: (B, L, 3, H, W) in 0..1.
        goldens: (B, L, 3, H, W), the golden image that each is to be laid on.
        reach: pixels; 0 finds no shift.
    """
    if reach == 0:
        return torch.zeros(len(tests), 2, dtype=torch.int64, device=tests.device)
    return best_shifts(tests.mean(dim=(1, 2)), goldens.mean(dim=(1, 2)), reach)


def moved(pictures: Tensor, shifts: Tensor) -> Tensor:
    """Pictures (B, L, 3, H, W), all lightings of a pair moved alike; edges are repeated into what opens up."""
    reach = int(shifts.abs().max()) if shifts.numel() else 0
    if reach == 0:
        return pictures
    padded = functional.pad(pictures.flatten(1, 2), (reach, reach, reach, reach), mode="replicate")
    height, width = pictures.shape[-2:]
    cuts = [
        picture[:, reach - dy : reach - dy + height, reach - dx : reach - dx + width]
        for picture, (dy, dx) in zip(padded, shifts.tolist(), strict=True)
    ]
    return torch.stack(cuts).view_as(pictures)


def moved_back(maps: Tensor, shifts: Tensor) -> Tensor:
    """Maps (B, H, W) of moved pictures, laid on the pictures as they were; 0 where a picture had been moved out."""
    reach = int(shifts.abs().max()) if shifts.numel() else 0
    if reach == 0:
        return maps
    padded = functional.pad(maps, (reach, reach, reach, reach))
    height, width = maps.shape[-2:]
    cuts = [
        one[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
        for one, (dy, dx) in zip(padded, shifts.tolist(), strict=True)
    ]
    return torch.stack(cuts)


def align(tests: Tensor, goldens: Tensor, reach: int) -> Tensor:
    """The test images (B, L, 3, H, W) in 0..1 laid on their golden images; `reach` 0 leaves everything as it is."""
    return moved(tests, shifts_onto(tests, goldens, reach))

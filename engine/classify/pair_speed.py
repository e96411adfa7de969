# SPDX-License-Identifier: Apache-2.0
"""How much quicker one form of a network is than another, measured side by side."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import torch

from engine.classify.parity import prepared

if TYPE_CHECKING:
    from engine.classify.network import PairNetwork
    from engine.classify.parity import ParityPairs
    from engine.classify.preparation import Preparation

_ROUNDS = 9


def speedup(before: PairNetwork, after: PairNetwork, pairs: ParityPairs, preparation: Preparation) -> float:
    """How many times as quick `after` is, on one batch of pairs; both take turns, and so meet the same machine."""
    inputs = next(prepared(pairs, preparation))
    goldens = inputs.goldens[inputs.golden_of]
    times: dict[bool, list[float]] = {False: [], True: []}
    with torch.inference_mode():
        for turn in range(2 * (_ROUNDS + 1)):
            is_after = bool(turn % 2)
            start = time.perf_counter()
            (after if is_after else before)(inputs.tests, goldens)
            if turn > 1:  # the first of each is warm-up
                times[is_after].append(time.perf_counter() - start)
    return median(times[False]) / median(times[True])

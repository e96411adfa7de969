# SPDX-License-Identifier: Apache-2.0
"""How much quicker one form of a file is in use than another, measured side by side."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from engine.classify.file_scorer import as_pairs
from engine.loading import checked

if TYPE_CHECKING:
    from deployed.pair_model import PairModel
    from engine.classify.parity import ParityPairs

_ROUNDS = 9


def speedup(before: PairModel, after: PairModel, pairs: ParityPairs) -> float:
    """How many times as quick `after` is, on one batch of pairs; both take turns, and so meet the same machine.

    Each describes the batch's golden images anew.
    """
    batch = as_pairs(checked(next(iter(pairs.batches()))))
    times: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(2 * (_ROUNDS + 1)):
        is_after = bool(turn % 2)
        model = after if is_after else before
        model.forget()
        start = time.perf_counter()
        model.scores(batch)
        if turn > 1:  # the first of each is warm-up
            times[is_after].append(time.perf_counter() - start)
    return median(times[False]) / median(times[True])

# SPDX-License-Identifier: Apache-2.0
"""Which boards go into which split, and which sites get which defect, so that rate and variety are as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairs.layout import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boards.pictures import SiteInfo
    from boards.settings import SynthesisSettings

Defects = dict[tuple[int, int], dict[int, str]]  # (board, unit) -> site -> defect type


@dataclass(frozen=True, slots=True)
class _Candidate:
    board: int
    unit: int
    site: int


def split_boards(settings: SynthesisSettings) -> dict[int, str]:
    """The split of every board: whole boards, so that no design is both trained on and tested on."""
    total = sum(settings.split)
    held = [share / total * settings.boards for share in settings.split[1:]]
    counts = [max(1, round(c)) if c > 0 else 0 for c in held]
    while sum(counts) >= settings.boards:
        counts[counts.index(max(counts))] -= 1
    names = ["val"] * counts[0] + ["test"] * counts[1]
    names += ["train"] * (settings.boards - len(names))
    order = np.random.default_rng((settings.seed, 0, 0)).permutation(settings.boards)
    return {int(board): name for board, name in zip(order, names, strict=True)}


def assign_defects(settings: SynthesisSettings, splits: dict[int, str], sites: Sequence[Sequence[SiteInfo]]) -> Defects:
    """Spread defects over the sites of all units: the rate holds in every split, the types take turns."""
    groups = {split: _candidates(settings, splits, sites, split) for split in SPLITS}
    counts = _shares(settings.defect_rate, [len(groups[split]) for split in SPLITS])
    chosen: Defects = {}
    for number, (split, count) in enumerate(zip(SPLITS, counts, strict=True)):
        rng = np.random.default_rng((settings.seed, 0, 1, number))
        for at, kind in _draw(rng, groups[split], count, settings.defect_types, sites):
            chosen.setdefault((at.board, at.unit), {})[at.site] = kind
    return chosen


def _candidates(
    settings: SynthesisSettings, splits: dict[int, str], sites: Sequence[Sequence[SiteInfo]], split: str
) -> list[_Candidate]:
    boards = [board for board in range(settings.boards) if splits[board] == split]
    return [_Candidate(b, u, s) for b in boards for u in range(settings.units) for s in range(len(sites[b]))]


def _shares(rate: float, sizes: list[int]) -> list[int]:
    """The number of defects per split: the whole data set's is exact, what rounding leaves goes where it lacks most."""
    exact = [rate * size for size in sizes]
    counts = [int(e) for e in exact]
    lacking = np.argsort([c - e for c, e in zip(counts, exact, strict=True)], kind="stable").tolist()
    for k in lacking[: int(sum(exact) + 0.5) - sum(counts)]:
        counts[k] += counts[k] < sizes[k]
    return counts


def _draw(
    rng: np.random.Generator,
    group: list[_Candidate],
    count: int,
    kinds: tuple[str, ...],
    sites: Sequence[Sequence[SiteInfo]],
) -> list[tuple[_Candidate, str]]:
    order = [group[k] for k in rng.permutation(len(group)).tolist()]
    queues = {kind: iter([c for c in order if kind in sites[c.board][c.site].allowed]) for kind in kinds}
    taken: set[_Candidate] = set()
    drawn: list[tuple[_Candidate, str]] = []
    waiting = [kinds[k] for k in rng.permutation(len(kinds)).tolist()]
    while len(drawn) < count and waiting:
        kind = waiting.pop(0)
        found = next((c for c in queues[kind] if c not in taken), None)
        if found is not None:
            taken.add(found)
            drawn.append((found, kind))
            waiting.append(kind)
    return drawn

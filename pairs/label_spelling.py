# SPDX-License-Identifier: Apache-2.0
"""Labels that differ only in capitals: they are meant as one kind of defect, and counted as several."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from core.problem import Problem
from core.verdicts import PASS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def usual_spellings(labels: Iterable[Mapping[str, int]]) -> dict[str, str]:
    """Each label, of the counts of all splits, that is not spelt as most of its kind are, with the usual spelling."""
    counts: Counter[str] = Counter()
    for split in labels:
        counts.update(split)
    usual: dict[str, str] = {PASS.casefold(): PASS}
    for label, _ in counts.most_common():
        usual.setdefault(label.casefold(), label)
    return {label: usual[label.casefold()] for label in counts if usual[label.casefold()] != label}


def spelling_findings(place: str, labels: Mapping[str, int], usual: Mapping[str, str]) -> list[Problem]:
    """One finding where a split has kinds of defects that are spelt otherwise than usual; PASS is told elsewhere."""
    odd = {label: usual[label] for label in labels if usual.get(label, PASS) != PASS}
    if not odd:
        return []
    named = ", ".join(f"{label!r} ({meant!r})" for label, meant in list(odd.items())[:8])
    message = f"labels differ only in capitals from others, and count as kinds of their own: {named}"
    remedy = "write each kind in one way (`changenet data check --fix` does that)"
    return [Problem("data.label_spelling", place, message, remedy, "warning", count=sum(labels[one] for one in odd))]
